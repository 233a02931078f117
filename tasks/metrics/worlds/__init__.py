"""Worlds in which the truth is known: what every metric and every test has to find in them.

- ``world`` says what a world is, ``catalogue`` lists them, ``frames`` builds their studies.
- ``profiles``, ``coders``, ``opinions``, ``results``, ``speech``, ``texts``: worlds of metrics.
  ``hard``: those that fool metrics of transcripts. ``sides``: worlds of tests.
- ``recovery`` simulates studies; ``record`` and ``page`` keep and show what was found.
"""
