"""Fixtures of the domain's tests."""

from datetime import datetime

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from domain.people.queries import Person
from tests.domain.bidding import Bidding, bidding_at
from tests.domain.world import Fleet


@pytest.fixture
def fleet(session: AsyncSession, now: datetime) -> Fleet:
    """An empty company."""
    return Fleet(session, now)


@pytest.fixture
async def bidding(fleet: Fleet) -> Bidding:
    """R12 at North, three days ahead. Ann's score is better than Ben's, and his than Cid's."""
    return await bidding_at(fleet)


@pytest.fixture
async def ann(bidding: Bidding) -> Person:
    return await bidding.driver("Ann", 1.0)


@pytest.fixture
async def ben(bidding: Bidding) -> Person:
    return await bidding.driver("Ben", 0.9)


@pytest.fixture
async def cid(bidding: Bidding) -> Person:
    return await bidding.driver("Cid", 0.8)
