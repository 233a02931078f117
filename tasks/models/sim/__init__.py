"""Simulated models: stochastic policies with declared parameters, on this machine.

A simulated model reads the observation that the gateway passes beside the messages and that no real
provider ever gets. Everything random in an answer is drawn from the call's key.
"""

from tasks.models.sim.presets import PRESETS, check_spec, encoder_of, policy_of
from tasks.models.sim.reply import reply

__all__ = ["PRESETS", "check_spec", "encoder_of", "policy_of", "reply"]
