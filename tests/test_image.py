"""The Dockerfile and compose.yaml, held against their own tools; no container engine is needed."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[1]
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
SERVICES: dict[str, Any] = YAML(typ="safe").load((ROOT / "compose.yaml").read_text("utf-8"))[
    "services"
]


def said(*command: str) -> str:
    """What a tool of this environment has against a file; nothing if all is well."""
    path = Path(sys.executable).parent / command[0]
    done = subprocess.run(
        [path, *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr if done.returncode else ""


def test_the_linter_finds_nothing_in_the_dockerfile() -> None:
    assert said("hadolint", "Dockerfile") == ""


def test_compose_yaml_follows_the_specification_of_compose() -> None:
    assert said("check-jsonschema", "--builtin-schema", "vendor.compose-spec", "compose.yaml") == ""


def test_everything_that_is_copied_is_there_and_is_not_ignored() -> None:
    copied = re.findall(r"^COPY (.*) \S+$", DOCKERFILE, re.MULTILINE)
    sources = {source.rstrip("/") for line in copied for source in line.split()}
    assert all((ROOT / source).exists() for source in sources)
    kept = re.findall(r"^!(.*)$", (ROOT / ".dockerignore").read_text("utf-8"), re.MULTILINE)
    assert sources == set(kept)


def test_nothing_runs_as_root() -> None:
    before, after = DOCKERFILE.split("USER 1000:1000\n")
    assert "--uid 1000" in before
    assert "RUN" not in after
    assert "USER" not in after
    assert not any("user" in service or service.get("privileged") for service in SERVICES.values())


def test_the_server_is_reached_inside_the_network_only_and_keys_stand_in_no_file() -> None:
    assert not any("ports" in service for service in SERVICES.values())
    passed_on = [one for one in SERVICES["worker"]["environment"] if "KEY" in one]
    assert passed_on
    assert not any("=" in one for one in passed_on)


def test_the_worker_asks_the_pool_that_deployments_go_to() -> None:
    from flows.cli.deployment_commands import POOL

    (command,) = re.findall(r"^CMD (.*)$", DOCKERFILE, re.MULTILINE)
    assert json.loads(command)[3:5] == ["--pool", POOL]


@pytest.mark.parametrize("name", ["Dockerfile", "compose.yaml", ".dockerignore", "prefect.yaml"])
def test_no_file_names_a_machine(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    addresses = re.findall(r"https?://([\w.-]+)", text)
    assert set(addresses) <= {"127.0.0.1", "server"}
    assert "index-url" not in text
