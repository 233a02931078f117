"""The engine that plays episodes of any environment."""

from tasks.episodes.engine import Played, play

__all__ = ["Played", "play"]
