"""Personas: a population is drawn whole by ``draw``, and described in words by ``text``.

``methods`` are the ways of making its structured part, ``raking`` the weights that meet margins,
``evolution`` a search for weights of traits, ``profiles`` what is read out of texts, ``listed`` a
persona as somebody wrote it down, ``formats`` the files with such. ``traits`` and ``scores`` are
its traits, ``numbers`` its numeric attributes, ``taxonomy`` attributes out of a tree,
``relations`` who is related to whom, ``names`` its names; ``structure`` is what they share.
``problems`` finds names that lead nowhere, ``fit`` holds it against its targets, ``rules`` against
rules of consistency. ``prose`` has a model write about a persona, ``contradictions`` finds what is
untrue of it, with ``ages`` in words. ``seating`` says which persona takes which seat of an
episode.
"""
