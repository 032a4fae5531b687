"""What a kind of message is: the facts that it is rendered from, and how they look."""

import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.reader import Reader
from bot.screens.screen import Screen

Load = Callable[[AsyncSession, uuid.UUID, uuid.UUID | None, datetime], Awaitable[Any | None]]


@dataclass(frozen=True, slots=True)
class Kind:
    """One row of the table. What `load` returns, the others take.

    `load(session, whose, about, now)`, of a person or, for what groups are told, of a group, returns None where there
    is nothing (any more) to show: what is unsent is cancelled, what was sent is deleted from the chat.
    """

    load: Load
    screen: Callable[[Any, Reader], Screen]
    has_point: Callable[[Any, datetime], bool] = lambda _facts, _now: True  # checked before the first send (R11.3)
    sms: Callable[[Any, Reader, str | None, str], str] | None = None  # code, and what comes behind; None: never by SMS
    coded: bool = False  # the SMS offers something that can be taken by a short code (R11.6)
    line: Callable[[Any, Reader, str | None], str] | None = None  # of it in the day's digest; None: its title


Kinds = Mapping[str, Kind]


def about(load: Callable[[AsyncSession, uuid.UUID, uuid.UUID, datetime], Awaitable[Any | None]]) -> Load:
    """For what is about something; about nothing there is nothing to show."""

    async def loaded(session: AsyncSession, user_id: uuid.UUID, id_: uuid.UUID | None, now: datetime) -> Any | None:
        return await load(session, user_id, id_, now) if id_ else None

    return loaded
