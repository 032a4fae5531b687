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
from domain.health.reinstating import keep_out, reinstate, stop_to_decide
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
    stop = await _to_decide(act, manager, driver_id, reinstates)
    if isinstance(stop, Refused):
        await act.show(Kind.HOME, toast=screens.refusal(stop.why, act.policy, act.reader), alert=True)
        return
    about = {"driver_id": str(driver_id), "reinstates": reinstates}
    await conversations.ask(act.session, manager.id, Step.POOL_DECISION, about, act.now)
    await act.say(screens.ask_why(stop, reinstates, act.policy, act.reader))


async def _to_decide(act: Acting, manager: Person, driver_id: UUID, reinstates: bool) -> StopCard | Refused:
    """The card of what he is about to decide; of anybody else's driver he learns nothing (R12.3)."""
    stop = await stop_to_decide(act.session, manager.id, driver_id, reinstates, act.policy, act.now)
    if isinstance(stop, Refused):
        return stop
    card = await stop_card(act.session, manager.id, stop.id, act.policy, act.now)
    return card or Refused(Refusal.NOT_FOUND)


async def decided_because(act: Acting, person: Person, data: dict[str, Any], text: str) -> None:
    """He has written why."""
    driver_id, reinstates = UUID(data["driver_id"]), bool(data["reinstates"])
    stop = await _to_decide(act, person, driver_id, reinstates)
    if isinstance(stop, Refused):  # meanwhile somebody else has decided, or she is not his any more
        await conversations.end(act.session, person.id)
        await act.say(screens.not_done(stop.why, act.policy, act.reader))
        return
    decide = reinstate if reinstates else keep_out
    result = await decide(act.session, person, driver_id, text, act.words, act.policy, act.now)
    if isinstance(result, Refused):  # he is still asked
        await act.say(screens.write_again(stop, result.why, act.policy, act.reader))
        return
    await conversations.end(act.session, person.id)
    await act.show(Kind.TO_REINSTATE, result.stop_id, toast=screens.decided(result, act.reader))
