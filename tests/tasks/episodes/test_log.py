from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.environment import EVERYONE, NOBODY, Event, Step, audience_name
from tasks.episodes.log import Log

SEATS = ("s1", "s2", "s3")


@dataclass(frozen=True)
class Nothing:
    pass


steps = st.lists(
    st.tuples(
        st.dictionaries(
            st.sampled_from(["club", "friends"]), st.sets(st.sampled_from(SEATS)), max_size=2
        ),
        st.lists(
            st.tuples(
                st.sampled_from([*SEATS, "env"]),
                st.sampled_from([EVERYONE, NOBODY, *SEATS, "club", "friends"]),
            ),
            max_size=4,
        ),
    ),
    max_size=8,
)


@settings(max_examples=150, deadline=None)
@given(steps=steps, n=st.integers(0, 12))
def test_a_seat_sees_what_it_was_a_member_for_and_in_order(
    steps: list[tuple[dict[str, set[str]], list[tuple[str, str]]]], n: int
) -> None:
    log = Log("e", SEATS)
    members: dict[str, set[str]] = {"club": set(), "friends": set()}
    log.add(Step(Nothing(), audiences={"club": (), "friends": ()}), 0, {})
    expected: dict[str, list[int]] = {seat: [] for seat in SEATS}
    own: dict[str, list[int]] = {seat: [] for seat in SEATS}
    seq = 0
    for audiences, events in steps:
        members.update(audiences)
        for actor, audience in events:
            who = {EVERYONE: set(SEATS), NOBODY: set()}.get(audience) or members.get(
                audience, {audience} & set(SEATS)
            )
            for seat in who:
                expected[seat].append(seq)
                if actor == seat:
                    own[seat].append(seq)
            seq += 1
        log.add(
            Step(
                Nothing(),
                tuple(Event("say", actor, audience=audience) for actor, audience in events),
                audiences={name: tuple(sorted(who)) for name, who in audiences.items()},
            ),
            0,
            {},
        )
    for seat in SEATS:
        seen = log.seen_by(seat)
        numbers = [one.seq for one in seen.events]
        assert numbers == expected[seat]
        assert [one.seq for one in seen.own] == own[seat]
        assert len(seen.events) == len(numbers)
        assert [one.seq for one in reversed(seen.events)] == numbers[::-1]
        assert [one.seq for one in seen.events[-n:]] == numbers[-n:]
        assert [one.seq for one in seen.events[:n]] == numbers[:n]
        assert [one.seq for one in seen.events[n : n + 2]] == numbers[n : n + 2]
        if numbers:
            assert seen.events[-1].seq == numbers[-1]
            assert seen.events[0].seq == numbers[0]


def test_an_audience_has_a_row_for_each_change_and_none_for_the_same_again() -> None:
    log = Log("e", SEATS)
    pair = audience_name("s2", "s1")
    say = Event("say", "s1", text="x", audience=pair)
    for members in (("s1", "s2"), ("s2", "s1"), ("s1", "s3")):
        log.add(Step(Nothing(), (say,), audiences={pair: members}), 0, {})
    assert [(row["audience"], row["from_seq"], row["seats"]) for row in log.audiences] == [
        ("s1+s2", 0, ["s1", "s2"]),
        ("s1+s2", 2, ["s1", "s3"]),
    ]


@pytest.mark.parametrize(
    ("audiences", "problem"),
    [
        ({"everyone": ("s1",)}, "'everyone' is predefined"),
        ({"s1": ("s2",)}, "'s1' is predefined"),
        ({"club": ("s9",)}, "there is no seat 's9'"),
    ],
)
def test_an_audience_that_cannot_be_is_a_bug(
    audiences: dict[str, tuple[str, ...]], problem: str
) -> None:
    with pytest.raises(ValueError, match=problem):
        Log("e", SEATS).add(Step(Nothing(), audiences=audiences), 0, {})


def test_a_seat_forgets_what_was_before_and_nothing_that_comes_after() -> None:
    log = Log("e", SEATS)

    def happen(name: str, audiences: dict[str, tuple[str, ...]] | None = None) -> None:
        told = tuple(Event("say", "s1", text=name, audience=to) for to in (EVERYONE, "s1", "club"))
        log.add(Step(Nothing(), told, audiences=audiences or {}), 0, {})

    def read(seat: str) -> list[str]:
        seen = log.seen_by(seat)
        return [f"{one.event.text} {one.event.audience}" for one in seen.events]

    happen("before", {"club": ("s1", "s2")})
    log.note([Event("state", "s1", text="note", audience="s1")], 0, 0, "k")
    log.forget("s1")
    assert read("s1") == [] == log.seen_by("s1").own == log.seen_by("s1").notes
    assert read("s2") == ["before everyone", "before club"]
    happen("after", {"club": ("s1", "s3")})
    assert read("s1") == ["after everyone", "after s1", "after club"]
    assert [one.event.text for one in log.seen_by("s1").own] == ["after"] * 3
    assert read("s2") == ["before everyone", "before club", "after everyone"]
    assert [row["seq"] for row in log.events] == list(range(7))
    happen("then", {"club": ("s2", "s3")})
    assert read("s1")[3:] == ["then everyone", "then s1"]


def test_a_note_is_among_no_events_and_is_seen_by_its_seat_alone() -> None:
    log = Log("e", SEATS)
    log.note([Event("state", "s1", text="note", audience="s1", phase="memory")], 2, 5, "k")
    assert [one.event.text for one in log.seen_by("s1").notes] == ["note"]
    assert not any(log.seen_by(seat).events for seat in SEATS)
    assert not any(log.seen_by(seat).notes for seat in SEATS if seat != "s1")
    assert [(row["audience"], row["call_key"]) for row in log.events] == [("s1", "k")]
