"""Protocols drawn at random from what the models of environments and parts declare.

Nothing here knows a floor, a memory or an intervention by name: values come from the annotations of
fields, and what a study would refuse is drawn again or left out.
"""

from __future__ import annotations

import random
import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from schemas.environment import Environment
from schemas.files import TextFile
from schemas.instrument import Instrument
from schemas.keys import digest
from schemas.seats import Persona
from schemas.study import Study
from tasks.environments.registry import environment_named
from tasks.episodes import Episode
from tasks.episodes.episode import acted_by, model_ids, seats_of
from tasks.episodes.interventions import Roster
from tasks.episodes.parts import EpisodeParts, understudies
from tasks.studies.controls import control_problems
from tasks.studies.design import Condition, Design
from tasks.studies.episode_parts import unfit_parts
from tests.tasks.episodes.games import MODELS

#: Draws of a value before it is left out of a protocol.
TRIES = 6
#: Models that a list of them holds at most.
LONGEST = 3
#: Probability that a field with a default is drawn.
DRAWN = 0.35
#: The same of what holds a choice that is wanted.
EAGER = 0.8
WORDS = ("red", "blue", "green", "turn", "system")
#: Words that fields of these names hold, whatever model they stand in.
NAMED: Mapping[str, tuple[Any, ...]] = {
    "model": tuple(MODELS),
    "part": ("system", "opening", "turn"),
    "name": ("mood", "trust", "plan"),
    "businesses": ("b1", "b2"),
    "single_agent": tuple(MODELS),
}
#: Fields that are never drawn: they need more than one episode, or another section of a study.
LEFT_OUT = frozenset({"yoked", "instrument"})
PERSONA = Persona("0" * 32, "Ann", {"town": "coast"}, {"openness": "high"})
OTHER = Persona("1" * 32, "Bob", {"town": "hills"}, {"openness": "low"})

#: A way in which a protocol can differ: a model's field, and one of the values that it may take.
Choice = str
NOTHING: frozenset[Choice] = frozenset()


@dataclass(frozen=True)
class Protocol:
    """What was drawn, as a study would declare it, and which choices it holds."""

    environment: str
    params: Mapping[str, Any]
    parts: Mapping[str, Any]
    choices: frozenset[Choice]

    def episode(self, seed: int) -> Episode:
        """The episode that it declares."""
        found = built(environment_named(self.environment), self.params, self.parts, seed)
        assert not isinstance(found, str), found
        return found


@dataclass
class Drawing:
    """Draws values of annotations, and keeps which choices were made.

    Attributes:
        environment: The environment that parameters are of.
        rng: Where draws come from.
        wanted: Choices that are preferred.
        choices: Choices that were made.
    """

    environment: Environment[Any]
    rng: random.Random
    wanted: frozenset[Choice] = NOTHING
    choices: set[Choice] = field(default_factory=set)

    def of_model(self, model: type[BaseModel]) -> dict[str, Any]:
        """Data of a model: what is required, and some of the rest."""
        return {
            info.alias or name: self.of_field(model, name, info)
            for name, info in model.model_fields.items()
            if info.is_required()
            or (name not in LEFT_OUT and self.rng.random() < self.rate(model, name, info))
        }

    def rate(self, model: type[BaseModel], name: str, info: FieldInfo) -> float:
        """Probability that a field with a default is drawn."""
        wanted = not choices_under(info.annotation, place_of(model, name)).isdisjoint(self.wanted)
        return EAGER if wanted else DRAWN

    def of_field(self, model: type[BaseModel], name: str, info: FieldInfo) -> Any:
        """Data of a field."""
        return self.of(info.annotation, tuple(info.metadata), place_of(model, name))

    def of(self, annotation: Any, metadata: tuple[Any, ...], place: str) -> Any:
        """Data of an annotation with bounds; ``place`` is the field that it belongs to."""
        if annotation in (TextFile, str):
            return self.rng.choice(NAMED.get(place.rpartition(".")[2], WORDS))
        if annotation is bool:
            return self.rng.random() < 0.5
        if annotation is type(None):
            return None
        if annotation in (int, float):
            return self._number(annotation, metadata)
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            return self.of_model(annotation)
        origin, args = get_origin(annotation), get_args(annotation)
        if origin is Annotated:
            return self.of(args[0], (*metadata, *args[1:]), place)
        if origin is Literal:
            value = self._chosen(args, place)
            self.choices.add(named(place, value))
            return value
        if origin in (Union, types.UnionType):
            member = self._chosen([one for one in args if one is not Instrument], place)
            if is_model(member):
                self.choices.add(named(place, member))
            return self.of(member, metadata, place)
        if origin in (tuple, list):
            return self._several(args, metadata, place)
        if isinstance(origin, type) and issubclass(origin, Mapping):
            if args[1] is Any:
                return self._other_params()
            return {
                self.of(args[0], (), place): self.of(args[1], (), place)
                for _ in range(self.rng.randint(0, 2))
            }
        raise TypeError(f"{place}: no values are drawn for {annotation}")

    def _other_params(self) -> dict[str, Any]:
        """Other values of a parameter that may change in the middle of an episode."""
        names, model = sorted(self.environment.changeable), self.environment.params
        some = self.rng.sample(names, min(1, len(names)))
        return {name: self.of_field(model, name, model.model_fields[name]) for name in some}

    def _chosen(self, options: Sequence[Any], place: str) -> Any:
        """One of some options; mostly one that is wanted or holds what is, where one does."""
        wanted = [
            one
            for one in options
            if named(place, one) in self.wanted
            or not choices_under(one, place).isdisjoint(self.wanted)
        ]
        return self.rng.choice(wanted if wanted and self.rng.random() < EAGER else options)

    def _number(self, kind: type, metadata: tuple[Any, ...]) -> Any:
        low = bound(metadata, "ge", bound(metadata, "gt", 0))
        high = min(bound(metadata, "le", bound(metadata, "lt", low + 4)), low + 4)
        if kind is float:
            return round(self.rng.uniform(low, high), 3)
        step = bound(metadata, "multiple_of", 1)
        return self.rng.randrange(int(low), int(high) + 1, int(step))

    def _several(self, args: tuple[Any, ...], metadata: tuple[Any, ...], place: str) -> list[Any]:
        if args[-1] is not Ellipsis:
            return [self.of(one, (), place) for one in args]
        least = bound(metadata, "min_length", 0)
        wanted, found = self.rng.randint(least, max(least, 2)), []
        for _ in range(2 * wanted):
            drawing = Drawing(self.environment, self.rng, self.wanted)
            one = drawing.of(args[0], (), place)
            if one not in found and len(found) < wanted:
                found.append(one)
                self.choices |= drawing.choices
        return found


def place_of(model: type[BaseModel], name: str) -> str:
    """A field, with the model that declares it."""
    fields = ((one, getattr(one, "model_fields", {})) for one in reversed(model.__mro__))
    owner = next(one for one, known in fields if name in known)
    return f"{owner.__name__}.{name}"


def named(place: str, value: Any) -> Choice:
    """A choice as it is called."""
    model = model_of(value)
    return f"{place}: {value if model is None else model.__name__}"


def is_model(annotation: Any) -> bool:
    """Whether a member of a union is a model."""
    return model_of(annotation) is not None


def model_of(annotation: Any) -> type[BaseModel] | None:
    """The model that an annotation is, bounds taken off; ``None`` for anything else."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    found = isinstance(annotation, type) and issubclass(annotation, BaseModel)
    return annotation if found else None


def members(annotation: Any) -> tuple[Any, ...]:
    """The members of a union, bounds taken off, or the annotation itself."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) in (Union, types.UnionType):
        return tuple(one for part in get_args(annotation) for one in members(part))
    return (annotation,)


def bound(metadata: tuple[Any, ...], name: str, default: Any) -> Any:
    """A bound of a number or a length, looked for in constraints and fields."""
    for one in metadata:
        for constraint in (one, *getattr(one, "metadata", ())):
            found = getattr(constraint, name, None)
            if found is not None:
                return found
    return default


#: What :func:`choices_under` found before, with the annotation, so that its identity stays its own.
_KNOWN: dict[tuple[int, str], tuple[Any, frozenset[Choice]]] = {}


def choices_under(annotation: Any, place: str) -> frozenset[Choice]:
    """Every choice that an annotation declares, and the models in it; ``place`` is its field."""
    key = (id(annotation), place)
    if key not in _KNOWN:
        _KNOWN[key] = (annotation, frozenset(_walked(annotation, place, set())))
    return _KNOWN[key][1]


def _walked(annotation: Any, place: str, above: set[Any]) -> Iterator[Choice]:
    if annotation in (TextFile, Instrument):
        return
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if annotation not in above:
            above.add(annotation)
            for name, info in annotation.model_fields.items():
                yield from _walked(info.annotation, place_of(annotation, name), above)
        return
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        yield from (named(place, value) for value in args)
    elif origin is Annotated:
        yield from _walked(args[0], place, above)
    else:
        for one in args:
            if origin in (Union, types.UnionType) and is_model(one) and one is not Instrument:
                yield named(place, one)
            if one is not Ellipsis:
                yield from _walked(one, place, above)


@cache
def _study(environment: str) -> Study:
    return Study.model_validate(
        {
            "name": "drawn",
            "models": {alias: model.model_dump() for alias, model in MODELS.items()},
            "episode": {"environment": environment},
            "population": {
                "size": 20,
                "traits": "big_five",
                "targets": {"town": {"coast": 0.5, "hills": 0.5}},
            },
        }
    )


def built(
    environment: Environment[Any], params: Mapping[str, Any], parts: Mapping[str, Any], seed: int
) -> Episode | str:
    """The episode of some parameters and parts, or why a study of it would be refused."""
    try:
        typed = environment.params.model_validate(params)
        declared = EpisodeParts.model_validate(parts)
    except ValidationError as error:
        return str(error)
    study = _study(environment.name)
    condition = Condition("baseline", typed, declared, {}, study.population)
    try:
        problems = [
            *control_problems(Design(study, (condition,), ""), condition),
            *unfit_parts(study, condition),
        ]
    except LookupError as error:  # who takes part is not known without a warehouse
        return str(error)
    if problems:
        return str(problems)
    seats = acted_by(seats_of(environment, typed, MODELS, seed), declared)
    seats = tuple(replace(seat, persona=PERSONA) for seat in seats)
    waiting = understudies(declared, Roster(seats, model_ids(MODELS)))
    return Episode(
        key=digest("protocol", environment.name, repr(params), repr(parts), seed),
        environment=environment,
        params=typed,
        seats=seats,
        models=MODELS,
        seed=seed,
        reasks=1,
        parts=declared,
        understudies={one.seat: OTHER for one in waiting},
    )


def _list_of_models(annotation: Any) -> Any:
    """What a list of models holds; ``None`` for anything else."""
    if get_origin(annotation) is not tuple or get_args(annotation)[-1] is not Ellipsis:
        return None
    return get_args(annotation)[0] if all(map(is_model, members(get_args(annotation)[0]))) else None


def protocol(
    name: str, required: Mapping[str, Any], number: int, wanted: frozenset[Choice] = NOTHING
) -> Protocol:
    """A protocol of an environment.

    Args:
        name: The environment.
        required: Parameters of it that are not drawn.
        number: What it is drawn from.
        wanted: Choices that are preferred.
    """
    rng = random.Random(number)
    environment = environment_named(name)
    sides: tuple[dict[str, Any], dict[str, Any]] = (dict(required), {})
    made: set[Choice] = set()
    drawing = Drawing(environment, rng, wanted)
    fields = [
        (side, model, name)
        for side, model in zip(sides, (environment.params, EpisodeParts), strict=True)
        for name, info in model.model_fields.items()
        if name not in LEFT_OUT.union(required) and rng.random() < drawing.rate(model, name, info)
    ]
    rng.shuffle(fields)
    for side, model, name_ in fields:
        info = model.model_fields[name_]
        key, grown = info.alias or name_, _list_of_models(info.annotation)
        side[key], kept = ([] if grown else None), False
        for attempt in range(2 * TRIES if grown else TRIES):
            # Every other one is of no wanted kind, since that may need another kind before it.
            drawing, before = (
                Drawing(environment, rng, NOTHING if attempt % 2 else wanted),
                side[key],
            )
            if grown:
                # One after the other, since what comes later may build on what was before.
                side[key] = [*before, drawing.of(grown, (), place_of(model, name_))]
            else:
                side[key] = drawing.of_field(model, name_, info)
            if isinstance(built(environment, *sides, 0), str):
                side[key] = before
                continue
            made |= drawing.choices
            kept = True
            if not grown or len(side[key]) == LONGEST:
                break
        if not kept:
            del side[key]
    return Protocol(name, *sides, frozenset(made))


def covering(
    name: str, required: Mapping[str, Any], choices: frozenset[Choice], most: int
) -> tuple[Protocol, ...]:
    """A few protocols that together hold all of some choices, if ``most`` draws find them.

    Args:
        name: The environment.
        required: Parameters of it that are not drawn.
        choices: The choices.
        most: Draws at most.
    """
    missing = set(choices)
    kept: list[Protocol] = []
    for number in range(most):
        if not missing:
            break
        one = protocol(name, required, number, frozenset(missing))
        if one.choices & missing:
            missing -= one.choices
            kept.append(one)
    return tuple(kept)


def declared_choices(name: str, required: Mapping[str, Any], parts: bool) -> frozenset[Choice]:
    """Every choice that an environment declares, and the parts of episodes if so wanted.

    Args:
        name: The environment.
        required: Parameters of it that are not drawn.
        parts: Whether those of the parts are among them.
    """
    found: set[Choice] = set()
    models: list[type[BaseModel]] = [environment_named(name).params]
    for model in [*models, EpisodeParts] if parts else models:
        for field_, info in model.model_fields.items():
            if field_ not in LEFT_OUT.union(required):
                found |= choices_under(info.annotation, place_of(model, field_))
    return frozenset(found)
