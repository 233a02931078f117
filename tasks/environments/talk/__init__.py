"""Talk, a phase that games are made of: a discussion is nothing else, a commons has it too.

``protocol`` is how a study declares it: the floor (who speaks when), the barrier (when a message
can be read), visibility (who hears it), and more. A floor and a barrier settle the ``turns`` of a
round, each from one time to another, and ``phase``, the state of a talk, asks and publishes by
them. ``policy`` and ``messages`` say what simulated models say, in ``phrases`` that carry the
``cues`` by which simulated judges code.
"""

from tasks.environments.talk.phase import Talk, Talked, TalkState
from tasks.environments.talk.protocol import Phase, TalkProtocol

__all__ = ["Phase", "Talk", "TalkProtocol", "TalkState", "Talked"]
