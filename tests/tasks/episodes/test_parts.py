"""The parts of episodes that work with every environment, each by itself."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.environment import EVERYONE, NOBODY, Event, Logged
from schemas.keys import digest
from schemas.seats import Persona, Seat
from tasks.episodes.interventions import Roster
from tasks.episodes.interventions.arrangement import Absence
from tasks.episodes.memory import SeatView
from tasks.episodes.parts import EpisodeParts, first_arrangement, part_problems, parts_and_params
from tasks.episodes.probes import Probe
from tasks.episodes.shown_persona import ShownPersona
from tasks.episodes.times import Moment, Point, due

SEATS = tuple(Seat(f"s{n}", n, "ana", f"Seat {n}") for n in (1, 2, 3))
MODELS = {"ana": "openai/gpt-5", "ben": "ollama/llama3"}
ANN = Persona(
    "k",
    "Ann",
    {"occupation": "night_nurse"},
    {"openness": "high", "risk": "low"},
    {"biography": "Ann bakes.", "weekday": "Up at noon."},
)


class SeenEvents:
    def __init__(self, events: list[Logged], seat: str) -> None:
        self.events = events
        self.own = [one for one in events if one.event.actor == seat]
        self.notes: list[Logged] = []


def parts(**declared: object) -> EpisodeParts:
    return EpisodeParts.model_validate(declared)


def said(*actors: str) -> list[Logged]:
    return [Logged(n, 0, n, Event("say", actor, text="x")) for n, actor in enumerate(actors)]


def changed(declared: EpisodeParts, number: int = 0):
    roster = Roster(SEATS, MODELS)
    first = first_arrangement(declared, roster)
    return declared.interventions[number].change(first, roster, Moment(0, 0))


@pytest.mark.parametrize(
    ("memory", "shown"),
    [
        ("full", [0, 1, 2, 3]),
        ({"kind": "last", "size": 2}, [2, 3]),
        ({"kind": "last", "size": 9}, [0, 1, 2, 3]),
        ({"kind": "tokens", "size": 1}, [0, 1, 2, 3]),
        ("own", [1, 3]),
        ("none", []),
    ],
)
def test_memory_recalls_what_its_kind_says(memory: object, shown: list[int]) -> None:
    seen = SeenEvents(said("s1", "s2", "s3", "s2"), "s2")
    recalled = parts(memory=memory).memory.recalled(SeatView(seen))
    assert [one.seq for one in recalled.events] == shown


@pytest.mark.parametrize(
    ("size", "shown"),
    [(1, []), (2, [3]), (4, [3]), (5, [2, 3]), (8, [1, 2, 3]), (99, [0, 1, 2, 3])],
)
def test_latest_events_are_shown_whole_as_long_as_their_tokens_fit(
    size: int, shown: list[int]
) -> None:
    lengths = {0: 4, 1: 12, 2: 12, 3: 8}
    seen = SeenEvents(said("s1", "s2", "s3", "s2"), "s2")
    view = SeatView(seen, words=lambda logged: "x" * lengths[logged.seq])
    recalled = parts(memory={"kind": "tokens", "size": size}).memory.recalled(view)
    assert [one.seq for one in recalled.events] == shown


def test_every_kind_of_memory_and_intervention_has_a_key_of_its_own() -> None:
    memories = ["full", "own", "none", {"kind": "last", "size": 1}, {"kind": "last", "size": 2}]
    changes = [{"do": "crash", "seat": 1}, {"do": "swap", "seats": [1, 2]}]
    declared = [parts(memory=one) for one in memories] + [
        parts(interventions=[one]) for one in changes
    ]
    keys = {digest(one.model_dump(mode="json", exclude_defaults=True)) for one in declared}
    assert len(keys) == len(declared)


@pytest.mark.parametrize(
    ("show", "form", "text"),
    [
        (
            ["all"],
            "lines",
            "Occupation: night nurse.\nOpenness: high.\nRisk: low.\nAnn bakes.\n"
            "Weekday: Up at noon.",
        ),
        (["traits"], "prose", "Your openness is high. Your risk is low."),
        (["big_five", "name"], "json", '{"openness":"high","name":"Ann"}'),
        (["biography", "occupation"], "lines", "Occupation: night nurse.\nAnn bakes."),
        (["weekday"], "lines", "Weekday: Up at noon."),
        (["social"], "lines", "Occupation: night nurse."),
        (["personal"], "lines", "Openness: high.\nRisk: low."),
        (
            ["context", "social"],
            "prose",
            "Your occupation is night nurse. Ann bakes. Weekday: Up at noon.",
        ),
        ([], "lines", ""),
    ],
)
def test_a_prompt_shows_the_declared_parts_of_a_persona(
    show: list[str], form: str, text: str
) -> None:
    assert ShownPersona.model_validate({"show": show, "as": form}).text(ANN) == text


def test_a_study_moves_a_value_to_another_part_of_the_self_concept() -> None:
    moved = {"personal": ["weekday", "occupation"], "context": ["risk"]}
    shown = {
        part: ShownPersona.model_validate({"show": [part], "parts": moved}).values(ANN)
        for part in ("social", "personal", "context")
    }
    assert shown["social"] == {}
    assert shown["personal"].keys() == {"occupation", "openness", "weekday"}
    assert shown["context"].keys() == {"risk", "biography"}


def test_parts_of_the_self_concept_together_show_all() -> None:
    parts = ShownPersona(show=("social", "personal", "context"))
    assert parts.text(ANN) == ShownPersona().text(ANN)


def test_nothing_is_in_two_parts_of_the_self_concept() -> None:
    with pytest.raises(ValidationError, match="risk is in two parts"):
        ShownPersona.model_validate({"parts": {"social": ["risk"], "context": ["risk"]}})


@given(st.integers(0, 12), st.integers(1, 5), st.lists(st.integers(1, 3), min_size=1, max_size=12))
def test_a_time_comes_once_however_many_rounds_pass_between_two_looks(
    after: int, every: int, jumps: list[int]
) -> None:
    rounds, before = 0, None
    came = repeated = 0
    for turns, jump in enumerate([0, *jumps]):
        rounds += jump
        now = Moment(rounds, turns)
        came += due(Point(after_rounds=after), now, before)
        repeated += due(Point(every_rounds=every), now, before)
        before = now
    assert came == (rounds >= after)
    assert repeated <= rounds // every
    assert (repeated > 0) == (rounds >= every)


def test_start_and_end_come_once_each() -> None:
    moments = [Moment(0, 0), Moment(0, 1), Moment(1, 2), Moment(1, 2, ended=True)]
    looks = list(zip(moments, [None, *moments], strict=False))
    assert [due("start", now, before) for now, before in looks] == [True, False, False, False]
    assert [due("end", now, before) for now, before in looks] == [False, False, False, True]


@pytest.mark.parametrize("time", [{}, {"after_rounds": 1, "after_turns": 2}, {"after_rounds": -1}])
def test_a_time_that_names_no_point_or_two_is_refused(time: object) -> None:
    with pytest.raises(ValidationError):
        parts(interventions=[{"do": "crash", "seat": 1, "at": time}])


@pytest.mark.parametrize(("notice", "audience"), [(True, EVERYONE), (False, NOBODY)])
def test_a_crash_takes_the_seat_out_and_is_noticed_only_with_notice(
    notice: bool, audience: str
) -> None:
    change = changed(parts(interventions=[{"do": "crash", "seat": 2, "notice": notice}]))
    assert change.arrangement.out == {"s2": Absence("crashed")}
    assert [(event.target, event.audience) for event in change.events] == [("s2", audience)]
    assert (change.events[0].text is not None) == notice


def test_a_replaced_model_and_swapped_names_touch_their_seats_alone() -> None:
    declared = parts(
        interventions=[
            {"do": "replace", "seat": "s3", "model": "ben"},
            {"do": "swap", "seats": [1, "s2"]},
        ]
    )
    assert declared.aliases == {("interventions", 0, "model"): "ben"}
    assert changed(declared).arrangement.models == {"s1": "ana", "s2": "ana", "s3": "ben"}
    assert changed(declared, 1).arrangement.names == {
        "s1": "Seat 2",
        "s2": "Seat 1",
        "s3": "Seat 3",
    }


def test_names_are_revealed_to_all_and_said_so_with_notice() -> None:
    change = changed(parts(interventions=[{"do": "rename", "names": "model", "notice": True}]))
    assert change.arrangement.names == {"s1": "gpt-5-1", "s2": "gpt-5-2", "s3": "gpt-5-3"}
    assert "Seat 1 is now gpt-5-1" in (change.events[0].text or "")


def test_an_injected_message_reaches_only_whom_it_is_for() -> None:
    change = changed(parts(interventions=[{"do": "inject", "text": "Hurry.", "to": 3}]))
    assert [(one.text, one.audience, one.actor) for one in change.events] == [
        ("Hurry.", "s3", "env")
    ]


@pytest.mark.parametrize(
    ("declared", "place"),
    [
        ({"interventions": [{"do": "crash", "seat": 4}]}, ("interventions", 0)),
        ({"interventions": [{"do": "swap", "seats": [1, 1]}]}, ("interventions", 0)),
        ({"interventions": [{"do": "inject", "text": "x", "to": "s9"}]}, ("interventions", 0)),
        (
            {"probes": [{"name": "p", "ask": "?", "at": "end", "seats": [1, 7]}]},
            ("probes", 0, "seats", 1),
        ),
        ({"names": ["A", "B"]}, ("names",)),
        ({"names": "persona"}, ("names",)),
    ],
)
def test_parts_that_name_what_is_not_there_are_refused_with_their_place(
    declared: dict[str, object], place: tuple[str | int, ...]
) -> None:
    found = list(part_problems(parts(**declared), Roster(SEATS, MODELS), None))
    assert [one for one, _ in found] == [place]


def test_shown_parts_must_be_known_to_the_population() -> None:
    declared = parts(personas={"show": ["occupation", "shoe_size"]})
    found = list(part_problems(declared, Roster(SEATS, MODELS), frozenset({"occupation"})))
    assert [place for place, _ in found] == [("personas", "show")]
    assert "shoe_size" in found[0][1]


@pytest.mark.parametrize(
    ("form", "given", "response"),
    [
        ({"choice": ["bike", "car"]}, "car", (None, "car")),
        ({"scale": [1, 7]}, 5, (5.0, None)),
        ({"number": [0, 1]}, 0.25, (0.25, None)),
    ],
)
def test_a_probe_reads_answers_of_its_form_and_refuses_others(
    form: object, given: object, response: object
) -> None:
    probe = Probe.model_validate({"name": "p", "ask": "?", "answer": form, "at": "end"})
    assert probe.answer_schema is not None
    assert probe.response(probe.answer_schema.model_validate({"answer": given})) == response
    for wrong in ("boat", 8, None):
        with pytest.raises(ValidationError):
            probe.answer_schema.model_validate({"answer": wrong})


@pytest.mark.parametrize(
    "probe",
    [
        {"name": "p", "at": "end"},
        {"name": "p", "ask": "?", "items": {"a": "?"}, "at": "end"},
        {"name": "p", "ask": "?", "at": []},
        {"name": "p", "ask": "?", "at": "end", "answer": {"choice": ["a", "a"]}},
        {"name": "p", "ask": "?", "at": "end", "answer": {"scale": [7, 1]}},
        {"name": "P 1", "ask": "?", "at": "end"},
    ],
)
def test_probes_that_make_no_sense_are_refused(probe: object) -> None:
    with pytest.raises(ValidationError):
        Probe.model_validate(probe)


def test_declared_parts_and_parameters_are_told_apart() -> None:
    declared = {"rounds": 3, "memory": "none", "probes": [], "floor": "fixed"}
    assert parts_and_params(declared) == (
        {"memory": "none", "probes": []},
        {"rounds": 3, "floor": "fixed"},
    )
