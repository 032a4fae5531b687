"""`rollcall import`: warehouses, routes and drivers from files, all of them or nothing (PRODUCT)."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Select, func, select

from domain.db.engine import connect
from domain.db.models import Route, User, Warehouse, WarehouseManager
from tests.bot.test_command_line import Rollcall, rollcall, sandbox, settings

__all__ = ["rollcall", "sandbox", "settings"]
MANAGER = "(416) 555-0142"


@pytest.fixture
def company(rollcall: Rollcall, settings: dict[str, Any], tmp_path: Path) -> Path:
    """A first manager, and files of a company in tmp_path."""
    create = ("create-manager", "Nadia", "Haddad", MANAGER, "--warehouse", "North", "--address", "1 Steeles Ave")
    assert rollcall(*create, **settings).code == 0
    for name, text in {
        "drivers.csv": "\ufeffname;phone;warehouse;routes\nAmara Osei;416 555 0101;South;R2\n"
        "Luc Roy;416 555 0102;North;\n",
        "routes.csv": "route,warehouse,days\nR1,North,mon-fri\nR2,South,\n",
        "warehouses.csv": "name,address\nSouth,55 Lake Shore Blvd E\n",
    }.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def looked_up(settings: dict[str, Any], *queries: Select[Any]) -> list[int]:
    async def look() -> list[int]:
        engine = connect(settings["database_url"], connections=0)
        async with engine.connect() as connection:
            found = [await connection.scalar(query) or 0 for query in queries]
        await engine.dispose()
        return found

    return asyncio.run(look())


def counts(settings: dict[str, Any]) -> dict[str, int]:
    models = (Warehouse, Route, User)
    found = looked_up(settings, *(select(func.count()).select_from(model) for model in models))
    return {model.__tablename__: n for model, n in zip(models, found, strict=True)}


def test_a_whole_company_in_one_command(rollcall: Rollcall, settings: dict[str, Any], company: Path) -> None:
    """In whatever order the files are named; with a link for each driver."""
    files = [str(company / name) for name in ("drivers.csv", "routes.csv", "warehouses.csv")]
    to = company / "links.csv"
    ended = rollcall("import", *files, "--manager", MANAGER, "--links", str(to), **settings)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == "Imported: 1 warehouse, 2 routes, 2 drivers.\n"
    assert counts(settings) == {"warehouses": 2, "routes": 2, "users": 3}
    lines = to.read_text(encoding="utf-8-sig").splitlines()
    assert lines[0] == "name,phone,link" and len(lines) == 3
    assert lines[1].startswith("Amara Osei,+14165550101,https://t.me/rollcall_bot?start=")
    assert to.stat().st_mode & 0o077 == 0

    assert looked_up(settings, select(func.count(WarehouseManager.warehouse_id.distinct()))) == [2]
    again = rollcall("import", *files, "--manager", MANAGER, **settings)
    assert again.code == 1 and "warehouses.csv, line 2: “South” is there already." in again.err


def test_what_is_wrong_is_told_by_line_and_nothing_is_imported(
    rollcall: Rollcall, settings: dict[str, Any], company: Path
) -> None:
    (company / "drivers.csv").write_text("name,phone,warehouse\nA,12,\nB C,4165550103,Nowhere\n")
    files = [str(company / name) for name in ("warehouses.csv", "routes.csv", "drivers.csv")]
    before = counts(settings)
    ended = rollcall("import", *files, "--manager", MANAGER, **settings)
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.splitlines() == [
        "drivers.csv, line 2: “A” is no whole name, or too long a one.",
        "drivers.csv, line 2: “12” is no phone number that can be used.",
        "drivers.csv, line 2: The warehouse is missing.",
        "drivers.csv, line 3: None of your warehouses is called “Nowhere”.",
        "Nothing was imported.",
    ]
    assert counts(settings) == before


def test_what_is_missing_is_one_sentence(rollcall: Rollcall, settings: dict[str, Any], company: Path) -> None:
    warehouses = str(company / "warehouses.csv")
    said = rollcall("import", warehouses, **settings).one_sentence()
    assert said == "New warehouses need somebody who manages them: give --manager with the phone of a manager."
    said = rollcall("import", warehouses, "--manager", "416 555 9999", **settings).one_sentence()
    assert "is no manager's number" in said
    said = rollcall("import", str(company / "nothing.csv"), **settings).one_sentence()
    assert "can't be read (No such file or directory)" in said
    (company / "latin.csv").write_bytes("name,address\nZoé,1 St".encode("latin-1"))
    said = rollcall("import", str(company / "latin.csv"), **settings).one_sentence()
    assert "is not in UTF-8" in said
