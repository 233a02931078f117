"""The rows of an episode that is over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from schemas.environment import Ask, Outcomes, Status
from tasks.episodes.episode import Episode
from tasks.episodes.params import shown_params
from tasks.episodes.replies import Reply


def episode_row(
    episode: Episode, status: Status, planned_rounds: int | None, completed_rounds: int
) -> dict[str, Any]:
    """The row of ``episodes``."""
    brief = getattr(episode.params, "brief", None)
    return {
        **_keys(episode),
        "source": "run",
        "environment": episode.environment.name,
        "collection": None,
        "series": None,
        "label": f"{episode.environment.name} {episode.key[:8]}",
        "brief": getattr(brief, "text", brief),
        "params": {
            **shown_params(episode.params),
            **episode.parts.model_dump(mode="json", exclude_defaults=True, by_alias=True),
            **({"yoked": {"episode_key": episode.donor.key}} if episode.donor else {}),
        },
        "seed": episode.seed,
        "status": status,
        "end_reason": "limit" if status == "truncated" else "rules",
        "planned_rounds": planned_rounds,
        "completed_rounds": completed_rounds,
        "exclusion": None,
        "recorded_at": None,
    }


def seat_rows(episode: Episode, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """The rows of ``seats``.

    Args:
        episode: The episode.
        names: Shown name by seat at the start.
    """
    return [
        {
            **_keys(episode),
            "seat": seat.seat,
            "position": seat.position,
            "role": seat.role,
            "name": names[seat.seat],
            "model": seat.model,
            "model_id": episode.models[seat.model].model,
            "persona_key": seat.persona.key if seat.persona else None,
        }
        for seat in episode.seats
    ]


def action_row(
    episode: Episode, turn: int, round_: int, seat: str, ask: Ask, reply: Reply
) -> dict[str, Any]:
    """A row of ``actions``."""
    action = reply.action
    return {
        **_keys(episode),
        "turn": turn,
        "round": round_,
        "seat": seat,
        "ask": ask.name,
        "call_key": reply.call_keys[-1] if reply.call_keys else None,
        "valid": action is not None and action.valid,
        "attempts": reply.attempts,
        "fallback": action is not None and not action.valid,
        "absent": action is None,
        "answer": None if action is None else _plain(action.value),
    }


def outcome_rows(episode: Episode, outcomes: Outcomes) -> list[dict[str, Any]]:
    """The rows of ``outcomes``."""
    return [
        {
            **_keys(episode),
            "scope": scope,
            "subject": subject,
            "other": None,
            "round": None,
            "metric": metric,
            "value": None if isinstance(value, str) or value is None else float(value),
            "label": value if isinstance(value, str) else None,
        }
        for (scope, subject), values in outcomes.items()
        for metric, value in values.items()
    ]


def _keys(episode: Episode) -> dict[str, str]:
    return {"episode_key": episode.key, "unit_key": episode.key}


def _plain(value: Any) -> dict[str, Any]:
    """An answer as a JSON object; free text stands under ``text``."""
    return value.model_dump(mode="json") if isinstance(value, BaseModel) else {"text": value}
