"""What hosts read (docs/operations.md) names only what there is."""

import json
import re
import tomllib
from pathlib import Path

from bot.__main__ import cli

HERE = Path(__file__).parents[2]
COMMANDS = {
    command.name or (command.callback.__name__ if command.callback else "") for command in cli.registered_commands
}
PROCESSES = {"rollcall migrate", "rollcall web", "rollcall worker"}


def read(path: str) -> str:
    return (HERE / path).read_text(encoding="utf-8")


def test_every_process_is_a_command() -> None:
    assert {command.removeprefix("rollcall ") for command in PROCESSES} <= {name.replace("_", "-") for name in COMMANDS}


def test_each_host_runs_the_same_processes() -> None:
    procfile = dict(line.split(": ", 1) for line in read("Procfile").splitlines())
    assert set(procfile.values()) == PROCESSES
    fly = tomllib.loads(read("deploy/fly.toml"))
    assert {*fly["processes"].values(), fly["deploy"]["release_command"]} == PROCESSES
    assert set(fly["http_service"]["processes"]) == {"web"}
    web, worker = [json.loads(read(f"deploy/railway.{name}.json"))["deploy"] for name in ("web", "worker")]
    assert {*web["preDeployCommand"], web["startCommand"], worker["startCommand"]} == PROCESSES
    assert fly["http_service"]["checks"][0]["path"] == web["healthcheckPath"] == "/healthz"


def test_a_machine_of_ones_own_migrates_and_serves() -> None:
    unit = read("deploy/rollcall.service")
    assert re.findall(r"^Exec\w+=/opt/rollcall/\.venv/bin/(.+)$", unit, re.MULTILINE) == [
        "rollcall migrate",
        "rollcall serve",
    ]


def test_images_and_buildpacks_install_what_is_locked() -> None:
    assert "--require-hashes -r requirements/base.txt" in read("Dockerfile")
    assert "-r requirements/base.txt" in read("requirements.txt").splitlines()
