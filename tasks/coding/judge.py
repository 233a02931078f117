"""Coding by a model: questions to a judge about one episode, and the codes that come of them."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Sequence
from functools import cached_property, partial

from pydantic import BaseModel

from schemas.codebook import Codebook
from schemas.gateway import UNUSABLE, Answer, Gateway, Question
from schemas.keys import generator
from schemas.study.models import ModelSpec
from schemas.unit import Failure
from tasks.coding.items import Item
from tasks.coding.judge_schema import answer_shape, judged_of, problem_with
from tasks.coding.prompt import JudgePrompt, flags_shown, shown
from tasks.coding.rows import Code
from tasks.models.budget import BudgetSpent


@dataclasses.dataclass(frozen=True)
class View:
    """Flags that are asked about together, since they show the judge the same."""

    flags: tuple[str, ...]
    masked: bool


@dataclasses.dataclass(frozen=True)
class Judged:
    """What a judge made of an episode.

    Attributes:
        codes: One per item and flag that applies to it.
        failure: Why not all of the questions could be put.
    """

    codes: list[Code]
    failure: Failure | None = None


def views_of(codebook: Codebook, flags: Sequence[str]) -> tuple[View, ...]:
    """The flags of a codebook by what the judge is shown, each group in the codebook's order."""
    groups = {
        masked: tuple(name for name in flags if codebook.flags[name].mask_speaker is masked)
        for masked in (True, False)
    }
    return tuple(View(names, masked) for masked, names in groups.items() if names)


async def judged(
    items: Sequence[Item],
    *,
    codebook: Codebook,
    flags: Sequence[str],
    model: ModelSpec,
    coder: str,
    unit_key: str,
    gateway: Gateway,
) -> Judged:
    """What a judge makes of the items of an episode.

    Items are asked about in an order drawn from the unit's key, in batches as the codebook says.
    Items of a batch that got no usable answer are asked about one by one.

    Args:
        items: What is coded.
        codebook: The codebook.
        flags: The flags that are left to judges.
        model: The judge.
        coder: Its alias.
        unit_key: The unit on whose behalf it is asked.
        gateway: The way to ask.
    """
    order = list(items)
    if codebook.shuffle:
        generator("order of items", unit_key).shuffle(order)
    questions = []
    for number, view in enumerate(views_of(codebook, flags)):
        told = flags_shown(codebook, view.flags)
        session = _Session(codebook, view, model, coder, unit_key, gateway, JudgePrompt(told))
        base = number * 2 * len(order)
        for start in range(0, len(order), codebook.batch):
            batch = order[start : start + codebook.batch]
            questions.append(session.codes(batch, base + start, base + len(order) + start))
    codes: list[Code] = []
    failure = None
    for outcome in await asyncio.gather(*questions):
        codes.extend(outcome.codes)
        failure = failure or outcome.failure
    return Judged(sorted(codes, key=_place), failure)


def _place(code: Code) -> tuple[int, int, str]:
    return (-1 if code.seq is None else code.seq, code.other_seq or 0, code.flag)


@dataclasses.dataclass(frozen=True)
class _Session:
    codebook: Codebook
    view: View
    model: ModelSpec
    coder: str
    unit_key: str
    gateway: Gateway
    prompt: JudgePrompt

    async def codes(self, batch: Sequence[Item], ordinal: int, single: int) -> Judged:
        """The codes of a batch; ``single`` is the first ordinal for its items one by one."""
        answer = await self._answer(batch, ordinal)
        if answer.failure is None or answer.failure.kind not in UNUSABLE or len(batch) == 1:
            return self._judged(batch, answer)
        alone = await asyncio.gather(
            *(self._answer([item], single + place) for place, item in enumerate(batch))
        )
        outcomes = [self._judged([item], answer) for item, answer in zip(batch, alone, strict=True)]
        return Judged(
            [code for outcome in outcomes for code in outcome.codes],
            next((outcome.failure for outcome in outcomes if outcome.failure), None),
        )

    @cached_property
    def _shape(self) -> type[BaseModel]:
        return answer_shape(self.codebook, self.view.flags)

    async def _answer(self, batch: Sequence[Item], ordinal: int) -> Answer:
        items = [shown(item, self.view.masked) for item in batch]
        question = Question(
            model=self.model,
            messages=self.prompt.messages(items),
            unit_key=self.unit_key,
            ordinal=ordinal,
            purpose="judge",
            subject=self.coder,
            answer=self._shape,
            observation={"task": "code", "items": items, "flags": self.prompt.flags},
            check=partial(problem_with, items=batch, codebook=self.codebook, flags=self.view.flags),
        )
        try:
            return await self.gateway.ask(question)
        except BudgetSpent as spent:
            return Answer("", "", None, 0, Failure("budget", spent.message()))

    def _judged(self, batch: Sequence[Item], answer: Answer) -> Judged:
        if answer.failure is not None:
            if answer.failure.kind not in UNUSABLE:  # it was not reached: to be worked again
                return Judged([], answer.failure)
            problem = f"{answer.failure.kind}: {answer.failure.message}"
            return Judged(
                [
                    Code(
                        item.seq,
                        name,
                        None,
                        problem=problem,
                        call_key=answer.call_key,
                        other_seq=item.other_seq,
                    )
                    for item in batch
                    for name in self.view.flags
                ]
            )
        values = judged_of(answer.value, self.codebook, self.view.flags)
        return Judged([code for item in batch for code in self._codes(item, values, answer)])

    def _codes(
        self,
        item: Item,
        values: dict[int, dict[str, tuple[float | None, str]]],
        answer: Answer,
    ) -> list[Code]:
        codes = []
        for name in self.view.flags:
            value, evidence = values[item.id][name]
            when = self.codebook.flags[name].when
            if when in values[item.id] and not values[item.id][when][0]:
                continue
            codes.append(
                Code(
                    item.seq,
                    name,
                    value,
                    evidence.strip() or None,
                    call_key=answer.call_key,
                    other_seq=item.other_seq,
                )
            )
        return codes
