"""Readers of what others recorded: files in, rows out; nothing is asked of a model.

``warroom``: transcripts (``warroom_format`` is how they are written), ``warroom_codes`` their codes
(``warroom_placeholders``: of runs without transcripts), ``marketplace`` two-sided markets,
``instruments`` questionnaires, ``events`` rows that they share, ``problems`` what is wrong with a
file.
"""
