"""Fixtures of the domain's tests."""

from datetime import datetime

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from tests.domain.world import Fleet


@pytest.fixture
def fleet(session: AsyncSession, now: datetime) -> Fleet:
    """An empty company."""
    return Fleet(session, now)
