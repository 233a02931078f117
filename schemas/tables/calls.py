"""Tables of what models were asked and what they answered."""

from __future__ import annotations

from typing import ClassVar, Literal, get_args

from pydantic import Field

from schemas.gateway import ATTEMPT_KINDS, Purpose, Role
from schemas.tables.column import Count, Json, Key, Name, Row, Seconds, Table, Time, Tokens, Usd


class CallRow(Row):
    """A question to a model and its answer."""

    table: ClassVar[Table] = Table(
        "calls",
        ("call_key",),
        "question to a model",
        owner="unit_key",
        item_references={"added_messages": "prompt_messages.digest"},
    )

    call_key: Key = Field(
        description="Digest of provider, base URL, model, parameters, messages, answer schema, "
        "unit and ordinal."
    )
    unit_key: Key = Field(description="Unit on whose behalf it was asked.")
    ordinal: Count = Field(description="Number of the question within the unit.")
    purpose: Purpose = Field(description=f"Who asked: {', '.join(get_args(Purpose))}.")
    subject: str = Field(description="Seat, coder or persona.")
    model: Name = Field(description="Model as asked for.")
    api_base: str | None = Field(None, description="Base URL, where one was declared.")
    params: Json = Field(description="Parameters that decide the answer.")
    answer_schema: str | None = Field(None, description="Digest of the answer's JSON schema.")
    reask_of: Key | None = Field(None, description="Call whose bad answer this one quotes.")
    base_call_key: Key | None = Field(None, description="Call whose request this one continues.")
    base_messages: Count = Field(description="Messages taken over from the start of that request.")
    added_messages: list[str] = Field(
        description="Digests of the messages that follow; v_calls shows the whole request."
    )
    status: Literal["answered", "failed"] = Field(description="Whether a usable answer came.")
    text: str | None = Field(None, description="The answer as it came.")
    raw: Json = Field(description="What else the provider sent that is not in a column.")
    finish_reason: str | None = Field(None, description="Why the model stopped.")
    model_returned: str | None = Field(None, description="Model as the provider named it.")
    prompt_tokens: Tokens | None = Field(None, description="Tokens of the prompt.")
    completion_tokens: Tokens | None = Field(None, description="Tokens of the answer.")
    cost_usd: Usd | None = Field(None, description="Price; null where it is not known.")
    latency_s: Seconds | None = Field(None, description="Time of the attempt that answered.")
    attempts: Count = Field(description="Attempts made.")
    error_kind: str | None = Field(None, description="Kind of the last failure.")
    error: str | None = Field(None, description="The last failure in words.")
    asked_at: Time = Field(description="When it was first asked.")
    run_id: str | None = Field(None, description="Flow run that asked it, where that is known.")


class AttemptRow(Row):
    """One attempt at a call."""

    table: ClassVar[Table] = Table(
        "attempts",
        ("call_key", "attempt"),
        "attempt at a call",
        {"call_key": "calls.call_key"},
        owner="unit_key",
    )

    call_key: Key = Field(description="The call.")
    unit_key: Key = Field(description="Unit on whose behalf it was asked.")
    attempt: Count = Field(description="Number, from 1.")
    kind: Name = Field(
        description=f"How it ended: {', '.join(ATTEMPT_KINDS)}. See: how attempts end."
    )
    status_code: Count | None = Field(None, description="HTTP status, where there was one.")
    message: str | None = Field(None, description="The failure in words.")
    waited_s: Seconds = Field(description="Wait before the attempt.")
    latency_s: Seconds = Field(description="Time that it took.")


class EarlierCallRow(CallRow):
    """What a call came to in an earlier try of its unit; in a later one it was made again."""

    table: ClassVar[Table] = Table(
        "earlier_calls",
        ("call_key", "asked_at"),
        "call that a later try of its unit made again",
        owner="unit_key",
        item_references={"added_messages": "prompt_messages.digest"},
    )


class EarlierAttemptRow(AttemptRow):
    """One attempt at a call of an earlier try."""

    table: ClassVar[Table] = Table(
        "earlier_attempts",
        ("call_key", "asked_at", "attempt"),
        "attempt at a call of an earlier try",
        owner="unit_key",
    )

    asked_at: Time = Field(description="When the call was first asked in that try.")


class UncommittedCallRow(CallRow):
    """A call that was paid for, and whose unit was not committed since: its run was ended.

    A journal has kept its answer. Its messages are not on record.
    """

    table: ClassVar[Table] = Table(
        "uncommitted_calls",
        ("call_key", "asked_at"),
        "call that was paid for by a run that ended before its unit was committed",
        owner="unit_key",
        part="never",
    )


class PromptMessageRow(Row):
    """A distinct message of prompts, stored once however many prompts repeat it."""

    table: ClassVar[Table] = Table(
        "prompt_messages", ("digest",), "distinct message of prompts", part="refers"
    )

    digest: Key = Field(description="Digest of role and text.")
    role: Role = Field(description="Role of the message.")
    text: str = Field(description="Its text.")
