"""Metrics of personas, and of what instruments measure of them."""
