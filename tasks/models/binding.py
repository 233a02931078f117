"""Models bound: all that asking a declared model needs, worked out once for each declaration."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from pydantic import BaseModel

from schemas.gateway import Message
from schemas.study.models import ModelSpec
from tasks.models.batch_server import BatchServer
from tasks.models.completions import Vectors
from tasks.models.keys import model_key
from tasks.models.limits import Limiter, limiter_of, part_of
from tasks.models.litellm_model import LitellmModel
from tasks.models.openai_request import request_template
from tasks.models.prices import Prices, listed, prices
from tasks.models.replies import Reply
from tasks.models.secrets import Keyring

if TYPE_CHECKING:
    from tasks.models.openai_server import Connections

_MOST_KNOWN = 1024

log = logging.getLogger(__name__)


class Transport(Protocol):
    """A way of asking one model.

    Attributes:
        native: Whether the model takes a JSON schema for its answer.
    """

    native: bool

    async def reply(
        self, messages: Sequence[Message], answer_type: type[BaseModel] | None
    ) -> Reply:
        """The model's answer to one attempt.

        Args:
            messages: The prompt.
            answer_type: Type to ask for natively; ``None`` where it is asked for in words, or not
                at all.

        Raises:
            AttemptFailed: No answer came.
        """
        ...

    async def vectors(self, texts: Sequence[str]) -> tuple[Reply, list[Vectors]]:
        """Vectors of texts, in their order, and what it took, from one attempt.

        Raises:
            AttemptFailed: No vectors came, or not one per text, or not of one length.
        """
        ...


class Keyless:
    """A way of asking one model that hands on no key, whatever its provider sends.

    Args:
        way: The way itself.
        keyring: Strikes keys.
    """

    def __init__(self, way: Transport, keyring: Keyring) -> None:
        self.native = way.native
        self.way = way
        self._keyring = keyring

    async def reply(
        self, messages: Sequence[Message], answer_type: type[BaseModel] | None
    ) -> Reply:
        """The model's answer to one attempt; see :class:`Transport`."""
        return await self._keyring.without_keys(self.way.reply(messages, answer_type))

    async def vectors(self, texts: Sequence[str]) -> tuple[Reply, list[Vectors]]:
        """Vectors of texts from one attempt; see :class:`Transport`."""
        return await self._keyring.without_keys(self.way.vectors(texts))


class BoundModel:
    """A declared model with its identity, limits, prices and the way to ask it.

    What needs a key, a price list or a running event loop is worked out when it is first wanted, so
    that answers which are held already need none of it.

    Attributes:
        spec: The declaration.
        key: Digest of what decides its answers.
        params: Parameters that decide its answers, for ``calls.params``.
    """

    def __init__(self, spec: ModelSpec, models: BoundModels) -> None:
        identity = spec.identity()
        self.spec = spec
        self.key = model_key(spec)
        self.params = {k: v for k, v in identity.items() if k not in {"model", "api_base"}}
        self._models = models
        self._keyring = models.keyring
        self._in_words = False

    @property
    def takes_schema(self) -> bool:
        """Whether it is asked for an answer of a type by a JSON schema, and not in words."""
        return self.transport.native and not self._in_words

    def ask_in_words(self) -> None:
        """Notes that its server refuses JSON schemas, whatever was expected of it."""
        if not self._in_words:
            log.info("%s takes no JSON schema: shapes are asked for in words", self.spec.model)
        self._in_words = True

    @cached_property
    def limiter(self) -> Limiter:
        """Admission to the model, shared by all declarations of it."""
        return limiter_of(part_of(self.spec, self._models.parts))

    @cached_property
    def prices(self) -> Prices:
        """What its calls cost."""
        return prices(self.spec)

    @cached_property
    def batch_prices(self) -> Prices:
        """What its calls cost in batches."""
        return prices(self.spec, batch=True)

    @cached_property
    def transport(self) -> Keyless:
        """The way to ask it: straight where litellm would send a plain request, else litellm.

        Raises:
            Mistake: Its key is missing.
        """
        key = self._keyring.key(self.spec)
        if self.spec.transport != "litellm":
            template = request_template(self.spec, key, listed(self.spec.model))
            if template is not None:
                from tasks.models.openai_server import OpenAIServer

                return Keyless(OpenAIServer(template, self._models.connections), self._keyring)
        return Keyless(LitellmModel(self.spec, key), self._keyring)

    @cached_property
    def batch_transport(self) -> BatchServer | None:
        """The way to its provider's batches, if it is declared for batches and has them."""
        if not self.spec.batch or self.spec.simulated:
            return None
        model = LitellmModel(self.spec, self._keyring.key(self.spec))
        return BatchServer(*model.batch_terms(), self._keyring) if model.batches else None


class BoundModels:
    """The bound models of one gateway; a declaration that is read again is not bound again.

    What sends requests is imported when the first one is sent, so that a plan is answered at once.

    Attributes:
        keyring: Gives the keys of models.
        parts: Gateways that share the limits of the models.
    """

    def __init__(self, keyring: Keyring, parts: int = 1) -> None:
        self.keyring = keyring
        self.parts = parts
        self._by_id: dict[int, tuple[ModelSpec, BoundModel]] = {}
        self._by_text: dict[str, BoundModel] = {}

    @cached_property
    def connections(self) -> Connections:
        """The connections of the gateway."""
        from tasks.models.openai_server import Connections

        return Connections()

    async def close(self) -> None:
        """Closes the connections, if there are any."""
        if "connections" in self.__dict__:
            await self.connections.close()

    def of(self, spec: ModelSpec) -> BoundModel:
        """The model that a declaration names."""
        held = self._by_id.get(id(spec))
        if held is not None and held[0] is spec:
            return held[1]
        text = spec.model_dump_json()
        model = self._by_text.get(text)
        if model is None:
            model = self._by_text[text] = BoundModel(spec, self)
        if len(self._by_id) > _MOST_KNOWN:
            self._by_id.clear()
        self._by_id[id(spec)] = (spec, model)
        return model
