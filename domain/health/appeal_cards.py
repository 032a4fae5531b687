"""Appeals as managers see them: the card of one, and what waits for them (R10.6)."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, Integer, Row, Uuid
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.sql import sql
from domain.health.rules_of_appeals import answer_refused
from domain.health.subjects import APPEALED, MAY_DECIDE
from domain.notices.facts.appeals import Penalty
from domain.policy import Policy
from domain.refusals import Refused
from domain.time import local_day


@dataclass(frozen=True, slots=True)
class AppealCard:
    """An appeal. `counts`: there is still something to decide. `due` and `completed`: what a flag was judged by.

    `granted` None: not decided; `by`: who has, if anybody still known.
    """

    id: uuid.UUID
    what: Penalty
    at: datetime
    route: str | None
    warehouse: str | None
    on: date | None
    due: int | None
    completed: int | None
    driver: str
    phone: str
    reason: str
    opened_at: datetime
    decide_by: datetime
    counts: bool
    granted: bool | None
    answer: str | None
    by: str | None

    @property
    def refused(self) -> Refused | None:
        """Why there is nothing to decide, if so."""
        return answer_refused(self.granted is not None, self.counts)

    @property
    def open(self) -> bool:
        return self.refused is None


_CARDS = f"""
    SELECT p.id, s.what, s.at, s.route, s.warehouse, s."on", flag.due, flag.completed,
           driver.first_name || ' ' || driver.last_name AS driver, driver.phone, p.reason, p.opened_at, p.decide_by,
           s.counts, p.granted, p.answer, judge.first_name || ' ' || judge.last_name AS "by"
    FROM appeals p
    CROSS JOIN {APPEALED} AS s
    JOIN users driver ON driver.id = p.user_id
    LEFT JOIN users judge ON judge.id = p.decided_by
    LEFT JOIN flag_episodes flag ON flag.id = p.flag_id
    WHERE {MAY_DECIDE}
"""  # noqa: S608 - our own text
_CARD = sql(f"{_CARDS} AND p.id = :id", id=Uuid(), manager=Uuid(), today=Date())
_TO_DECIDE = sql(
    f"""
    SELECT waiting.*, count(*) OVER () AS total FROM (
        {_CARDS} AND p.decided_at IS NULL AND s.counts
    ) AS waiting
    ORDER BY decide_by, id LIMIT :most
    """,  # noqa: S608
    manager=Uuid(),
    today=Date(),
    most=Integer(),
)


async def appeal_card(
    session: AsyncSession, manager_id: uuid.UUID, appeal_id: uuid.UUID, policy: Policy, now: datetime
) -> AppealCard | None:
    """One appeal; None where it is not the manager's to decide (R12.3)."""
    given = {"id": appeal_id, "manager": manager_id, "today": local_day(now, policy)}
    row = (await session.execute(_CARD, given)).one_or_none()
    return None if row is None else _card(row)


async def to_decide(
    session: AsyncSession, manager_id: uuid.UUID, most: int, policy: Policy, now: datetime
) -> tuple[tuple[AppealCard, ...], int]:
    """What waits for this manager, what is due first first, `most` of it; and how much that is in all."""
    given = {"manager": manager_id, "today": local_day(now, policy), "most": most}
    rows = (await session.execute(_TO_DECIDE, given)).all()
    return tuple(_card(row) for row in rows), rows[0].total if rows else 0


def _card(row: Row[Any]) -> AppealCard:
    return AppealCard(
        id=row.id,
        what=Penalty(row.what),
        at=row.at,
        route=row.route,
        warehouse=row.warehouse,
        on=row.on,
        due=row.due,
        completed=row.completed,
        driver=row.driver,
        phone=row.phone,
        reason=row.reason,
        opened_at=row.opened_at,
        decide_by=row.decide_by,
        counts=row.counts,
        granted=row.granted,
        answer=row.answer,
        by=row.by,
    )
