"""What reaches PostgreSQL, read from its own log: nobody's word is taken for it."""

import asyncio
import re
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_LINE = re.compile(r"^(\w+)\| LOG:  (?:execute [^:]+|statement): *(\S*)")
_NO_WORK = ("BEGIN", "COMMIT", "ROLLBACK", "SHOW", "RESET")
SETTLED_FOR = 0.5  # seconds until every session has read the new setting, and has written its last line


@dataclass(frozen=True, slots=True)
class Counted:
    """The statements of one name, and those that only open and close transactions."""

    statements: int
    brackets: int


async def counted(db: Any, log: Path, name: str, work: Callable[[], Awaitable[object]]) -> Counted:
    """Counts what sessions named `name` send while the work is done and for as long as it takes to settle."""
    return (await counted_by_name(db, log, work))[name]


async def counted_by_name(db: Any, log: Path, work: Callable[[], Awaitable[object]]) -> dict[str, Counted]:
    """The same for all sessions, by their names; of those that sent nothing it says so."""
    await _set(db, log_statement="all", log_line_prefix="%a| ")
    begins = len(_lines(log))
    await work()
    await asyncio.sleep(SETTLED_FOR)
    await _set(db, log_statement="none", log_line_prefix="")
    words: defaultdict[str, list[str]] = defaultdict(list)
    for found in (_LINE.match(line) for line in _lines(log)[begins:]):
        if found:
            words[found[1]].append(found[2].rstrip(";"))
    of: defaultdict[str, Counted] = defaultdict(lambda: Counted(0, 0))
    for name, said in words.items():
        brackets = sum(word in _NO_WORK for word in said)
        of[name] = Counted(len(said) - brackets, brackets)
    return of


def _lines(log: Path) -> list[str]:
    return log.read_text(errors="replace").splitlines()


async def _set(db: Any, **settings: str) -> None:
    for name, value in settings.items():
        await db.execute(f"ALTER SYSTEM SET {name} = '{value}'")
    await db.execute("SELECT pg_reload_conf()")
    await asyncio.sleep(SETTLED_FOR)
