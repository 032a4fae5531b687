"""A manager whose link has expired before he opened it gets another one (R12.2, R12.5)."""

import uuid
from datetime import datetime
from typing import Final

from sqlalchemy import Uuid, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.models import Invite, User
from domain.db.sql import sql
from domain.people import linking
from domain.people.inviting import JustMade, Relinked, just_made
from domain.people.queries import Person
from domain.people.rules import FullName
from domain.policy import Policy
from domain.refusals import Refusal, Refused

# Whoever asks holds the link, and could open it himself. So it is made for those alone by whom he gains nothing: who
# has never had a chat, is no owner (R12.5a), and manages nothing that isn't his own, too.
MAY_BE_LINKED: Final = """
    who.role = 'manager'
    AND NOT EXISTS (SELECT FROM chat_links had WHERE had.user_id = who.id)
    AND NOT EXISTS (SELECT FROM audit_logs did WHERE did.entity_type = 'user' AND did.entity_id = who.id
                                                 AND did.action = 'linked')
    AND NOT EXISTS (SELECT FROM owners WHERE owners.phone = who.phone)
    AND NOT EXISTS (SELECT FROM warehouse_managers his WHERE his.user_id = who.id AND NOT EXISTS (
                        SELECT FROM desks mine WHERE mine.user_id = :manager
                                                 AND mine.warehouse_id = his.warehouse_id))
"""
_MAY = sql(
    f"""
    SELECT EXISTS (
        SELECT FROM warehouse_managers here JOIN users who ON who.id = here.user_id
        JOIN desks mine ON mine.warehouse_id = here.warehouse_id AND mine.user_id = :manager
        WHERE here.warehouse_id = :warehouse AND here.user_id = :who AND {MAY_BE_LINKED}
    )
    """,  # noqa: S608 - our own text
    manager=Uuid(),
    warehouse=Uuid(),
    who=Uuid(),
)


async def invite_manager_again(
    session: AsyncSession,
    manager: Person,
    warehouse_id: uuid.UUID,
    user_id: uuid.UUID,
    token: str,
    policy: Policy,
    now: datetime,
) -> Relinked | JustMade | Refused:
    """[New link]: for a manager of one of the manager's warehouses who was never linked. Earlier links lead nowhere.

    Pressed twice it is one. Refused: all others (R12.3); a linked one links himself anew. Lock: the invited one.
    """
    locked = select(User.first_name, User.last_name).where(User.id == user_id).with_for_update(key_share=True)
    row = (await session.execute(locked)).one_or_none()
    given = {"manager": manager.id, "warehouse": warehouse_id, "who": user_id}
    if row is None or not await session.scalar(_MAY, given):
        return Refused(Refusal.NOT_FOUND)
    if new := await just_made(session, [user_id], policy, now):
        return JustMade(new[user_id] == manager.id)
    earlier = update(Invite).where(Invite.user_id == user_id, Invite.used_at.is_(None))
    await session.execute(earlier.values(used_at=now))
    until = await linking.invite(session, user_id, token, manager.id, policy, now)
    return Relinked(FullName(*row), until)
