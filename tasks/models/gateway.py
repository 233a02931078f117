"""The gateway: the one way in which anything asks a model.

A question is looked for among the answers that the warehouse holds of failed units, then in the
journals, and only then asked. What was asked is on disk before the answer is returned.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

from schemas.gateway import ASKED_AGAIN, INDEPENDENT, Answer, Message, Question
from schemas.study.models import ModelSpec
from tasks.models.accounts import Accounts
from tasks.models.answers import answer_or_failure, sent_messages
from tasks.models.attempts import Terms, Tries, called, prompt_tokens_about, simulated
from tasks.models.batch import Batches
from tasks.models.binding import BoundModel, BoundModels
from tasks.models.budget import Budget
from tasks.models.completions import Vectors
from tasks.models.embedding import Embeddings, vectors_dir
from tasks.models.faults import refuses_schema
from tasks.models.journal import Journal
from tasks.models.keys import call_key, schema_digest
from tasks.models.ledger import Entry, UnitLedger
from tasks.models.prefetch import Prefetch
from tasks.models.prices import Prices
from tasks.models.prompt_messages import message_digests
from tasks.models.record import asked_of, outcome_of, outcome_of_rows, record_of, row_of
from tasks.models.replies import AttemptFailed, Outcome, Reply
from tasks.models.retry import Backoff
from tasks.models.secrets import Keyring, SecretOf, no_secret_blocks
from tasks.models.sim.contract import Simulator
from tasks.models.structured import instructed, reasked
from tasks.models.usage import Usage

_YIELD_EVERY = 32
_CLOCK_S = 0.001  # rows hold times to the microsecond, journals all of a double


class ModelGateway:
    """A gateway over one folder of journals; see :func:`open_gateway`.

    Attributes:
        usage: What was asked, reused and spent in this run.
        accounts: Accounts at providers that have no credit left.
        budget: The budget of the run.
        journal: Answers on disk.
    """

    def __init__(
        self,
        journal: Journal,
        budget: Budget,
        keyring: Keyring,
        backoff: Backoff,
        simulate: Simulator | None = None,
        batch_poll_s: float = 30.0,
        batch_quiet_s: float = 2.0,
        parts: int = 1,
        run_id: str | None = None,
        without_credit: Mapping[str, str] | None = None,
    ) -> None:
        self.usage = Usage()
        self.accounts = Accounts(without_credit or {})
        self._run_id = run_id
        self.budget = budget
        self.journal = journal
        self._backoff = backoff
        self._simulate = simulate
        self._models = BoundModels(keyring, parts)
        self._prefetch = Prefetch(
            Batches(journal, backoff, batch_poll_s),
            self._models,
            budget,
            self.usage,
            batch_quiet_s,
            known=self._known,
            most_usd=self._most_usd,
            run_id=run_id,
        )
        self._embeddings = Embeddings(
            vectors_dir(journal.folder),
            budget,
            self.usage,
            backoff,
            self.accounts,
            enter=lambda key, entry: self._ledger(entry.question.unit_key).add(key, entry, ()),
            keep=journal.append,
            run_id=run_id,
        )
        self._units: dict[str, UnitLedger] = {}
        self._earlier: dict[str, dict[str, Outcome]] = {}
        self._most_tokens = 1024
        self._answers_simulated = 0

    @property
    def lost(self) -> tuple[str, ...]:
        """What answers could not be read again, a sentence for each damaged journal."""
        return (*self.journal.lost, *self._embeddings.lost)

    async def ask(self, question: Question) -> Answer:
        """The answer to a question; failures are data, never exceptions.

        Questions of judges and persona writers to a model declared with ``batch: true`` that are
        asked at about the same time go through the provider's batch interface.

        Raises:
            BudgetSpent: The next call could pass the study's budget.
            AccountEmpty: The account that the next call would be paid from has no credit left.
            Mistake: The model's key is missing, or the journal cannot be written.
        """
        if question.model.batch and question.purpose in INDEPENDENT:
            await self._prefetch.gathered(question)
        return await self._ask(question)

    async def _ask(self, question: Question) -> Answer:
        model = self._models.of(question.model)
        answer_schema = schema_digest(question.answer)
        unit = self._ledger(question.unit_key)
        messages = question.messages
        keys: list[str] = []
        for reask in range(question.reasks + 1):
            digests = message_digests(messages)
            key = call_key(
                model.key,
                digests,
                answer_schema,
                question.unit_key,
                ordinal=question.ordinal,
                reask=reask,
            )
            last = reask == question.reasks
            before = keys[-1] if keys else None
            asked = asked_of(question, model.params, answer_schema, before, self._run_id)
            outcome = await self._outcome(question, model, messages, key, last, asked)
            value, failure = answer_or_failure(question, outcome)
            sent, digests = sent_messages(question, messages, digests, outcome)
            keys.append(key)
            unit.add(
                key,
                Entry(
                    question, reask, before, model.params, answer_schema, digests, outcome, failure
                ),
                sent,
            )
            text = outcome.reply.text if outcome.reply else ""
            if failure is None or failure.kind not in ASKED_AGAIN or last:
                break
            messages = reasked(messages, text, failure.message)
        self.usage.answered(failure)
        return Answer(key, text, value, len(keys), failure, tuple(keys))

    async def embed(self, texts: Sequence[str], model: ModelSpec, unit_key: str) -> Vectors:
        """Vectors of texts by an embedding model, one row each; a text is asked about only once.

        Args:
            texts: The texts; a blank one has a row of zeros.
            model: The model, by its name in litellm.
            unit_key: The unit on whose behalf it is asked; :meth:`rows` gives the calls made.

        Raises:
            EmbeddingFailed: No vectors came for some texts; those that came are kept.
            BudgetSpent: The next call could pass the study's budget.
            AccountEmpty: The account that it would be paid from has no credit left.
            Mistake: The model is simulated, or its key is missing.
        """
        return await self._embeddings.embed(texts, self._models.of(model), unit_key)

    async def close(self) -> None:
        """Ends writing; the journals of settled units are removed."""
        await self._prefetch.close()
        await self._models.close()
        await self._embeddings.close()
        await self.journal.close()

    def rows(self, unit_key: str) -> dict[str, list[dict[str, Any]]]:
        """Rows of ``calls``, ``attempts`` and ``prompt_messages`` made for a unit; forgets them.

        Calls whose answers were found in a journal or the warehouse are among them, with the
        attempts, price and time of when they were asked.
        """
        unit = self._units.pop(unit_key, None)
        return unit.rows() if unit else {"calls": [], "attempts": [], "prompt_messages": []}

    def reuse(self, rows: Mapping[str, Iterable[Mapping[str, Any]]]) -> None:
        """Takes over answers that the warehouse holds of units that are worked again.

        Args:
            rows: Rows of ``calls`` and ``attempts`` of those units.
        """
        attempts: dict[str, list[Mapping[str, Any]]] = {}
        for row in rows.get("attempts", ()):
            attempts.setdefault(row["call_key"], []).append(row)
        for row in rows.get("calls", ()):
            outcome = outcome_of_rows(row, attempts.get(row["call_key"], ()))
            if outcome is not None and outcome.attempts:
                self._earlier.setdefault(row["unit_key"], {})[row["call_key"]] = outcome

    def answers_held(self, unit_keys: Iterable[str]) -> dict[str, int]:
        """How many answers the journals hold of each unit that is not settled."""
        return {key: count for key in unit_keys if (count := self.journal.count(key))}

    def uncommitted(self, unit_keys: Iterable[str] | None = None) -> list[dict[str, Any]]:
        """Rows of ``uncommitted_calls``: answers of units not settled.

        They are those of this process and of others that have ended; a living one has its own.

        Args:
            unit_keys: The units; all that there are if none are named.
        """
        keys = self.journal.held() if unit_keys is None else unit_keys
        records = (one for key in keys for one in self.journal.of(key))
        return [row for one in records if (row := row_of(one)) is not None]

    def forget(self, unit_keys: Iterable[str]) -> None:
        """Forgets what the journals hold of units whose rows are committed."""
        keys = list(unit_keys)
        self.journal.forget(keys)
        for key in keys:
            self._earlier.pop(key, None)

    def _ledger(self, unit_key: str) -> UnitLedger:
        unit = self._units.get(unit_key)
        if unit is None:
            unit = self._units[unit_key] = UnitLedger()
        return unit

    async def _outcome(
        self,
        question: Question,
        model: BoundModel,
        messages: tuple[Message, ...],
        key: str,
        last: bool,
        asked: Mapping[str, Any],
    ) -> Outcome:
        """What a call came to, be it held already or made now."""
        earlier = self._earlier.get(question.unit_key, {}).get(key)
        if earlier is not None and _of_use(question, earlier, last):
            self.usage.reused(earlier)
            return earlier
        record = self.journal.find(question.unit_key, key)
        if record is not None and (earlier is None or record["at"] > earlier.asked_at_s + _CLOCK_S):
            outcome = outcome_of(record)
            if not self._prefetch.asked(key):
                self.usage.reused(outcome)
            return outcome
        self.accounts.refuse_empty(question.model)
        if question.model.simulated:
            outcome = await self._simulated(question, model, messages, key)
        else:
            outcome = await self._fresh(question, model, messages, key, asked)
        self.accounts.note(question.model, outcome)
        self.usage.asked(outcome)
        return dataclasses.replace(outcome, run_id=self._run_id)

    async def _simulated(
        self, question: Question, model: BoundModel, messages: tuple[Message, ...], key: str
    ) -> Outcome:
        if self._simulate is None:
            from tasks.models.sim import reply

            self._simulate = reply
        self._answers_simulated += 1
        if self._answers_simulated % _YIELD_EVERY == 0:
            await asyncio.sleep(0)
        asked = dataclasses.replace(question, messages=messages)
        call = partial(simulated, asked, key, self._simulate, self._backoff, Tries(model.prices))
        return await self.budget.spent_on(self._most_usd(model, messages, model.prices), call)

    async def _fresh(
        self,
        question: Question,
        model: BoundModel,
        messages: tuple[Message, ...],
        key: str,
        asked: Mapping[str, Any],
    ) -> Outcome:
        answer_type = question.answer
        told = messages if answer_type is None else instructed(messages, answer_type)
        longest = messages if model.takes_schema else told
        tokens = prompt_tokens_about(longest) if model.spec.tokens_per_minute else 0.0

        async def attempt() -> Reply:
            if answer_type is None:
                return await model.transport.reply(messages, None)
            if not model.takes_schema:
                reply = await model.transport.reply(told, None)
                return dataclasses.replace(reply, raw={**reply.raw, "instructed": True})
            try:
                return await model.transport.reply(messages, answer_type)
            except AttemptFailed as failed:
                if not refuses_schema(failed):
                    raise
                model.ask_in_words()  # from the next attempt on
                raise AttemptFailed(
                    "no_schema", str(failed), status_code=failed.status_code
                ) from None

        async def keep(outcome: Outcome) -> None:
            if outcome.reply is not None and outcome.reply.kind != "empty":
                record = {**record_of(outcome), "q": asked}
                await self.journal.append(question.unit_key, key, record)

        terms = Terms(model.spec, model.limiter, self._backoff, tokens)
        tries = Tries(model.prices, self._prefetch.failed(key))
        most_usd = self._most_usd(model, longest, model.prices)
        outcome = await self.budget.spent_on(most_usd, lambda: called(terms, attempt, keep, tries))
        if outcome.reply is not None:
            self._most_tokens = max(self._most_tokens, 2 * (outcome.reply.completion_tokens or 0))
        return outcome

    def _known(self, question: Question, key: str) -> bool:
        earlier = self._earlier.get(question.unit_key, {}).get(key)
        if earlier is not None and _of_use(question, earlier, last=False):
            return True
        return self.journal.find(question.unit_key, key) is not None

    def _most_usd(self, model: BoundModel, messages: Sequence[Message], price: Prices) -> float:
        if self.budget.usd is None:
            return 0.0
        most_tokens = model.spec.max_tokens or self._most_tokens
        tokens = prompt_tokens_about(messages)
        return self.budget.most_usd(model.spec.model, price, tokens, most_tokens)


def _of_use(question: Question, outcome: Outcome, last: bool) -> bool:
    """Whether an answer of a failed unit helps: it reads well, or leads to the next re-ask."""
    failure = answer_or_failure(question, outcome)[1]
    return failure is None or (failure.kind in ASKED_AGAIN and not last)


@asynccontextmanager
async def open_gateway(
    journals: Path,
    *,
    budget: Budget | None = None,
    held: Mapping[str, Iterable[Mapping[str, Any]]] | None = None,
    secret_of: SecretOf = no_secret_blocks,
    backoff: Backoff | None = None,
    simulate: Simulator | None = None,
    batch_poll_s: float = 30.0,
    batch_quiet_s: float = 2.0,
    parts: int = 1,
    writes_only: bool = False,
    run_id: str | None = None,
    without_credit: Mapping[str, str] | None = None,
) -> AsyncIterator[ModelGateway]:
    """A gateway for the time of a ``async with`` block, on one event loop.

    Args:
        journals: Folder of the warehouse's journals; see ``tasks.models.journal.journal_dir``.
        budget: What may be spent; nothing for no limit.
        held: Rows of ``calls`` and ``attempts`` of failed units that are worked again.
        secret_of: Gives the value of a Prefect Secret block.
        backoff: When failed attempts are made again.
        simulate: What answers for ``sim/...``; nothing for the simulated models of the project.
        batch_poll_s: Seconds between looks at a pending batch.
        batch_quiet_s: How long nothing more is asked before a batch is closed.
        parts: Gateways that ask the same models at the same time; each has its part of the limits.
        writes_only: Leave the journals of other processes alone, unread.
        run_id: The run whose calls these are.
        without_credit: Accounts that are known to have no credit left.

    Raises:
        Mistake: A journal is of another version.
    """
    journal = Journal(journals, writes_only=writes_only)
    gateway = ModelGateway(
        journal,
        budget or Budget(),
        Keyring(secret_of),
        backoff or Backoff(),
        simulate,
        batch_poll_s,
        batch_quiet_s,
        parts,
        run_id,
        without_credit,
    )
    if held is not None:
        gateway.reuse(held)
    try:
        yield gateway
    finally:
        await gateway.close()
