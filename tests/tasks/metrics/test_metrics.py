"""Metrics on tiny studies whose numbers can be had by hand or from an oracle."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from itertools import permutations
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy.spatial.distance import jensenshannon
from sklearn.metrics.pairwise import cosine_similarity

from tasks.metrics.catalogue import METRICS
from tasks.metrics.data import Data, Flags
from tasks.metrics.identity.confusion import labelled
from tasks.metrics.metric import Unusable
from tasks.metrics.profile.shuffle import profiles_of
from tasks.metrics.statistics import inequality
from tasks.metrics.statistics.diversity import effective_number
from tasks.metrics.text.drift import Arrangement, distance_in_time, seat_parts
from tasks.metrics.text.grams import EpisodeGram
from tasks.metrics.text.tokens import tokens_of

RNG = np.random.default_rng(11)
FLAGS = ("lead", "agree", "tech")


def talk(
    *lines: tuple[int, str, str], names: Sequence[str] = ("Ann", "Bob"), rounds: int = 1
) -> Data:
    """Episodes made of (episode, seat, text), each seat once a round."""
    episodes = max(episode for episode, _, _ in lines) + 1
    rows = [
        {
            "episode": episode,
            "seq": i,
            "round": i // (2 * rounds),
            "turn": i,
            "seat": seat,
            "text": text,
        }
        for i, (episode, seat, text) in enumerate(lines)
    ]
    seats = [
        {
            "episode": episode,
            "seat": f"s{i + 1}",
            "name": name,
            "model": name.lower(),
            "position": i + 1,
        }
        for episode in range(episodes)
        for i, name in enumerate(names)
    ]
    return Data(
        episodes=pl.DataFrame(
            {
                "episode": range(episodes),
                "episode_key": [f"{episode:032x}" for episode in range(episodes)],
                "condition": "all",
            }
        ),
        messages=pl.DataFrame(rows).sort("episode", "seq"),
        seats=pl.DataFrame(seats),
    )


def coded(values: dict[str, list[tuple[int, ...]]]) -> Data:
    """One episode in which each seat's messages carry the given flags, one message a round."""
    most = max(len(one) for one in values.values())
    said = [(r, seat) for r in range(most) for seat, one in values.items() if r < len(one)]
    data = talk(*((0, seat, "x") for _, seat in said))
    rounds = pl.Series("round", [r for r, _ in said])
    data = dataclasses.replace(data, messages=data.messages.with_columns(rounds), shared={})
    flat = [values[seat][r] for r, seat in said]
    labels = [
        {"episode": 0, "seq": seq, "other_seq": None, "flag": flag, "value": float(flags[i])}
        for seq, flags in enumerate(flat)
        for i, flag in enumerate(FLAGS)
    ]
    return Data(
        episodes=data.episodes,
        messages=data.messages,
        seats=data.seats,
        labels=pl.DataFrame(labels, schema_overrides={"other_seq": pl.Int64}),
        flags=Flags(traits=FLAGS, scales=dict.fromkeys(FLAGS, "nominal")),
        rule="union",
    )


def value(data: Data, metric: str, quantity: str = "", **options: Any) -> float:
    """The number of the first episode."""
    declared = METRICS[metric]
    found = declared.compute(data, declared.options(**options), np.random.default_rng(0))
    rows = found.filter(quantity=quantity, scope="episode")
    return float(rows["value"][0])


def random_profiles() -> tuple[Data, np.ndarray]:
    per_seat = {
        f"s{s}": [tuple(RNG.integers(0, 2, 3).tolist()) for _ in range(int(RNG.integers(3, 9)))]
        for s in range(1, 5)
    }
    return coded(per_seat), np.array([np.mean(one, axis=0) for one in per_seat.values()])


def test_cosine_is_the_mean_over_pairs() -> None:
    for _ in range(5):
        data, rates = random_profiles()
        pairs = cosine_similarity(rates)[np.triu_indices(4, 1)]
        assert value(data, "profile_cosine") == pytest.approx(pairs.mean(), abs=1e-9)


def test_pairs_with_a_zero_profile_are_counted() -> None:
    data = coded({"s1": [(1, 0, 0)], "s2": [(1, 1, 0)], "s3": [(0, 0, 0)]})
    assert value(data, "profile_cosine") == pytest.approx(1 / np.sqrt(2), abs=1e-9)
    assert value(data, "profile_cosine", zero_pairs="zero") == pytest.approx(
        1 / np.sqrt(2) / 3, abs=1e-9
    )
    assert value(data, "profile_cosine", "undefined_pairs") == pytest.approx(2 / 3, abs=1e-9)


def test_divergence_of_two_seats_is_that_of_scipy() -> None:
    data = coded({"s1": [(1, 0, 1), (1, 1, 0)], "s2": [(0, 1, 1), (0, 0, 1), (0, 0, 1)]})
    theirs = jensenshannon([2, 1, 1], [0, 1, 3], base=2) ** 2
    assert value(data, "profile_jsd") == pytest.approx(theirs, abs=1e-9)


def test_variance_ratio_is_the_correlation_ratio() -> None:
    data = coded({"s1": [(1, 0, 0)] * 4, "s2": [(0, 0, 0)] * 4})
    assert value(data, "profile_variance") == pytest.approx(1.0, abs=1e-9)
    data = coded({"s1": [(1, 0, 0), (0, 0, 0)], "s2": [(1, 0, 0), (0, 0, 0)]})
    assert value(data, "profile_variance") == pytest.approx(0.0, abs=1e-9)


def test_the_null_shuffles_seats_and_keeps_messages_whole() -> None:
    data, _ = random_profiles()
    profiles = profiles_of(data, FLAGS)
    whole: list[np.ndarray] = []
    profiles.shuffled(
        lambda c: whole.append(c.flags.sum(axis=1)) or c.by_episode(c.flags[..., 0]),
        50,
        np.random.default_rng(1),
    )
    totals = data.labels.group_by("flag", maintain_order=True).agg(pl.col("value").sum())
    assert np.allclose(whole[0], totals["value"].to_numpy()[None, :])


def test_null_of_the_variance_ratio_has_its_known_mean() -> None:
    flags = RNG.integers(0, 2, (4, 10, 3))
    data = coded({f"s{s}": [tuple(one) for one in flags[s].tolist()] for s in range(4)})
    within = ((flags - flags.mean(axis=0)) ** 2).sum()
    total = ((flags - flags.mean(axis=(0, 1))) ** 2).sum()
    declared = METRICS["profile_variance"]
    found = declared.compute(data, declared.options(draws=4000), np.random.default_rng(0))
    row = found.filter(scope="episode").row(0, named=True)
    # A seat's total has one message of every round, so its variance is that within rounds.
    assert row["null_mean"] == pytest.approx(within / 10 / total, abs=0.004)
    assert "null: seats shuffled within rounds, 4000 draws" in row["method"]


def test_more_than_five_flags_are_counted_as_well() -> None:
    data, rates = random_profiles()
    many = FLAGS * 1
    labels = pl.concat(
        [data.labels]
        + [data.labels.with_columns(pl.col("flag") + pl.lit(str(i))) for i in range(1, 4)]
    )
    flags = (*many, *(f"{flag}{i}" for i in range(1, 4) for flag in FLAGS))
    wide = Data(
        episodes=data.episodes, messages=data.messages, labels=labels, flags=Flags(traits=flags)
    )
    pairs = cosine_similarity(rates)[np.triu_indices(4, 1)].mean()
    assert value(wide, "profile_cosine", draws=20) == pytest.approx(pairs, abs=1e-9)


def test_gini_and_entropy_against_their_definitions() -> None:
    for _ in range(20):
        s = RNG.random(int(RNG.integers(2, 9)))
        start = np.array([0])
        gini = np.abs(np.subtract.outer(s, s)).sum() / (2 * len(s) * s.sum())
        assert inequality.gini(s, start)[0] == pytest.approx(gini, abs=1e-12)
        p = s / s.sum()
        assert inequality.entropy(s, start)[0] == pytest.approx(
            -(p * np.log(p)).sum() / np.log(len(s)), abs=1e-12
        )
        assert inequality.herfindahl(s, start)[0] == pytest.approx((p**2).sum(), abs=1e-12)


def test_silent_seats_count_in_participation() -> None:
    data = talk((0, "s1", "one two"), (0, "s1", "three"))
    assert value(data, "participation", "gini") == pytest.approx(0.5)
    assert value(data, "participation", "entropy") == 0.0
    assert value(data, "participation", "max_share_words") == 1.0


def test_k_star_is_the_vendi_score() -> None:
    for _ in range(5):
        rows = RNG.normal(size=(6, 12))
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        mu = np.linalg.eigvalsh(rows.T @ rows)
        share = mu[mu > 1e-12] / mu.sum()
        k_star = 2 ** (-(share * np.log2(share)).sum())
        kernel = np.linalg.eigvalsh(rows @ rows.T / 6)
        vendi = np.exp(-(kernel[kernel > 1e-12] * np.log(kernel[kernel > 1e-12])).sum())
        assert float(effective_number(rows @ rows.T)) == pytest.approx(k_star, abs=1e-9)
        assert float(effective_number(rows @ rows.T)) == pytest.approx(vendi, abs=1e-9)


def test_seats_that_say_the_same_are_one_voice() -> None:
    same = [(0, f"s{1 + i % 2}", "the plan is good") for i in range(8)]
    assert value(talk(*same), "vendi") == pytest.approx(1.0, abs=1e-6)
    apart = [(0, f"s{1 + i % 2}", ("alpha beta", "gamma delta")[i % 2]) for i in range(8)]
    assert value(talk(*apart), "vendi") == pytest.approx(2.0, abs=1e-6)
    assert value(talk(*apart), "persona_consistency") == pytest.approx(1.0, abs=1e-6)


class Lengths:
    """An encoder that knows whether a text is long."""

    def vectors(self, texts: Sequence[str]) -> np.ndarray:
        return np.array([[float(len(text) > 5), float(len(text) <= 5)] for text in texts])


def test_another_encoder_takes_the_place_of_the_hashed_one() -> None:
    lines = [(0, f"s{1 + i % 2}", ("short", "a longer text")[i % 2]) for i in range(8)]
    plain = talk(*lines)
    data = Data(
        episodes=plain.episodes,
        messages=plain.messages,
        seats=plain.seats,
        encoders={"len": Lengths()},
    )
    assert value(data, "vendi", encoder="len") == pytest.approx(2.0, abs=1e-6)
    with pytest.raises(Unusable, match="there are hashed, len"):
        value(data, "vendi", encoder="lenght")


def test_drift_is_none_for_a_seat_that_repeats_itself() -> None:
    same = [(0, f"s{1 + i % 2}", "the plan is good") for i in range(12)]
    assert value(talk(*same), "drift") == pytest.approx(0.0, abs=1e-6)
    moving = [(0, f"s{1 + i % 2}", ("red sky" if i < 6 else "blue sea")) for i in range(12)]
    assert value(talk(*moving), "drift") == pytest.approx(1.0, abs=1e-6)


def test_a_seat_whose_short_messages_are_alike_does_not_drift_in_any_order() -> None:
    weights = np.array([1.0, 1.0, 3.0, 4.0, 5.0])
    alike = np.array([1.0, 1.0, 0.0, 0.0, 0.0])
    products = np.outer(weights, weights) * (np.outer(alike, alike) + np.eye(5) / 2)
    seat = np.zeros(5, dtype=np.int64)
    gram = EpisodeGram(0, products, products, weights, seat, 1, np.arange(5))
    orders = np.array(list(permutations(range(5)))) / 5
    seats = np.tile(seat, (len(orders), 1))
    parts = seat_parts(gram, seats, orders, 1 / 3)
    found = distance_in_time(gram, Arrangement(seats, parts, parts), np.ones((1, len(orders))))
    assert found.mean() == pytest.approx(0, abs=1e-12)
    assert np.ptp(found) > 0.5


def test_convergence_rises_where_messages_grow_alike() -> None:
    lines = [
        (episode, seat, text)
        for episode in range(2)
        for pair in (("a b", "c d"), ("a b", "a c"), ("a b", "a b"))
        for seat, text in zip(("s1", "s2"), pair, strict=True)
    ]
    data = talk(*lines)
    rounds = data.messages.with_columns(pl.Series("round", [0, 0, 1, 1, 2, 2] * 2))
    data = Data(episodes=data.episodes, messages=rounds, seats=data.seats)
    assert value(data, "convergence", "slope") == pytest.approx(0.5, abs=1e-6)
    found = METRICS["convergence"].compute(data, METRICS["convergence"].options(), RNG)
    row = found.filter(quantity="by_round", subject="2").row(0, named=True)
    assert row["scope"] == "round"
    assert row["value"] == pytest.approx(1.0, abs=1e-6)


def test_alignment_sees_the_message_before() -> None:
    lines = [
        (episode, f"s{1 + i % 2}", f"w{i // 2 + 10 * episode}")
        for episode in range(2)
        for i in range(8)
    ]
    # s2 repeats s1, then s1 starts a new word: 4 of 7 replies take up the word before.
    assert value(talk(*lines), "alignment") == pytest.approx(4 / 7, abs=0.2)


def test_alignment_leaves_out_what_its_speaker_was_not_shown() -> None:
    lines = [(0, f"s{1 + i % 2}", f"w{i // 2}") for i in range(8)]
    data = talk(*lines)
    seqs = data.messages["seq"].to_list()
    # s2 repeats s1, and s1 never sees what s2 said; the last words were said blindly.
    runs = [
        {"episode": 0, "seq": seq, "first_seq": first, "last_seq": first}
        for place, seq in enumerate(seqs)
        for first in ([seqs[place - 1], seqs[0]] if place % 2 and place < 7 else [None])
    ]
    shown = dataclasses.replace(data, exposures=pl.DataFrame(runs))
    assert value(shown, "alignment") == pytest.approx(1.0, abs=1e-6)
    assert value(data, "alignment") < 0.8
    blind = dataclasses.replace(data, exposures=pl.DataFrame(runs).with_columns(first_seq=None))
    assert blind.shown_before().tolist() == [False] * 8
    one_known = dataclasses.replace(data, exposures=pl.DataFrame(runs[:1]))
    assert one_known.shown_before().tolist() == [False] + [True] * 7


def test_turnover_is_that_of_sets() -> None:
    data = talk((0, "s1", "a b c"), (0, "s2", "a"), (0, "s1", "b c d e"), (0, "s2", "b"))
    assert value(data, "turnover", "birth") == pytest.approx(2 / 4)
    assert value(data, "turnover", "death") == pytest.approx(1 / 3)
    assert value(data, "turnover", "jaccard") == pytest.approx(2 / 5)


def test_distinct_n_has_one_length_for_all() -> None:
    data = talk((0, "s1", "a b a b a b a b a b"), (0, "s2", "c d"))
    assert value(data, "distinct_n", n=2, length=10) == pytest.approx(2 / 9)
    assert value(data, "distinct_n", n=1, length=10) == pytest.approx(2 / 10)


def test_no_sequence_of_words_reaches_over_the_end_of_a_message() -> None:
    # Pairs within messages: (a, b) five times; pairs of a last and a first word are none.
    apart = talk(*((0, f"s{place % 2 + 1}", "a b") for place in range(5)))
    assert value(apart, "distinct_n", n=2, length=10) == pytest.approx(1 / 5)


def test_labels_are_counted_by_seat() -> None:
    data = talk((0, "s1", "Ann: a"), (0, "s2", "b"), (0, "s1", "Bob: c"), (0, "s2", "d"), rounds=2)
    found = METRICS["identity_confusion"].compute(
        data, METRICS["identity_confusion"].options(), np.random.default_rng(0)
    )
    seats = found.filter(pl.col("scope") == "seat")
    rows = {(r["quantity"], r["subject"]): (r["value"], r["n_measured"]) for r in seats.to_dicts()}
    assert rows == {
        ("labelled", "s1"): (1.0, 2),
        ("labelled", "s2"): (0.0, 2),
        ("", "s1"): (0.5, 2),
    }


def test_words_are_numbered_alike_in_every_script() -> None:
    tokens = tokens_of(talk((0, "s1", "Élan, l'été"), (0, "s2", "élan 42")))
    assert tokens.sizes.tolist() == [2, 2]
    assert tokens.codes[0] == tokens.codes[2]


def test_a_label_at_the_head_is_told_from_an_address() -> None:
    data = talk(
        (0, "s1", "**Ann:** hello"),
        (0, "s2", "[Ann] - I agree"),
        (0, "s1", "@Bob: what now?"),
        (0, "s2", "Bob — done"),
        (0, "s1", "Annabel: no"),
        (0, "s2", "As Ann, I say yes"),
    )
    found = labelled(data).sort("seq")
    assert found.select("seat", "named").rows() == [("s1", "s1"), ("s2", "s1"), ("s2", "s2")]
    assert value(data, "identity_confusion") == pytest.approx(1 / 3)
    assert value(data, "identity_confusion", "impersonation") == pytest.approx(1 / 6)


def test_names_and_models_are_those_of_the_moment() -> None:
    texts = ("Ann: a", "Ann: Bob?", "Ann: b", "As Ann, bob?")
    data = talk(*((0, f"s{place % 2 + 1}", text) for place, text in enumerate(texts)))
    swapped = data.seats.select("episode", "seat", from_seq=pl.lit(0), name="name", model="model")
    changes = pl.concat(
        [
            swapped,
            swapped.with_columns(
                from_seq=pl.lit(2), name=pl.col("name").reverse(), model=pl.lit("other")
            ),
        ]
    )
    renamed = dataclasses.replace(data, seat_changes=changes)
    assert data.agents("name").to_list() == ["Ann", "Bob", "Ann", "Bob"]
    assert renamed.agents("name").to_list() == ["Ann", "Bob", "Bob", "Ann"]
    assert renamed.agents("model").to_list()[2:] == ["other", "other"]
    assert renamed.agents("seat").to_list() == data.agents("seat").to_list()
    # s2 is Ann from the third message on: s1 then claims her name, and s2 does not.
    assert labelled(data)["named"].to_list() == ["s1", "s1", "s1"]
    assert labelled(renamed)["named"].to_list() == ["s1", "s1", "s2"]
    assert value(data, "identity_confusion", "impersonation") == pytest.approx(1 / 4)
    assert value(renamed, "identity_confusion", "impersonation") == 0
    assert value(data, "mentions", "per_message") == pytest.approx(2 / 4)
    assert value(renamed, "mentions", "per_message") == pytest.approx(3 / 4)


def test_mentions_are_returned_or_not() -> None:
    data = talk((0, "s1", "Bob, Bob!"), (0, "s2", "yes ANN"), (0, "s1", "bob?"), (0, "s2", "bobs"))
    assert value(data, "mentions", "per_message") == pytest.approx(3 / 4)
    assert value(data, "mentions", "reciprocity") == pytest.approx(2 / 3)
    assert value(data, "mentions", "reciprocated_pairs") == 1.0


def test_turns_of_a_fixed_floor_are_foreseeable() -> None:
    fixed = [(0, f"s{1 + i % 2}", "x") for i in range(20)]
    assert value(talk(*fixed), "transitions") == pytest.approx(0.0, abs=1e-12)
