"""A manager's card of a driver's shift, stopping one on the way, and deciding on absences."""

from typing import Any
from uuid import UUID

from telegram import Update

from bot import conversations
from bot.acting import Acting, Context, acting
from bot.callbacks.arrivals import AcceptReview, Driven, RefuseReview
from bot.callbacks.callback import pressed
from bot.callbacks.shifts import MustStop, ShiftCard, StopBecause, StopShift
from bot.conversations import Step
from bot.handlers.cancelling import nobody_to_tell, reason_of
from bot.handlers.coverage import manager_of
from bot.handlers.shifts import Whose, home, live, refused, show, whose
from bot.screens import driven as screens
from bot.screens import parcels as parcel_screens
from bot.screens import stopping
from bot.screens.screen import Button
from domain.db.models.words import AssignmentStatus
from domain.notices.kinds import Kind
from domain.people.queries import Person
from domain.refusals import Refusal, Refused
from domain.shifts import reviewing
from domain.shifts.driven import driven
from domain.shifts.queries import OwnShift
from domain.shifts.rules_of_parcels import Count
from domain.shifts.stopping import Stopped, stop_shift


async def on_driven(update: Update, context: Context) -> None:
    """One shift and its driver; also the way back from what a manager thought better of."""
    assignment_id = pressed(update, Driven).assignment_id
    async with acting(update, context) as act:
        if manager := await manager_of(act):
            await conversations.end(act.session, manager.id)
            await _card(act, manager, assignment_id)


async def _card(act: Acting, manager: Person, assignment_id: UUID, toast: str | None = None) -> None:
    if await driven(act.session, manager.id, assignment_id, act.policy) is None:
        toast = screens.refusal(Refusal.NOT_FOUND, act.policy, act.reader)
        await act.show(Kind.HOME, toast=toast, alert=True)
    else:
        await act.show(Kind.DRIVEN, assignment_id, toast=toast)


# -- stopping on the way (R8.8)


async def on_must_stop(update: Update, context: Context) -> None:
    assignment_id = pressed(update, MustStop).assignment_id
    async with acting(update, context) as act:
        if (of := await whose(act, assignment_id)) and (shift := await _under_way(act, of, assignment_id)):
            await act.say(stopping.reasons(shift, _back(act, shift), act.reader, of.name))


async def on_stop_because(update: Update, context: Context) -> None:
    """What follows; with parcels on board, how many come back."""
    press = pressed(update, StopBecause)
    async with acting(update, context) as act:
        if not (of := await whose(act, press.assignment_id)):
            return
        shift = await _under_way(act, of, press.assignment_id)
        if shift is None:
            return
        back, (_, most) = _back(act, shift), parcel_screens.bounds(shift, Count.BROUGHT_BACK, act.policy)
        if shift.parcels_start is None:
            await act.say(stopping.consequence(shift, reason_of(press.reason), back, act.reader))
        else:
            typed, keys = max(0, min(press.typed, most)), stopping.keys_for(shift, press.reason)
            await act.say(
                parcel_screens.keypad(shift, Count.BROUGHT_BACK, typed, most, back, act.reader, of.name, keys)
            )


async def on_stop(update: Update, context: Context) -> None:
    press = pressed(update, StopShift)
    async with acting(update, context) as act:
        if not (of := await whose(act, press.assignment_id)):
            return
        shift, reason = await live(act, of, press.assignment_id), reason_of(press.reason)
        result = await stop_shift(
            act.session,
            of.driver,
            press.assignment_id,
            reason,
            press.returned,
            act.words,
            act.policy,
            act.now,
            by=of.by,
        )
        if isinstance(result, Refused):
            await refused(act, result, press.assignment_id)
            return
        if isinstance(result, Stopped) and result.told == 0 and of.by is None and shift is not None:
            await nobody_to_tell(act, shift)
        toast = stopping.stopped_toast(act.reader, by_phone=of.by is not None)
        await (home(act, toast) if of.by is None else show(act, press.assignment_id, toast))


async def _under_way(act: Acting, of: Whose, assignment_id: UUID) -> OwnShift | None:
    shift = await live(act, of, assignment_id)
    if shift is not None and shift.status is AssignmentStatus.ACTIVE:
        return shift
    done = shift is not None and shift.status is AssignmentStatus.COMPLETED
    why = Refusal.SHIFT_GONE if shift is None else Refusal.COMPLETED_ALREADY if done else Refusal.NOT_ARRIVED
    await refused(act, Refused(why), assignment_id)
    return None


def _back(act: Acting, shift: OwnShift) -> Button:
    return Button(act.reader.gettext("‹ Change nothing"), ShiftCard(shift.assignment_id))


# -- absences (R5.3)


async def on_reviews(update: Update, context: Context) -> None:
    """/reviews"""
    async with acting(update, context) as act:
        if manager := await manager_of(act):
            waiting = await reviewing.to_review(act.session, manager.id, screens.LISTED_MOST, act.policy)
            await act.say(screens.reviews(*waiting, act.reader))


async def on_accept_review(update: Update, context: Context) -> None:
    assignment_id = pressed(update, AcceptReview).assignment_id
    async with acting(update, context) as act:
        if manager := await manager_of(act):
            await _decide(act, manager, assignment_id, None)


async def on_refuse_review(update: Update, context: Context) -> None:
    assignment_id = pressed(update, RefuseReview).assignment_id
    async with acting(update, context) as act:
        if not (manager := await manager_of(act)):
            return
        found = await driven(act.session, manager.id, assignment_id, act.policy)
        if found is None or not found.in_review:
            await _card(act, manager, assignment_id, _refusal(act, Refusal.DECIDED_ALREADY))
        else:
            about = {"assignment_id": str(assignment_id)}
            await conversations.ask(act.session, manager.id, Step.REFUSED_REVIEW, about, act.now)
            await act.say(screens.ask_why_refused(act.policy, screens.back(found, act.reader), act.reader))


async def refused_because(act: Acting, person: Person, data: dict[str, Any], text: str) -> None:
    """He has written why not."""
    await _decide(act, person, UUID(data["assignment_id"]), text)


async def _decide(act: Acting, manager: Person, assignment_id: UUID, reason: str | None) -> None:
    """Accepted where no reason against it is given."""
    accepted = reason is None
    result = await reviewing.decide(
        act.session, manager, assignment_id, accepted, reason, act.words, act.policy, act.now
    )
    if isinstance(result, Refused) and result.why is Refusal.NOTES_TOO_LONG:
        await act.say(screens.too_long(assignment_id, act.policy, act.reader))  # he is still asked
        return
    await conversations.end(act.session, manager.id)
    toast = _refusal(act, result.why) if isinstance(result, Refused) else screens.review_decided(result, act.reader)
    await _card(act, manager, assignment_id, toast)


def _refusal(act: Acting, why: Refusal) -> str:
    return screens.refusal(why, act.policy, act.reader)
