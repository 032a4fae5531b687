"""A file that a manager sends in the chat: kept as it was read, shown, and imported by one press, once (R12.5)."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import DateTime, LargeBinary, Uuid, insert, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from domain import audit
from domain.bidding.queries import lock_people
from domain.db.models import Import, User
from domain.db.sql import sql
from domain.importing.actions import Imported, import_sheet
from domain.importing.judging import Judged, judge_sheet
from domain.importing.sheets import DriverLine, Fault, Line, RouteLine, Sheet, SheetKind, WarehouseLine
from domain.notices import actions as notices
from domain.notices.facts.people import Invitation
from domain.notices.kinds import Kind
from domain.notices.wording import Wording
from domain.people.drivers import own_among
from domain.people.inviting import just_made
from domain.people.queries import Person
from domain.policy import Policy
from domain.refusals import Refusal, Refused
from domain.time import local_day
from domain.tokens import hashed

_LINES: Final[Mapping[SheetKind, Callable[..., Line]]] = {
    SheetKind.WAREHOUSES: WarehouseLine,
    SheetKind.ROUTES: RouteLine,
    SheetKind.DRIVERS: DriverLine,
}


@dataclass(frozen=True, slots=True)
class Pending:
    """It fits, and waits for the last button."""

    import_id: uuid.UUID
    file_name: str
    sheet: Sheet


async def keep_sheet(
    session: AsyncSession, manager: Person, file_name: str, sheet: Sheet, policy: Policy, now: datetime
) -> Pending | tuple[Fault, ...]:
    """Keeps what a file says, to be imported by a press; faults where it does not fit, and then nothing is kept."""
    judged = await judge_sheet(session, manager, sheet, local_day(now, policy))
    if not isinstance(judged, Judged):
        return judged
    import_id = uuid.uuid4()
    lines = [asdict(line) for line in sheet.lines]
    kept = {"file_name": file_name, "kind": sheet.kind.value, "lines": lines, "count": len(lines)}
    await session.execute(insert(Import).values(id=import_id, user_id=manager.id, created_at=now, **kept))
    return Pending(import_id, file_name, sheet)


@dataclass(frozen=True, slots=True)
class Done:
    """It was imported: so many `lines` of that kind. `unlinked`: of its drivers, those who have no chat yet."""

    import_id: uuid.UUID
    kind: SheetKind
    lines: int
    unlinked: int


async def import_kept(
    session: AsyncSession, manager: Person, import_id: uuid.UUID, policy: Policy, now: datetime
) -> Done | tuple[Fault, ...] | Refused:
    """[Import]: all of it, judged once more, or nothing. Pressed again it shows what was done.

    Refused: what the manager has not sent, and what is too old. Lock: the file, then as `import_sheet` has it.
    """
    his = select(Import).where(Import.id == import_id, Import.user_id == manager.id)
    kept = await session.scalar(his.with_for_update(key_share=True), execution_options={"populate_existing": True})
    if kept is None or (kept.imported_at is None and kept.created_at <= now - policy.draft_good_for):
        return Refused(Refusal.DRAFT_GONE)
    kind = SheetKind(kept.kind)
    if kept.imported_at is None:
        result = await import_sheet(session, manager, None, Sheet(kind, _read(kind, kept.lines or [])), policy, now)
        if not isinstance(result, Imported):
            return result
        done = {"imported_at": now, "lines": None, "drivers": list(result.drivers)}
        await session.execute(update(Import).where(Import.id == import_id).values(done))
        entry = audit.Entry("import", import_id, "imported", after={"kind": kind, "lines": kept.count})
        await audit.record(session, manager.id, now, entry)
        return Done(import_id, kind, kept.count, len(result.drivers))
    unlinked = await _unlinked(session, manager, import_id, policy, now)
    return Done(import_id, kind, kept.count, len(unlinked))


def _read(kind: SheetKind, lines: list[dict[str, Any]]) -> tuple[Line, ...]:
    """As they were kept: JSON has lists for tuples."""
    return tuple(
        _LINES[kind](**{name: tuple(value) if isinstance(value, list) else value for name, value in line.items()})
        for line in lines
    )


# -- how those who were imported get their chats


@dataclass(frozen=True, slots=True)
class Unlinked:
    """A driver who came to exist by a file, and has no chat yet."""

    id: uuid.UUID
    name: str
    phone: str


_UNLINKED = sql(
    """
    SELECT who.id, who.first_name || ' ' || who.last_name, who.phone
    FROM imports sent, unnest(sent.drivers) WITH ORDINALITY AS made (id, place)
    JOIN users who ON who.id = made.id
    WHERE sent.id = :import AND sent.user_id = :manager AND who.phone <> ''
      AND NOT EXISTS (SELECT FROM chat_links link WHERE link.user_id = who.id)
    ORDER BY made.place
    """,
    manager=Uuid(),
    **{"import": Uuid()},
)


async def _unlinked(
    session: AsyncSession, manager: Person, import_id: uuid.UUID, policy: Policy, now: datetime
) -> list[Unlinked]:
    """In the file's order, of those who are still the manager's."""
    rows = await session.execute(_UNLINKED, {"import": import_id, "manager": manager.id})
    found = [Unlinked(*row) for row in rows]
    own = await own_among(session, manager.id, [each.id for each in found], local_day(now, policy))
    return [each for each in found if each.id in own]


@dataclass(frozen=True, slots=True)
class Link:
    """A one-time link (R12.2): its secret part is shown once."""

    driver: Unlinked
    token: str


@dataclass(frozen=True, slots=True)
class Links:
    """The new ones. `just_made`: so many drivers keep the one of a moment ago; without any link nobody is left."""

    made: tuple[Link, ...]
    just_made: int


_VOID = sql(
    "UPDATE invites SET used_at = :now WHERE user_id = ANY (:drivers) AND used_at IS NULL", drivers=ARRAY(Uuid())
)
_INVITE = sql(
    """
    INSERT INTO invites (token_hash, user_id, created_by, created_at, expires_at)
    SELECT token_hash, user_id, :manager, :now, :until
    FROM unnest(:hashes, :drivers) AS links (token_hash, user_id)
    """,
    hashes=ARRAY(LargeBinary()),
    drivers=ARRAY(Uuid()),
    manager=Uuid(),
    until=DateTime(timezone=True),
)


async def make_links(
    session: AsyncSession,
    manager: Person,
    import_id: uuid.UUID,
    new_token: Callable[[], str],
    policy: Policy,
    now: datetime,
) -> Links:
    """[Links]: a new one for each driver of a file who has no chat yet; earlier ones are void. Pressed twice it is one.

    Of the tokens, the edge's, only hashes are kept. Locks: the drivers.
    """
    await lock_people(session, [each.id for each in await _unlinked(session, manager, import_id, policy, now)])
    drivers = await _unlinked(session, manager, import_id, policy, now)  # as it stands once they are locked
    new = await just_made(session, [each.id for each in drivers], policy, now)
    others = [each for each in drivers if each.id not in new]
    return Links(await _link(session, manager.id, others, new_token, policy, now), len(new))


async def link_imported(
    session: AsyncSession,
    driver_ids: Sequence[uuid.UUID],
    new_token: Callable[[], str],
    policy: Policy,
    now: datetime,
) -> tuple[Link, ...]:
    """The same for those whom a file has just brought in at the command line, in this order."""
    people = select(User.id, User.first_name + " " + User.last_name, User.phone).where(User.id.in_(driver_ids))
    found = {row[0]: Unlinked(*row) for row in await session.execute(people)}
    return await _link(session, None, [found[id_] for id_ in driver_ids], new_token, policy, now)


async def _link(
    session: AsyncSession,
    actor: uuid.UUID | None,
    drivers: Sequence[Unlinked],
    new_token: Callable[[], str],
    policy: Policy,
    now: datetime,
) -> tuple[Link, ...]:
    if not drivers:
        return ()
    links = tuple(Link(driver, new_token()) for driver in drivers)
    ids = [link.driver.id for link in links]
    await session.execute(_VOID, {"drivers": ids, "now": now})
    given = {"hashes": [hashed(link.token) for link in links], "drivers": ids, "manager": actor, "now": now}
    await session.execute(_INVITE, given | {"until": now + policy.invite_good_for})
    await audit.record(session, actor, now, *(audit.Entry("user", id_, "invited") for id_ in ids))
    return links


async def text_invitations(
    session: AsyncSession,
    manager: Person,
    import_id: uuid.UUID,
    address: str,
    say: Wording,
    policy: Policy,
    now: datetime,
) -> int:
    """[Text them]: whoever of a file has no chat yet is texted where to share his number (R12.2); returns how many.

    Once each, whoever presses how often: without a secret in it, the SMS opens nothing for anybody else.
    """
    drivers = await _unlinked(session, manager, import_id, policy, now)
    notice = Invitation(address, f"{manager.first_name} {manager.last_name}")
    envelope = notices.Envelope(Kind.INVITATION, import_id)
    return await notices.tell(session, [each.id for each in drivers], notice, envelope, say, policy, now)
