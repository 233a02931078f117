"""Texts as vectors by an embedding model: asked once per text, kept beside the warehouse.

A vector is no draw: the same model gives the same text the same vector, so vectors are shared by
all units and runs, unlike answers. They are kept in files like journals in a folder of their own,
which is never emptied. A request for texts that are not there yet is a call like any other: it is
limited, retried, counted against the budget and on record in ``calls``, without its texts. Vectors
of a simulated model cost nothing, so they are made anew, and kept nowhere.
"""

from __future__ import annotations

import asyncio
import base64
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from schemas.gateway import Embedder, EmbeddingFailed, Message, Question
from schemas.keys import digest
from schemas.study.models import ModelSpec
from schemas.unit import Failure
from tasks.models.accounts import Accounts, failure_of
from tasks.models.attempts import Terms, Tries, called, prompt_tokens_about
from tasks.models.binding import BoundModel
from tasks.models.budget import Budget
from tasks.models.completions import Vectors
from tasks.models.estimate import TEXTS_PER_CALL
from tasks.models.journal import Journal
from tasks.models.ledger import Entry
from tasks.models.prices import Prices
from tasks.models.record import asked_of, record_of
from tasks.models.replies import Outcome, Reply
from tasks.models.retry import Backoff
from tasks.models.usage import Usage

#: Raised when the meaning of a call for vectors changes.
RECIPE = 1

#: At most about so many characters go into one request, beside the limit on texts.
CHARACTERS_PER_CALL = 100_000


def vectors_dir(journals: Path) -> Path:
    """The folder of vectors beside a folder of journals.

    Example:
        >>> vectors_dir(Path("lab/agora.duckdb.journal")).name
        'agora.duckdb.vectors'
    """
    return journals.with_suffix(".vectors")


class GatewayEncoder:
    """An encoder of texts for code that runs in a thread beside the gateway's event loop.

    Args:
        gateway: The gateway.
        model: The embedding model.
        unit_key: The unit that its calls are counted for.
        loop: The loop that the gateway lives on; the running one if none is given.
    """

    def __init__(
        self,
        gateway: Embedder,
        model: ModelSpec,
        unit_key: str,
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self._gateway = gateway
        self._model = model
        self._unit_key = unit_key
        self._loop = loop or asyncio.get_running_loop()

    def vectors(self, texts: Sequence[str]) -> npt.NDArray[np.floating[Any]]:
        """One row per text. Must not be called on the loop itself.

        Raises:
            EmbeddingFailed: No vectors came for some texts.
            BudgetSpent: The next call could pass the study's budget.
        """
        asked = self._gateway.embed(texts, self._model, self._unit_key)
        return asyncio.run_coroutine_threadsafe(asked, self._loop).result()


class Embeddings:
    """Vectors of texts, from their files or from a provider.

    Args:
        folder: Folder of vectors; read when the first vector is wanted.
        budget: The budget of the run.
        usage: Counts of the run.
        backoff: When failed attempts are made again.
        accounts: Accounts that have no credit left.
        enter: Enters a call into the ledger of its unit.
        keep: Puts a call of a unit on disk, before its vectors are used.
        run_id: The run whose calls these are.
    """

    def __init__(
        self,
        folder: Path,
        budget: Budget,
        usage: Usage,
        backoff: Backoff,
        accounts: Accounts,
        enter: Callable[[str, Entry], None],
        keep: Callable[[str, str, dict[str, Any]], Awaitable[None]],
        run_id: str | None = None,
    ) -> None:
        self._run_id = run_id
        self._folder = folder
        self._budget = budget
        self._usage = usage
        self._backoff = backoff
        self._accounts = accounts
        self._enter = enter
        self._keep = keep
        self._files: Journal | None = None
        self._ordinals: Counter[str] = Counter()
        self._asking: dict[tuple[str, str], asyncio.Event] = {}

    @property
    def lost(self) -> Sequence[str]:
        """What vectors could not be read again, a sentence for each damaged file."""
        return () if self._files is None else self._files.lost

    async def embed(self, texts: Sequence[str], model: BoundModel, unit_key: str) -> Vectors:
        """One row per text; see :class:`schemas.gateway.Embedder`."""
        keys = [digest(text) if text.strip() else "" for text in texts]
        wanted = {key: text for key, text in zip(keys, texts, strict=True) if key}
        find = self._asked if model.spec.simulated else self._held
        found = await find(wanted, model, unit_key)
        return _stacked([found.get(key) for key in keys], model.spec.model)

    async def close(self) -> None:
        """Ends writing."""
        if self._files is not None:
            await self._files.close()

    async def _held(
        self, wanted: Mapping[str, str], model: BoundModel, unit_key: str
    ) -> dict[str, Vectors]:
        """Vectors out of the files; those that are not there are asked for, each by one unit."""
        found: dict[str, Vectors] = {}
        while len(found) < len(wanted):
            for key in wanted.keys() - found.keys():
                vector = self._vector(model.key, key)
                if vector is not None:
                    found[key] = vector
            fresh = {key: text for key, text in wanted.items() if key not in found}
            mine = {
                key: text for key, text in fresh.items() if (model.key, key) not in self._asking
            }
            if mine:
                found |= await self._asked_once(mine, model, unit_key)
            elif fresh:
                await self._asking[model.key, next(iter(fresh))].wait()
        return found

    async def _asked_once(
        self, texts: Mapping[str, str], model: BoundModel, unit_key: str
    ) -> dict[str, Vectors]:
        """Vectors from the provider; whoever wants the same meanwhile waits for them."""
        over = asyncio.Event()
        places = [(model.key, key) for key in texts]
        self._asking.update(dict.fromkeys(places, over))
        try:
            return await self._asked(texts, model, unit_key)
        finally:
            for place in places:
                del self._asking[place]
            over.set()

    def _vector(self, model_key: str, key: str) -> Vectors | None:
        if self._files is None:
            self._files = Journal(self._folder)
        record = self._files.find(model_key, key)
        return None if record is None else np.frombuffer(base64.b64decode(record["v"]), "<f4")

    async def _asked(
        self, texts: Mapping[str, str], model: BoundModel, unit_key: str
    ) -> dict[str, Vectors]:
        """Vectors from the model itself.

        Raises:
            EmbeddingFailed: Some did not come.
        """
        found: dict[str, Vectors] = {}
        asks = [
            asyncio.ensure_future(self._call(part, model, unit_key, self._ordinal(unit_key), found))
            for part in _requests(list(texts.items()))
        ]
        try:
            failures = await asyncio.gather(*asks)
        except BaseException:
            for one in asks:
                one.cancel()
            await asyncio.gather(*asks, return_exceptions=True)
            raise
        for failure in failures:
            if failure is not None:
                raise EmbeddingFailed(failure)
        return found

    def _ordinal(self, unit_key: str) -> int:
        self._ordinals[unit_key] += 1
        return self._ordinals[unit_key] - 1

    async def _call(
        self,
        part: Sequence[tuple[str, str]],
        model: BoundModel,
        unit_key: str,
        ordinal: int,
        found: dict[str, Vectors],
    ) -> Failure | None:
        """Why a request for vectors failed; nothing if they are found now, and on disk."""
        texts = [text for _, text in part]
        tokens = prompt_tokens_about(tuple(Message("user", text) for text in texts))
        price = Prices(model.prices.input_usd, model.prices.output_usd or 0.0)  # no answer
        simulated = model.spec.simulated
        backoff = replace(self._backoff, first_s=0.0) if simulated else self._backoff
        terms = Terms(model.spec, model.limiter, backoff, tokens)
        tries = Tries(price)
        question = Question(model.spec, (), unit_key, ordinal, "embedding")
        key = digest("embedding", RECIPE, model.key, [one for one, _ in part], unit_key, ordinal)

        came: list[Vectors] = []

        async def attempt() -> Reply:
            if simulated:
                from tasks.models.sim.encoder import simulated_vectors  # with all environments

                reply, vectors = await simulated_vectors(model.spec, texts, key, len(tries.made))
            else:
                reply, vectors = await model.transport.vectors(texts)
            came[:] = vectors
            return reply

        async def keep(outcome: Outcome) -> None:
            if outcome.reply is None:
                return
            vectors = {name: vector for (name, _), vector in zip(part, came, strict=True)}
            found.update(vectors)
            if self._files is not None and not simulated:
                records = [
                    self._files.append(model.key, name, {"v": _written(vector)})
                    for name, vector in vectors.items()
                ]
                await asyncio.gather(*records)
                asked = asked_of(question, model.params, None, None, self._run_id)
                await self._keep(unit_key, key, {**record_of(outcome), "q": asked})

        self._accounts.refuse_empty(model.spec)
        most_usd = self._budget.most_usd(model.spec.model, price, tokens, 0)
        made = await self._budget.spent_on(most_usd, lambda: called(terms, attempt, keep, tries))
        outcome = replace(made, run_id=self._run_id)
        self._usage.asked(outcome)
        self._accounts.note(model.spec, outcome)
        failure = None if outcome.reply else failure_of(model.spec, outcome.attempts[-1])
        self._enter(key, Entry(question, 0, None, model.params, None, (), outcome, failure))
        return failure


def _requests(fresh: Sequence[tuple[str, str]]) -> Iterator[list[tuple[str, str]]]:
    """Texts cut into requests of bearable size, in order."""
    part: list[tuple[str, str]] = []
    characters = 0
    for key, text in fresh:
        if part and (len(part) == TEXTS_PER_CALL or characters + len(text) > CHARACTERS_PER_CALL):
            yield part
            part, characters = [], 0
        part.append((key, text))
        characters += len(text)
    if part:
        yield part


def _written(vector: Vectors) -> str:
    return base64.b64encode(vector.astype("<f4").tobytes()).decode()


def _stacked(rows: Sequence[Vectors | None], model: str) -> Vectors:
    """One row per text; zeros where there is no vector.

    Raises:
        EmbeddingFailed: Vectors of one model differ in length.
    """
    sizes = sorted({row.size for row in rows if row is not None})
    if len(sizes) > 1:
        why = f"{model} gave vectors of {sizes[0]} and of {sizes[-1]} numbers"
        raise EmbeddingFailed(Failure("bad_body", why))
    width = sizes[0] if sizes else 0
    stacked = np.zeros((len(rows), width), dtype=np.float32)
    for place, row in enumerate(rows):
        if row is not None:
            stacked[place] = row
    return stacked
