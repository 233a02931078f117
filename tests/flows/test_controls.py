"""Controls in studies that are run: what is shown is neither coded nor measured as said."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from schemas.unit import Failure, UnitFailed
from tasks.stages.episodes import EpisodeStep
from warehouse.store import Warehouse

if TYPE_CHECKING:
    from conftest import Ran

pytestmark = pytest.mark.slow

YOKED = """
name: yoked
models:
  talker: {model: sim/talkative}
  judge: {model: sim/judge}
episode:
  environment: discussion
  brief: "Plan an open-air festival for 5,000 people on a small budget."
  rounds: 2
  seats: [talker, talker, talker]
conditions:
  together: {}
  yoked: {yoked: together}
replicates: 2
coding:
  codebook:
    name: small
    context: 2
    flags: {tech: {definition: "Names two or more specific technologies."}}
  judges: [judge]
  adjudication: {use: union}
metrics: [participation]
"""


def counted(folder: Path, query: str) -> list[tuple[Any, ...]]:
    with Warehouse.open(folder / "agora.duckdb", read_only=True) as warehouse:
        return warehouse.frame_sql(query).rows()


async def test_what_is_shown_of_a_donor_is_neither_coded_nor_counted(
    ran: Ran, tmp_path: Path
) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(YOKED, encoding="utf-8")
    assert (await ran(path)).complete
    events = "v_episodes join events using (episode_key)"
    # 2 episodes x 3 seats x 2 rounds are said in each condition; the yoked ones are shown as many.
    assert counted(
        tmp_path, f"select condition, kind, count(*) from {events} group by all order by all"
    ) == [("together", "say", 12), ("yoked", "say", 12), ("yoked", "show", 12)]
    coded = f"select condition, kind, count(*) from codes join {events} using (episode_key, seq)"
    assert counted(tmp_path, f"{coded} group by all order by all") == [
        ("together", "say", 12),
        ("yoked", "say", 12),
    ]
    assert counted(
        tmp_path,
        "select condition, count(*), sum(messages)::bigint from v_message_counts "
        "join v_episodes using (episode_key) group by all order by all",
    ) == [("together", 2, 12), ("yoked", 2, 12)]
    assert counted(tmp_path, "select count(*) from v_messages") == [(24,)]
    # What was shown is the donor's, word for word.
    assert counted(
        tmp_path,
        "select count(*) from events as shown join events as said "
        "on said.episode_key = (shown.data ->> 'episode_key') "
        "and said.seq = (shown.data ->> 'seq')::bigint "
        "where shown.kind = 'show' and said.kind = 'say' and said.text = shown.text "
        "and said.actor = shown.actor",
    ) == [(12,)]
    shares = counted(
        tmp_path,
        "select condition, n_measured from metrics where metric = 'participation.gini' "
        "and scope = 'episode' order by condition",
    )
    assert [n for _, n in shares] == [6, 6, 6, 6]


async def test_a_yoked_episode_waits_for_a_donor_that_failed(
    ran: Ran, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(YOKED, encoding="utf-8")
    work = EpisodeStep.work

    async def failing(self: EpisodeStep, unit: Any, prepared: Any, gateway: Any) -> Any:
        if (unit.condition, unit.replicate) == ("together", 1):
            raise UnitFailed(Failure("test", "not now"))
        return await work(self, unit, prepared, gateway)

    with monkeypatch.context() as patched:
        patched.setattr(EpisodeStep, "work", failing)
        first = await ran(path)
    assert not first.complete
    done = "select condition, replicate from v_units where step = 'episodes' and status = 'done' "
    assert counted(tmp_path, done + "order by all") == [("together", 2), ("yoked", 2)]
    assert (await ran(path)).complete
    assert len(counted(tmp_path, done)) == 4


COMPLETENESS = """
name: complete
models:
  talker: {model: sim/talkative}
episode:
  environment: discussion
  brief: "Plan an open-air festival for 5,000 people on a small budget."
  rounds: 2
  seats: [talker, talker, talker]
conditions:
  whole: {}
  crashed: {interventions: [{do: crash, seat: 2}]}
replicates: 2
completeness: {max_absent_share: 0.2, min_speakers: 3}
metrics: [participation]
"""


async def test_an_episode_that_breaks_a_rule_is_left_out_with_its_reason(
    ran: Ran, tmp_path: Path
) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(COMPLETENESS, encoding="utf-8")
    assert (await ran(path)).complete
    reasons = "select condition, rule, reason, count(*) from v_exclusions group by all order by all"
    assert counted(tmp_path, reasons) == [
        (
            "crashed",
            "max_absent_share",
            "33% of the questions led to no action, of at most 20%",
            2,
        ),
        ("crashed", "min_speakers", "2 seats spoke, of at least 3", 2),
    ]
    measured = (
        "select condition, n_measured, n_excluded from v_metrics "
        "where metric = 'participation.gini' and scope = 'condition' order by condition"
    )
    assert counted(tmp_path, measured) == [("crashed", 0, 2), ("whole", 2, 0)]
    # Another rule plays no episode again, and measures anew.
    path.write_text(COMPLETENESS.replace("0.2", "0.4").replace("3}", "2}"), encoding="utf-8")
    again = await ran(path)
    (episodes,) = [one for one in again.steps if one.step == "episodes"]
    assert (episodes.held, episodes.done) == (4, 0)
    assert counted(tmp_path, reasons) == []
    assert counted(tmp_path, measured) == [("crashed", 2, 0), ("whole", 2, 0)]


async def test_an_incomplete_episode_may_be_kept(ran: Ran, tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(COMPLETENESS + "run: {incomplete: keep}\n", encoding="utf-8")
    assert (await ran(path)).complete
    assert counted(tmp_path, "select count(distinct episode_key) from v_exclusions") == [(2,)]
    assert counted(
        tmp_path,
        "select n_measured, n_excluded from v_metrics where scope = 'condition' "
        "and metric = 'participation.gini'",
    ) == [(2, 0), (2, 0)]
