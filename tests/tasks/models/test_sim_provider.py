"""Simulated models as a provider of litellm."""

from __future__ import annotations

from tasks.models.litellm_model import imported_litellm
from tasks.models.sim.provider import register


async def test_litellm_answers_for_simulated_models_once_they_are_registered():
    register()
    register()
    litellm = imported_litellm()
    asked = {"model": "sim/talkative", "messages": [{"role": "user", "content": "Shall we?"}]}
    one = await litellm.acompletion(**asked)
    again = await litellm.acompletion(**asked)
    other = await litellm.acompletion(**asked, seed=2)
    text = one.choices[0].message.content
    assert text
    assert text == again.choices[0].message.content
    assert other.choices[0].message.content
    assert one.usage.completion_tokens > 0
