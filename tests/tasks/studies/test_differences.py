"""In what two studies differ."""

from __future__ import annotations

from collections.abc import Callable

from schemas.study import Study
from tasks.studies.differences import Difference, differences

Read = Callable[..., Study]


def test_equal_studies_do_not_differ(read: Read) -> None:
    assert differences(read(), read()) == []


def test_fields_that_differ_are_named_by_path(read: Read) -> None:
    other = read(("rounds: 3", "rounds: 5"), ("[ana, ben]", "[ana, ana]"))
    assert differences(read(), other) == [
        Difference("episode.rounds", 3, 5),
        Difference("episode.seats", ["ana", "ben"], ["ana", "ana"]),
    ]


def test_fields_that_one_side_has_alone_say_whose(read: Read) -> None:
    other = read(("  named: {names: model}\n", "  shuffled: {floor: shuffled}\n"))
    assert differences(read(), other) == [
        Difference("conditions.named", {"names": "model"}, None, "a"),
        Difference("conditions.shuffled", None, {"floor": "shuffled"}, "b"),
    ]


def test_where_a_text_comes_from_is_no_difference(read: Read) -> None:
    assert differences(read(), read(("briefs/festival.md", '"Plan a festival.\\n"'))) == []


def test_what_a_text_says_is_a_difference(read: Read) -> None:
    found = differences(read(), read(("briefs/festival.md", "Plan a fair")))
    assert found == [Difference("episode.brief", "Plan a festival.\n", "Plan a fair")]
