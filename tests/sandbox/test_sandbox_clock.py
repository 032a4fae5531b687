from datetime import UTC, datetime, timedelta

import pytest

from sandbox.clock import SandboxClock

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_runs_with_real_time_from_where_it_begins() -> None:
    clock = SandboxClock(NOON)
    first = clock.now()
    assert NOON <= first <= clock.now() < NOON + timedelta(seconds=5)


def test_stands_still_while_paused_and_runs_on_from_there() -> None:
    clock = SandboxClock(NOON)
    clock.pause()
    stopped = clock.now()
    assert clock.now() == stopped
    assert not clock.running
    clock.resume()
    assert stopped <= clock.now() < stopped + timedelta(seconds=5)


def test_moves_ahead_and_never_back() -> None:
    clock = SandboxClock(NOON, running=False)
    clock.forward(90)
    assert clock.now() == NOON + timedelta(seconds=90)
    clock.set(NOON + timedelta(hours=1))
    assert clock.now() == NOON + timedelta(hours=1)
    with pytest.raises(ValueError, match="never goes back"):
        clock.set(NOON)
    with pytest.raises(ValueError, match="never goes back"):
        clock.forward(-1)


def test_wants_instants_with_their_offset() -> None:
    with pytest.raises(ValueError, match="offset"):
        SandboxClock().set(datetime(2030, 1, 1))  # noqa: DTZ001 - the fault that is tried


def test_tells_how_far_it_is_ahead() -> None:
    clock = SandboxClock()
    clock.forward(3600)
    assert 3599 < clock.offset_seconds < 3601
