"""Names under which participants are shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence


def neutral_names(n: int) -> tuple[str, ...]:
    """Names that say nothing: Agent-A to Agent-Z, then Agent-AA.

    Example:
        >>> neutral_names(3)
        ('Agent-A', 'Agent-B', 'Agent-C')
        >>> neutral_names(28)[-1]
        'Agent-AB'
    """
    return tuple(f"Agent-{_letters(position)}" for position in range(1, n + 1))


def _letters(number: int) -> str:
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def model_names(models: Sequence[str]) -> tuple[str, ...]:
    """The models' own names, their provider left out, numbered where several share one.

    Example:
        >>> model_names(["openai/gpt-5", "ollama/llama3", "openai/gpt-5"])
        ('gpt-5-1', 'llama3', 'gpt-5-2')
    """
    shorts = [model.rpartition("/")[2] for model in models]
    shared = Counter(shorts)
    count: Counter[str] = Counter()
    names = []
    for short in shorts:
        count[short] += 1
        names.append(f"{short}-{count[short]}" if shared[short] > 1 else short)
    return tuple(names)
