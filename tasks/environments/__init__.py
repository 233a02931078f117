"""Environments: the rules of discussions, markets and games."""
