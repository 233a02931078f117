"""Personas: a population is drawn whole by ``draw``, and described in words by ``text``.

``methods`` are the ways of making its structured part, ``raking`` the weights that meet margins,
``traits`` and ``scores`` its traits, ``names`` its names; ``structure`` is what they share. ``fit``
holds it against its targets.
``seating`` says which persona takes which seat of an episode.
``prose`` has a model write about a persona, ``contradictions`` finds what is untrue of it, with
``ages`` in words. ``listed`` is a persona as somebody wrote it down, ``formats`` are the files.
"""
