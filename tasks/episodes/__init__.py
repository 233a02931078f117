"""The engine that plays episodes of any environment, and the parts that every episode has.

``engine`` plays an ``episode``: it asks, logs and steps. ``asking`` puts questions to seats and
``replies`` says what came of them, ``log`` numbers events and knows who can see them,
``presenting`` makes prompts of what a seat remembers (``prompts`` has the templates),
``remembering`` keeps memories up to date, ``probing`` asks probes, ``intervening`` lets
interventions happen by their ``schedule``, ``yoked`` shows what was said elsewhere,
``single_agent`` has one model play every seat, ``counterbalance`` has models, names and personas
change places, ``counting`` plays without models, ``preflight`` looks at what only the first prompts
can tell, ``comparing`` gets vectors of texts for games that compare them, ``rows`` and ``params``
make what is stored, ``completeness`` says which rules it breaks.
``parts`` declares ``names``, ``memory``, ``shown_persona``, ``interventions`` and ``probes``, the
last two at their ``times``.
"""

from tasks.episodes.engine import play
from tasks.episodes.episode import Episode, Played

__all__ = ["Episode", "Played", "play"]
