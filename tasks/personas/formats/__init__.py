"""Formats of files of personas, to read and to write: a module for each."""
