"""Instruments put to personas and seats.

``asking`` makes the questions of an instrument and turns their answers into rows of ``responses``.
"""
