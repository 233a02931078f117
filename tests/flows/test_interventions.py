"""Interventions as they stand in the tables of a study that has been run."""

from __future__ import annotations

from pathlib import Path

import pytest

from warehouse.reader import reader

from .conftest import Ran

STUDY = """
name: moves
models: {loud: {model: sim/talkative}, shy: {model: sim/reserved}}
population: {size: 6, targets: {job: {nurse: 0.5, baker: 0.5}}}
episode:
  environment: commons
  seats: [loud, shy, {model: loud, persona: {where: {job: nurse}}}]
  months: 5
  talk_rounds: 1
  interventions:
    - {do: join, seat: 2, at: {after_rounds: 2}}
    - {do: replace, seat: 3, persona: {where: {job: baker}}, model: shy, at: {after_rounds: 1}}
    - {do: leave, seat: 1, at: {after_rounds: 3}}
    - {do: crash, seat: 3, leak: Error 500., at: [{after_rounds: 3}, {after_rounds: 4}]}
metrics: [episode_quality, participation]
"""


@pytest.fixture
async def warehouse(tmp_path: Path, ran: Ran) -> Path:
    """A warehouse with a study in which seats come, go and change."""
    path = tmp_path / "moves.yaml"
    path.write_text(STUDY, encoding="utf-8")
    await ran(path)
    return tmp_path / "agora.duckdb"


async def test_tables_show_who_took_part_when_and_as_whom(warehouse: Path) -> None:
    def rows(sql: str) -> list[tuple[object, ...]]:
        with reader(warehouse) as reading:
            return [tuple(row) for row in reading.answer(sql).rows]

    over_time = rows(
        "select seat, state, model, job from v_seats_over_time "
        "join (select persona_key, value as job from persona_attributes) using (persona_key) "
        "order by seat, from_seq"
    )
    assert [(seat, state, model) for seat, state, model, _ in over_time] == [
        ("s1", "active", "loud"),
        ("s1", "left", "loud"),
        ("s2", "active", "shy"),
        ("s2", "awaited", "shy"),
        ("s2", "active", "shy"),
        ("s3", "active", "loud"),
        ("s3", "active", "shy"),
        ("s3", "crashed", "shy"),
        ("s3", "crashed", "shy"),
    ]
    assert [job for seat, *_, job in over_time if seat == "s3"] == ["nurse", *["baker"] * 3]
    done = rows("select kind, dose, seat, target, round from v_interventions order by seq")
    assert done == [
        ("replace", 1, None, "s3", 1),
        ("join", 1, None, "s2", 2),
        ("leave", 1, None, "s1", 3),
        ("crash", 1, "s3", "s3", 3),
        ("crash", 2, "s3", "s3", 4),
    ]
    # Nothing was shown that v_visible says could not be seen; what was missed is not in it.
    assert not rows(
        "select x.* from v_exposures x anti join v_visible v using (episode_key, seq, seat)"
    )
    seen = rows(
        "select e.round, list(distinct v.seat order by v.seat) from v_visible v "
        "join events e using (episode_key, seq) where e.audience = 'everyone' and e.kind = 'state' "
        "group by all order by e.round"
    )
    assert seen == [
        *((month, ["s1", "s3"]) for month in (0, 1)),
        (2, ["s1", "s2", "s3"]),
        *((month, ["s2", "s3"]) for month in (3, 4)),
    ]
    jobs = rows(
        "select m.round, a.value, m.model from v_messages m "
        "join persona_attributes a using (persona_key) where m.seat = 's3' order by m.round"
    )
    assert jobs == [(0, "nurse", "loud"), (1, "baker", "shy"), (2, "baker", "shy")]


async def test_a_seat_that_is_out_by_design_makes_no_episode_incomplete(warehouse: Path) -> None:
    with reader(warehouse) as reading:
        quality = dict(
            reading.answer(
                "select metric, value from v_metrics "
                "where metric like 'episode_quality.%' and scope = 'episode'"
            ).rows
        )
    found = {
        name: quality[f"episode_quality.{name}"]
        for name in ("complete", "rounds", "valid", "absent")
    }
    assert found == {"complete": 1.0, "rounds": 1.0, "valid": 1.0, "absent": 0.0}
