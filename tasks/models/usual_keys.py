"""Where litellm looks for the key of a provider that a study names no variable for."""

from __future__ import annotations

from tasks.models.litellm_model import imported_litellm


def missing_variables(model: str) -> tuple[str, ...]:
    """Environment variables that a model's provider needs and that are not set; values stay unseen.

    Args:
        model: The model as studies name it, such as ``openai/gpt-4o``.
    """
    found = imported_litellm().validate_environment(model)
    return () if found["keys_in_environment"] else tuple(found["missing_keys"])
