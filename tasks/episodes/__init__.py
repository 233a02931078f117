"""The engine that plays episodes of any environment."""

from tasks.episodes.play import Played, play

__all__ = ["Played", "play"]
