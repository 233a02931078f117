"""Estimates before a run, and why a call is or is not held."""

from __future__ import annotations

from dataclasses import replace

from schemas.study.models import ModelSpec
from tasks.models.estimate import Measured, Planned, Span, estimates
from tasks.models.explain import Ingredients, explanation

HOSTED = ModelSpec(model="openai/gpt-x", max_tokens=100)
CALL = Ingredients("k1", "u1", 0, "m", None, {"temperature": 1.0}, None, ("a", "b"))


def test_an_estimate_is_a_range_that_says_what_it_assumes():
    priced = HOSTED.model_copy(
        update={"usd_per_million_input_tokens": 1.0, "usd_per_million_output_tokens": 2.0}
    )
    plan = Planned("gpt", priced, "agent", Span(10, 10), "7 seats, 10 rounds")
    (one,) = estimates([plan], [])
    assert (one.calls.low, one.calls.high) == (10, 11)
    assert one.usd.low < one.usd.high
    assert one.completion_tokens.high == 1100
    assert "7 seats, 10 rounds" in one.assumptions
    assert any("no earlier calls" in note for note in one.assumptions)


def test_earlier_calls_of_the_same_kind_take_the_place_of_guesses():
    past = Measured("openai/gpt-x", "agent", 120, 100, Span(80, 90), Span(20, 30))
    judged = replace(past, purpose="judge", n_calls=10_000)
    plan = Planned("gpt", HOSTED, "agent", Span(10, 20))
    (one,) = estimates([plan], [past, judged])
    assert one.calls == Span(12.0, 24.0)
    assert one.prompt_tokens == Span(12 * 80, 24 * 90)
    assert one.usd is None
    assert any("not known" in note for note in one.assumptions)
    assert any("120 earlier calls" in note for note in one.assumptions)


def test_vectors_cost_what_their_texts_take_and_no_answer():
    spec = ModelSpec(model="openai/vectors", usd_per_million_input_tokens=1.0)
    (one,) = estimates([Planned("v", spec, "embedding", Span(0, 10))], [])
    assert one.completion_tokens == Span(0.0, 0.0)
    assert one.usd is not None
    assert 0 == one.usd.low < one.usd.high


def test_two_declarations_of_a_model_have_their_own_prices():
    dear = HOSTED.model_copy(
        update={"usd_per_million_input_tokens": 1e6, "usd_per_million_output_tokens": 1e6}
    )
    planned = [
        Planned(name, spec, "agent", Span(1, 1)) for name, spec in (("a", HOSTED), ("b", dear))
    ]
    assert [one.usd is None for one in estimates(planned, [])] == [True, False]


def test_a_held_call_is_held():
    assert explanation(CALL, [replace(CALL, call_key="k0", ordinal=1), CALL]).held


def test_the_nearest_call_is_the_one_that_differs_least():
    far = replace(CALL, call_key="k2", params={"temperature": 0.5}, messages=("x", "y"))
    near = replace(CALL, call_key="k3", messages=("a", "c"))
    found = explanation(CALL, [far, near])
    assert found.nearest == "k3"
    assert [(one.name, one.wanted, one.found) for one in found.differences] == [
        ("message 2", "b", "c")
    ]
    assert "message 2" in found.text()


def test_a_replicate_differs_in_its_unit():
    found = explanation(CALL, [replace(CALL, call_key="k4", unit_key="u2")])
    assert [one.name for one in found.differences] == ["unit_key"]


def test_nothing_to_compare_with_is_said():
    assert "nor is any call" in explanation(CALL, []).text()
