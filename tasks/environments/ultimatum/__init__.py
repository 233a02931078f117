"""Ultimatum: one seat offers a part of a pie, the other takes it or nobody gets anything."""
