"""Environments: the rules of a ``discussion`` and of a ``market``, with their prompts.

``registry`` lists them. They hold the protocol of ``schemas.environment``; ``tasks.episodes`` plays
them. How to add one: ``docs/add_an_environment.md``.
"""
