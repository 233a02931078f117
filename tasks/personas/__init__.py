"""Personas: structured draws from declared shares, and their description in words."""
