"""How work is done: planning and working every stage, the model gateway, environments, metrics."""
