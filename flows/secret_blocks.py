"""Keys of models that stand in blocks of Prefect."""

from __future__ import annotations

from typing import Any

from schemas.errors import Mistake


def secret_block(name: str) -> str:
    """The value of a Prefect Secret block.

    Raises:
        Mistake: There is no block of that name.
    """
    from prefect.blocks.system import Secret
    from prefect.utilities.asyncutils import run_coro_as_sync

    try:
        block: Any = run_coro_as_sync(Secret.aload(name))
    except ValueError as error:
        raise Mistake(
            what="the key of a model is in a Prefect Secret block that cannot be loaded",
            place="models: api_key_block",
            found=name,
            expected="a block of type Secret on the Prefect server in use",
            fix=f'create it: python -c "from prefect.blocks.system import Secret; '
            f"Secret(value='...').save('{name}')\"",
        ) from error
    return str(block.get())
