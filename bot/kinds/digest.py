"""The day's digest: what of it still has a point, worded by what is true now (R11.3, R11.4a)."""

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.kinds.kind import Kind, Kinds, about
from bot.reader import Reader
from bot.screens import notices as screens
from bot.screens import texts
from domain.notices import digest
from domain.notices import kinds as names
from domain.notices.digest import Digest, Told


@dataclass(frozen=True, slots=True)
class Line:
    """One notice of it, its kind, and the facts as they are now; `code`: by which it can be taken or confirmed."""

    told: Told
    kind: Kind
    facts: Any
    code: str | None = None

    def worded(self, reader: Reader) -> Told:
        if self.kind.line is None:
            return self.told
        return replace(self.told, title=self.kind.line(self.facts, reader, self.code))


@dataclass(frozen=True, slots=True)
class Lines:
    """What a digest tells now, the oldest first."""

    lines: tuple[Line, ...]
    linked: bool

    async def coded(self, code_of: Callable[[Told], Awaitable[str | None]]) -> "Lines":
        """With the codes of what can be taken or confirmed (R11.6)."""
        coded = [replace(line, code=await code_of(line.told)) if line.kind.coded else line for line in self.lines]
        return replace(self, lines=tuple(coded))

    def worded(self, reader: Reader) -> Digest:
        return Digest(tuple(line.worded(reader) for line in self.lines), self.linked)


def kinds(others: Kinds, company: str) -> Kinds:
    """`others`: every kind that it may tell of."""

    async def lines(session: AsyncSession, user_id: uuid.UUID, id_: uuid.UUID, now: datetime) -> Lines | None:
        found = await digest.digest(session, user_id, id_)
        if found is None:
            return None
        every = [await line(session, user_id, told, now) for told in found.notices]
        left = tuple(each for each in every if each is not None)
        return Lines(left, found.linked) if left else None

    async def line(session: AsyncSession, user_id: uuid.UUID, told: Told, now: datetime) -> Line | None:
        kind = others[told.kind]
        facts = await kind.load(session, user_id, told.about, now)
        return Line(told, kind, facts) if facts is not None and kind.has_point(facts, now) else None

    def text(facts: Lines, reader: Reader, behind: str) -> str:
        """Of a single one its own SMS."""
        first, *more = facts.lines
        if not more and first.kind.sms is not None:
            return first.kind.sms(first.facts, reader, first.code, behind)
        return texts.digest(facts.worded(reader), company, reader, behind)

    return {
        names.Kind.DIGEST: Kind(
            about(lines),
            lambda facts, reader: screens.digest(facts.worded(reader), reader),
            sms=lambda facts, reader, _code, behind: text(facts, reader, behind),
        )
    }
