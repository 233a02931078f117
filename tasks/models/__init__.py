"""Models: one gateway, through which everything asks.

- ``gateway``: a question's way to its answer. ``binding``: a declared model with all that asking it
  needs. ``answers``: whether an answer can be used. ``attempts``, ``retry``, ``limits``: one call.
- ``openai_server``, ``openai_request``, ``response_format``: straight to a server that speaks
  OpenAI's protocol. ``litellm_model``: every other provider. ``completions``, ``faults``: how
  answers and failures are read. ``batch``, ``batch_server``, ``prefetch``: many questions through a
  provider's batches. ``embedding``: vectors of texts. ``sim``: simulated models.
- ``keys``, ``prompt_messages``, ``structured``: what identifies a call. ``journal``,
  ``journal_file``, ``record``: where an answer is safe. ``replies``, ``ledger``: what becomes rows.
  ``explain``: why a call is not held.
- ``budget``, ``prices``, ``usage``, ``estimate``: money. ``secrets``, ``strike``,
  ``usual_keys``: keys of providers. ``accounts``: what calls are paid from.
"""
