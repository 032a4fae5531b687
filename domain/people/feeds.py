"""The private address at which a calendar program finds a driver's shifts: one a driver, and only a hash of it is kept.

The token is the edge's: made anew from the instant at which the address was made, so that it can be shown again without
being kept.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Date, LargeBinary, delete, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from domain import audit
from domain.bidding.queries import lock_people
from domain.db.models import CalendarFeed
from domain.db.sql import sql
from domain.people.queries import Person, linked_chat
from domain.refusals import Refusal, Refused
from domain.time import MOMENT
from domain.tokens import hashed

TokenFor = Callable[[datetime], str]  # of an address that was made at this instant

_MARKS = 10_000


@dataclass(frozen=True, slots=True)
class Feed:
    """Somebody's address. `mark`: a number on his buttons, by which one that was pressed twice is known."""

    made_at: datetime
    token_hash: bytes

    @property
    def mark(self) -> int:
        return int.from_bytes(self.token_hash[:4]) % _MARKS

    def has(self, token: str) -> bool:
        """Whether this token is the address's."""
        return hashed(token) == self.token_hash


_FEED = select(CalendarFeed.created_at, CalendarFeed.token_hash)


async def feed(session: AsyncSession, driver_id: uuid.UUID) -> Feed | None:
    """His address, where he has one."""
    row = (await session.execute(_FEED.where(CalendarFeed.user_id == driver_id))).one_or_none()
    return None if row is None else Feed(*row)


async def open_feed(session: AsyncSession, driver: Person, token_for: TokenFor, now: datetime) -> None:
    """He gets an address; who has one keeps it, and whose chat has just been taken from him gets none (R12.7).

    Lock: he, as for whoever takes it from him and voids the address.
    """
    await lock_people(session, [driver.id])
    if await linked_chat(session, driver.id) is None:
        return
    made = upsert(CalendarFeed).values(user_id=driver.id, token_hash=hashed(token_for(now)), created_at=now)
    # Of two presses at one moment the tokens are the same, too: no index may object.
    his = made.on_conflict_do_nothing().returning(CalendarFeed.user_id)
    if await session.scalar(his) is not None:
        await audit.record(session, driver.id, now, audit.Entry("user", driver.id, "calendar_opened"))


async def renew_feed(
    session: AsyncSession, driver: Person, token_for: TokenFor, mark: int, now: datetime
) -> Feed | Refused:
    """Another address; the one with this `mark` is void from now on, and another one stays. Refused: he has none."""
    his = _FEED.where(CalendarFeed.user_id == driver.id).with_for_update(key_share=True)
    row = (await session.execute(his)).one_or_none()
    if row is None:
        return Refused(Refusal.NOT_FOUND)
    old = Feed(*row)
    if old.mark != mark:
        return old
    made_at = max(now, old.made_at + MOMENT)
    new = Feed(made_at, hashed(token_for(made_at)))
    given = {"token_hash": new.token_hash, "created_at": new.made_at}
    await session.execute(update(CalendarFeed).where(CalendarFeed.user_id == driver.id).values(given))
    await audit.record(session, driver.id, now, audit.Entry("user", driver.id, "calendar_renewed"))
    return new


async def close_feed(session: AsyncSession, driver: Person, now: datetime) -> None:
    """His address is void, if he has one."""
    his = delete(CalendarFeed).where(CalendarFeed.user_id == driver.id).returning(CalendarFeed.user_id)
    if await session.scalar(his) is not None:
        await audit.record(session, driver.id, now, audit.Entry("user", driver.id, "calendar_closed"))


@dataclass(frozen=True, slots=True)
class Followed:
    """Whose shifts an address shows, and the language that he reads, if he has chosen one."""

    driver_id: uuid.UUID
    language: str | None


# By the hash: how long it takes to find or miss one says nothing of the token.
_WHOSE = sql(
    """
    SELECT person.id, contact.language FROM calendar_feeds feed
    JOIN users person ON person.id = feed.user_id AND person.role = 'driver'
    LEFT JOIN contact_settings contact ON contact.user_id = person.id
    WHERE feed.token_hash = :token_hash AND (
        NOT EXISTS (SELECT FROM employments home WHERE home.user_id = person.id)
        OR EXISTS (SELECT FROM employments home
                   WHERE home.user_id = person.id AND (home.ends_on IS NULL OR home.ends_on >= :today)))
    """,
    token_hash=LargeBinary(),
    today=Date(),
)


async def whose_feed(session: AsyncSession, token: str, today: date) -> Followed | None:
    """Whose address this is; None for an unknown or void one, and for who has left (R12.7)."""
    row = (await session.execute(_WHOSE, {"token_hash": hashed(token), "today": today})).one_or_none()
    return None if row is None else Followed(*row)
