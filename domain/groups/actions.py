"""A warehouse's group: connected by one of its managers, until somebody or something ends that (R12.3, R12.4)."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import BigInteger, Select, Uuid, not_, or_, select, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncSession

from domain import audit
from domain.db.models import Delivery, Warehouse, WarehouseGroup
from domain.db.models.words import Channel, DeliveryState, Urgency
from domain.db.sql import sql
from domain.notices.kinds import Kind
from domain.people.queries import Person, manages
from domain.refusals import Refusal, Refused
from domain.schedule.queries import place_locked

TITLE_MOST = 255  # Telegram's own limit


@dataclass(frozen=True, slots=True)
class Group:
    """A group as Telegram names it."""

    chat_id: int
    title: str


@dataclass(frozen=True, slots=True)
class Connected:
    """The group reads from now on what happens to the warehouse's routes; `already`: it did before."""

    warehouse: str
    already: bool = False


@dataclass(frozen=True, slots=True)
class Connections:
    """What stands against it unless he says so: the warehouse's other group, the group's other warehouse.

    `his`: he may end that; else only the managers of the other warehouse can.
    """

    warehouse_id: uuid.UUID
    warehouse: str
    other_title: str | None
    other_warehouse: str | None
    his: bool


_ONE_BY_ONE: Final = sql("SELECT pg_advisory_xact_lock(:chat)", chat=BigInteger())


async def connect(
    session: AsyncSession,
    manager: Person,
    warehouse_id: uuid.UUID,
    group: Group,
    language: str,
    now: datetime,
    *,
    instead: bool = False,
) -> Connected | Connections | Refused:
    """Connects a group to a warehouse of the manager's; `instead` of whatever either was connected to before.

    Refused: no warehouse of his, or the group is another's, for which somebody vouches. Locks: the chat, the warehouse,
    then what is connected. Two who connect two groups to it at once, or it to two warehouses, come one behind the
    other, and the second reads of the first.
    """
    await session.execute(_ONE_BY_ONE, {"chat": group.chat_id})
    place = await place_locked(session, manager.id, warehouse_id)  # he may just have been removed from it (R12.5)
    if place is None or place.is_route:
        return Refused(Refusal.NOT_FOUND)
    warehouse = place.name
    standing = await _standing(session, warehouse_id, group.chat_id)
    if [(each.warehouse_id, each.chat_id) for each in standing] == [(warehouse_id, group.chat_id)]:
        await _vouch(session, standing[0], manager, now)
        return Connected(warehouse, already=True)
    his = not await _has_anothers(session, manager, standing)
    if standing and not instead:
        return await _against(session, warehouse_id, warehouse, group, standing, his=his)
    if not his:
        return Refused(Refusal.NOT_FOUND)
    await _end(session, standing, manager.id, now)
    await _say_farewell(session, [each for each in standing if each.chat_id != group.chat_id], now)
    made = {
        "warehouse_id": warehouse_id,
        "chat_id": group.chat_id,
        "title": group.title[:TITLE_MOST],
        "language": language,
        "connected_by": manager.id,
        "connected_at": now,
    }
    await session.execute(insert(WarehouseGroup).values(made))
    entry = audit.Entry("warehouse", warehouse_id, "group_connected", after={"name": group.title})
    await audit.record(session, manager.id, now, entry)
    return Connected(warehouse)


async def _vouch(session: AsyncSession, group: WarehouseGroup, manager: Person, now: datetime) -> None:
    """Another manager connects what is connected: it is as good as his word from now on."""
    before = group.connected_by
    if before != manager.id:
        vouched = update(WarehouseGroup).where(WarehouseGroup.id == group.id).values(connected_by=manager.id)
        await session.execute(vouched)
        change = {"connected_by": str(before)}, {"connected_by": str(manager.id)}
        await audit.record(
            session, manager.id, now, audit.Entry("warehouse", group.warehouse_id, "group_kept", *change)
        )


async def _standing(session: AsyncSession, warehouse_id: uuid.UUID, chat_id: int) -> Sequence[WarehouseGroup]:
    """What the warehouse and the group are connected to, locked."""
    either = or_(WarehouseGroup.warehouse_id == warehouse_id, WarehouseGroup.chat_id == chat_id)
    standing = select(WarehouseGroup).where(either, WarehouseGroup.ended_at.is_(None)).order_by(WarehouseGroup.id)
    return (await session.scalars(standing.with_for_update(key_share=True))).all()


async def _has_anothers(session: AsyncSession, manager: Person, standing: Sequence[WarehouseGroup]) -> bool:
    """Whether one of them is of a warehouse that isn't his, and stands by the word of a manager there."""
    anothers = select(WarehouseGroup.id).where(
        WarehouseGroup.id.in_([each.id for each in standing]),
        not_(manages(manager.id, WarehouseGroup.warehouse_id)),
        manages(WarehouseGroup.connected_by, WarehouseGroup.warehouse_id),
    )
    return bool(standing) and await session.scalar(anothers.limit(1)) is not None


async def _against(
    session: AsyncSession,
    warehouse_id: uuid.UUID,
    warehouse: str,
    group: Group,
    standing: Sequence[WarehouseGroup],
    *,
    his: bool,
) -> Connections:
    """Of another warehouse's group the name is told only in that group itself, where it is known."""
    other_title = next((each.title for each in standing if each.chat_id != group.chat_id), None)
    others = [each.warehouse_id for each in standing if each.warehouse_id != warehouse_id]
    other = await session.scalar(select(Warehouse.name).where(Warehouse.id.in_(others))) if others else None
    return Connections(warehouse_id, warehouse, other_title, other, his)


@dataclass(frozen=True, slots=True)
class Disconnected:
    """Nothing more is told in the group."""

    warehouse: str
    title: str


async def disconnect(
    session: AsyncSession, manager: Person, group_id: uuid.UUID, now: datetime, *, there: bool = False
) -> Disconnected | Refused:
    """Ends it, by any manager of its warehouse. Refused: none of his, or none any more.

    The group is told so, unless he is answered `there`.
    """
    found = await session.execute(
        select(WarehouseGroup, Warehouse.name)
        .join(Warehouse, Warehouse.id == WarehouseGroup.warehouse_id)
        .where(
            WarehouseGroup.id == group_id,
            WarehouseGroup.ended_at.is_(None),
            manages(manager.id, WarehouseGroup.warehouse_id),
        )
        .with_for_update(key_share=True, of=WarehouseGroup)
    )
    row = found.one_or_none()
    if row is None:
        return Refused(Refusal.NOT_FOUND)
    group, warehouse = row
    await _end(session, [group], manager.id, now)
    if not there:
        await _say_farewell(session, [group], now)
    return Disconnected(warehouse, group.title)


async def gone(session: AsyncSession, chat_id: int, now: datetime) -> None:
    """The bot is not in this group any more, whoever has removed it."""
    of = select(WarehouseGroup).where(WarehouseGroup.chat_id == chat_id, WarehouseGroup.ended_at.is_(None))
    await _end(session, (await session.scalars(of.with_for_update(key_share=True))).all(), None, now)


async def forsake(session: AsyncSession, warehouse_id: uuid.UUID, user_id: uuid.UUID, now: datetime) -> None:
    """Somebody will no longer manage this warehouse: a group that he has connected to it is told so, and no more."""
    his = (WarehouseGroup.warehouse_id == warehouse_id, WarehouseGroup.connected_by == user_id)
    await _forsake(session, select(WarehouseGroup).where(*his), now)


async def end_forsaken(session: AsyncSession, now: datetime) -> int:
    """The same wherever another program has done that; returns how many groups that were."""
    vouched = manages(WarehouseGroup.connected_by, WarehouseGroup.warehouse_id)
    return await _forsake(session, select(WarehouseGroup).where(not_(vouched)), now)


async def _forsake(session: AsyncSession, of: Select[tuple[WarehouseGroup]], now: datetime) -> int:
    standing = of.where(WarehouseGroup.ended_at.is_(None)).order_by(WarehouseGroup.id)
    forsaken = (await session.scalars(standing.with_for_update(key_share=True))).all()
    await _end(session, forsaken, None, now)
    await _say_farewell(session, forsaken, now)
    return len(forsaken)


async def _say_farewell(session: AsyncSession, ended: Sequence[WarehouseGroup], now: datetime) -> None:
    for group in ended:
        farewell = {
            "group_id": group.id,
            "channel": Channel.TELEGRAM,
            "kind": Kind.GROUP_FORSAKEN,
            "about": group.id,
            "urgency": int(Urgency.IMPORTANT),
            "level": int(Urgency.NORMAL),
            "state": DeliveryState.PENDING,
            "due_at": now,
            "chat_id": group.chat_id,
            "created_at": now,
        }
        await session.execute(insert(Delivery).values(farewell))


# What was told stays in the group as it was; what is on its way no longer is.
_LET_GO = sql(
    """
    WITH locked AS (
        SELECT id FROM deliveries
        WHERE group_id = ANY (:groups) AND state IN ('pending', 'sending', 'sent', 'acknowledged')
        ORDER BY id FOR NO KEY UPDATE
    )
    UPDATE deliveries SET state = 'cancelled', attempt = attempt + 1, redraw = false, due_at = NULL, lease_until = NULL,
        reason = 'the group is not connected any more'
    WHERE id IN (SELECT id FROM locked)
    """,
    groups=ARRAY(Uuid()),
)


async def _end(session: AsyncSession, groups: Sequence[WarehouseGroup], by: uuid.UUID | None, now: datetime) -> None:
    if not groups:
        return
    ids = [each.id for each in groups]
    ended = update(WarehouseGroup).where(WarehouseGroup.id.in_(ids)).values(ended_at=now, ended_by=by)
    await session.execute(ended)
    await session.execute(_LET_GO, {"groups": ids})
    entries = [
        audit.Entry("warehouse", each.warehouse_id, "group_disconnected", before={"name": each.title})
        for each in groups
    ]
    await audit.record(session, by, now, *entries)


# One that somebody has connected under its new id meanwhile is that. What was written by who did not know yet is
# found by the group, too.
_MOVED = sql(
    """
    WITH moved AS (
        UPDATE warehouse_groups SET chat_id = :after
        WHERE chat_id = :before AND ended_at IS NULL
          AND NOT EXISTS (SELECT FROM warehouse_groups WHERE chat_id = :after AND ended_at IS NULL)
    ), locked AS (
        SELECT d.id FROM deliveries d
        JOIN warehouse_groups g ON g.id = d.group_id AND g.chat_id IN (:before, :after) AND g.ended_at IS NULL
        WHERE d.chat_id = :before AND d.state IN ('pending', 'sending', 'sent', 'acknowledged')
        ORDER BY d.id FOR NO KEY UPDATE OF d
    )
    UPDATE deliveries SET
        chat_id = CASE WHEN message_id IS NULL THEN :after ELSE chat_id END,
        state = CASE WHEN message_id IS NULL THEN state ELSE 'cancelled' END,
        redraw = redraw AND message_id IS NULL,
        due_at = CASE WHEN message_id IS NULL THEN due_at END,
        reason = CASE WHEN message_id IS NULL THEN reason ELSE 'the group has become another chat' END
    WHERE id IN (SELECT id FROM locked)
    """,
    before=BigInteger(),
    after=BigInteger(),
)


async def moved(session: AsyncSession, before: int, after: int) -> None:
    """Telegram has made a supergroup of it: what is to come goes there, and what was told can't be changed any more."""
    await session.execute(_ONE_BY_ONE, {"chat": after})
    await session.execute(_MOVED, {"before": before, "after": after})
