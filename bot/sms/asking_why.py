"""CANT by SMS, and the number that answers why not (R11.6)."""

from dataclasses import replace

from bot.delivery import alerts
from bot.reader import Reader
from bot.screens import shift_texts, sms_answers
from bot.screens.shift_texts import REASONS
from bot.sms.answers import not_understood
from bot.sms.shifts import not_one, of_today
from bot.sms.texter import Texting, reader_of
from domain.db.models.words import AssignmentStatus, CancelReason
from domain.people.queries import Person
from domain.refusals import Refused
from domain.shifts import asking_why, leaving, queries
from domain.shifts.leaving import Left
from domain.shifts.queries import OwnShift


async def cant(this: Texting) -> str | None:
    """Asks for the reason; with a number behind it, it is cancelled at once."""
    found = await of_today(this)
    coming = [(person, shift) for person, shift in found if shift.status is AssignmentStatus.SCHEDULED] or found
    if len(coming) != 1:
        return not_one(this, len(coming))
    ((person, shift),) = coming
    edge, reader = this.edge, reader_of([person], this.texted.language, this.edge)
    if (reason := _reason(this.texted.code)) is not None:
        given = (shift.assignment_id, reason, None, edge.words, edge.policy, this.now)
        return await _said(await leaving.cancel_shift(this.session, person, *given), shift, this, reader)
    asked = await asking_why.ask_why(this.session, person, shift.assignment_id, edge.policy, this.now)
    if isinstance(asked, Refused):
        return shift_texts.refused(asked, this.company, reader)
    return shift_texts.why(shift, asked.until, this.company, reader)


async def number(this: Texting) -> str | None:
    """A number alone, where somebody is asked why he can't make it; otherwise it is not understood."""
    asked = [
        (person, id_) for person in this.people if (id_ := await asking_why.open_question(this.session, person.id))
    ]
    if not asked:
        this.texted = replace(this.texted, word=None)
        return await not_understood(this)
    if len(asked) > 1:
        return shift_texts.several_today(this.company, this.reader)
    ((person, assignment_id),) = asked
    edge, reader = this.edge, reader_of([person], this.texted.language, this.edge)
    shift = await queries.own_shift(this.session, person.id, assignment_id, edge.policy)
    reason = _reason(this.texted.code)
    if shift is None or reason is None:
        return await _again(this, person, shift, reader)
    said = (assignment_id, reason, edge.words, edge.policy, this.now)
    return await _said(await asking_why.say_why(this.session, person, *said), shift, this, reader)


async def _again(this: Texting, person: Person, shift: OwnShift | None, reader: Reader) -> str:
    """No number of a reason: he reads them once more."""
    if shift is None:
        return sms_answers.no_shift_today(this.company, reader)
    asked = await asking_why.ask_why(this.session, person, shift.assignment_id, this.edge.policy, this.now)
    if isinstance(asked, Refused):
        return shift_texts.refused(asked, this.company, reader)
    return shift_texts.why(shift, asked.until, this.company, reader)


def _reason(number: str | None) -> CancelReason | None:
    known = {str(place): reason for place, reason in enumerate(REASONS, start=1)}
    return known.get(number or "")


async def _said(result: Left | Refused, shift: OwnShift, this: Texting, reader: Reader) -> str:
    if isinstance(result, Refused):
        return shift_texts.refused(result, this.company, reader)
    if result.told == 0:  # a route without any manager (R5.4)
        key, what = f"{alerts.NO_MANAGER}:{shift.assignment_id}", f"{shift.route}, {shift.warehouse}, {shift.on}"
        await alerts.raise_within(this.session, key, what, this.edge.words, this.edge.policy, this.now)
    return shift_texts.cancelled(shift, this.company, reader)
