"""The engine that plays episodes of any environment.

``engine`` asks, logs and steps; ``asking`` is one question to a seat and what came of it,
``history`` who could see what, ``render`` prompts from observations, ``params`` what of the
parameters enters keys and rows.
"""

from tasks.episodes.engine import Played, play

__all__ = ["Played", "play"]
