"""``agora recover``: metrics and tests in worlds whose truth is known."""

from __future__ import annotations

from ..conftest import Agora


def test_it_shows_what_a_metric_and_a_test_find(agora: Agora) -> None:
    done = agora("recover", "compression", "welch", "--studies", "20", "--episodes", "8")
    assert done.returncode == 0
    worlds = [line for line in done.stdout.splitlines() if " world: " in line]
    kinds = [line.split(" world: ")[0] for line in worlds]
    planted = ["compression, null", "welch, null", "compression, planted", "welch, planted"]
    assert kinds[: len(planted)] == planted
    assert set(kinds[len(planted) :]) == {"compression, hard", "welch, hard"}
    assert "(20 studies of 8 episodes a side in each world)" in done.stdout
    found = done.stdout[done.stdout.index("welch, planted") :].splitlines()[3].split()
    assert found[:2] == ["welch", "0.8"]
    assert abs(float(found[2]) - 0.8) < 6 * float(found[3])


def test_a_wrong_name_is_told_with_the_nearest(agora: Agora) -> None:
    done = agora("recover", "compresion")
    assert done.returncode != 0
    assert "write compression" in done.stderr
