"""Talk, a phase that games are made of: a discussion is nothing else, a commons has it too.

``phase`` has its rules, ``floors`` says who speaks when and ``visibility`` who hears it; ``policy``
and ``messages`` say what simulated models say, in ``phrases`` that carry the ``cues`` by which
simulated judges code.
"""

from tasks.environments.talk.floors import Floor
from tasks.environments.talk.phase import Barrier, Talk, Talked, TalkState
from tasks.environments.talk.visibility import Visibility

__all__ = ["Barrier", "Floor", "Talk", "TalkState", "Talked", "Visibility"]
