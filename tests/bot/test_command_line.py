"""The command line: what it says and with what code it ends, when something is wrong and when nothing is."""

import asyncio
import json
import logging
import socket
import sys
import tempfile
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from zoneinfo import ZoneInfo

import pytest
import structlog
from sqlalchemy import insert, select

from bench import measuring
from bot.__main__ import main
from bot.deliveries import told
from bot.jobs import table_of_duties
from bot.settings import Settings
from bot.wording import Words
from domain.db.engine import connect
from domain.db.models import Delivery, User, Warehouse, WarehouseManager
from domain.db.models.words import UserRole
from domain.notices.operators import NotDone, WhyNot
from sandbox.clock import SandboxClock
from sandbox.server import Running, create_app, running
from tests.domain.world import POLICY


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str

    def one_sentence(self, code: int = 1) -> str:
        """Nothing but this on standard error: no traceback, no log."""
        assert (self.code, self.out) == (code, ""), self
        (line,) = self.err.splitlines()
        return line


Rollcall = Callable[..., Ended]


@pytest.fixture
def rollcall(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Iterator[Rollcall]:
    """Runs a command to its end, with these settings and no others."""
    monkeypatch.chdir(tmp_path)
    root = logging.getLogger()
    before = root.handlers[:], root.level

    def run(*arguments: str, **settings: Any) -> Ended:
        with monkeypatch.context() as patch:
            for name in Settings.model_fields:
                patch.delenv(name.upper(), raising=False)
            for name, value in settings.items():
                patch.setenv(name.upper(), str(value))
            patch.setattr(sys, "argv", ["rollcall", *arguments])
            capsys.readouterr()
            with pytest.raises(SystemExit) as left:
                main()
            return Ended(int(left.value.code or 0), *capsys.readouterr())

    yield run
    root.handlers[:], root.level = before
    structlog.reset_defaults()


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Running]:
    """In a thread of its own: a command has the event loop of this one to itself."""
    started: list[Running] = []
    ready, loop = threading.Event(), asyncio.new_event_loop()
    stop = asyncio.Event()

    async def run() -> None:
        async with running(create_app(SandboxClock())) as sandbox:
            started.append(sandbox)
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(run()))
    thread.start()
    assert ready.wait(20)
    yield started[0]
    loop.call_soon_threadsafe(stop.set)
    thread.join()
    loop.close()


@pytest.fixture
def settings(sandbox: Running, database_url: str) -> dict[str, Any]:
    """A bot in good order."""
    told = {"telegram_bot_token": sandbox.settings.token, "telegram_api_url": sandbox.url}
    return told | {"database_url": database_url, "port": 0}


@pytest.mark.parametrize(
    ("command", "needed"),
    [
        ("serve", ["TELEGRAM_BOT_TOKEN"]),
        ("web", ["DATABASE_URL", "TELEGRAM_BOT_TOKEN", "PUBLIC_URL"]),
        ("worker", ["DATABASE_URL", "TELEGRAM_BOT_TOKEN"]),
    ],
)
def test_settings_that_are_missing_are_named_one_a_line(rollcall: Rollcall, command: str, needed: list[str]) -> None:
    ended = rollcall(command)
    assert ended.code == 2
    assert [line.split()[0] for line in ended.err.splitlines()] == needed


@pytest.mark.parametrize("command", ["serve", "worker", "migrate"])
def test_a_database_that_is_down_is_one_sentence(rollcall: Rollcall, settings: dict[str, Any], command: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as found:
        nobody = found.getsockname()[1]
    settings["database_url"] = f"postgresql://u:hunter2@127.0.0.1:{nobody}/x"
    said = rollcall(command, **settings).one_sentence()
    assert said == "The database can't be reached (Connection refused): does it run, and is DATABASE_URL right?"


def test_a_database_that_is_not_there_is_one_sentence(rollcall: Rollcall, settings: dict[str, Any]) -> None:
    settings["database_url"] = urlunsplit(urlsplit(settings["database_url"])._replace(path="/nowhere"))
    assert "has no database of the name in DATABASE_URL" in rollcall("worker", **settings).one_sentence()


def test_a_database_that_is_not_migrated_is_one_sentence(
    rollcall: Rollcall, settings: dict[str, Any], empty_database_url: str
) -> None:
    settings["database_url"] = empty_database_url
    assert "run `rollcall migrate`" in rollcall("serve", **settings).one_sentence()
    migrated = rollcall("migrate", **settings)
    assert (migrated.code, migrated.out) == (0, "The database has the present shape.\n")
    assert rollcall("duty", "waves", **settings).code == 0


def test_a_token_that_is_refused_is_one_sentence(rollcall: Rollcall, settings: dict[str, Any]) -> None:
    settings["telegram_bot_token"] = "1:another"
    said = rollcall("serve", **settings).one_sentence()
    assert said == "Telegram refuses the token: compare TELEGRAM_BOT_TOKEN with @BotFather's."


def test_a_telegram_that_is_away_is_one_sentence(rollcall: Rollcall, settings: dict[str, Any]) -> None:
    """For what is done once; what runs on goes on without it."""
    settings["telegram_api_url"] = "http://127.0.0.1:1"
    said = rollcall("duty", "deliveries", **settings).one_sentence()
    assert said.startswith("Telegram can't be reached at http://127.0.0.1:1")


@pytest.mark.parametrize(
    ("command", "more"),
    [("web", {"public_url": "http://127.0.0.1"}), ("serve", {}), ("worker", {})],
)
def test_a_port_in_use_is_one_sentence(
    rollcall: Rollcall, settings: dict[str, Any], command: str, more: dict[str, Any]
) -> None:
    with socket.create_server(("", 0)) as taken:
        port = taken.getsockname()[1]
        settings |= {"port": port, "log_level": "ERROR"} | more
        said = rollcall(command, **settings).one_sentence()
    assert said == f"Port {port} can't be used (Address already in use): set PORT to another one."


def test_a_port_in_use_is_one_sentence_for_the_demo_too(rollcall: Rollcall, memory: Path) -> None:
    with tempfile.TemporaryDirectory(dir=memory) as folder, socket.create_server(("127.0.0.1", 0)) as taken:
        said = rollcall("demo", data_dir=folder, port=taken.getsockname()[1]).one_sentence()
    assert said == "The port can't be used (Address already in use): set PORT to another one."


def test_what_nobody_foresaw_is_one_sentence_and_the_rest_is_logged(
    rollcall: Rollcall, settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("bot.jobs.run_due", fail)
    ended = rollcall("duty", "waves", **settings, log_format="json")
    logged, said = ended.err.splitlines()
    assert said == f"Rollcall stopped by a fault of its own ({json.loads(logged)['fault_id']}); the log has the rest."
    assert ended.code == 1


def test_r12_1_a_manager_is_created_and_invited(rollcall: Rollcall, settings: dict[str, Any]) -> None:
    create = ("create-manager", "Nadia", "Haddad", "(416) 555-0142", "--warehouse", "North")
    said = rollcall(*create, **settings).one_sentence()
    assert said == "There is no warehouse North yet: give --address to create it."
    ended = rollcall(*create, "--address", "1 Steeles Ave", **settings)
    assert ended.code == 0, ended
    link = ended.out.splitlines()[-1]
    assert link.startswith("https://t.me/rollcall_bot?start=")
    assert len(link.split("=")[1]) <= 64

    async def written() -> tuple[Any, ...]:
        engine = connect(settings["database_url"], connections=0)
        async with engine.connect() as connection:
            managers = select(User.phone, User.role, Warehouse.name).select_from(User)
            managers = managers.join(WarehouseManager).join(Warehouse, Warehouse.id == WarehouseManager.warehouse_id)
            return tuple((await connection.execute(managers)).one())

    assert asyncio.run(written()) == ("+14165550142", UserRole.MANAGER, "North")


@pytest.mark.parametrize("phone", ["12", "+1 800 555 0100 0", "nobody"])
def test_r12_1_a_phone_that_is_none_is_refused(rollcall: Rollcall, settings: dict[str, Any], phone: str) -> None:
    create = ("create-manager", "A", "B", phone, "--warehouse", "N", "--address", "A")
    assert rollcall(*create, **settings).one_sentence() == f"{phone} is not a phone number that Rollcall can use."


def test_a_duty_prints_one_line_of_json(rollcall: Rollcall, settings: dict[str, Any]) -> None:
    ended = rollcall("duty", "windows", "--at", "2026-01-05T07:00", **settings)
    assert ended.code == 0, ended
    assert json.loads(ended.out) == {"duty": "windows", "at": "2026-01-05T07:00:00-05:00", "done": 0}
    ended = rollcall("duty", "deliveries", **settings)
    assert (ended.code, json.loads(ended.out)["duty"]) == (0, "deliveries"), ended


def test_every_duty_can_be_done_by_hand(rollcall: Rollcall, settings: dict[str, Any]) -> None:
    for name in table_of_duties(Words(POLICY.zone), POLICY):
        ended = rollcall("duty", name, "--at", "2026-01-05T07:00", **settings)
        assert (ended.code, json.loads(ended.out)["duty"]) == (0, name), ended


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("rosters",), "There is no duty rosters; there are: deliveries, roster, week-message, windows, "),
        (("waves", "--at", "noon"), "noon is no instant; write it like 2026-11-24T07:00."),
        (("waves", "--at", "2100-01-01T00:00Z"), "2100-01-01T00:00:00+00:00 is yet to come: add --future if that is"),
    ],
)
def test_what_a_duty_cant_do_is_one_sentence(
    rollcall: Rollcall, settings: dict[str, Any], arguments: tuple[str, ...], says: str
) -> None:
    assert rollcall("duty", *arguments, **settings).one_sentence().startswith(says)


def test_all_is_paused_and_goes_on(rollcall: Rollcall, settings: dict[str, Any]) -> None:
    """Both may be said twice; who looks is told."""
    assert rollcall("resume", **settings).out == "It was not paused.\n"
    said = [rollcall("pause", **settings).out for _ in range(2)]
    assert said[0] == said[1] and said[0].startswith("Paused since 20")
    assert "WRONG  pause: since 20" in rollcall("check", **settings).out
    for name in ("deliveries", "windows"):
        assert rollcall("duty", name, **settings).one_sentence().endswith(": `rollcall resume` first.")
    assert rollcall("resume", **settings).out.startswith("It goes on; it was paused since 20")
    assert rollcall("check", **settings).code == 0
    assert rollcall("duty", "windows", **settings).code == 0


def test_check_finds_everything_in_order(rollcall: Rollcall, settings: dict[str, Any], sandbox: Running) -> None:
    told = sandbox.settings
    sms = {"twilio_account_sid": told.account_sid, "twilio_auth_token": told.auth_token}
    sms |= {"twilio_from_number": told.sms_number, "twilio_api_url": sandbox.url}
    ended = rollcall("check", **settings, **sms)
    assert ended.code == 0, ended
    assert [line.split(":")[0] for line in ended.out.splitlines()] == [
        f"ok     {about}" for about in ("database", "Telegram", "webhook", "SMS", "SMS replies", "time zone")
    ]
    assert "since PUBLIC_URL is unset" in ended.out.splitlines()[4]
    known = rollcall("check", **settings, **sms, public_url="https://rollcall.example/bot").out.splitlines()[4]
    address = "https://rollcall.example/bot/twilio/sms#rc=3&rp=all"
    assert known == f"ok     SMS replies: enter {address} at Twilio, as the number's webhook for incoming messages"


def test_check_says_of_each_thing_what_to_do(
    rollcall: Rollcall, settings: dict[str, Any], sandbox: Running, empty_database_url: str
) -> None:
    wrong = {
        "database_url": empty_database_url,
        "public_url": "https://rollcall.example",
        "twilio_account_sid": "AC" + "f" * 32,
        "twilio_auth_token": "wrong",
        "twilio_from_number": "+14165550100",
        "twilio_api_url": sandbox.url,
    }
    ended = rollcall("check", **(settings | wrong))
    assert ended.code == 1
    database, _, webhook, sms, *_ = ended.out.splitlines()
    assert database == "WRONG  database: The database does not have the present tables yet: run `rollcall migrate`."
    assert webhook == "WRONG  webhook: no webhook is set; start `rollcall web` or `rollcall serve`, which sets it."
    assert sms.startswith("WRONG  SMS: Twilio refuses TWILIO_ACCOUNT_SID or TWILIO_AUTH_TOKEN")
    refused = rollcall("check", **(settings | {"telegram_bot_token": "1:another"}))
    assert "WRONG  Telegram: it refuses the token" in refused.out


@pytest.mark.parametrize(("option", "most"), [("--drivers", 20_000), ("--weeks", 520)])
def test_a_simulation_is_no_longer_than_somebody_would_wait_for(rollcall: Rollcall, option: str, most: int) -> None:
    """Its months are made before the first of them runs: 99,999,999 weeks took gigabytes, and no signal was heard."""
    said = rollcall("simulate", option, str(most + 1))
    assert (said.code, said.out) == (2, "")
    assert f"Invalid value for '{option}'" in said.err and f"less than or equal to {most}" in " ".join(said.err.split())


def test_every_command_has_a_sentence_of_help(rollcall: Rollcall) -> None:
    for command in (
        "serve",
        "web",
        "worker",
        "migrate",
        "create-manager",
        "check",
        "duty",
        "deliveries",
        "demo",
        "pause",
        "resume",
    ):
        assert rollcall(command, "--help").out.count(".") >= 1


@dataclass(frozen=True)
class Rows:
    """Deliveries in the database of the settings, to Zoë [o'neil]."""

    url: str

    def add(self, *rows: dict[str, Any]) -> list[str]:
        ids = [uuid.uuid4() for _ in rows]

        async def write() -> None:
            async with connect(self.url, connections=0).begin() as connection:
                user_id = uuid.uuid4()
                person = {"first_name": "Zoë", "last_name": "[o'neil]", "phone": "(416) 555-0142", "password_hash": "!"}
                await connection.execute(insert(User).values(id=user_id, email=str(user_id), **person))
                common = {"user_id": user_id, "kind": "offer", "urgency": 0, "level": 0, "created_at": NOON}
                for id_, row in zip(ids, rows, strict=True):
                    await connection.execute(insert(Delivery).values(common | {"id": id_} | row))

        asyncio.run(write())
        return [str(id_) for id_ in ids]

    def state(self, id_: str) -> tuple[str, bool]:
        """And whether it is due."""

        async def read() -> tuple[str, bool]:
            async with connect(self.url, connections=0).connect() as connection:
                row = select(Delivery.state, Delivery.due_at).where(Delivery.id == uuid.UUID(id_))
                state, due_at = (await connection.execute(row)).one()
                return str(state), due_at is not None

        return asyncio.run(read())


NOON = datetime(2026, 11, 25, 12, tzinfo=ZoneInfo("America/Toronto"))
FAILED = {"channel": "sms", "state": "failed", "failure": "bad_number", "reason": "Twilio answered 400 of +14165550142"}
WAITING = {"channel": "telegram", "state": "pending", "due_at": NOON}
ARRIVED = {"channel": "sms", "state": "delivered", "kind": "won", "level": 1, "created_at": NOON - timedelta(hours=3)}


@pytest.fixture
def rows(database_url: str) -> Rows:
    return Rows(database_url)


def test_deliveries_are_listed_with_nothing_but_a_database(rollcall: Rollcall, rows: Rows) -> None:
    failed, _, arrived = rows.add(FAILED, WAITING, ARRIVED)
    ended = rollcall("deliveries", "list", database_url=rows.url)
    assert (ended.code, ended.err) == (0, ""), ended
    heading, *lines = (line.split() for line in ended.out.splitlines())
    assert heading == ["id", "when", "to", "phone", "by", "kind", "level", "state", "why", "tries"]
    shown = {line[0]: line[1:] for line in lines}
    assert shown[arrived[:8]][:5] == ["2026-11-25", "09:00", "Zoë", "[o'neil]", "…42"]
    why = ["bad_number:", "Twilio", "answered", "400", "of", "+…42"]
    assert shown[failed[:8]][5:] == ["sms", "offer", "urgent", "failed", *why, "0"]
    assert lines[-1][0] == arrived[:8]  # the newest first


def test_deliveries_are_listed_as_json_and_by_what_they_are(rollcall: Rollcall, rows: Rows) -> None:
    failed, waiting, arrived = rows.add(FAILED, WAITING, ARRIVED)

    def found(*options: str) -> set[str]:
        ended = rollcall("deliveries", "list", "--json", *options, database_url=rows.url)
        assert ended.code == 0, ended
        assert "5550142" not in ended.out
        return {json.loads(line)["id"] for line in ended.out.splitlines()}

    assert found() == {failed, waiting, arrived}
    assert found("--state", "failed") == {failed}
    assert found("--level", "important") == found("--kind", "won") == {arrived}
    assert found("--since", "2026-11-25T12:00") == {failed, waiting}
    assert found("--person", "o'neil]", "--limit", "2") < found("--person", "o'neil]")
    assert found("--person", "nobody") == set()


def test_deliveries_are_retried_and_cancelled(rollcall: Rollcall, rows: Rows) -> None:
    failed, waiting, arrived = rows.add(FAILED, WAITING, ARRIVED)
    ended = rollcall("deliveries", "retry", failed[:8], database_url=rows.url)
    assert (ended.code, ended.out, ended.err) == (0, f"{failed[:8]} is in the queue again.\n", "")
    assert rows.state(failed) == ("pending", True)
    ended = rollcall("deliveries", "cancel", waiting, arrived, database_url=rows.url)
    assert (ended.code, ended.out, ended.err) == (1, f"{waiting} is cancelled.\n", f"{arrived} has arrived.\n")
    assert rows.state(waiting) == ("cancelled", False)
    said = rollcall("deliveries", "retry", "12", database_url=rows.url).one_sentence()
    assert said == "12 is not the beginning of a delivery's id: give 6 or more of its characters."


def test_every_reason_not_to_has_its_sentence() -> None:
    for why in WhyNot:
        assert told(NotDone("abcdef", why)).endswith(".")


def test_r12_6_a_person_is_given_out_as_a_new_file_or_printed(rollcall: Rollcall, rows: Rows, tmp_path: Path) -> None:
    rows.add(ARRIVED)
    ended = rollcall("export-person", "zoe [o'neil]", database_url=rows.url)
    assert ended.code == 0, ended
    [user] = json.loads(ended.out)["records"]["users"]
    assert (user["first_name"], "password_hash" in user) == ("Zoë", False)
    file = tmp_path / "zoe.json"
    assert rollcall("export-person", "Zoë O'Neil", "--to", str(file), database_url=rows.url).out == ""
    assert json.loads(file.read_text())["records"]["users"] == [user] and file.stat().st_mode & 0o777 == 0o600
    twice = rollcall("export-person", "Zoë O'Neil", "--to", str(file), database_url=rows.url)
    assert twice.one_sentence() == f"{file} can't be written (File exists)."
    unknown = rollcall("export-person", "Zoë", database_url=rows.url)
    assert unknown.one_sentence() == "Nobody is called Zoë, or has this number; write the whole name."
    rows.add(ARRIVED)
    several = rollcall("export-person", "Zoë O'Neil", database_url=rows.url).one_sentence()
    assert several.startswith("Several people fit: Zoë [o'neil] (416) 555-0142, ")


def test_r12_6_who_is_still_employed_is_not_anonymised_by_hand(rollcall: Rollcall, rows: Rows) -> None:
    rows.add(ARRIVED)
    asked = rollcall("anonymise-person", "Zoë O'Neil", database_url=rows.url).one_sentence()
    assert asked == "This can't be undone: add --yes to make Zoë [o'neil], (416) 555-0142, anonymous."
    refused = rollcall("anonymise-person", "Zoë O'Neil", "--yes", database_url=rows.url).one_sentence()
    assert refused.startswith("Zoë [o'neil] is still employed: ")


# -- what is only where the source is


def test_bench_measures_all_sections_but_machine_or_those_that_are_named(
    rollcall: Rollcall, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured: list[list[str]] = []

    async def measure(wanted: Sequence[str]) -> None:
        measured.append(list(wanted))

    monkeypatch.setattr(measuring, "main", measure)
    assert [rollcall("bench", *named).code for named in ((), ("roster", "machine"))] == [0, 0]
    assert measured == [[name for name in measuring.SECTIONS if name != "machine"], ["roster", "machine"]]
    said = rollcall("bench", "roster", "speed").one_sentence()
    assert said.startswith("There is no section speed; there are: emergency, ") and len(measured) == 2


@pytest.mark.parametrize("missing", ["bench", "psutil"])  # the folder, or what it takes to run it
def test_an_installed_rollcall_has_no_bench_and_says_so(
    rollcall: Rollcall, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "bench"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, missing, None)
    said = rollcall("bench").one_sentence()
    assert said == f"`rollcall bench` is for the source, after `make install` there; {missing} is missing here."
