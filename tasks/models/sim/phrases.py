"""What simulated participants say: phrases by purpose.

Slots: ``{topic}`` and ``{other}`` are words of the brief, ``{name}`` is another participant,
``{tech}`` a list of technologies, ``{task}`` a piece of work. A sentence on the matter has at least
fifteen words whatever fills its slots, and only phrases of their own purpose carry its cue.
"""

from __future__ import annotations

PHATIC = (
    "Sounds good, thanks everyone!",
    "Great, noted.",
    "Thank you, that is helpful.",
    "Nice, looking forward to it.",
    "Hello all, glad to be here.",
    "Perfect, nothing to add from me.",
    "Okay, thanks!",
    "Good point, everyone. Thanks.",
    "Understood.",
    "Well said, cheers.",
)

AGREE_PHATIC = (
    "I agree with {name}, thanks!",
    "Agreed, {name} is right.",
    "Exactly as {name} says, I agree.",
)

AGREE = (
    "I agree with {name} on the {topic}.",
    "{name} is right about the {topic}, and I agree.",
    "I agree with {name}: that is the way to go.",
    "As {name} says, and I agree, the {topic} comes first.",
)

META = (
    "Before we go on, let us take one topic at a time so that this discussion stays productive.",
    "May I suggest how we proceed: ten minutes on the {topic}, then we sum up.",
    "Let us pause and sum up where this discussion stands before we open another thread.",
    "I think this discussion is going in circles, so let us agree on how we proceed.",
    "To keep this discussion on track, could everybody state one priority per message?",
)

LEAD = (
    "@{name}, please take {task} and report back in the next round.",
    "@{name}, could you take care of {task} while the rest of us look at the {topic}?",
    "@{name}, please draft {task} by tomorrow.",
    "@{name}, could you own {task}?",
)

TASKS = (
    "the cost estimate",
    "the {topic} plan",
    "the risk list",
    "a first timeline",
    "the question of {topic}",
    "the interviews about {topic}",
    "a one-page summary of {topic}",
)

TECH = (
    "For this I would rely on {tech}.",
    "Technically, {tech} would carry us a long way here.",
    "My proposal is to build on {tech}, which the team can run without much trouble.",
    "We could combine {tech} and keep everything else simple.",
)

TECHNOLOGIES = (
    "PostgreSQL",
    "Redis",
    "React Native",
    "Flutter",
    "Kubernetes",
    "Docker",
    "Django",
    "FastAPI",
    "Stripe",
    "Firebase",
    "GraphQL",
    "RabbitMQ",
    "Terraform",
    "Elasticsearch",
    "Node.js",
    "TypeScript",
    "Mapbox",
    "Grafana",
    "Twilio",
    "OpenStreetMap",
)

OPENING = (
    "What strikes me first in the task is the {topic}, because it decides how much room is left "
    "for the {other}.",
    "If I read the task correctly, the {topic} is fixed and the {other} is where we still have "
    "real freedom.",
    "I would start from the people who care about the {topic} and work backwards to the {other} "
    "from there.",
    "The hardest constraint seems to be the {topic}, so let me think aloud about what that means "
    "for the {other}.",
)

MIDDLE = (
    "On the {topic} I see two options: a small version that we can test early, or a full version "
    "that takes far longer.",
    "A risk that nobody has named yet is that the {topic} grows and eats whatever we had planned "
    "for the {other}.",
    "We should put a number on the {topic}, for otherwise every later choice about the {other} "
    "is guesswork.",
    "My experience is that the {topic} fails when it depends on the {other}, so I would separate "
    "the two as early as we can.",
    "Suppose we cut the {topic} by a third; then the {other} becomes feasible and the rest of the "
    "plan hardly changes.",
    "The {topic} matters more to the people we do this for than the {other}, and the plan should "
    "say so in its first line.",
)

CLOSING = (
    "So the decision I would record is this: the {topic} first, the {other} second, and a review "
    "after the first two weeks.",
    "What remains open for me is who pays for the {topic}, since the {other} has used up most of "
    "what there was.",
    "With the {topic} settled we can write the plan down, and leave the {other} for a later phase "
    "without regret.",
    "My last worry is the {other}: if it slips, the {topic} slips with it, so I would keep some "
    "slack there.",
)

BUILDING = (
    "Picking up what {name} said about the {topic}: there is a cheaper way to reach the same "
    "thing if we drop part of the {other}.",
    "{name} mentioned the {topic}, and I would add that it ties our hands when it comes to the "
    "{other} later on.",
    "I see the {topic} a little differently from {name}, mainly because the {other} leaves us "
    "less time than it seems.",
)
