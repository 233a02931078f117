"""CPU per message of the engine, by length of the discussion and by memory, models left out.

    python bench/discussion_overhead.py [--seats 8] [--rounds 20] [--times 5]

Every question is answered at once with words of one length, so what is measured is rules, memory,
prompts, exposures and rows. The time that a message takes is given for discussions of growing
length: with a memory of bounded length it must stay the same, since nothing but the prompt's own
text may grow with the rounds.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from schemas.gateway import Answer, Question
from schemas.keys import digest
from schemas.study.models import ModelSpec
from tasks.environments.registry import environment_named
from tasks.episodes.engine import Play
from tasks.episodes.episode import Episode, seats_of
from tasks.episodes.parts import EpisodeParts

#: A model of a provider, so that no observation is made for a simulated one.
MODELS = {"m": ModelSpec(model="openai/mock")}
MEMORIES: dict[str, Any] = {
    "full": "full",
    "last 20": {"kind": "last", "size": 20},
    "tokens 1000": {"kind": "tokens", "size": 1000},
    "summary every 20": {"kind": "summary", "every": 20},
    "retrieval of 10": {"kind": "retrieval", "size": 10, "rate_every": 16, "plan": {}},
}
WORDS = " ".join(["word"] * 40)


def _answered(question: Question) -> Answer:
    key = digest(question.unit_key, question.ordinal)
    value: Any = f"{WORDS} {question.ordinal}"
    if question.answer is not None:  # ratings, as many as the question lists
        n = len([line for line in question.messages[-1].text.splitlines() if ". [" in line])
        value = question.answer.model_validate({"ratings": [5] * n})
    return Answer(key, "", value, 1, None, (key,))


async def _put(questions: Sequence[Question]) -> list[Answer]:
    return [_answered(question) for question in questions]


async def _embed(alias: str, texts: Sequence[str]) -> Any:
    raise RuntimeError("a discussion compares no texts")


def cpu_ms(seats: int, rounds: int, memory: Any) -> float:
    """CPU that a message of a discussion takes, in milliseconds."""
    talk = environment_named("discussion")
    declared = {"brief": "Plan a festival.", "rounds": rounds, "seats": ["m"] * seats}
    params = talk.params.model_validate(declared)
    parts = EpisodeParts.model_validate({"memory": memory})
    episode = Episode(
        "0" * 32, talk, params, seats_of(talk, params, MODELS, 1), MODELS, 1, 2, parts
    )
    began_s = time.process_time()
    played = asyncio.run(Play(episode, _put, _embed).played())
    spent_s = time.process_time() - began_s
    said = sum(row["kind"] == "say" for row in played.rows["events"])
    if said != seats * rounds:
        raise RuntimeError(f"{said} messages of {seats * rounds}: {played.failure}")
    return 1000 * spent_s / int(said)


def main() -> None:
    """Print milliseconds of CPU per message for each memory and length, the least of some times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seats", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--times", type=int, default=5)
    options = parser.parse_args()
    lengths = [options.rounds * factor for factor in (1, 2, 4)]
    cpu_ms(options.seats, 2, "full")  # what is imported and compiled once is left out
    print("memory", *(f"{rounds} rounds" for rounds in lengths), sep=" | ")
    for name, memory in MEMORIES.items():
        found = [
            min(cpu_ms(options.seats, rounds, memory) for _ in range(options.times))
            for rounds in lengths
        ]
        print(name, *(f"{one:.3f}" for one in found), sep=" | ")


if __name__ == "__main__":
    main()
