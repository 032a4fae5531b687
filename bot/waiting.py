"""Waiting for whichever comes first."""

import asyncio


async def first_of(*events: asyncio.Event, for_at_most: float | None = None) -> bool:
    """Waits until one of the events is set, at the most so many seconds; returns whether one is."""
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, timeout=for_at_most, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
    return any(event.is_set() for event in events)
