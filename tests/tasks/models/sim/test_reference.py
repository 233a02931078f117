from __future__ import annotations

from tasks.models.sim.reference import PAGE, page


def test_the_page_of_simulated_models_follows_the_declarations() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), (
        "write it anew with: python -m tasks.models.sim.reference"
    )
