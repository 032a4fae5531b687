"""A driver's presses on his own shifts: his weeks, confirming, arriving, wanting one back."""

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from telegram import Update

from bot import conversations
from bot.acting import Acting, Context, acting
from bot.callbacks.callback import pressed
from bot.callbacks.shifts import Confirm, ConfirmAll, ImHere, Schedule, ShiftCard, StillWanted
from bot.handlers.home import person_of, who_drives
from bot.screens import arrivals as arrival_screens
from bot.screens import bidding as offer_screens
from bot.screens import lost_shifts
from bot.screens import shifts as screens
from bot.screens import weeks as week_screens
from bot.screens.driven import refusal as refusal_of_manager
from bot.screens.home import home_button
from domain.db.models.words import AssignmentStatus, UserRole
from domain.notices import actions as notices
from domain.notices.kinds import Kind, week_about
from domain.notices.queries import told
from domain.people.queries import Person
from domain.refusals import Refusal, Refused
from domain.shifts import actions, coming, queries, restoring
from domain.shifts.driven import driver_of
from domain.shifts.queries import OwnShift
from domain.time import local_day, week_of


async def on_schedule(update: Update, context: Context) -> None:
    """/schedule, and the pages of its weeks."""
    number = pressed(update, Schedule).week if update.callback_query else 0
    async with acting(update, context) as act:
        if person := await who_drives(act):
            await conversations.drop(act.session, person.id)
            await _week(act, person, max(-week_screens.WEEKS_MOST, min(number, week_screens.WEEKS_MOST)))


async def _week(act: Acting, person: Person, number: int) -> None:
    today = local_day(act.now, act.policy)
    monday, _ = week_of(today)
    monday += timedelta(weeks=number)
    shifts = await queries.own_shifts(act.session, person.id, monday, monday + timedelta(days=6), act.policy)
    unconfirmed = sum(queries.can_be_confirmed(shift, act.now) for shift in shifts)
    week = week_screens.Week(monday, number, shifts, unconfirmed)
    await act.say(week_screens.week(week, today, home_button(act.reader), act.reader))


async def on_shift(update: Update, context: Context) -> None:
    """One shift; also the way back from cancelling it."""
    assignment_id = pressed(update, ShiftCard).assignment_id
    async with acting(update, context) as act:
        if person := await person_of(act):
            await conversations.end(act.session, person.id)
            await show(act, assignment_id)


async def on_to_confirm(update: Update, context: Context) -> None:
    """/confirm"""
    async with acting(update, context) as act:
        if person := await who_drives(act):
            await conversations.drop(act.session, person.id)
            await _to_confirm(act, person)


async def _to_confirm(act: Acting, person: Person, toast: str | None = None) -> None:
    shifts = await queries.unconfirmed(act.session, person.id, act.policy, act.now)
    await act.say(week_screens.to_confirm(shifts, home_button(act.reader), act.reader), toast=toast)


async def on_confirm(update: Update, context: Context) -> None:
    assignment_id = pressed(update, Confirm).assignment_id
    async with acting(update, context) as act:
        if of := await whose(act, assignment_id):
            result = await actions.confirm_shift(act.session, of.driver, assignment_id, act.policy, act.now, by=of.by)
            if isinstance(result, Refused):
                await refused(act, result, assignment_id)
            else:
                await show(act, assignment_id, week_screens.confirmed(actions.Confirmed(1), act.reader))


async def on_confirm_all(update: Update, context: Context) -> None:
    press = pressed(update, ConfirmAll)
    async with acting(update, context) as act:
        if person := await person_of(act):
            try:
                first, last = date.fromordinal(press.first), date.fromordinal(press.last)
            except (ValueError, OverflowError):  # no button of ours says so
                first = last = date.min
            result = await actions.confirm_all(act.session, person, first, last, act.policy, act.now)
            toast, about = week_screens.confirmed(result, act.reader), week_about(first)
            if await told(act.session, person.id, Kind.WEEK, about) is None:
                await _to_confirm(act, person, toast)
            else:
                await notices.mark_read(act.session, person.id, Kind.WEEK, about)
                await act.show(Kind.WEEK, about, toast=toast)


async def on_here(update: Update, context: Context) -> None:
    assignment_id = pressed(update, ImHere).assignment_id
    async with acting(update, context) as act:
        of = await whose(act, assignment_id)
        if of is not None and of.by is not None:
            here = await coming.he_is_here(act.session, of.by, assignment_id, act.words, act.policy, act.now)
            await show(act, assignment_id, arrival_screens.here(here, act.reader), alert=isinstance(here, Refused))
        elif of is not None:
            result = await actions.arrive(act.session, of.driver, assignment_id, act.policy, act.now)
            if isinstance(result, Refused):
                await _not_there(act, of.driver, result, assignment_id)
            else:
                await show(act, assignment_id)


async def _not_there(act: Acting, person: Person, why: Refused, assignment_id: UUID) -> None:
    """Too late, he is shown [I'm here, late] (R8.6), be it on the message that tells that he was missed."""
    shift = await queries.own_shift(act.session, person.id, assignment_id, act.policy)
    if why.why is Refusal.ARRIVED_TOO_LATE and shift is not None:
        await act.say(lost_shifts.too_late(shift, home_button(act.reader), act.reader))
    elif await told(act.session, person.id, Kind.MISSED, assignment_id) is not None:
        toast = screens.refusal(Refused(Refusal.ARRIVED_TOO_LATE), act.reader)
        await act.show(Kind.MISSED, assignment_id, toast=toast, alert=True)
    else:
        await refused(act, why, assignment_id)


async def on_still_wanted(update: Update, context: Context) -> None:
    """[I still want it], on the message that tells that it was dropped."""
    assignment_id = pressed(update, StillWanted).assignment_id
    async with acting(update, context) as act:
        if person := await person_of(act):
            result = await restoring.want_back(act.session, person, assignment_id, act.words, act.policy, act.now)
            if isinstance(result, Refused):
                toast = offer_screens.refusal(result.why, act.reader)
                await act.show(Kind.DROPPED, assignment_id, toast=toast, alert=True)
            else:
                await show(act, result.assignment_id, screens.wanted_back(act.reader))


# -- what the other handlers of a driver's day share


@dataclass(frozen=True, slots=True)
class Whose:
    """A driver, and the manager who does for him what he says by telephone (R8.9); `by` None: he himself acts."""

    driver: Person
    by: Person | None = None

    @property
    def name(self) -> str | None:
        """Of whom a manager reads; None: the reader is meant."""
        return f"{self.driver.first_name} {self.driver.last_name}" if self.by else None


async def whose(act: Acting, assignment_id: UUID) -> Whose | None:
    """For whom this shift's buttons were pressed: anybody for himself, a manager for the driver of it.

    Who may not, or is unknown, is told so here. What a driver presses is checked by what it does (R12.4).
    """
    person = await person_of(act)
    if person is None or person.role is UserRole.DRIVER:
        return Whose(person) if person else None
    driver = await driver_of(act.session, person.id, assignment_id)
    if driver is None:
        await act.show(Kind.HOME, toast=refusal_of_manager(Refusal.NOT_FOUND, act.policy, act.reader), alert=True)
        return None
    return Whose(driver, person)


async def live(act: Acting, whose: Whose, assignment_id: UUID) -> OwnShift | None:
    """His shift, as long as it is his."""
    return await queries.own_shift(act.session, whose.driver.id, assignment_id, act.policy)


async def show(act: Acting, assignment_id: UUID, toast: str | None = None, *, alert: bool = False) -> None:
    """Today's shift stands on its driver's home card; any other has a card of its own, as all have for managers."""
    if act.person is not None and act.person.role is UserRole.MANAGER:
        await act.show(Kind.DRIVEN, assignment_id, toast=toast, alert=alert)
        return
    shift = await queries.own_shift(act.session, act.person.id, assignment_id, act.policy) if act.person else None
    if shift is None or shift.on == local_day(act.now, act.policy) or shift.status is AssignmentStatus.ACTIVE:
        await home(act, toast, alert=alert)
    else:
        await act.show(Kind.SHIFT, assignment_id, toast=toast, alert=alert)


async def home(act: Acting, toast: str | None, *, alert: bool = False) -> None:
    if await person_of(act):
        await act.show(Kind.HOME, toast=toast, alert=alert)


async def refused(act: Acting, why: Refused, assignment_id: UUID) -> None:
    """To who has pressed."""
    await show(act, assignment_id, screens.refusal(why, act.reader), alert=True)


async def refused_typed(act: Acting, why: Refused, about: OwnShift | None = None) -> None:
    """To who has typed: there is no press that could be answered. `about`: the shift that he meant, if he has it."""
    await act.say(screens.not_done(why, about, home_button(act.reader), act.reader))
