"""Accounts at providers: which models are paid from one, and which have no credit left."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from schemas.errors import AgoraError
from schemas.gateway import NO_CREDIT
from schemas.study.models import ModelSpec
from schemas.unit import Failure
from tasks.models.prices import listed
from tasks.models.replies import Attempt, Outcome


def account_of(spec: ModelSpec) -> str:
    """The account that a model's calls are paid from: the provider, its server, and the key's name.

    Example:
        >>> account_of(ModelSpec(model="anthropic/claude-opus-4-1"))
        'anthropic'
        >>> account_of(
        ...     ModelSpec(model="openai/m", api_base="http://lab:8000/v1", api_key_env="LAB_KEY")
        ... )
        'openai at lab:8000 (LAB_KEY)'
    """
    provider, slash, _ = spec.model.partition("/")
    if spec.simulated:
        provider = spec.model
    elif not slash:
        provider = str((listed(spec.model) or {}).get("litellm_provider", spec.model))
    server = f" at {urlsplit(spec.api_base).netloc}" if spec.api_base else ""
    key = spec.api_key_env or spec.api_key_block
    return f"{provider}{server} ({key})" if key else f"{provider}{server}"


class AccountEmpty(AgoraError):
    """The account that a call would be paid from has no credit left; the call was not made.

    Args:
        account: The account, as :func:`account_of` names it.
    """

    def __init__(self, account: str) -> None:
        super().__init__(account=account)

    def message(self) -> str:
        """Which account it is."""
        return no_credit(self.details["account"])


class Accounts:
    """The accounts of one gateway that have no credit left.

    Attributes:
        empty: What the provider said, by account.
    """

    def __init__(self, empty: Mapping[str, str]) -> None:
        self.empty = dict(empty)

    def refuse_empty(self, spec: ModelSpec) -> None:
        """Refuse to ask a model whose account has no credit left.

        Raises:
            AccountEmpty: It has none.
        """
        if self.empty and (account := account_of(spec)) in self.empty:
            raise AccountEmpty(account)

    def note(self, spec: ModelSpec, outcome: Outcome) -> None:
        """Note what a call to a model said of its account."""
        last = outcome.attempts[-1]
        if last.kind == NO_CREDIT:
            self.empty.setdefault(account_of(spec), last.message or last.kind)


def failure_of(spec: ModelSpec, last: Attempt) -> Failure:
    """Why a call to a model gave no answer; what a provider said of its account is in ``attempts``.

    Args:
        spec: The model.
        last: The last attempt at the call.
    """
    if last.kind == NO_CREDIT:
        return Failure(NO_CREDIT, no_credit(account_of(spec)))
    return Failure(last.kind, last.message or last.kind)


def no_credit(account: str) -> str:
    """Which account has no credit left, in one sentence."""
    return f"the account at {account} has no credit left"
