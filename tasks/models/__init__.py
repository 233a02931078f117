"""The model gateway: the one way in which agents, persona writers and judges ask a model.

- ``gateway``: questions in, answers and rows out; ``attempts`` makes one call, ``retry`` and
  ``faults`` say when again, ``limits`` when at all, ``verdict`` whether the answer is usable.
- ``provider``: litellm. ``batch``, ``prefetch``: many questions through a provider's batches.
  ``embedding``: vectors of texts. ``sim``: simulated models.
- ``keys``, ``prompt_messages``, ``structured``: what identifies a call. ``journal``,
  ``journal_file``, ``record``: where an answer is safe. ``replies``, ``ledger``: what becomes rows.
  ``explain``: why a call is not held.
- ``budget``, ``prices``, ``usage``, ``estimate``: money. ``secrets``: keys of providers.
"""
