from __future__ import annotations

import asyncio
from typing import Any

import polars as pl
import pytest

from schemas.errors import Mistake
from schemas.gateway import Question
from schemas.study import Study
from schemas.unit import Failure, Unit
from tasks.models.budget import BudgetSpent
from tasks.stages.base import Upstream
from tasks.stages.episodes import EpisodeStep
from tasks.stages.personas import PersonaStep
from tasks.stages.populations import PopulationStep
from tasks.stages.working import results_of
from tasks.studies.design import design

STEP = EpisodeStep()
STUDY: dict[str, Any] = {
    "name": "s",
    "models": {"a": {"model": "sim/talkative"}, "b": {"model": "sim/reserved"}},
    "episode": {"environment": "discussion", "brief": "Talk.", "rounds": 2, "seats": ["a", "a"]},
    "conditions": {"one": {}, "two": {"seats": ["a", "b"]}},
    "replicates": 2,
}


def study(**fields: Any) -> Study:
    return Study.model_validate({**STUDY, **fields})


def planned(given: Study) -> tuple[Unit, ...]:
    return STEP.plan(design(given), Upstream())


def keys(given: Study) -> list[str]:
    return [unit.key for unit in planned(given)]


def test_there_is_a_unit_for_every_condition_and_replicate() -> None:
    units = planned(study())
    assert [(unit.condition, unit.replicate) for unit in units] == [
        ("one", 1),
        ("one", 2),
        ("two", 1),
        ("two", 2),
    ]
    assert len({unit.key for unit in units}) == 4


def test_conditions_may_have_numbers_of_replicates_of_their_own() -> None:
    units = planned(
        study(conditions={"one": {"replicates": 1}, "two": {"seats": ["a", "b"]}}, replicates=3)
    )
    assert [(unit.condition, unit.replicate) for unit in units] == [
        ("one", 1),
        ("two", 1),
        ("two", 2),
        ("two", 3),
    ]
    assert {unit.key for unit in units} < set(keys(study(replicates=3)))


def test_a_replicate_more_leaves_the_others_alone() -> None:
    before, after = keys(study()), keys(study(replicates=3))
    assert set(before) < set(after)
    assert len(set(after) - set(before)) == 2


def test_names_of_study_and_condition_are_in_no_key() -> None:
    other = study(name="other", conditions={"first": {}, "second": {"seats": ["a", "b"]}})
    assert keys(other) == keys(study())


@pytest.mark.parametrize(
    "fields",
    [
        {"seed": 7},
        {"models": {"a": {"model": "sim/agent"}, "b": {"model": "sim/reserved"}}},
        {
            "models": {
                "a": {"model": "sim/talkative", "sim": {"lead": 0.1}},
                "b": {"model": "sim/reserved"},
            }
        },
        {
            "models": {
                "a": {"model": "sim/talkative", "temperature": 0.1},
                "b": STUDY["models"]["b"],
            }
        },
        {"episode": {**STUDY["episode"], "brief": "Talk more."}},
        {"episode": {**STUDY["episode"], "rounds": 3}},
        {"episode": {**STUDY["episode"], "reasks": 0}},
    ],
)
def test_anything_that_decides_an_episode_is_in_its_key(fields: dict[str, Any]) -> None:
    assert not set(keys(study(**fields))[:2]) & set(keys(study()))


def test_what_decides_nothing_is_in_no_key() -> None:
    models = {
        "a": {"model": "sim/talkative", "max_in_flight": 3, "usd_per_million_input_tokens": 1.0},
        "b": {"model": "sim/reserved"},
        "unused": {"model": "sim/agent"},
    }
    brief = {"text": "Talk.", "path": "briefs/somewhere.md"}
    other = study(
        models=models,
        episode={**STUDY["episode"], "brief": brief},
        run={"concurrency": 1, "budget_calls": 5},
    )
    assert keys(other) == keys(study())


def test_a_changed_template_changes_the_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    before = keys(study())
    monkeypatch.setattr(
        "tasks.stages.episodes.template_digests", lambda owner: {"system": "0" * 32}
    )
    assert not set(before) & set(keys(study()))


def test_conditions_share_the_seed_of_a_replicate() -> None:
    seeds = [unit.spec.seed for unit in planned(study())]
    assert seeds[:2] == seeds[2:]
    assert seeds[0] != seeds[1]


def test_episodes_are_played_at_once_and_failures_stay_with_their_unit(
    memory_gateway: Any, simulate: Any
) -> None:
    units = planned(study())

    def respond(question: Question) -> str | Failure:
        if question.unit_key == units[1].key:
            return Failure("rate_limit", "slow down")
        if question.unit_key == units[2].key:
            raise BudgetSpent(spent_usd=0.0, spent_calls=9, budget_usd=None, budget_calls=9)
        given: str = simulate(question)
        return given

    results = asyncio.run(results_of(STEP, units, {}, memory_gateway(respond)))
    assert [one.unit.key for one in results] == [unit.key for unit in units]
    kinds = [one.failure.kind if one.failure else None for one in results]
    assert kinds == [None, "rate_limit", "budget", None]
    assert len(results[0].rows["events"]) == 4
    assert "events" not in results[1].rows


def test_a_bug_keeps_its_traceback(memory_gateway: Any) -> None:
    def broken(question: Question) -> str:
        raise ZeroDivisionError("a bug")

    with pytest.raises(ZeroDivisionError, match="a bug"):
        asyncio.run(results_of(STEP, planned(study()), {}, memory_gateway(broken)))


def test_rows_do_not_depend_on_which_units_are_worked_together(
    memory_gateway: Any, simulate: Any
) -> None:
    units = planned(study())
    together = asyncio.run(results_of(STEP, units, {}, memory_gateway(simulate, order_seed=3)))
    alone = [
        asyncio.run(results_of(STEP, [unit], {}, memory_gateway(simulate, in_flight=1)))[0]
        for unit in units
    ]
    assert [one.rows for one in together] == [one.rows for one in alone]


def with_population(size: int, replicates: int = 2, **fields: Any) -> Study:
    shares = {"age_group": {"18-34": 0.5, "55+": 0.5}}
    return study(
        models={**STUDY["models"], "w": {"model": "sim/writer"}},
        population={"size": size, "targets": shares, "traits": "big_five", **fields},
        replicates=replicates,
    )


def population_units(given: Study) -> tuple[tuple[Unit, ...], tuple[Unit, ...]]:
    resolved = design(given)
    populations = PopulationStep().plan(resolved, Upstream())
    return populations, PersonaStep().plan(resolved, Upstream({PopulationStep: populations}))


def with_personas(given: Study) -> tuple[Unit, ...]:
    populations, biographies = population_units(given)
    upstream = Upstream({PopulationStep: populations, PersonaStep: biographies})
    return STEP.plan(design(given), upstream)


def persona_rows(given: Study, gateway: Any, simulate: Any) -> dict[str, pl.DataFrame]:
    populations, biographies = population_units(given)
    drawn = asyncio.run(results_of(PopulationStep(), populations, {}, gateway(simulate)))
    rows = {name: pl.DataFrame(part) for name, part in drawn[0].rows.items()}
    written = asyncio.run(results_of(PersonaStep(), biographies, rows, gateway(simulate)))
    texts = [row for one in written for row in one.rows.get("persona_texts", ())]
    return {**rows, **({"persona_texts": pl.DataFrame(texts)} if texts else {})}


def test_personas_are_given_to_seats_and_told_in_the_prompt(
    memory_gateway: Any, simulate: Any
) -> None:
    given = with_population(4, prose="w")
    units = with_personas(given)
    read = {one.table for one in STEP.reads(units)}
    assert read == {"personas", "persona_traits", "persona_attributes", "persona_texts"}
    gateway = memory_gateway(simulate)
    rows = persona_rows(given, memory_gateway, simulate)
    results = asyncio.run(results_of(STEP, units, rows, gateway))
    seats = results[0].rows["seats"]
    assert len({seat["persona_key"] for seat in seats}) == 2
    prompt = gateway.questions[0].messages[0].text
    assert "Age group: " in prompt
    assert "Openness: " in prompt
    assert any(text in prompt for text in rows["persona_texts"]["text"])


def test_a_larger_population_replays_no_episode_whose_personas_it_begins_with() -> None:
    few, more = with_personas(with_population(4)), with_personas(with_population(40))
    assert [unit.key for unit in few] == [unit.key for unit in more]
    raked = {"method": "ipf"}
    others = with_personas(with_population(4, **raked)), with_personas(with_population(40, **raked))
    assert not {unit.key for unit in others[0]} & {unit.key for unit in others[1]}


def test_another_writer_replays_the_episodes() -> None:
    plain = {unit.key for unit in with_personas(with_population(4))}
    written = {unit.key for unit in with_personas(with_population(4, prose="w"))}
    assert not plain & written


def test_replicates_go_through_the_population_and_conditions_share_it() -> None:
    units = with_personas(with_population(4))
    assigned = [tuple(sorted(one.persona for one in unit.spec.personas.values())) for unit in units]
    assert assigned[0] == assigned[2]
    assert assigned[1] == assigned[3]
    assert not set(assigned[0]) & set(assigned[1])


def test_a_persona_that_is_not_there_fails_the_episode(memory_gateway: Any, simulate: Any) -> None:
    given = with_population(4)
    rows = persona_rows(given, memory_gateway, simulate)
    rows["personas"] = rows["personas"].head(0)
    results = asyncio.run(results_of(STEP, with_personas(given), rows, memory_gateway(simulate)))
    assert {one.failure.kind for one in results if one.failure} == {"upstream"}


def test_a_population_that_is_too_small_is_a_mistake() -> None:
    with pytest.raises(Mistake, match="set size to 2 or more"):
        planned(with_population(1))


YOKED = {
    "one": {},
    "yoked": {"yoked": "one"},
    "next": {"yoked": {"to": "one", "replicate": "next"}},
}


def test_a_yoked_episode_rests_on_its_donor_and_its_key_covers_it() -> None:
    units = {(unit.condition, unit.replicate): unit for unit in planned(study(conditions=YOKED))}
    for replicate, other in ((1, 2), (2, 1)):
        assert units["yoked", replicate].upstream == (units["one", replicate].key,)
        assert units["next", replicate].upstream == (units["one", other].key,)
        assert units["next", replicate].spec.seed == units["one", other].spec.seed
    assert len({unit.key for unit in units.values()}) == 6
    plain = {unit.key for unit in planned(study(conditions={"one": {}}))}
    assert plain == {units["one", replicate].key for replicate in (1, 2)}
    longer = {unit.key for unit in planned(study(conditions=YOKED, seed=5))}
    assert longer.isdisjoint(unit.key for unit in units.values())


def test_the_name_of_a_donors_condition_is_in_no_key() -> None:
    renamed = {"talk": {}, "yoked": {"yoked": "talk"}}
    held = {"one": {}, "yoked": {"yoked": "one"}}
    assert keys(study(conditions=renamed)) == keys(study(conditions=held))


def test_a_condition_may_be_yoked_to_one_that_is_declared_later() -> None:
    units = planned(study(conditions={"yoked": {"yoked": "one"}, "one": {}}))
    assert [unit.condition for unit in units] == ["yoked", "yoked", "one", "one"]
    assert [unit.upstream for unit in units[:2]] == [(unit.key,) for unit in units[2:]]


def test_a_yoked_episode_without_its_donor_fails_as_one_whose_upstream_is_missing(
    memory_gateway: Any, simulate: Any
) -> None:
    *_, last = planned(study(conditions={"one": {}, "yoked": {"yoked": "one"}}))
    (result,) = asyncio.run(results_of(STEP, [last], {}, memory_gateway(simulate)))
    assert result.failure is not None
    assert result.failure.kind == "upstream"


def seated(units: tuple[Unit, ...], gateway: Any) -> list[dict[str, Any]]:
    """Rows of ``seats`` of some units."""
    results = asyncio.run(results_of(STEP, units, {}, gateway))
    return [row for result in results for row in result.rows["seats"]]


def test_models_and_names_change_places_independently(memory_gateway: Any, simulate: Any) -> None:
    three = {"a": {"model": "sim/talkative"}, "b": {"model": "sim/reserved"}}
    three["c"] = {"model": "sim/agent"}
    balanced = {"models": "latin_square", "names": "latin_square"}
    talk = {**STUDY["episode"], "seats": ["a", "b", "c"], "counterbalance": balanced}
    units = planned(study(models=three, episode=talk, conditions={}, replicates=3))
    assert len({unit.key for unit in units}) == 3
    rows = seated(units, memory_gateway(simulate))
    for one, other in (("position", "model"), ("position", "name"), ("model", "name")):
        assert len({(row[one], row[other]) for row in rows}) == 9


def test_conditions_share_the_layout_of_a_replicate(memory_gateway: Any, simulate: Any) -> None:
    talk = {**STUDY["episode"], "seats": ["a", "b"], "counterbalance": {"models": "latin_square"}}
    conditions = {"one": {}, "two": {"rounds": 1}}
    rows = seated(planned(study(episode=talk, conditions=conditions)), memory_gateway(simulate))
    models = [row["model"] for row in rows]
    assert models == ["a", "b", "b", "a"] * 2


def test_personas_of_a_block_change_places_among_themselves() -> None:
    people = {"size": 6, "targets": {"age": {"young": 0.5, "old": 0.5}}}
    talk = {**STUDY["episode"], "seats": ["a"] * 3, "counterbalance": {"personas": "latin_square"}}
    given = study(population=people, episode=talk, conditions={}, replicates=6)
    at = {
        unit.replicate: [one.persona for one in unit.spec.personas.values()]
        for unit in planned(given)
    }
    for block in ((1, 2, 3), (4, 5, 6)):
        assert len({frozenset(at[number]) for number in block}) == 1
        for place in range(3):
            assert len({at[number][place] for number in block}) == 3
    assert set(at[1]).isdisjoint(at[4])


def test_a_single_agent_plays_every_seat_and_is_asked_as_often(
    memory_gateway: Any, simulate: Any
) -> None:
    conditions = {"group": {"seats": ["a", "b"]}, "alone": {"single_agent": "b"}}
    given = study(conditions=conditions, replicates=1)
    units = planned(given)
    assert set(units[1].spec.models) == {"b"}
    rows = seated(units, memory_gateway(simulate))
    assert [row["model"] for row in rows] == ["a", "b", "b", "b"]
    asked: dict[str, float] = {}
    for one in STEP.questions(design(given), units, Upstream()):
        asked[one.alias] = asked.get(one.alias, 0) + one.questions.low
    assert asked == {"a": 2, "b": 6}
