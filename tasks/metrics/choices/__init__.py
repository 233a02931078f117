"""Choices among alternatives that were shown: shares, right answers, and what drives them."""
