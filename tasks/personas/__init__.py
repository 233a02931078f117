"""Personas: drawn by ``draw`` from declared shares, called by ``names``, described by ``text``.

``seating`` says which persona takes which seat of an episode.
"""
