"""The program ``agora``: makes sure that Python finds Agora's own packages, then runs it."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

PACKAGES = ("flows", "schemas", "tasks", "warehouse")


def hiding() -> list[str]:
    """Modules that hide packages of Agora, since they have the same name and are found first."""
    found = []
    for name in PACKAGES:
        own = Path(__file__).resolve().parent / name / "__init__.py"
        spec = find_spec(name)
        if spec is not None and spec.origin is not None and Path(spec.origin).resolve() != own:
            found.append(spec.origin)
    return found


def main() -> None:
    """Run the command line; refuse to where other modules hide its packages."""
    if others := hiding():
        print(
            "modules of yours hide those of Agora\n"
            f"  found:    {', '.join(others)}\n"
            "  to do:    rename them, or take their folder out of PYTHONPATH",
            file=sys.stderr,
        )
        raise SystemExit(2)
    from flows.cli.main import main as run

    run()


if __name__ == "__main__":
    main()
