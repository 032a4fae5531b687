"""How a driver stands, as his managers see it: score, flag, hard stop, cap, and what went wrong lately (R9, R10)."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from domain.health import own_standing
from domain.health.own_standing import OwnStanding
from domain.health.seeing import OwnHealth, own_health
from domain.health.subjects import subject
from domain.health.whys import Happened, Lately, happened, lately
from domain.people.drivers import DriverCard, driver_card, names_of
from domain.people.queries import warehouses_of
from domain.policy import Policy
from domain.time import local_day


@dataclass(frozen=True, slots=True)
class HisStanding:
    """A driver's card and how he stands. `health` None: nothing was due yet. `incidents`: of the last 90 days, those
    that count and those that don't.
    """

    card: DriverCard
    health: OwnHealth | None
    holds: OwnStanding
    incidents: int

    @property
    def is_out(self) -> bool:
        """Stopped, by us or by another program, which leaves no row of it (R10.2)."""
        return self.holds.stop is not None or (not self.holds.free and self.holds.flag is None)


async def his_standing(
    session: AsyncSession, manager_id: uuid.UUID, driver_id: uuid.UUID, policy: Policy, now: datetime
) -> HisStanding | None:
    """None for somebody whom this manager may not look at (R12.3)."""
    card = await driver_card(session, manager_id, driver_id, policy, now)
    if card is None:
        return None
    return HisStanding(
        card=card,
        health=await own_health(session, driver_id, policy, now),
        holds=await own_standing.standing(session, driver_id),
        incidents=(await lately(session, driver_id, 0, 1, policy, now)).total,
    )


@dataclass(frozen=True, slots=True)
class HisIncidents:
    """What went wrong with a driver's shifts in the last 90 days, a page of it."""

    driver_id: uuid.UUID
    name: str
    lately: Lately


async def his_incidents(
    session: AsyncSession,
    manager_id: uuid.UUID,
    driver_id: uuid.UUID,
    page: int,
    per_page: int,
    policy: Policy,
    now: datetime,
) -> HisIncidents | None:
    """None for somebody whom this manager may not look at (R12.3)."""
    name = (await names_of(session, manager_id, [driver_id], local_day(now, policy))).get(driver_id)
    if name is None:
        return None
    return HisIncidents(driver_id, name, await lately(session, driver_id, page, per_page, policy, now))


@dataclass(frozen=True, slots=True)
class HisIncident:
    """One of them. `his_to_excuse`: it counts, and the shift was in one of the manager's warehouses (R12.3)."""

    driver_id: uuid.UUID
    name: str
    happened: Happened
    his_to_excuse: bool


async def his_incident(
    session: AsyncSession, manager_id: uuid.UUID, incident_id: uuid.UUID, policy: Policy, now: datetime
) -> HisIncident | None:
    """None where there is no such incident, or it is of somebody whom this manager may not look at (R12.3)."""
    of = await subject(session, incident_id)
    if of is None or of.warehouse_id is None:
        return None
    name = (await names_of(session, manager_id, [of.driver_id], local_day(now, policy))).get(of.driver_id)
    it = await happened(session, of.driver_id, incident_id, policy)
    if name is None or it is None:
        return None
    his = of.counts and of.warehouse_id in await warehouses_of(session, manager_id)
    return HisIncident(of.driver_id, name, it, his)
