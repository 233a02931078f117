"""Metrics: what is computed of episodes, transcripts and codes, each with its interval and null.

- ``catalogue`` lists them, ``metric`` says what one declares, ``reference`` writes
  ``docs/metrics.md``. How to add one: ``docs/add_a_metric.md``.
- ``units``: which measurements a study asks for. ``assembly``, ``data``: frames that metrics are
  computed from; ``persona_inputs``, ``persona_data``: those of metrics of personas. ``rows``: rows
  that they give, with intervals by ``columns``; ``stored`` as the warehouse holds them.
  ``computed``: the rows of a metric.
- ``conversation``, ``text``, ``opinion``, ``identity``, ``profile``, ``outcomes``, ``choices``,
  ``coders``, ``persona``: the metrics.
- ``statistics``, ``blocks``, ``hearing``: what they share. ``worlds``: made-up studies whose truth
  is known.
- ``contrasts``: comparisons of conditions.
"""
