"""Personas: drawn by ``draw`` from declared shares, called by ``names``, described by ``text``."""
