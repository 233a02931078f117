"""Names of studies, stages and steps, the same in flows, tasks and the terminal, and their tags."""

from __future__ import annotations

SHORT = 12


def place(*names: str) -> str:
    """Where something happens: study, stage, step, as far as they are given.

    Example:
        >>> place("small", "codes", "label")
        'small / codes / label'
    """
    return " / ".join(names)


def tags_of(study: str, version: str, stage: str = "") -> tuple[str, ...]:
    """Tags of runs of a study, by which Prefect finds them.

    Example:
        >>> tags_of("small", "0123456789abcdef", "codes")
        ('study:small', 'version:0123456789ab', 'stage:codes')
    """
    tags = (f"study:{study}", f"version:{version[:SHORT]}")
    return (*tags, f"stage:{stage}") if stage else tags
