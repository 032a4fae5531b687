"""What is logged: one way for all, readable or as JSON, and nothing that must stay inside."""

import json
import logging
import re
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


PHONES = (
    *("416-555-0101", "(416) 555-0101", "(416)555-0101", "416.555.0101", "416 555 0101", "1-416-555-0101"),
    *("+14165550101", "+1 416 555 0101", "+1 (416) 555-0101", "+1-416-555-0101", "+33 6 12 34 01 01"),
    *("%2B14165550101", "%28416%29+555-0101", "%28416%29%20555-0101", "tel:416-555-0101"),
    *("4165550101", "14165550101", "tel:4165550101"),
)


@pytest.mark.parametrize("phone", PHONES)
@pytest.mark.parametrize("library", ["twilio.http_client", "httpx", "aiohttp.client", "asyncpg", "telegram.ext"])
def test_a_phone_is_masked_however_a_library_writes_it(
    phone: str, library: str, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure("INFO", "json")
    logging.getLogger(library).warning("The 'To' number %s, is not valid", phone)
    logging.getLogger(library).error("refused", exc_info=ValueError(f"To={phone}&From='{phone}'"))
    lines = capsys.readouterr().err
    assert len(lines.splitlines()) == 2
    untimed = re.sub(r'"timestamp": "[^"]*"', "", lines)
    digits = re.sub(r"%..|\D", "", untimed)
    assert "555" not in untimed
    assert "5550101" not in digits
    assert "612340101" not in digits
    assert lines.count("…01") == 3  # the end of a number stays


PLAIN = (
    *("2026-11-25 07:20:00.123456", "2026-11-25T07:20:00+00:00", "25/Nov/2026:07:20:00 +0000", "127.0.0.1:54321"),
    *("http://h:8080/healthz", "10.0.255.255", "update_id=501234567", "chat 7012345678", "took 416.555 s"),
    *("416a55b5-0101-4555-8010-101416555010", "SM0123456789abcdef0123456789abcdef", "retry in 0.416, 2 of 3"),
    *(
        "chat_id=4165550123",
        '"chat_id": 4165550123',
        "{'id': 14165550123}",
        '"chat":{"id":4165550123}',
        "chat 4165550123",
    ),
    *("\x1b[36mchat_id\x1b[0m=\x1b[35m4165550123\x1b[0m", '\\"id\\": 4165550123', "4165550123-0101-4555"),
    *("1767225600", "1767225600123", "41655501234", "4165550123.25", "0.4165550123", "1140550123", "a4165550123"),
)


@pytest.mark.parametrize(
    "before", ["", "=", "phone='", '"To": "', "paid ", "\\n", "\x1b[35m", "chat_id=7012345678 to="]
)
@pytest.mark.parametrize("after", ["", "'", '"', ".", ",", "\x1b[0m", " is no phone"])
@pytest.mark.parametrize("phone", ["4165550123", "14165550123"])
def test_a_bare_phone_is_masked_wherever_no_word_says_that_it_is_an_id(before: str, phone: str, after: str) -> None:
    assert logs.masked(before + phone + after) == f"{before}…23{after}"


@pytest.mark.parametrize("text", PLAIN)
def test_dates_ids_and_ports_stay(text: str) -> None:
    assert logs.masked(text) == text


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
    logging.getLogger("apscheduler.scheduler").warning("a tick is skipped, since a roster takes longer than a second")
    assert capsys.readouterr().err == ""


def test_levels_below_the_chosen_one_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("WARNING", "console")
    structlog.get_logger("ours").info("sent")
    assert capsys.readouterr().err == ""
