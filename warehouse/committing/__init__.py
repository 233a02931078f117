"""Committing: validated rows of whole units enter the warehouse in one transaction, or not at all.

``staging`` makes frames of rows that fit their models, ``rules`` checks rows among themselves,
``writing`` stores them.
"""
