"""Readers of what others recorded: files in, rows out; nothing is asked of a model."""
