"""What is logged: one way for all, readable or as JSON, and nothing that must stay inside."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from bot import logs

TOKEN = "123456789:AbCdEfGhIjKlMnOpQrStUvWxYz012345678"
INSIDE = [TOKEN, "+14165550123", "hunter2"]


@pytest.fixture(autouse=True)
def put_back() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


@pytest.mark.parametrize("form", ["console", "json"])
def test_tokens_passwords_and_numbers_are_masked_wherever_they_stand(
    form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure("INFO", "json" if form == "json" else "console")
    said = f"POST https://api.telegram.org/bot{TOKEN}/sendMessage To=%2B14165550123 to postgresql://u:hunter2@h/db"
    log = structlog.get_logger("ours")
    log.info("sent", to="+14165550123", url=said)
    logging.getLogger("theirs").warning("%s to %s", said, "+14165550123")
    try:
        raise ValueError(said)
    except ValueError:
        log.exception("failed")
    lines = capsys.readouterr().err
    assert lines.count("failed") >= 1
    for secret in (*INSIDE, "4165550123"):
        assert secret not in lines
    assert "23" in lines  # the end of a number stays, to tell two apart


def test_json_is_one_object_a_line_for_libraries_too(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("INFO", "json")
    structlog.get_logger("ours").info("sent", count=2)
    logging.getLogger("theirs").warning("odd %s", "thing")
    ours, theirs = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert (ours["event"], ours["count"], ours["level"], ours["logger"]) == ("sent", 2, "info", "ours")
    assert (theirs["event"], theirs["level"], theirs["logger"]) == ("odd thing", "warning", "theirs")
    assert ours["timestamp"].endswith("Z")


def test_a_traceback_shows_no_values(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("INFO", "json")

    def fail(name: str) -> None:
        raise ValueError(len(name))

    try:
        fail("Amara Osei")
    except ValueError:
        structlog.get_logger("ours").exception("failed")
    assert "Amara" not in capsys.readouterr().err


def test_talkative_libraries_are_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("INFO", "console")
    for name in ("httpx", "twilio.http_client", "apscheduler.executors.default", "telegram.ext"):
        logging.getLogger(name).info("every number in full")
    assert capsys.readouterr().err == ""


def test_levels_below_the_chosen_one_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("WARNING", "console")
    structlog.get_logger("ours").info("sent")
    assert capsys.readouterr().err == ""
