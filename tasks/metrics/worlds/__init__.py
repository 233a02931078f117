"""Worlds in which the truth is known: what every metric and every test has to find in them."""
