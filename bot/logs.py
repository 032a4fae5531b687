"""One way for all that is logged, the libraries' lines included; no secret and no whole phone number leaves by it."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, Literal

import structlog
from structlog.typing import Processor

# Their INFO lines print addresses with the bot's token, and whole phone numbers; the scheduler prints every tick.
_TALKATIVE = (
    *("httpx", "httpcore", "aiohttp", "asyncpg", "twilio", "apscheduler"),
    *("telegram", "uvicorn", "alembic", "asyncio"),
)

# What stands between the digits of a phone, also in the address of a request.
_GAP = r"(?:[ .()+-]|%20|%28|%29)"
_NORTH_AMERICAN = r"(?:1[ .+-]?)?(?:(?:\(|%28)[2-9]\d\d(?:\)|%29)(?:[ .+-]|%20)?|[2-9]\d\d(?:[ .+-]|%20))[2-9]\d\d"

# Without any gap a phone looks like the id of a chat; but an id stands behind a word that says so.
_COLOUR = r"\x1b\[\d+m"
_ID = rf"""\b(?:\w+_)?(?:id|ids|chat)\b(?:{_COLOUR}|[\s'"=:\[\\])+\d+\b"""
_BARE = r"(?:(?<![\w.+-])|(?<=\\n)|(?<=\[\d\dm))1?[2-9]\d\d[2-9]\d{4}(\d\d)(?![\w-]|\.\d)"
_BARE_OR_ID = re.compile(rf"({_ID})|{_BARE}")

_MASKS = (
    (re.compile(r"\b\d+:[A-Za-z0-9_-]{20,}"), "<token>"),
    (re.compile(r"/bot\d+:[A-Za-z0-9_-]+"), "/bot<token>"),
    (re.compile(r"://([^:/@\s]+):[^@\s]+@"), r"://\1:<password>@"),
    (re.compile(rf"(\+|%2B)[1-9](?:{_GAP}{{0,2}}\d){{5,12}}{_GAP}?(\d{{2}})(?!\d)"), r"\1…\2"),
    (re.compile(rf"(?<![\w.+-]){_NORTH_AMERICAN}(?:[ .+-]|%20)\d\d(\d\d)(?![\w-])"), r"…\1"),
    (re.compile(r"(DETAIL:\s+)(?:[^\n\\]|\\(?!n))*"), r"\1<row>"),  # PostgreSQL quotes the row that it refuses
)


def masked(line: str) -> str:
    """The line without tokens and passwords; of a phone number the last two digits stay, to tell two apart."""
    for pattern, instead in _MASKS:
        line = pattern.sub(instead, line)
    return _BARE_OR_ID.sub(lambda found: found[1] or f"…{found[2]}", line)


def configure(level: str, form: Literal["console", "json"]) -> None:
    """Sends everything to standard error, as lines to read or as one JSON object a line."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: list[Processor] = (
        [
            structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False)),
            structlog.processors.JSONRenderer(),
        ]
        if form == "json"
        else [
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)
        ]
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderer, _masked],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("apscheduler.scheduler").setLevel(logging.ERROR)  # it warns of each tick that a long duty skips
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )


def _masked(_logger: Any, _method: str, line: str | MutableMapping[str, Any]) -> str:
    """Last of all: whatever wrote it and however it was put in, the finished line is what is masked."""
    return masked(str(line))
