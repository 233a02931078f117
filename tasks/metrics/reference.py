"""The reference page of metrics and tests, made of what they declare.

``python -m tasks.metrics.reference`` writes it to ``docs/metrics.md``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from tasks.metrics.catalogue import METRICS
from tasks.metrics.contrasts.catalogue import TESTS
from tasks.metrics.contrasts.sample import Test
from tasks.metrics.metric import Metric

PAGE = Path(__file__).resolve().parents[2] / "docs" / "metrics.md"

HEAD = """\
# Metrics and tests

Written by `python -m tasks.metrics.reference` from the declarations in `tasks/metrics`.

A study lists metrics by name, with options where the defaults will not do:

    metrics: [agreement, participation, {name: profile_cosine, draws: 1000}]

Every number is a row of the table `metrics`. A quantity is stored as `metric.quantity`, or as the
metric's name alone where it has one main number. `scope` says what the row is of: an episode, a
seat, a round, a condition, the study. Numbers of a condition are means over its episodes; their
intervals are about episodes, never messages. Where there is a null, `null_mean`, `null_sd` and
`p_null` stand beside the value, and the row with subject `excess` is the value less its null,
episode by episode. Metrics made of labels are computed once per adjudication rule. What every
number does where the truth is known stands in [recovery.md](recovery.md); why nulls are what they
are, in [design/018](design/018-what-is-exchangeable.md).

`n_excluded` counts episodes that were left out, those without a value included; a missing value is
explained in `method`, and `warning` says what a reader must know before citing a number. A null of
`n` draws gives no p below 1/(n + 1).

| number | interval | % of 95% intervals that hold the truth at 3, 5, 8, 12, 20 episodes |
|---|---|---|
| mean, normal values | Student's t at 3 and 4, then studentised bootstrap | 95, 96, 95, 96, 96 |
| mean, t of 3 degrees of freedom | the same | 96, 98, 97, 96, 95 |
| mean, exponential values, range from 0 | score interval, from 5 on widened | 94, 94, 96, 94, 94 |
| mean, log-normal values | as of normal values | 84, 91, 91, 92, 93 |
| mean, three values | Student's t | 100, 91, 93, 94, 97 |
| mean share, beta(2, 5) | the same | 95, 97, 97, 96, 96 |
| mean share, three values | score interval | 90, 97, 97, 98, 97 |
| mean share, mostly 1 | score interval | 100, 96, 97, 96, 97 |
| share of episodes, .1 | Wilson's | 98, 92, 97, 98, 96 |
| share of episodes, .5 | Wilson's | 100, 95, 94, 96, 96 |
| pooled agreement (Cohen's kappa) | episodes resampled | 78, 94, 94, 94, 96 |
| rate, Rogan-Gladen | episodes resampled | 87, 96, 97, 96, 95 |

One or two episodes have no interval. At three and four, `warning` says that an interval of a skewed
quantity is too narrow. An interval of a mean stays within the range that its quantity declares, or
the environment for its outcomes: a score interval takes the variance to shrink as the mean nears an
end of the range. From five episodes on resamples widen it where values are skewed, but not where
most episodes share their value with another: there the row warns unless the range has both ends,
as 75 to 95% of intervals hold the truth. Values as skewed as log-normal ones cannot be told from
others by few episodes: those that look even have the intervals that miss. A quantity that has two
values in a study, whichever they are, is a share of episodes. With few values, coverage leaps by
some percent from one number of episodes to the next. An excess has no range. A number that is the
same in every episode up to rounding has no interval, since nothing says how sure it is.
`python bench/interval_coverage.py` computes the table; more distributions stand in
`bench/README.md`. Everything is computed in double precision. Vectors of an embedding model are
kept in single precision, so their cosines are good to about six digits.

Metrics over text vectors hash words and word pairs: offline, and the same everywhere. Any embedding
model of litellm takes their place once it is declared under `models` and named by its alias:

    models: {small: {model: openai/text-embedding-3-small, api_key_env: OPENAI_API_KEY}}
    metrics: [drift, {name: drift, encoder: small}]

`sim/encoder` is one that works offline.

Vectors are kept beside the warehouse, so a text is paid for once. Their calls are in `calls`, count
against the budget, and are foreseen by `agora plan`.

"""
CONTRASTS = """\
# Tests of contrasts

A contrast names a quantity, the conditions (baseline first), and one of these tests:

    contrasts:
      naming: {of: profile_cosine, between: [baseline, named], excess: true, test: welch}

Effects are positive where the second condition has the larger values. p-values are corrected over
the declared `family`. Every declared contrast has a row: with a p-value, or with the reason why
there is none in `warning`. A comparison without a p-value counts in its family like one of p = 1,
so the family keeps its declared size (`family_size`). `p_least` is the smallest p that a test can
give with so many episodes. Values that differ by rounding alone are taken to be equal.

A contrast whose conditions differ in more than one factor says so in `warning`, as does one whose
episodes were excluded unevenly, or that compares raw values whose nulls differ by more than they do
between episodes of one condition.

| effect | interval | % of 95% intervals that hold the truth at 3, 5, 8, 12, 20 a side |
|---|---|---|
| rank-biserial, common-language | Newcombe (2006), method 5 | 98, 96, 95, 96, 95 |
| the same, one side with three times the spread | the same | 96, 92, 94, 93, 93 |
| difference of means, normal values | what shuffles allow; at 3 Welch's t | 95, 95, 95, 94, 94 |
| the same, one side with twice the spread | the same | 94, 93, 94, 94, 93 |
| the same, log-normal values | the same | 99, 95, 95, 95, 97 |
| the same, exponential values of means 1 and 2 | the same | 96, 93, 91, 92, 91 |
| difference of shares, .1 and .5 | Newcombe (1998) | 96, 98, 93, 97, 96 |
| Hedges' g | noncentral t, no narrower than what shuffles allow | 93, 96, 95, 96, 96 |
| the same, one side with three times the spread | the same | 92, 94, 92, 95, 96 |

A difference belongs to the interval if shuffles of episodes do not reject it once it is taken off
the second condition, so an interval without 0 and p < .05 say the same. It needs no distribution
where one condition is the other moved. Beyond that no interval of means holds the truth as often as
it says whatever the distribution is (Bahadur and Savage, 1956). Where values are skewed and one
side spreads more, few episodes do not show it: the row warns below 10 episodes a side, where 79 to
95% hold the truth, and where values are skewed. `equivalence` warns for the same reason: at exactly
the margin p < .05 came out in up to 18% of studies, and in 8 to 16% with a studentised bootstrap
besides. From 50 episodes a side on, Welch's t and Student's take the place of shuffles; of skewed
values from 50 times the square of their skewness on, which is 5,000 for what one episode in a
hundred has.

"""


def page() -> str:
    """The whole page as Markdown."""
    parts = [HEAD, _contents(METRICS), ""]
    parts += [_metric(METRICS[name]) for name in sorted(METRICS)]
    parts += [CONTRASTS]
    parts += [_test(TESTS[name]) for name in sorted(TESTS)]
    return "\n".join(parts).rstrip() + "\n"


def _contents(metrics: Mapping[str, Metric]) -> str:
    return "\n".join(f"- [{name}](#{name}): {metrics[name].title}" for name in sorted(metrics))


def _metric(metric: Metric) -> str:
    lines = [f"## {metric.name}", "", f"{metric.title}.", ""]
    lines += ["| stored as | what | formula | unit | range |", "|---|---|---|---|---|"]
    for name, one in metric.quantities.items():
        cells = (f"`{metric.full_name(name)}`", one.title, one.formula, one.unit, one.range)
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    lines += [
        f"\n**Confirmation.** An excess of `{metric.full_name(name)}` above 0, or a difference, "
        f"that `{metric.full_name(one.confirmed_by.quantity)}` does not show as well has a "
        f"warning: {one.confirmed_by.otherwise}."
        for name, one in metric.quantities.items()
        if one.confirmed_by is not None
    ]
    needs = ", ".join(metric.needs)
    kept = " Uses every episode, excluded ones too." if metric.every_episode else ""
    lines += ["", f"**When not to use it.** {metric.avoid}", "", f"**Source.** {metric.source}", ""]
    lines += [f"**Made of** {needs}.{kept}", "", *_options(metric.options)]
    return "\n".join(lines)


def _test(test: Test) -> str:
    over = "seats within episodes" if test.scope == "seat" else "episodes"
    lines = [
        f"## {test.name}",
        "",
        f"Tests {test.title}. Effect size: `{test.effect}`; over {over}.",
        "",
        f"**When not to use it.** {test.avoid}",
        "",
        f"**Source.** {test.source}",
        "",
    ]
    return "\n".join([*lines, *_options(test.options)])


def _options(model: type[BaseModel]) -> Iterator[str]:
    yield "| option | default | what |"
    yield "|---|---|---|"
    for name, field in model.model_fields.items():
        default = "required" if field.is_required() else _shown(field.default)
        yield f"| `{name}` | {default} | {field.description} |"
    yield ""


def _shown(value: Any) -> str:
    if value in (None, "", ()):
        return "none"
    return f"`{value:.3g}`" if isinstance(value, float) else f"`{value}`"


def main() -> None:
    """Write the page."""
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
