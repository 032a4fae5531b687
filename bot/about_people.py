"""What the command line does about one person's data (R12.6)."""

import os
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from bot.exports import as_json
from bot.run import StartError
from domain.people import anonymising
from domain.people.drivers import Found
from domain.people.exporting import export_person, people_named
from domain.policy import Policy
from domain.refusals import Refusal, Refused

_NOT_ANONYMOUS: Final = {
    Refusal.NOT_FOUND: "There is no {name} any more.",
    Refusal.NOT_A_DRIVER: "{name} is a manager.",
    Refusal.STILL_EMPLOYED: "{name} is still employed: a manager enters the last day first, with /driver.",
    Refusal.STILL_HAS_SHIFTS: "{name} has shifts to drive: a manager gives them to others first.",
}


async def export(session: AsyncSession, who: str, now: datetime) -> str:
    """All that is recorded about him."""
    return as_json(await export_person(session, (await _the_one(session, who)).id, now))


def write(to: Path, content: bytes) -> None:
    """A new file, for its owner's eyes only."""
    try:
        with os.fdopen(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
    except OSError as fault:
        raise StartError(f"{to} can't be written ({fault.strerror}).") from fault


async def anonymise(session: AsyncSession, who: str, policy: Policy, now: datetime, *, yes: bool) -> str:
    """Says what was done; without `yes` nothing is."""
    found = await _the_one(session, who)
    if not yes:
        raise StartError(f"This can't be undone: add --yes to make {found.name}, {found.phone}, anonymous.")
    done = await anonymising.anonymise(session, None, found.id, policy, now)
    if isinstance(done, Refused):
        raise StartError(_NOT_ANONYMOUS[done.why].format(name=found.name))
    return f"{found.name} is a former driver now, and nobody in particular."


async def _the_one(session: AsyncSession, who: str) -> Found:
    found = await people_named(session, who)
    if not found:
        raise StartError(f"Nobody is called {who}, or has this number; write the whole name.")
    if len(found) > 1:
        people = ", ".join(f"{each.name} {each.phone}" for each in found)
        raise StartError(f"Several people fit: {people}. Write the phone number.")
    return found[0]
