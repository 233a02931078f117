"""What the views show."""

from __future__ import annotations

import datetime as dt

import pytest

from schemas.unit import Failure, Result
from warehouse.queries.market import catalogue_of

from .conftest import on_both


def test_messages_carry_their_seat_and_episode(make, commit, warehouse):
    unit = make.key("a")
    events = [
        make.event(unit, 0, actor="env", kind="state", text=None),
        make.event(unit, 1, text="  three\nshort\t words "),
        make.event(unit, 2, actor="moderator", text=""),
    ]
    commit(make.result("a", events=events))
    rows = warehouse.frame_sql(
        "SELECT seq, seat, position, name, model, words, environment FROM v_messages ORDER BY seq"
    ).rows()
    assert rows == [
        (1, "s1", 1, "Agent 1", "llama", 3, "discussion"),
        (2, "moderator", None, None, None, 0, "discussion"),
    ]


def test_trades_join_the_two_transfers_of_a_payment(make, commit, warehouse):
    unit = make.key("a")

    def moved(seq: int, actor: str, value: float, **data: object) -> dict[str, object]:
        data = {"net": True, "transaction": "t1"} | data
        return make.event(
            unit, seq, kind="transfer", actor=actor, value=value, text=None, data=data
        )

    events = [
        moved(0, "customer_1", -7.5, items=["taco", "salsa"]),
        moved(1, "business_2", 7.5, items=["taco", "salsa"]),
        moved(2, "customer_2", -1.0, transaction="t2") | {"item": "taco"},
        moved(3, "business_2", 1.0, transaction="t2") | {"item": "taco"},
        make.event(unit, 4, kind="transfer", actor="customer_1", value=3.0),
    ]
    assert not commit(make.result("a", events=events)).failed
    rows = warehouse.frame_sql(
        "SELECT seq, customer, business, items, amount FROM v_trades ORDER BY seq"
    ).rows()
    assert rows == [
        (0, "customer_1", "business_2", ["taco", "salsa"], 7.5),
        (2, "customer_2", "business_2", ["taco"], 1.0),
    ]


def test_harvests_join_what_a_seat_wanted_and_got(make, commit, warehouse):
    unit = make.key("a")

    def harvest(seq: int, seat: str, wanted: float, got: float) -> list[dict[str, object]]:
        shared = {"turn": 4, "round": 2, "text": None, "item": "harvest", "data": {"stock": 20}}
        caught = shared | {"kind": "transfer", "actor": "env", "target": seat, "item": "stock"}
        return [
            make.event(unit, seq, **shared | {"kind": "choose", "actor": seat, "value": wanted}),
            make.event(unit, seq + 1, **caught | {"value": got}),
        ]

    events = [*harvest(0, "s1", 15.0, 12.0), *harvest(2, "s2", 8.0, 8.0)]
    seats = [make.seat(unit), make.seat(unit, "s2")]
    assert not commit(make.result("a", seats=seats, events=events)).failed
    rows = warehouse.frame_sql(
        "SELECT round, seat, name, stock, wanted, got FROM v_harvests ORDER BY seat"
    ).rows()
    assert rows == [
        (2, "s1", "Agent 1", 20.0, 15.0, 12.0),
        (2, "s2", "Agent 2", 20.0, 8.0, 8.0),
    ]


def test_choice_sets_say_which_of_their_listings_was_chosen(make, commit, warehouse):
    unit = make.key("a")

    def offer(seq: int, seat: str, position: int) -> dict[str, object]:
        data = {"task": "choose", "position": position, "row": 1, "column": position, "stock": None}
        shared = {"turn": 3, "kind": "offer", "actor": "env", "target": seat, "text": None}
        return make.event(unit, seq, **shared, item=f"p{position}", value=9.5, data=data)

    choice = {"turn": 3, "kind": "choose", "actor": "s1", "text": None, "item": "p2", "value": 2}
    events = [offer(n, seat, 1 + n % 2) for n, seat in enumerate(("s1", "s1", "s2", "s2"))]
    events.append(make.event(unit, 4, **choice))
    episode = make.episode(unit, environment="product_choice")
    seats = [make.seat(unit), make.seat(unit, "s2")]
    assert not commit(make.result("a", episodes=[episode], seats=seats, events=events)).failed
    rows = warehouse.frame_sql(
        "SELECT seat, product, position, price, stock, model, chosen "
        "FROM v_choice_sets ORDER BY seat, position"
    ).rows()
    # The seat that gave no answer chose nothing, which is not the same as not having chosen.
    assert rows == [
        ("s1", "p1", 1, 9.5, None, "llama", False),
        ("s1", "p2", 2, 9.5, None, "llama", True),
        ("s2", "p1", 1, 9.5, None, "llama", None),
        ("s2", "p2", 2, 9.5, None, "llama", None),
    ]


def test_tokens_of_a_seat_are_those_of_its_answered_calls(make, commit, warehouse):
    unit = make.key("a")
    counted = {"prompt_tokens": 100, "completion_tokens": 10}
    calls = [
        make.call(unit, 0, subject="s1", **counted),
        make.call(unit, 1, subject="s1", **counted),
        make.call(unit, 2, subject="s2", **counted | {"completion_tokens": None}),
    ]
    seats = [make.seat(unit), make.seat(unit, "s2")]
    found = make.result("a", episodes=[make.episode(unit)], seats=seats, calls=calls)
    assert not commit(found).failed
    rows = warehouse.frame_sql(
        "SELECT seat, calls, prompt_tokens, completion_tokens FROM v_episode_tokens ORDER BY seat"
    ).rows()
    assert rows == [("s1", 2, 200, 20), ("s2", 1, 100, None)]


def test_bids_stand_beside_what_the_thing_was_worth(make, commit, warehouse):
    unit = make.key("a")

    def event(seq: int, kind: str, **fields: object) -> dict[str, object]:
        shared = {"turn": 0, "round": 1, "text": None, "actor": "env", "item": "thing"}
        return make.event(unit, seq, **shared | {"kind": kind, **fields})

    events = [
        event(0, "chance", target="s1", item="value", value=50.0),
        event(1, "chance", target="s2", item="value", value=40.0),
        event(2, "bid", actor="s1", value=45.0),
        event(3, "state", target="s1", item="sold", value=45.0),
    ]
    episode = make.episode(unit, environment="auction")
    seats = [make.seat(unit), make.seat(unit, "s2")]
    assert not commit(make.result("a", episodes=[episode], seats=seats, events=events)).failed
    rows = warehouse.frame_sql(
        "SELECT round, seat, name, worth, bid, left_at, won, price FROM v_bids ORDER BY seat"
    ).rows()
    assert rows == [
        (1, "s1", "Agent 1", 50.0, 45.0, None, True, 45.0),
        (1, "s2", "Agent 2", 40.0, None, None, False, 45.0),
    ]


@on_both
def test_exposures_have_a_row_per_event_seen(make, commit, warehouse):
    unit = make.key("a")
    spans = [{"first": 0, "last": 2}, {"first": 5, "last": 5}]
    exposure = {"unit_key": unit, "episode_key": unit, "seat": "s1"}
    exposures = [
        exposure | {"call_key": make.key((unit, 0)), "seqs": spans},
        exposure | {"call_key": make.key((unit, 1)), "seqs": []},
    ]
    calls = [make.call(unit, 0), make.call(unit, 1)]
    assert not commit(make.result("a", exposures=exposures, calls=calls)).failed
    assert warehouse.frame_sql(
        "SELECT seq FROM v_exposures ORDER BY seq"
    ).to_series().to_list() == [
        0,
        1,
        2,
        5,
    ]


def test_messages_tell_what_their_prompts_had_shown(make, commit, warehouse):
    unit = make.key("a")
    exposure = {"unit_key": unit, "episode_key": unit, "seat": "s1"}
    spans = [{"first": 0, "last": 2}, {"first": 5, "last": 5}]
    calls = [make.call(unit, number) for number in range(2)]
    exposures = [
        exposure | {"call_key": call["call_key"], "seqs": shown}
        for call, shown in zip(calls, (spans, []), strict=True)
    ]
    said = [
        make.event(unit, 6 + number) | {"kind": "say", "call_key": key}
        for number, key in enumerate([*(call["call_key"] for call in calls), None])
    ]
    assert not commit(make.result("a", exposures=exposures, calls=calls, events=said)).failed
    found = warehouse.frame_sql(
        "SELECT seq, first_seq, last_seq FROM v_message_exposures ORDER BY ALL"
    )
    assert found.rows() == [(6, 0, 2), (6, 5, 5), (7, None, None)]


@on_both
def test_calls_show_the_request_whole_however_long_the_discussion(make, commit, warehouse):
    """160 messages, each request the one before it, cut back to its start at times, and more."""
    unit = make.key("a")
    calls, parts, whole = [], [], []
    request: list[str] = []
    for turn in range(160):
        keep = 1 if turn % 40 == 39 else len(request)
        added = [f"message {turn}"] if turn else ["system", "message 0"]
        base = (
            {}
            if turn == 0
            else {"base_call_key": make.key((unit, turn - 1)), "base_messages": keep}
        )
        new = [make.prompt_message(text) for text in added]
        parts += new
        calls.append(make.call(unit, turn, added_messages=[part["digest"] for part in new], **base))
        request = [*request[:keep], *added]
        whole.append(list(request))
    # A re-ask that takes up a request of long ago, and one that asks the same again.
    calls.append(make.call(unit, 160, base_call_key=make.key((unit, 10)), base_messages=3))
    whole.append(whole[10][:3])
    assert not commit(make.result("a", calls=calls, prompt_messages=parts)).failed
    found = warehouse.frame_sql("SELECT ordinal, messages FROM v_calls ORDER BY ordinal")
    assert [[m["text"] for m in messages] for messages in found["messages"]] == whole
    assert found["messages"][0][0]["role"] == "user"


def test_a_call_without_parts_is_shown_too(make, commit, warehouse):
    commit(make.result("a", calls=[make.call(make.key("a"))]))
    assert warehouse.frame_sql("SELECT messages FROM v_calls").item().to_list() == []


def test_costs_count_what_another_version_paid_for_apart(make, commit, warehouse):
    a, b = make.unit("a"), make.unit("b")
    long_ago = make.study("old", created_at=dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
    make.record(warehouse, long_ago, [make.study_unit("old", a)])
    paid = {"cost_usd": 0.5, "prompt_tokens": 10, "completion_tokens": 2}
    commit(make.result("a", calls=[make.call(a.key, 0, **paid), make.call(a.key, 1)]))
    now = make.study("new", created_at=dt.datetime.now(dt.UTC))
    make.record(warehouse, now, [make.study_unit("new", a), make.study_unit("new", b)])
    asked_at = now["created_at"]
    commit(make.result("b", calls=[make.call(b.key, 0, asked_at=asked_at, **paid)]))
    rows = warehouse.frame_sql(
        "SELECT study, stage, condition, model, calls, cached_calls, usd, cached_usd, "
        "prompt_tokens, unknown_price_calls FROM v_costs ORDER BY study"
    ).rows()
    assert rows == [
        ("new", "episodes", "baseline", "sim/talkative", 1, 2, 0.5, 0.5, 10, 0),
        ("old", "episodes", "baseline", "sim/talkative", 2, 0, 0.5, None, 10, 1),
    ]


@on_both
def test_both_versions_of_a_study_have_their_own_numbers(make, commit, warehouse):
    for day, version in enumerate(("one", "two"), start=1):
        unit = make.unit(version, stage="metrics", step="measure")
        metric = {
            "unit_key": unit.key,
            "metric": "participation",
            "options": {"of": version},
            "scope": "study",
            "condition": "",
            "subject": "",
            "value": float(len(version)),
            "n_measured": 1,
            "n_excluded": 0,
            "method": "counted",
        }
        began = dt.datetime(2026, 1, day, tzinfo=dt.UTC)
        study = make.study(version, created_at=began) | {"name": "study"}
        shared = make.unit("shared")
        members = [make.study_unit(version, unit), make.study_unit(version, shared)]
        make.record(warehouse, study, members)
        make.record(warehouse, study, members)
        commit(Result(unit, {"metrics": [metric]}), make.result("shared"))
    rows = warehouse.frame_sql(
        "SELECT study, study_version, options->>'of' AS which FROM v_metrics_all ORDER BY which"
    ).rows()
    assert rows == [("study", make.key("one"), "one"), ("study", make.key("two"), "two")]
    assert warehouse.frame_sql("SELECT options->>'of' FROM v_metrics").item() == "two"
    again = make.study("one", created_at=dt.datetime.now(dt.UTC))
    warehouse.record_study(again | {"name": "study"})
    assert warehouse.frame_sql("SELECT options->>'of' FROM v_metrics").item() == "one"
    assert warehouse.frame_sql("SELECT count(*) FROM study_units").item() == 4
    assert warehouse.frame_sql("SELECT count(*) FROM v_units_all WHERE status = 'done'").item() == 4


@on_both
def test_the_units_of_a_step_are_those_recorded_last(make, warehouse):
    one, two, other = (make.study_unit("study", make.unit(name)) for name in "abc")
    make.record(warehouse, make.study(), [one, other | {"step": "code"}])
    make.record(warehouse, make.study(), [two])
    held = warehouse.frame_sql("SELECT unit_key FROM study_units")["unit_key"]
    assert sorted(held) == sorted([two["unit_key"], other["unit_key"]])


def test_quality_says_how_often_actions_were_replaced(make, commit, warehouse):
    unit, broken = make.unit("a"), make.unit("b")
    make.record(
        warehouse,
        make.study(),
        [make.study_unit("study", u) for u in (unit, broken, make.unit("c"))],
    )
    # Rates are taken over actions: one that led to several events, or to none, counts once.
    events = [make.event(unit.key, seq, turn=0) for seq in range(5)]
    actions = [
        make.action(unit.key, 0),
        make.action(unit.key, 1, attempts=3, valid=False, fallback=True, answer={"text": ""}),
        make.action(unit.key, 2, attempts=3, valid=False, absent=True, answer=None),
        make.action(unit.key, 3, attempts=1),
        # A seat that an intervention took out was not asked, so it answered neither well nor badly.
        make.action(unit.key, 4, attempts=0, valid=False, absent=True, answer=None),
    ]
    commit(
        make.result("a", events=events, actions=actions),
        make.result("b", Failure("timeout", "late")),
    )
    row = warehouse.frame_sql("FROM v_quality").row(0, named=True)
    assert (row["units"], row["done_units"], row["failed_units"]) == (3, 1, 1)
    assert (row["actions"], row["valid_share"]) == (4, 0.5)
    assert (row["fallback_share"], row["absent_share"]) == (0.25, 0.25)
    assert row["attempts_per_action"] == 2.0
    assert row["episodes"] == row["complete_episodes"] == 1


def test_labels_and_codes_carry_the_message(make, commit, warehouse):
    episode, unit = make.key("a"), make.unit("l", stage="codes", step="label")
    about = {"unit_key": unit.key, "episode_key": episode, "codebook_digest": make.key("book")}
    about |= {"seq": 1, "flag": "lead", "value": 1}
    rows = {
        "codebooks": [{"codebook_digest": make.key("book"), "name": "book", "spec": {}}],
        "codes": [about | {"coder": "c", "coder_kind": "human"}],
        "labels": [about | {"rule": "majority", "n_codes": 1}],
    }
    make.record(warehouse, make.study(), [make.study_unit("study", unit)])
    assert not commit(make.result("a"), Result(unit, rows)).failed
    for view in ("v_codes", "v_labels"):
        found = warehouse.frame_sql(f"SELECT flag, value, seat, name, text FROM {view}").rows()
        assert found == [("lead", 1.0, "s1", "Agent 1", "two words")]


@on_both
def test_an_imported_market_is_read_back_as_it_was(make, commit, warehouse):
    unit = make.unit("m", stage="import", step="marketplace")
    key = make.key("market")
    own = {"catalogue_key": key, "unit_key": unit.key}
    rows = {
        "catalogues": [own | {"name": "tiny", "source": "folder"}],
        "customers": [
            own
            | {"customer": "c1", "name": "Ann", "request": "a taco", "menu_features": {"taco": 3.5}}
            | {"amenity_features": ["parking"]}
        ],
        "businesses": [
            own
            | {"business": "b1", "name": "Bar", "description": "tacos", "rating": 0.9}
            | {"menu_features": {"taco": 3}, "amenity_features": {"parking": True}}
        ],
    }
    assert not commit(Result(unit, rows)).failed
    market = catalogue_of(warehouse, "tiny")
    assert market.customers[0].menu_features == {"taco": 3.5}
    assert market.customers[0].amenity_features == ("parking",)
    assert market.businesses[0].amenity_features == {"parking": True}
    with pytest.raises(KeyError):
        catalogue_of(warehouse, "huge")


@on_both
def test_who_could_see_an_event_follows_the_audience_as_it_was_then(make, commit, warehouse):
    unit = make.unit("a").key
    seats = [make.seat(unit, f"s{n}") for n in (1, 2, 3)]
    audiences = [
        {"episode_key": unit, "unit_key": unit, "audience": "club", "from_seq": 1, "seats": seated}
        | {"from_seq": seq}
        for seq, seated in ((1, ["s1", "s2"]), (3, ["s3"]))
    ]
    names = ["everyone", "club", "nobody", "club", "s2"]
    events = [make.event(unit, seq, audience=name) for seq, name in enumerate(names)]
    commit(make.result("a", seats=seats, events=events, audiences=audiences))
    rows = warehouse.frame_sql(
        "SELECT seq, list_sort(list(seat)) FROM v_visible GROUP BY seq"
    ).rows()
    assert dict(rows) == {0: ["s1", "s2", "s3"], 1: ["s1", "s2"], 3: ["s3"], 4: ["s2"]}


def test_messages_carry_the_action_that_they_came_from(make, commit, warehouse):
    unit = make.unit("a").key
    commit(
        make.result(
            "a",
            events=[make.event(unit, 0), make.event(unit, 1)],
            actions=[make.action(unit, 0, valid=False, fallback=True, attempts=3)],
        )
    )
    rows = warehouse.frame_sql("SELECT valid, attempts, fallback FROM v_messages ORDER BY seq")
    assert rows.rows() == [(False, 3, True), (None, None, None)]
