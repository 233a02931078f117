"""Metrics: what is computed of episodes, transcripts and codes, each with its interval and null."""
