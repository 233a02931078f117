"""What came of episodes: outcomes, markets, completeness."""
