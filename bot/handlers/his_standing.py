"""A manager decides on how his driver stands: cap, flag, incidents; and writes to him (R9.5, R10.6)."""

from typing import Any
from uuid import UUID

from telegram import Update

from bot import conversations
from bot.acting import Acting, Context, acting
from bot.callbacks.callback import Callback, pressed
from bot.callbacks.drivers import DriverCard
from bot.callbacks.his_standing import ChooseCap, Excuse, HisCap, IncidentOf, Incidents, Unflag, WriteHim
from bot.conversations import Step
from bot.handlers import messages
from bot.handlers.coverage import manager_of
from bot.handlers.drivers import show_card
from bot.screens import drivers as driver_screens
from bot.screens import his_standing as screens
from domain.health.caps import choose_cap, unflag
from domain.health.excusing import excuse_incident
from domain.health.his_standing import HisIncident, HisStanding, his_incident, his_incidents, his_standing
from domain.health.rules import bad_cap
from domain.notices.kinds import Kind
from domain.notices.messages import draft_to
from domain.people.queries import Person
from domain.refusals import Refusal, Refused

AGAIN = (Refusal.NO_REASON, Refusal.NOTES_TOO_LONG)  # he is still asked


async def _own(act: Acting, manager: Person, user_id: UUID) -> HisStanding | None:
    """A driver for whom this manager may act; otherwise he is told that there is none."""
    facts = await his_standing(act.session, manager.id, user_id, act.policy, act.now)
    if facts is None or not facts.card.own:
        await act.show(Kind.HOME, toast=driver_screens.gone(act.reader), alert=True)
        return None
    return facts


# -- his cap


async def on_cap(update: Update, context: Context) -> None:
    user_id = pressed(update, HisCap).user_id
    async with acting(update, context) as act:
        if (manager := await manager_of(act)) and (facts := await _own(act, manager, user_id)):
            await conversations.drop(act.session, manager.id)
            await act.say(screens.caps(facts, act.policy, act.reader))


async def on_choose_cap(update: Update, context: Context) -> None:
    press = pressed(update, ChooseCap)
    async with acting(update, context) as act:
        if not (manager := await manager_of(act)) or not (facts := await _own(act, manager, press.user_id)):
            return
        if (refused := bad_cap(press.cap or None, facts.holds.cap.chosen, act.policy)) is not None:
            why = screens.refusal(refused.why, act.policy, act.reader)
            await show_card(act, manager, press.user_id, why, alert=True)
            return
        about = {"user_id": str(press.user_id), "cap": press.cap}
        await conversations.ask(act.session, manager.id, Step.CAP_CHOSEN, about, act.now)
        await act.say(screens.why_cap(facts.card, press.cap, act.policy, act.reader))


async def cap_because(act: Acting, manager: Person, data: dict[str, Any], text: str) -> None:
    """He has written why so many."""
    user_id, cap = UUID(data["user_id"]), int(data["cap"]) or None
    result = await choose_cap(act.session, manager, user_id, cap, text, act.words, act.policy, act.now)
    if not await _asked_again(act, result, DriverCard(user_id)):
        await _decided(act, manager, user_id, result)


# -- his flag


async def on_unflag(update: Update, context: Context) -> None:
    user_id = pressed(update, Unflag).user_id
    async with acting(update, context) as act:
        if not (manager := await manager_of(act)) or not (facts := await _own(act, manager, user_id)):
            return
        if facts.holds.flag is None:
            why = screens.refusal(Refusal.NOT_FLAGGED, act.policy, act.reader)
            await show_card(act, manager, user_id, why, alert=True)
            return
        await conversations.ask(act.session, manager.id, Step.UNFLAG, {"user_id": str(user_id)}, act.now)
        await act.say(screens.why_unflag(facts.card, act.policy, act.reader))


async def unflag_because(act: Acting, manager: Person, data: dict[str, Any], text: str) -> None:
    """He has written why it goes."""
    user_id = UUID(data["user_id"])
    result = await unflag(act.session, manager, user_id, text, act.words, act.policy, act.now)
    if not await _asked_again(act, result, DriverCard(user_id)):
        await _decided(act, manager, user_id, result)


async def _asked_again(act: Acting, result: object, back: Callback) -> bool:
    if isinstance(result, Refused) and result.why in AGAIN:
        await act.say(screens.write_again(result.why, back, act.policy, act.reader))
        return True
    return False


async def _decided(act: Acting, manager: Person, user_id: UUID, result: object) -> None:
    """The card as it is now, and above it what has come of his word."""
    await conversations.end(act.session, manager.id)
    said = (
        screens.refusal(result.why, act.policy, act.reader) if isinstance(result, Refused) else screens.done(act.reader)
    )
    await show_card(act, manager, user_id, done=said)


# -- what went wrong


async def on_incidents(update: Update, context: Context) -> None:
    press = pressed(update, Incidents)
    async with acting(update, context) as act:
        if not (manager := await manager_of(act)):
            return
        await conversations.drop(act.session, manager.id)
        asked = act.session, manager.id, press.user_id, press.page, screens.PER_PAGE, act.policy, act.now
        if (facts := await his_incidents(*asked)) is None:
            await act.show(Kind.HOME, toast=driver_screens.gone(act.reader), alert=True)
        else:
            await act.say(screens.incidents(facts, act.policy, act.reader))


async def on_incident(update: Update, context: Context) -> None:
    """One of them; also the way back from excusing it."""
    incident_id = pressed(update, IncidentOf).incident_id
    async with acting(update, context) as act:
        if manager := await manager_of(act):
            await conversations.drop(act.session, manager.id)
            if facts := await _incident(act, manager, incident_id):
                await act.say(screens.incident(facts, act.reader))


async def _incident(act: Acting, manager: Person, incident_id: UUID) -> HisIncident | None:
    """Of somebody whom he may look at; otherwise he is told that there is none."""
    facts = await his_incident(act.session, manager.id, incident_id, act.policy, act.now)
    if facts is None:
        await act.show(Kind.HOME, toast=screens.gone(act.reader), alert=True)
    return facts


async def on_excuse(update: Update, context: Context) -> None:
    incident_id = pressed(update, Excuse).incident_id
    async with acting(update, context) as act:
        if not (manager := await manager_of(act)) or not (facts := await _incident(act, manager, incident_id)):
            return
        if not facts.his_to_excuse:
            why = Refusal.NOT_FOUND if facts.happened.counts else Refusal.NOTHING_COUNTS
            toast = screens.refusal(why, act.policy, act.reader)
            await act.say(screens.incident(facts, act.reader), toast=toast, alert=True)
            return
        await conversations.ask(act.session, manager.id, Step.EXCUSE, {"incident_id": str(incident_id)}, act.now)
        await act.say(screens.why_excuse(facts, act.policy, act.reader))


async def excuse_because(act: Acting, manager: Person, data: dict[str, Any], text: str) -> None:
    """He has written why it does not count."""
    incident_id = UUID(data["incident_id"])
    result = await excuse_incident(act.session, manager, incident_id, text, act.words, act.policy, act.now)
    if await _asked_again(act, result, IncidentOf(incident_id)):
        return
    facts = await his_incident(act.session, manager.id, incident_id, act.policy, act.now)
    if facts is None:
        await conversations.end(act.session, manager.id)
        await act.show(Kind.HOME, toast=screens.gone(act.reader), alert=True)
    else:
        await _decided(act, manager, facts.driver_id, result)


# -- a message


async def on_write(update: Update, context: Context) -> None:
    user_id = pressed(update, WriteHim).user_id
    async with acting(update, context) as act:
        if (manager := await manager_of(act)) and (facts := await _own(act, manager, user_id)):
            await conversations.ask(act.session, manager.id, Step.MESSAGE_TEXT, {"user_id": str(user_id)}, act.now)
            await act.say(screens.what_to_write(facts.card, act.reader))


async def message_typed(act: Acting, manager: Person, data: dict[str, Any], text: str) -> None:
    """He has written what the driver is to be told; he chooses how urgent it is before it goes."""
    user_id = UUID(data["user_id"])
    draft = await draft_to(act.session, manager, user_id, text, act.policy, act.now)
    if isinstance(draft, Refused):
        if draft.why is not Refusal.TEXT_TOO_LONG:  # otherwise he is still asked
            await conversations.end(act.session, manager.id)
        await act.say(screens.not_written(draft.why, DriverCard(user_id), act.policy, act.reader))
        return
    await conversations.end(act.session, manager.id)
    await messages.preview(act, manager, draft, draft.found[0])
