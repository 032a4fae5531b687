"""A driver's presses and words about his own shifts."""

from datetime import date, timedelta
from uuid import UUID

from telegram import Update

from bot import conversations
from bot.acting import Acting, Context, acting
from bot.callbacks import (
    AddNote,
    CancelBecause,
    CancelShift,
    CannotCome,
    Confirm,
    ConfirmAll,
    EnterParcels,
    FixParcels,
    ImHere,
    Keypad,
    Schedule,
    ShiftCard,
    StillWanted,
    pressed,
)
from bot.conversations import Step
from bot.delivery import alerts
from bot.handlers.home import home
from bot.screens import bidding as offer_screens
from bot.screens import home as home_screens
from bot.screens import shifts as screens
from domain.db.models.words import AssignmentStatus, CancelReason
from domain.notices.kinds import Kind
from domain.people.queries import Person
from domain.refusals import Refusal, Refused
from domain.shifts import actions, leaving, queries, restoring, rules
from domain.shifts.queries import OwnShift
from domain.shifts.rules import Count
from domain.time import local_day, week_of

REASONS = tuple(CancelReason)


async def on_schedule(update: Update, context: Context) -> None:
    """/schedule, and the pages of its weeks."""
    number = pressed(update, Schedule).week if update.callback_query else 0
    async with acting(update, context) as act:
        if act.person is None:
            await home(act)
        else:
            await _week(act, act.person, max(-screens.WEEKS_MOST, min(number, screens.WEEKS_MOST)))


async def _week(act: Acting, person: Person, number: int) -> None:
    monday, _ = week_of(local_day(act.now, act.policy))
    monday += timedelta(weeks=number)
    shifts = await queries.own_shifts(act.session, person.id, monday, monday + timedelta(days=6), act.policy)
    waiting = (shift for shift in shifts if shift.status is AssignmentStatus.SCHEDULED and not shift.confirmed)
    open_ = sum(act.now <= shift.confirm_by for shift in waiting)
    week = screens.Week(monday, number, shifts, open_)
    await act.say(screens.week(week, home_screens.home_button(act.reader), act.reader))


async def on_shift(update: Update, context: Context) -> None:
    """One shift; also the way back from cancelling it."""
    assignment_id = pressed(update, ShiftCard).assignment_id
    async with acting(update, context) as act:
        if act.person is not None:
            await conversations.end(act.session, act.person.id)
        await _show(act, assignment_id)


async def _mine(act: Acting, assignment_id: UUID) -> OwnShift | None:
    """A live shift of his; None for somebody unknown, too."""
    return await queries.own_shift(act.session, act.person.id, assignment_id, act.policy) if act.person else None


async def _show(act: Acting, assignment_id: UUID, toast: str | None = None, *, alert: bool = False) -> None:
    """Today's shift stands on the home card; any other has a card of its own."""
    shift = await _mine(act, assignment_id)
    if shift is None or shift.on == local_day(act.now, act.policy) or shift.status is AssignmentStatus.ACTIVE:
        await _home(act, toast, alert=alert)
    else:
        await act.show(Kind.SHIFT, assignment_id, toast=toast, alert=alert)


async def _home(act: Acting, toast: str | None, *, alert: bool = False) -> None:
    if act.person is None:
        await home(act)
    else:
        await act.show(Kind.HOME, toast=toast, alert=alert)


async def _refused(act: Acting, refused: Refused, assignment_id: UUID) -> None:
    await _show(act, assignment_id, screens.refusal(refused, act.reader), alert=True)


async def _refused_typed(act: Acting, refused: Refused) -> None:
    """To who has typed: there is no press that could be answered."""
    await act.say(screens.not_done(refused, home_screens.home_button(act.reader), act.reader))


async def on_to_confirm(update: Update, context: Context) -> None:
    """/confirm"""
    async with acting(update, context) as act:
        if act.person is None:
            await home(act)
        else:
            await _to_confirm(act, act.person)


async def _to_confirm(act: Acting, person: Person, toast: str | None = None) -> None:
    shifts = await queries.unconfirmed(act.session, person.id, act.policy, act.now)
    await act.say(screens.to_confirm(shifts, home_screens.home_button(act.reader), act.reader), toast=toast)


async def on_confirm(update: Update, context: Context) -> None:
    assignment_id = pressed(update, Confirm).assignment_id
    async with acting(update, context) as act:
        if act.person is None:
            await home(act)
            return
        result = await actions.confirm_shift(act.session, act.person, assignment_id, act.policy, act.now)
        if isinstance(result, Refused):
            await _refused(act, result, assignment_id)
        else:
            await _show(act, assignment_id, screens.confirmed(actions.Confirmed(1), act.reader))


async def on_confirm_all(update: Update, context: Context) -> None:
    press = pressed(update, ConfirmAll)
    async with acting(update, context) as act:
        if act.person is None:
            await home(act)
            return
        try:
            first, last = date.fromordinal(press.first), date.fromordinal(press.last)
        except (ValueError, OverflowError):  # no button of ours says so
            first = last = date.min
        result = await actions.confirm_all(act.session, act.person, first, last, act.policy, act.now)
        await _to_confirm(act, act.person, screens.confirmed(result, act.reader))


async def on_here(update: Update, context: Context) -> None:
    assignment_id = pressed(update, ImHere).assignment_id
    async with acting(update, context) as act:
        if act.person is None:
            await home(act)
            return
        result = await actions.arrive(act.session, act.person, assignment_id, act.policy, act.now)
        if isinstance(result, Refused):
            await _refused(act, result, assignment_id)
        else:
            await _show(act, assignment_id)


# -- parcels


async def on_keypad(update: Update, context: Context) -> None:
    press = pressed(update, Keypad)
    async with acting(update, context) as act:
        await _keypad(act, press.assignment_id, press.what, press.typed)


async def _keypad(act: Acting, assignment_id: UUID, what: int, typed: int) -> None:
    shift = await _mine(act, assignment_id)
    if shift is None or what not in tuple(Count):
        await _home(act, screens.refusal(Refused(Refusal.SHIFT_GONE), act.reader), alert=True)
    elif shift.status not in (AssignmentStatus.ACTIVE, AssignmentStatus.COMPLETED):
        await _refused(act, Refused(Refusal.NOT_ARRIVED), assignment_id)
    elif what == Count.BROUGHT_BACK and shift.parcels_start is None:
        await _refused(act, Refused(Refusal.NOT_LOADED), assignment_id)
    else:
        most = act.policy.parcels_most
        await act.say(
            screens.keypad(
                shift, Count(what), max(0, min(typed, most)), most, home_screens.home_button(act.reader), act.reader
            )
        )


async def on_fix(update: Update, context: Context) -> None:
    assignment_id = pressed(update, FixParcels).assignment_id
    async with acting(update, context) as act:
        shift = await _mine(act, assignment_id)
        if shift is None:
            await _home(act, screens.refusal(Refused(Refusal.SHIFT_GONE), act.reader), alert=True)
        elif shift.editable_until is None or act.now > shift.editable_until:
            await _refused(act, Refused(Refusal.NO_LONGER_EDITABLE), assignment_id)
        else:
            await act.say(screens.which_number(shift, home_screens.home_button(act.reader), act.reader))


async def on_parcels(update: Update, context: Context) -> None:
    press = pressed(update, EnterParcels)
    async with acting(update, context) as act:
        if act.person is None:
            await home(act)
        elif (refused := await _enter(act, act.person, press.assignment_id, press.what, press.parcels)) is not None:
            await _refused(act, refused, press.assignment_id)
        else:
            await _show(act, press.assignment_id)


async def _enter(act: Acting, driver: Person, assignment_id: UUID, what: int, parcels: int) -> Refused | None:
    """Loaded or brought back; of a completed shift it corrects the number. Nothing is shown yet."""
    shift = await queries.own_shift(act.session, driver.id, assignment_id, act.policy)
    given = (act.session, driver, assignment_id)
    loaded = what == Count.LOADED
    if shift is not None and shift.status is AssignmentStatus.COMPLETED:
        start, returned = (parcels, None) if loaded else (None, parcels)
        result: object = await actions.correct_parcels(*given, start, returned, act.policy, act.now)
    elif loaded:
        result = await actions.load_parcels(*given, parcels, act.policy, act.now)
    else:
        result = await actions.complete_shift(*given, parcels, act.policy, act.now)
    return result if isinstance(result, Refused) else None


# -- cancelling


async def on_cannot_come(update: Update, context: Context) -> None:
    assignment_id = pressed(update, CannotCome).assignment_id
    async with acting(update, context) as act:
        if (shift := await _cancellable(act, assignment_id)) is not None:
            await act.say(screens.reasons(shift, screens.keep(shift, act.reader), act.reader))


async def on_cancel_because(update: Update, context: Context) -> None:
    press = pressed(update, CancelBecause)
    async with acting(update, context) as act:
        if (shift := await _cancellable(act, press.assignment_id)) is not None and act.person is not None:
            await conversations.end(act.session, act.person.id)  # a note is part of what he reads, or there is none
            await _consequence(act, shift, press.reason, None)


async def _consequence(act: Acting, shift: OwnShift, reason: int, note: str | None) -> None:
    why = REASONS[reason] if 0 <= reason < len(REASONS) else CancelReason.OTHER
    incident = rules.incident_of(shift.on, why, act.policy, act.now)
    await act.say(screens.consequence(shift, why, incident, note, screens.keep(shift, act.reader), act.reader))


async def _cancellable(act: Acting, assignment_id: UUID) -> OwnShift | None:
    """His shift, as long as it can be cancelled; otherwise he is told why not."""
    shift = await _mine(act, assignment_id)
    if (why := _not_cancellable(shift)) is not None:
        await _refused(act, Refused(why), assignment_id)
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
        if (shift := await _cancellable(act, press.assignment_id)) is not None and act.person is not None:
            about = {"assignment_id": str(press.assignment_id), "reason": press.reason}
            await conversations.ask(act.session, act.person.id, Step.CANCEL_NOTE, about, act.now)
            await act.say(screens.ask_note(act.policy, screens.keep(shift, act.reader), act.reader))


async def on_cancel(update: Update, context: Context) -> None:
    press = pressed(update, CancelShift)
    async with acting(update, context) as act:
        if act.person is None:
            await home(act)
            return
        reason = REASONS[press.reason] if 0 <= press.reason < len(REASONS) else CancelReason.OTHER
        noted = await conversations.asked(act.session, act.person.id, act.now)
        about = str(press.assignment_id)
        note = noted.data.get("note") if noted and noted.data.get("assignment_id") == about else None
        shift = await _mine(act, press.assignment_id)
        result = await leaving.cancel_shift(
            act.session, act.person, press.assignment_id, reason, note, act.words, act.policy, act.now
        )
        if isinstance(result, Refused):
            await _refused(act, result, press.assignment_id)
        else:
            await conversations.end(act.session, act.person.id)
            if result.told == 0 and shift is not None:
                key, what = (
                    f"{alerts.NO_MANAGER}:{shift.assignment_id}",
                    f"{shift.route}, {shift.warehouse}, {shift.on}",
                )
                await alerts.raise_within(act.session, key, what, act.words, act.policy, act.now)
            await _home(act, screens.cancelled_toast(act.reader))


async def on_still_wanted(update: Update, context: Context) -> None:
    """[I still want it], on the message that tells that it was dropped."""
    assignment_id = pressed(update, StillWanted).assignment_id
    async with acting(update, context) as act:
        if act.person is None:
            await home(act)
            return
        result = await restoring.want_back(act.session, act.person, assignment_id, act.policy, act.now)
        if isinstance(result, Refused):
            toast = offer_screens.refusal(result.why, act.reader)
            await act.show(Kind.DROPPED, assignment_id, toast=toast, alert=True)
        else:
            await _show(act, result.assignment_id, screens.wanted_back(act.reader))


# -- what is simply typed


async def on_text(update: Update, context: Context) -> None:
    """A note that was asked for, or on the day a number of parcels; anything else is not understood."""
    message = update.effective_message
    text = (message.text or "").strip() if message else ""
    async with acting(update, context) as act:
        if act.person is None:
            await act.say(home_screens.stranger(act.company, act.reader))
        elif not await _understood(act, act.person, text):
            await act.say(home_screens.not_understood(act.reader), fresh=True)


async def _understood(act: Acting, person: Person, text: str) -> bool:
    asked = await conversations.asked(act.session, person.id, act.now)
    if asked is not None and "note" not in asked.data:
        await _noted(act, person, asked.data, text)
        return True
    if not text.isdecimal():
        return False
    today = local_day(act.now, act.policy)
    shifts = await queries.own_shifts(act.session, person.id, today - timedelta(days=1), today, act.policy)
    active = next((shift for shift in shifts if shift.status is AssignmentStatus.ACTIVE), None)
    if active is None:
        return False
    if len(text) > len(str(act.policy.parcels_most)):
        await _refused_typed(act, Refused(Refusal.BAD_PARCELS))
    elif active.parcels_start is None:
        refused = await _enter(act, person, active.assignment_id, Count.LOADED, int(text))
        await (_show(act, active.assignment_id) if refused is None else _refused_typed(act, refused))
    else:  # it would complete the shift: he presses ✓ himself
        await _keypad(act, active.assignment_id, Count.BROUGHT_BACK, int(text))
    return True


async def _noted(act: Acting, person: Person, data: dict[str, object], text: str) -> None:
    shift = await _mine(act, UUID(str(data["assignment_id"])))
    why = _not_cancellable(shift)
    if shift is None or why is not None:
        await conversations.end(act.session, person.id)
        await _refused_typed(act, Refused(why or Refusal.SHIFT_GONE))
    elif len(text) > act.policy.cancel_notes_most:
        await act.say(screens.note_too_long(act.policy, screens.keep(shift, act.reader), act.reader))
    else:
        await conversations.keep(act.session, person.id, Step.CANCEL_NOTE, data | {"note": text}, act.now)
        await _consequence(act, shift, int(str(data["reason"])), text)
