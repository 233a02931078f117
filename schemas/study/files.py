"""Texts that a study names by file or writes in place."""

from schemas.files import LoadContext, TextFile, looks_like_path

__all__ = ["LoadContext", "TextFile", "looks_like_path"]
