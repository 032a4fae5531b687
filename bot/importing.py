"""What the command line does with files of a company's data: all of them are imported, or nothing (R12.5)."""

import secrets
import uuid
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from bot.reader import Reader
from bot.run import StartError
from bot.screens.importing import fault_text, links_file
from domain.db.models.words import UserRole
from domain.importing.actions import Imported, import_sheet
from domain.importing.desk import link_imported
from domain.importing.sheets import Fault, Sheet, SheetKind, read_sheet
from domain.people.phones import e164
from domain.people.queries import people_with_phone
from domain.policy import Policy

_ORDER: Final = tuple(SheetKind)  # routes need their warehouses, drivers both


async def import_files(
    session: AsyncSession, files: Sequence[Path], manager: str | None, policy: Policy, now: datetime
) -> Imported:
    """Imports them in the order in which they need each other; whatever is wrong with one is raised, line by line."""
    sheets = sorted(((path, _read(path, policy)) for path in files), key=lambda each: _ORDER.index(each[1].kind))
    in_charge = await _manager(session, manager)
    if in_charge is None and any(sheet.kind is SheetKind.WAREHOUSES for _, sheet in sheets):
        raise StartError("New warehouses need somebody who manages them: give --manager with the phone of a manager.")
    total = Imported()
    for path, sheet in sheets:
        result = await import_sheet(session, None, in_charge, sheet, policy, now)
        if not isinstance(result, Imported):
            raise _wrong(path, result, policy)
        total = Imported(
            total.warehouses + result.warehouses,
            total.routes + result.routes,
            total.slots + result.slots,
            total.drivers + result.drivers,
        )
    return total


def _read(path: Path, policy: Policy) -> Sheet:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as fault:
        raise StartError(f"{path} can't be read ({fault.strerror}).") from fault
    except UnicodeDecodeError as fault:
        raise StartError(f"{path} is not in UTF-8: save it as CSV UTF-8.") from fault
    found = read_sheet(text, policy)
    if not isinstance(found, Sheet):
        raise _wrong(path, found, policy)
    return found


def _wrong(path: Path, faults: tuple[Fault, ...], policy: Policy) -> StartError:
    reader = Reader("en", policy.zone)
    where = (f"{path.name}, line {fault.line}" if fault.line else path.name for fault in faults)
    lines = [f"{place}: {fault_text(fault, policy, reader)}" for place, fault in zip(where, faults, strict=True)]
    return StartError("\n".join([*lines, "Nothing was imported."]))


async def _manager(session: AsyncSession, phone: str | None) -> uuid.UUID | None:
    if phone is None:
        return None
    known = await people_with_phone(session, e164(phone) or "")
    managers = [each.id for each in known if each.role is UserRole.MANAGER]
    if len(managers) != 1:
        raise StartError(f"{phone} is no manager's number: rollcall create-manager makes the first one.")
    return managers[0]


async def links_of(
    session: AsyncSession, drivers: Sequence[uuid.UUID], username: str, policy: Policy, now: datetime
) -> bytes:
    """A file with a one-time link for each of them."""
    found = await link_imported(session, drivers, lambda: secrets.token_urlsafe(24), policy, now)
    return links_file(found, f"https://t.me/{username}?start=", Reader("en", policy.zone))


def told(result: Imported) -> str:
    """What there is now that was not before."""
    counted = ((result.warehouses, "warehouse"), (result.routes, "route"), (len(result.drivers), "driver"))
    return "Imported: " + ", ".join(f"{n} {thing}{'' if n == 1 else 's'}" for n, thing in counted if n) + "."
