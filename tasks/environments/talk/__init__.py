"""Talk, a phase that games are made of: a discussion is nothing else, a commons has it too.

``phase`` has its rules; ``policy`` and ``messages`` say what simulated models say, in ``phrases``
that carry the ``cues`` by which simulated judges code.
"""

from tasks.environments.talk.phase import Barrier, Floor, Talk, TalkState

__all__ = ["Barrier", "Floor", "Talk", "TalkState"]
