"""A manager decides whether a driver who was stopped is back (R10.3)."""

from typing import Any
from uuid import UUID

from telegram import Update

from bot import conversations
from bot.acting import Acting, Context, acting
from bot.callbacks.callback import pressed
from bot.callbacks.stops import KeepOut, Reinstate, StopOf
from bot.conversations import Step
from bot.handlers.coverage import manager_of
from bot.screens import stops as screens
from domain.health.asking import StopCard, stop_card
from domain.health.reinstating import keep_out, open_stop, reinstate
from domain.notices.kinds import Kind
from domain.people.queries import Person
from domain.refusals import Refusal, Refused


async def on_stop_of(update: Update, context: Context) -> None:
    """Its card; also the way back from what he thought better of."""
    stop_id = pressed(update, StopOf).stop_id
    async with acting(update, context) as act:
        if manager := await manager_of(act):
            await conversations.end(act.session, manager.id)
            await act.show(Kind.TO_REINSTATE, stop_id)


async def on_reinstate(update: Update, context: Context) -> None:
    driver_id = pressed(update, Reinstate).user_id
    async with acting(update, context) as act:
        if manager := await manager_of(act):
            await _ask(act, manager, driver_id, True)


async def on_keep_out(update: Update, context: Context) -> None:
    driver_id = pressed(update, KeepOut).user_id
    async with acting(update, context) as act:
        if manager := await manager_of(act):
            await _ask(act, manager, driver_id, False)


async def _ask(act: Acting, manager: Person, driver_id: UUID, reinstates: bool) -> None:
    stop = await _open(act, manager, driver_id)
    if stop is None or (not reinstates and stop.reinstated is not None):
        why = Refusal.NOT_STOPPED if stop is None else Refusal.DECIDED_ALREADY
        await act.show(Kind.HOME, toast=screens.refusal(why, act.policy, act.reader), alert=True)
        return
    about = {"driver_id": str(driver_id), "reinstates": reinstates}
    await conversations.ask(act.session, manager.id, Step.POOL_DECISION, about, act.now)
    await act.say(screens.ask_why(stop, reinstates, act.policy, act.reader))


async def _open(act: Acting, manager: Person, driver_id: UUID) -> StopCard | None:
    stop = await open_stop(act.session, driver_id)
    return None if stop is None else await stop_card(act.session, manager.id, stop.id, act.policy, act.now)


async def decided_because(act: Acting, person: Person, data: dict[str, Any], text: str) -> None:
    """He has written why."""
    driver_id, reinstates = UUID(data["driver_id"]), bool(data["reinstates"])
    stop = await _open(act, person, driver_id)
    decide = reinstate if reinstates else keep_out
    result = await decide(act.session, person, driver_id, text, act.words, act.policy, act.now)
    if stop is not None and isinstance(result, Refused) and result.why in (Refusal.NOTES_TOO_LONG, Refusal.NO_REASON):
        await act.say(screens.write_again(stop, result.why, act.policy, act.reader))  # he is still asked
        return
    await conversations.end(act.session, person.id)
    if isinstance(result, Refused):
        await act.show(Kind.HOME, toast=screens.refusal(result.why, act.policy, act.reader), alert=True)
    else:
        await act.show(Kind.TO_REINSTATE, result.stop_id, toast=screens.decided(result, act.reader))
