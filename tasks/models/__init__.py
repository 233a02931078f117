"""The model gateway: the one way in which agents, persona writers and judges ask a model."""
