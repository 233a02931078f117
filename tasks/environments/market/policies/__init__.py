"""How simulated customers and businesses act in a market.

``habits`` are the declared parameters, ``buyers`` and ``sellers`` the ways to play either side, by
name; ``cues`` is what a susceptible customer falls for. A new way is a class and a line there.
"""
