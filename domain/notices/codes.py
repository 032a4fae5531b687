"""The short codes by which something in an SMS can be answered (R11.6)."""

import re
import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import DateTime, Text, Uuid
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from domain.db.sql import sql

# No two of these look alike. With a digit in the middle, no code is a word: neither a command nor STOP, END or YES.
LETTERS: Final = "ACDEFHJKMNPQRTWXY"
DIGITS: Final = "34679"
CODE: Final = re.compile(f"[{LETTERS}][{DIGITS}][{LETTERS}]")
DRAWS_MOST: Final = 50  # a phone has a handful of codes at a time, of more than a thousand

Choose = Callable[[str], str]  # one of these characters, at random


def draw(choose: Choose) -> str:
    """A code, like `K7Q`."""
    return choose(LETTERS) + choose(DIGITS) + choose(LETTERS)


_KNOWN = sql(
    """
    UPDATE sms_codes SET expires_at = :until
    WHERE phone = :phone AND user_id = :user_id AND kind = :kind AND about = :about
    RETURNING code
    """,
    phone=Text(),
    user_id=Uuid(),
    kind=Text(),
    about=Uuid(),
    until=DateTime(timezone=True),
)
_NEW = sql(
    """
    INSERT INTO sms_codes (phone, code, user_id, kind, about, expires_at)
    VALUES (:phone, :code, :user_id, :kind, :about, :until)
    ON CONFLICT DO NOTHING
    RETURNING code
    """,
    phone=Text(),
    code=Text(),
    user_id=Uuid(),
    kind=Text(),
    about=Uuid(),
    until=DateTime(timezone=True),
)


async def code_for(
    db: AsyncSession | AsyncConnection,
    phone: str,
    user_id: uuid.UUID,
    kind: str,
    about: uuid.UUID,
    expires_at: datetime,
    choose: Choose = secrets.choice,
) -> str:
    """The code that stands for this on this phone (E.164), good until `expires_at`; the same each time.

    Of two who ask for it at once the second waits for the first, and finds his. A code that has expired stands for
    nothing else until the clean-up: an old SMS can't take a new shift.
    """
    given = {"phone": phone, "user_id": user_id, "kind": kind, "about": about, "until": expires_at}
    for _ in range(DRAWS_MOST):
        code: str | None = await db.scalar(_KNOWN, given) or await db.scalar(_NEW, given | {"code": draw(choose)})
        if code is not None:
            return code
    raise RuntimeError("no code is left on a phone")


@dataclass(frozen=True, slots=True)
class Meant:
    """What a code stands for, and whose it is: a phone may be shared."""

    user_id: uuid.UUID
    kind: str
    about: uuid.UUID


_MEANT = sql(
    "SELECT user_id, kind, about FROM sms_codes WHERE phone = :phone AND code = :code AND expires_at > :now",
    phone=Text(),
    code=Text(),
)


async def meant_by(session: AsyncSession, phone: str, code: str, now: datetime) -> Meant | None:
    """What a code (in capitals) means that came from this phone; None for one that is wrong, another's, or expired."""
    row = (await session.execute(_MEANT, {"phone": phone, "code": code, "now": now})).one_or_none()
    return None if row is None else Meant(*row)
