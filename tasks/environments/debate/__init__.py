"""Debate: questions with a right answer, answered by all in rounds, and then by the group."""
