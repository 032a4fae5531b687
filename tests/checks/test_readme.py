"""What the README says of settings and commands is true."""

import re
from pathlib import Path

from bot.__main__ import cli
from bot.settings import Settings

README = (Path(__file__).parents[2] / "README.md").read_text()


def test_the_table_has_every_setting_and_no_other() -> None:
    table = README.split("## Settings")[1].split("## ")[0]
    named = {name for row in re.findall(r"^\| (`.*?) \|", table, re.M) for name in re.findall(r"`([A-Z_]+)`", row)}
    assert named == {name.upper() for name in Settings.model_fields}


def test_every_command_that_is_named_exists() -> None:
    commands = {
        info.name or (info.callback.__name__ if info.callback else "").replace("_", "-")
        for info in cli.registered_commands
    } | {group.name for group in cli.registered_groups}
    named = set(re.findall(r"rollcall ([a-z][a-z-]+)", README))
    assert named - commands == set()
