"""How a simulated embedding model turns texts into vectors."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import re
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from schemas.gateway import CHARACTERS_PER_TOKEN
from schemas.keys import generator, seed_of
from schemas.study.models import ModelSpec
from tasks.models.replies import AttemptFailed, Reply
from tasks.models.sim.policies import EncoderPolicy
from tasks.models.sim.presets import encoder_of

_WORD = re.compile(r"\w+")


async def simulated_vectors(
    spec: ModelSpec, texts: Sequence[str], call_key: str, attempt: int = 0
) -> tuple[Reply, list[npt.NDArray[np.float32]]]:
    """Vectors of texts, in their order, and what it took, from one attempt.

    Args:
        spec: The model, named ``sim/encoder``.
        texts: The texts.
        call_key: Key of the call, from which its faults are drawn.
        attempt: Number of the attempt at the call, from 0.

    Raises:
        AttemptFailed: A declared fault.
        Mistake: The model makes no vectors.
    """
    policy = encoder_of(spec)
    if policy.latency_s:
        await asyncio.sleep(policy.latency_s)
    drawn = generator("fault", call_key, attempt)
    for rate, kind in ((policy.failure_rate, "server_error"), (policy.malformed_rate, "bad_body")):
        if drawn.random() < rate:
            raise AttemptFailed(kind, "a simulated fault")
    reply = Reply(
        "",
        model=spec.model,
        prompt_tokens=sum(map(len, texts)) // CHARACTERS_PER_TOKEN,
        completion_tokens=0,
        raw={"texts": len(texts), "dimensions": policy.dimensions},
    )
    return reply, [vector(policy, text) for text in texts]


def vector(policy: EncoderPolicy, text: str) -> npt.NDArray[np.float32]:
    """The vector of a text: the same for the same text and parameters.

    Source: Weinberger et al. (2009), Feature hashing for large scale multitask learning.

    Example:
        >>> policy = EncoderPolicy()
        >>> one, same, other = (vector(policy, t) for t in ("Red soup", "red SOUP!", "A tram"))
        >>> float(one @ same).__round__(3), float(one @ other).__round__(3)
        (1.0, 0.0)
    """
    words = _WORD.findall(text.lower())
    found = np.zeros(policy.dimensions)
    for term in (*words, *map(" ".join, itertools.pairwise(words))):
        place, sign = _hashed(term)
        found[place % policy.dimensions] += sign
    length = float(np.linalg.norm(found))
    if length:
        found /= length
    if policy.noise:
        drawn = np.random.default_rng(seed_of("encoder", text)).standard_normal(policy.dimensions)
        found += policy.noise * drawn / np.linalg.norm(drawn)
    return found.astype(np.float32)


@lru_cache(maxsize=65536)
def _hashed(term: str) -> tuple[int, int]:
    """Place and sign of a word or a pair, the same everywhere."""
    number = int.from_bytes(hashlib.blake2b(term.encode(), digest_size=8).digest())
    return number >> 1, 1 - 2 * (number & 1)
