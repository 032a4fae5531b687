"""What is told in a warehouse's group, beside its managers (R12.3)."""

import uuid
from datetime import datetime

from sqlalchemy import DateTime, literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.models import Assignment, BidWindow, Delivery, WarehouseGroup
from domain.db.models.words import Channel, DeliveryState, Urgency
from domain.people.queries import manages

# Who connected the group has vouched for who reads there: it is told nothing once he no longer could.
_CONNECTED = (
    select(WarehouseGroup.id, WarehouseGroup.chat_id)
    .join(Assignment, Assignment.warehouse_id == WarehouseGroup.warehouse_id)
    .join(BidWindow, BidWindow.assignment_id == Assignment.id)
    .where(WarehouseGroup.ended_at.is_(None), manages(WarehouseGroup.connected_by, WarehouseGroup.warehouse_id))
)


async def tell(session: AsyncSession, kind: str, about: uuid.UUID, urgency: Urgency, now: datetime) -> None:
    """One message in the group of the warehouse that the window `about` is of, where it has one; once each.

    It stands in the queue where the managers' own do, but nobody's answer to it is waited for: `level` is normal. About
    a shift that is not to be filled through a window nothing is told.
    """
    told = {
        Delivery.channel: Channel.TELEGRAM,
        Delivery.kind: kind,
        Delivery.about: about,
        Delivery.urgency: int(urgency),
        Delivery.level: int(Urgency.NORMAL),
        Delivery.state: DeliveryState.PENDING,
    }
    of = _CONNECTED.where(BidWindow.id == about).add_columns(
        *(literal(value, column.type) for column, value in told.items()),
        literal(now, DateTime(timezone=True)),
        literal(now, DateTime(timezone=True)),
    )
    columns = [Delivery.group_id, Delivery.chat_id, *told, Delivery.due_at, Delivery.created_at]
    names = [column.key for column in columns]
    await session.execute(insert(Delivery).from_select(names, of).on_conflict_do_nothing())
