"""Vector plots that can be read without colour."""
