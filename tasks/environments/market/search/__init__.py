"""Search: how customers find businesses.

``kinds`` are what a study can name, ``indexes`` the ways to rank, ``query`` what goes in and comes
out, ``grams`` and ``vectors`` texts as they are compared. A new kind is a class in ``kinds``.
"""
