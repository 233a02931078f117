"""Committing: validated rows of whole units enter the warehouse in one transaction, or not at all.

``staging`` makes frames of rows, ``great`` and ``rules`` check them, ``writing`` stores them.
"""
