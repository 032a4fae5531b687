"""The one table of what Rollcall shows on a phone: each kind's facts, when it has a point, its screen and its SMS.

A message is always rendered from what is true when it is sent or redrawn, never from what was true when it was queued.
"""

import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.reader import Reader
from bot.screens.screen import Screen


@dataclass(frozen=True, slots=True)
class Kind:
    """One row of the table; `F` are the facts that `load` returns and the others take.

    `load(session, user_id, about, now)` returns None where there is nothing (any more) to show: what is unsent is
    cancelled, what was sent is deleted from the chat.
    """

    load: Callable[[AsyncSession, uuid.UUID, uuid.UUID | None, datetime], Awaitable[Any | None]]
    screen: Callable[[Any, Reader], Screen]
    has_point: Callable[[Any, datetime], bool] = lambda _facts, _now: True  # checked before the first send (R11.3)
    sms: Callable[[Any, Reader], str] | None = None  # None: never by SMS


Kinds = Mapping[str, Kind]
