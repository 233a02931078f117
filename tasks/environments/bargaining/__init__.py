"""Bargaining: two seats make each other offers on how to divide what shrinks as time passes."""
