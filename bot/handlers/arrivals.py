"""The shift day while drivers are awaited: what they press and type, and what their managers do (R8.2a to R8.6a)."""

import re
from datetime import timedelta
from typing import Final
from uuid import UUID

from telegram import Update

from bot.acting import Acting, Context, acting
from bot.callbacks.arrivals import AllHere, AnswerLate, HesHere, LeaveToOthers, TheseMissing
from bot.callbacks.callback import pressed
from bot.callbacks.shifts import ComeLate, RunLate
from bot.handlers.home import person_of
from bot.handlers.shifts import refused, refused_typed, show
from bot.screens import arrivals as screens
from bot.screens import shift_day as day_screens
from bot.screens import shifts as shift_screens
from bot.screens.shifts import ShiftNow
from domain.notices.kinds import Kind
from domain.people.queries import Person
from domain.refusals import Refusal, Refused
from domain.shifts import coming, holds, late, queries
from domain.shifts.coming import ToldLate
from domain.shifts.restoring import GoneToAnother
from domain.shifts.rules import Extend
from domain.time import local_day

# -- the driver


async def on_late(update: Update, context: Context) -> None:
    assignment_id = pressed(update, RunLate).assignment_id
    async with acting(update, context) as act:
        if person := await person_of(act):
            result = await _runs_late(act, person, assignment_id, None)
            if isinstance(result, Refused):
                await refused(act, result, assignment_id)
            else:
                await show(act, assignment_id, _noted(act, result))


async def _runs_late(act: Acting, person: Person, assignment_id: UUID, minutes: int | None) -> Extend | Refused | None:
    """None: he has said so before."""
    result = await late.run_late(act.session, person, assignment_id, minutes, act.words, act.policy, act.now)
    return result if isinstance(result, Extend | Refused) else None


def _noted(act: Acting, result: Extend | None) -> str | None:
    return day_screens.run_late(result.arrive_by, act.reader) if result else None


LATE: Final = re.compile(
    r"(?:i'?m |i am )?(?:running )?late(?: by)?(?: (\d{1,9})(?: ?min\w*)?)?"
    r"|(?:je suis |j'?ai )?(?:en |du )?retard(?: de)?(?: (\d{1,9})(?: ?min\w*)?)?"
)


async def says_late(act: Acting, person: Person, text: str) -> bool:
    """ "late 15", "en retard": of today's shift."""
    said = LATE.fullmatch(" ".join(text.lower().replace("’", "'").rstrip(".!").split()))
    if said is None:
        return False
    today = local_day(act.now, act.policy)
    shifts = await queries.own_shifts(act.session, person.id, today, today, act.policy)
    if not shifts:
        return await _missed_it(act, person)
    minutes = next((int(number) for number in said.groups() if number), None)
    result = await _runs_late(act, person, shifts[0].assignment_id, minutes)
    if isinstance(result, Refused):
        await refused_typed(act, result, shifts[0])
        return True
    shift = await queries.own_shift(act.session, person.id, shifts[0].assignment_id, act.policy)
    if shift is not None and minutes is not None and day_screens.too_little(shift, minutes):
        facts, told = ShiftNow(shift, act.now), isinstance(result, Extend)
        await act.say(day_screens.less_than_said(facts, minutes, told, act.reader))
    else:
        await show(act, shifts[0].assignment_id)
    return True


async def _missed_it(act: Acting, person: Person) -> bool:
    """Who says so after he was missed reads how it stands, and what he can still do (R8.6)."""
    missed = await coming.missed_on(act.session, person.id, local_day(act.now, act.policy))
    if missed is not None:
        await act.show(Kind.MISSED, missed)
    return missed is not None


async def on_come_late(update: Update, context: Context) -> None:
    """[I'm here, late]"""
    assignment_id = pressed(update, ComeLate).assignment_id
    async with acting(update, context) as act:
        if person := await person_of(act):
            result = await coming.come_late(act.session, person, assignment_id, act.words, act.policy, act.now)
            if isinstance(result, ToldLate):
                await act.show(Kind.MISSED, assignment_id, toast=day_screens.told_late(act.reader))
            elif isinstance(result, GoneToAnother):
                taken = shift_screens.refusal(Refused(Refusal.TAKEN), act.reader)
                await act.show(Kind.MISSED, assignment_id, toast=taken, alert=True)
            elif isinstance(result, Refused):
                await refused(act, result, assignment_id)
            else:
                await show(act, assignment_id)


# -- his managers; what they press on keeps itself current


async def on_answer_late(update: Update, context: Context) -> None:
    press = pressed(update, AnswerLate)
    async with acting(update, context) as act:
        if person := await person_of(act):
            more = timedelta(minutes=press.minutes)
            given = (act.session, person, press.assignment_id, more, act.words, act.policy, act.now)
            result = await late.answer_late(*given)
            act.toast(screens.answered(result, act.reader), isinstance(result, Refused))


async def on_hes_here(update: Update, context: Context) -> None:
    """[He's here], [Give it back]"""
    assignment_id = pressed(update, HesHere).assignment_id
    async with acting(update, context) as act:
        if person := await person_of(act):
            result = await coming.he_is_here(act.session, person, assignment_id, act.words, act.policy, act.now)
            act.toast(screens.here(result, act.reader), isinstance(result, Refused | GoneToAnother))


async def on_leave_to_others(update: Update, context: Context) -> None:
    assignment_id = pressed(update, LeaveToOthers).assignment_id
    async with acting(update, context) as act:
        if person := await person_of(act):
            result = await coming.leave_to_others(act.session, person, assignment_id, act.words, act.policy, act.now)
            act.toast(screens.left_to_others(result, act.reader), isinstance(result, Refused))


async def on_all_here(update: Update, context: Context) -> None:
    hold_id = pressed(update, AllHere).hold_id
    async with acting(update, context) as act:
        if person := await person_of(act):
            result = await coming.all_here(act.session, person, hold_id, act.policy, act.now)
            act.toast(screens.all_here(result, act.reader), isinstance(result, Refused))


async def on_these_missing(update: Update, context: Context) -> None:
    hold_id = pressed(update, TheseMissing).hold_id
    async with acting(update, context) as act:
        if person := await person_of(act):
            result = await holds.release(act.session, person, hold_id, act.now)
            act.toast(screens.released(result, act.reader), isinstance(result, Refused))
