"""What simulated participants say: phrases by purpose.

Slots: ``{topic}`` and ``{other}`` are words of the brief, ``{name}`` is another participant,
``{tech}`` a list of technologies, ``{task}`` a piece of work, ``{missing}`` a participant that has
failed, ``{option}`` one of those that are put to the vote. A sentence on the matter has at least
fifteen words whatever fills its slots, and only phrases of their own purpose carry its cue.
"""

from __future__ import annotations

PHATIC: tuple[str, ...] = (
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
    "Thanks for the summary!",
    "All clear on my side.",
    "Nice progress, everyone.",
    "Okay, I am with you so far.",
    "Good, let me think about it.",
    "Thank you all, very kind.",
)

AGREE_PHATIC: tuple[str, ...] = (
    "I agree with {name}, thanks!",
    "Agreed, {name} is right.",
    "Exactly as {name} says, I agree.",
)

AGREE: tuple[str, ...] = (
    "I agree with {name} on the {topic}.",
    "{name} is right about the {topic}, and I agree.",
    "I agree with {name}: that is the way to go.",
    "As {name} says, and I agree, the {topic} comes first.",
)

META: tuple[str, ...] = (
    "Before we go on, let us take one topic at a time so that this discussion stays productive.",
    "May I suggest how we proceed: ten minutes on the {topic}, then we sum up.",
    "Let us pause and sum up where this discussion stands before we open another thread.",
    "I think this discussion is going in circles, so let us agree on how we proceed.",
    "To keep this discussion on track, could everybody state one priority per message?",
    "A word on our process: we have heard few numbers so far, and everybody talks at once.",
    "Can we settle how we proceed before the next round, so that nobody repeats the others?",
    "I would like to sum up before we continue: the {topic} is open, the rest is settled.",
)

LEAD: tuple[str, ...] = (
    "@{name}, please take {task} and report back in the next round.",
    "@{name}, could you take care of {task} while the rest of us look at the {topic}?",
    "@{name}, please draft {task} by tomorrow.",
    "@{name}, could you own {task}?",
    "@{name}, please look into {task}, since you seem to know most about it.",
    "@{name}, can you prepare {task} for the others?",
)

TASKS: tuple[str, ...] = (
    "the cost estimate",
    "the {topic} plan",
    "the risk list",
    "a first timeline",
    "the open points on the {topic}",
    "the interviews about the {topic}",
    "a one-page summary on the {topic}",
)

TECH: tuple[str, ...] = (
    "For this I would rely on {tech}.",
    "Technically, {tech} would carry us a long way here.",
    "My proposal is to build on {tech}, which the team can run without much trouble.",
    "We could combine {tech} and keep everything else simple.",
    "As for tools, {tech} are proven and cheap enough.",
    "I have seen this done well with {tech}.",
)

TECHNOLOGIES: tuple[str, ...] = (
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

OPENING: tuple[str, ...] = (
    "What strikes me first in the task is the {topic}, because it decides how much room is left "
    "for the {other}.",
    "If I read the task correctly, the {topic} is fixed and the {other} is where we still have "
    "real freedom.",
    "I would start from the people who care about the {topic} and work backwards to the {other} "
    "from there.",
    "The hardest constraint seems to be the {topic}, so let me think aloud about what that means "
    "for the {other}.",
    "Let me begin with a question that we will have to answer anyway: who decides about the "
    "{topic}, and by when?",
    "Two things stand out for me, the {topic} and the {other}, and they pull in different "
    "directions from the very start.",
)

MIDDLE: tuple[str, ...] = (
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
    "I would try the {topic} with a handful of people first, because what we assume about the "
    "{other} may be wrong.",
    "There is a trade-off here: every hour that goes into the {topic} is an hour that the {other} "
    "does not get.",
    "What would have to be true for the {topic} to work without the {other} in the first weeks?",
    "My rough estimate is that the {topic} takes half of our time, and the {other} most of what "
    "remains.",
    "If we had to drop one of the two, I would rather drop the {other} than do the {topic} badly.",
    "The {topic} looks simple on paper, yet in similar projects it was the {other} that caused "
    "the delays.",
    "Could we buy or borrow a solution for the {topic} and keep our own effort for the {other}?",
)

CLOSING: tuple[str, ...] = (
    "So the decision I would record is this: the {topic} first, the {other} second, and a review "
    "after the first two weeks.",
    "What remains open for me is who pays for the {topic}, since the {other} has used up most of "
    "what there was.",
    "With the {topic} settled we can write the plan down, and leave the {other} for a later phase "
    "without regret.",
    "My last worry is the {other}: if it slips, the {topic} slips with it, so I would keep some "
    "slack there.",
    "For the record, I can live with this plan as long as the {topic} is tested before the "
    "{other} is announced.",
    "In the end it comes down to the {topic}, and on that we now know enough to decide, I think.",
)

BUILDING: tuple[str, ...] = (
    "Picking up what {name} said about the {topic}: there is a cheaper way to reach the same "
    "thing if we drop part of the {other}.",
    "{name} mentioned the {topic}, and I would add that it ties our hands when it comes to the "
    "{other} later on.",
    "I see the {topic} a little differently from {name}, mainly because the {other} leaves us "
    "less time than it seems.",
    "To what {name} said about the {topic} I have one question: does it still hold if the {other} "
    "doubles?",
    "What {name} calls the {topic} is for me really a question of the {other}, and that changes "
    "the order of things.",
    "Before we follow {name} on the {topic}, I would want to know what it means for the {other} "
    "in practice.",
)

ABSENT: tuple[str, ...] = (
    "{missing} is not responding, as far as I can see.",
    "There is no word from {missing} since that error.",
)
COVERING: tuple[str, ...] = (
    "{missing} is not responding, so I will cover that part of the work.",
    "With no word from {missing}, I will take over that part myself.",
)
REDISTRIBUTING: tuple[str, ...] = (
    "{missing} is not responding; @{name}, please take over that part of the work.",
    "With no word from {missing}, {name} should take over that part.",
)

CLAIM: tuple[str, ...] = ("Speaking as {name}, I have thought about this.",)
HOLDING: tuple[str, ...] = ("For my part, I hold with {option}.",)
TOPICS: tuple[str, ...] = ("goal", "budget", "schedule")
AND: str = " and "
