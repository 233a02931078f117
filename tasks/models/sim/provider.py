"""Simulated models as a litellm provider, for whoever calls litellm with ``sim/...`` directly.

The gateway asks simulated models without litellm and needs none of this.

    register()
    await litellm.acompletion(model="sim/talkative", messages=[...])
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from schemas.gateway import Message, Question
from schemas.keys import digest
from schemas.study.models import ModelSpec
from tasks.models.completions import reply_kind
from tasks.models.keys import model_key, question_key
from tasks.models.litellm_model import imported_litellm
from tasks.models.sim.contract import SimReply

_PASSED_ON = ("temperature", "top_p", "seed", "max_tokens")


def register() -> None:
    """Makes ``sim/...`` known to litellm in this process; doing it twice does no harm."""
    litellm = imported_litellm()
    from litellm.utils import custom_llm_setup

    held = litellm.custom_provider_map
    if not any(item["provider"] == "sim" for item in held):
        held.append({"provider": "sim", "custom_handler": _handler(litellm)})
        custom_llm_setup()


def reply_to(model: str, messages: Sequence[dict[str, Any]], params: dict[str, Any]) -> SimReply:
    """What a simulated model says to a bare prompt, seeded by the prompt itself.

    Args:
        model: Name with or without ``sim/``.
        messages: Messages in OpenAI's form.
        params: Parameters of the call; ``sim`` holds those of the simulated model.
    """
    from tasks.models.sim import reply

    spec = ModelSpec.model_validate(
        {
            "model": model if model.startswith("sim/") else f"sim/{model}",
            "sim": params.get("sim") or {},
            **{name: params[name] for name in _PASSED_ON if params.get(name) is not None},
        }
    )
    prompt = tuple(Message(one["role"], str(one.get("content") or "")) for one in messages)
    unit_key = digest("litellm", model)
    question = Question(spec, prompt, unit_key, 0, "agent")
    return reply(spec, question, question_key(question, model_key(spec)))


def _handler(litellm: Any) -> Any:
    from litellm.types.utils import Choices, Usage
    from litellm.types.utils import Message as Said

    def filled(response: Any, model: str, said: SimReply) -> Any:
        kind = said.failure_kind or reply_kind(said.text, said.finish_reason)
        if said.failure_kind is not None:
            raise litellm.InternalServerError(
                message=f"a simulated fault: {kind}", llm_provider="sim", model=model
            )
        response.model = model
        response.choices = [
            Choices(
                finish_reason=said.finish_reason,
                index=0,
                message=Said(content=said.text, role="assistant"),
            )
        ]
        response.usage = Usage(
            prompt_tokens=said.prompt_tokens,
            completion_tokens=said.completion_tokens,
            total_tokens=said.prompt_tokens + said.completion_tokens,
        )
        return response

    class SimulatedModels(litellm.CustomLLM):  # type: ignore[misc]
        """Hands prompts of litellm to the simulated models."""

        def completion(self, *args: Any, **given: Any) -> Any:
            said = reply_to(given["model"], given["messages"], given["optional_params"])
            return filled(given["model_response"], given["model"], said)

        async def acompletion(self, *args: Any, **given: Any) -> Any:
            return self.completion(*args, **given)

    return SimulatedModels()
