"""Who speaks, how much, after whom and of whom."""
