"""Personas: a population is drawn whole by ``draw``, and described in words by ``text``.

``methods`` are the ways of making its structured part, ``raking`` the weights that meet margins,
``traits`` and ``scores`` its traits, ``names`` its names; ``structure`` is what they share. ``fit``
holds it against its targets.
``seating`` says which persona takes which seat of an episode.
"""
