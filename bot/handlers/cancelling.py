"""A driver can't make it: the reason, a note, what follows, and the last button (R5.1)."""

from typing import Any
from uuid import UUID

from telegram import Update

from bot import conversations
from bot.acting import Acting, Context, acting
from bot.callbacks.callback import pressed
from bot.callbacks.shifts import AddNote, CancelBecause, CancelShift, CannotCome, Decline
from bot.conversations import Step
from bot.delivery import alerts
from bot.handlers.home import person_of
from bot.handlers.shifts import Whose, home, live, refused, refused_typed, show, whose
from bot.screens import cancelling as screens
from bot.screens import shifts as shift_screens
from domain.db.models.words import AssignmentStatus, CancelReason
from domain.giving.queries import GivenAway
from domain.people.queries import Person
from domain.refusals import Refusal, Refused
from domain.shifts import declining, leaving
from domain.shifts.queries import OwnShift
from domain.shifts.rules import ShiftFacts

REASONS = tuple(CancelReason)


async def on_cannot_come(update: Update, context: Context) -> None:
    assignment_id = pressed(update, CannotCome).assignment_id
    async with acting(update, context) as act:
        if (of := await whose(act, assignment_id)) and (shift := await cancellable(act, of, assignment_id)):
            keep = screens.keep(shift, act.reader, of.name)
            await act.say(screens.reasons(shift, keep, act.reader, of.name))


async def ask_reason(act: Acting, of: Whose, shift: OwnShift) -> None:
    """To who has typed that he can't come."""
    if (why := _not_cancellable(shift)) is not None:
        await refused_typed(act, Refused(why), shift)
    else:
        await act.say(screens.reasons(shift, screens.keep(shift, act.reader, of.name), act.reader, of.name))


async def on_cancel_because(update: Update, context: Context) -> None:
    press = pressed(update, CancelBecause)
    async with acting(update, context) as act:
        if (of := await whose(act, press.assignment_id)) and (shift := await cancellable(act, of, press.assignment_id)):
            # a note is part of what he reads, or there is none
            await conversations.end(act.session, (of.by or of.driver).id)
            await _consequence(act, of, shift, press.reason, None)


async def _consequence(act: Acting, of: Whose, shift: OwnShift, reason: int, note: str | None) -> None:
    why = reason_of(reason)
    costs = await leaving.consequence(act.session, of.driver.id, shift, why, act.policy, act.now)
    keep = screens.keep(shift, act.reader, of.name)
    await act.say(screens.consequence(shift, why, costs, note, keep, act.now, act.reader, of.name))


def reason_of(number: int) -> CancelReason:
    """By its place, as buttons say it."""
    return REASONS[number] if 0 <= number < len(REASONS) else CancelReason.OTHER


async def cancellable(act: Acting, of: Whose, assignment_id: UUID) -> OwnShift | None:
    """The shift, as long as it can be cancelled; otherwise who has pressed is told why not."""
    shift = await live(act, of, assignment_id)
    if (why := _not_cancellable(shift)) is not None:
        await refused(act, Refused(why), assignment_id)
        return None
    return shift


def _not_cancellable(shift: OwnShift | None) -> Refusal | None:
    if shift is None:
        return Refusal.SHIFT_GONE
    if shift.status is AssignmentStatus.SCHEDULED:
        return None
    return Refusal.COMPLETED_ALREADY if shift.status is AssignmentStatus.COMPLETED else Refusal.ARRIVED_ALREADY


async def on_add_note(update: Update, context: Context) -> None:
    press = pressed(update, AddNote)
    async with acting(update, context) as act:
        if (of := await whose(act, press.assignment_id)) and (shift := await cancellable(act, of, press.assignment_id)):
            about = {"assignment_id": str(press.assignment_id), "reason": press.reason}
            await conversations.ask(act.session, (of.by or of.driver).id, Step.CANCEL_NOTE, about, act.now)
            await act.say(screens.ask_note(act.policy, screens.keep(shift, act.reader, of.name), act.reader))


async def on_cancel(update: Update, context: Context) -> None:
    press = pressed(update, CancelShift)
    async with acting(update, context) as act:
        if not (of := await whose(act, press.assignment_id)):
            return
        person = of.by or of.driver
        asked = await conversations.asked(act.session, person.id, act.now)
        about = str(press.assignment_id)
        note = asked.data.get("note") if asked and asked.data.get("assignment_id") == about else None
        shift = await live(act, of, press.assignment_id)
        reason = reason_of(press.reason)
        result = await leaving.cancel_shift(
            act.session, of.driver, press.assignment_id, reason, note, act.words, act.policy, act.now, by=of.by
        )
        if isinstance(result, Refused):
            await refused(act, result, press.assignment_id)
            return
        await conversations.end(act.session, person.id)
        if result.told == 0 and of.by is None and shift is not None:
            await nobody_to_tell(act, shift)
        if of.by is not None:
            await show(act, press.assignment_id, screens.cancelled_toast(0, act.reader))
        else:
            await home(act, screens.cancelled_toast(result.told, act.reader))


async def on_decline(update: Update, context: Context) -> None:
    """[Decline], on what a manager has given him."""
    assignment_id = pressed(update, Decline).assignment_id
    async with acting(update, context) as act:
        if person := await person_of(act):
            shift = await live(act, Whose(person), assignment_id)
            result = await declining.decline_shift(act.session, person, assignment_id, act.words, act.policy, act.now)
            if isinstance(result, Refused):
                await refused(act, result, assignment_id)
            else:
                if result.told == 0 and shift is not None:
                    await nobody_to_tell(act, shift)
                await home(act, shift_screens.declined(result.told, act.reader))


async def nobody_to_tell(act: Acting, shift: OwnShift | ShiftFacts | GivenAway) -> None:
    """A route that needs a manager's eye or word, and has none: the operator's affair (R5.4)."""
    key, what = f"{alerts.NO_MANAGER}:{shift.assignment_id}", f"{shift.route}, {shift.warehouse}, {shift.on}"
    await alerts.raise_within(act.session, key, what, act.words, act.policy, act.now)


async def noted(act: Acting, person: Person, data: dict[str, Any], text: str) -> None:
    """He has written his note; he sees it with what follows, before the last button."""
    assignment_id = UUID(data["assignment_id"])
    if not (of := await whose(act, assignment_id)):
        return
    shift = await live(act, of, assignment_id)
    why = _not_cancellable(shift)
    if shift is None or why is not None:
        await conversations.end(act.session, person.id)
        await refused_typed(act, Refused(why or Refusal.SHIFT_GONE), shift)
    elif len(text) > act.policy.cancel_notes_most:
        await act.say(screens.note_too_long(act.policy, screens.keep(shift, act.reader, of.name), act.reader))
    else:
        await conversations.keep(act.session, person.id, Step.CANCEL_NOTE, data | {"note": text}, act.now)
        await _consequence(act, of, shift, data["reason"], text)
