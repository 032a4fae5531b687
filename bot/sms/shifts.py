"""A driver's own shifts by SMS: confirming and the day itself (R11.6)."""

from collections.abc import Awaitable, Callable
from functools import partial
from uuid import UUID

from bot.reader import Reader
from bot.screens import shift_texts, sms_answers
from bot.sms.texter import Texting, reader_of
from domain.db.models.words import AssignmentStatus
from domain.notices import codes
from domain.notices.kinds import ASKS_TO_CONFIRM, Kind
from domain.people.queries import Person
from domain.refusals import Refusal, Refused
from domain.shifts import actions as own
from domain.shifts import coming
from domain.shifts import late as lateness
from domain.shifts import queries as shifts
from domain.shifts.coming import ToldLate
from domain.shifts.queries import OwnShift
from domain.shifts.restoring import GoneToAnother
from domain.shifts.rules import Done
from domain.shifts.rules_of_parcels import Count
from domain.time import local_day


async def confirm(this: Texting) -> str | None:
    """Confirms the shift that the code stands for, or the one that waits."""
    waiting = [(person, shift) for person in this.people for shift in await _unconfirmed(this, person)]
    if this.texted.code is not None:
        coded = this.meant if this.meant and this.meant.kind in ASKS_TO_CONFIRM else None
        if coded is None or this.named is None:
            return sms_answers.wrong_code([], this.company, this.reader)
        return await confirmed(this, this.named, coded.about)
    if len(waiting) == 1:
        ((person, shift),) = waiting
        return await confirmed(this, person, shift.assignment_id)
    if not waiting:
        return sms_answers.nothing_to_confirm(this.company, this.reader)
    listed = [(shift, await _shift_code(this, person, shift)) for person, shift in waiting]
    return sms_answers.several_to_confirm(listed, this.company, this.reader)


async def _unconfirmed(this: Texting, person: Person) -> tuple[OwnShift, ...]:
    return await shifts.unconfirmed(this.session, person.id, this.edge.policy, this.now)


async def _shift_code(this: Texting, person: Person, shift: OwnShift) -> str:
    phone, until = this.incoming.phone, shift.confirm_by
    return await codes.code_for(this.session, phone, person.id, Kind.CONFIRM_REMINDER, shift.assignment_id, until)


async def confirmed(this: Texting, person: Person, assignment_id: UUID) -> str:
    reader, policy = reader_of([person], this.texted.language, this.edge), this.edge.policy
    result = await own.confirm_shift(this.session, person, assignment_id, policy, this.now)
    if isinstance(result, Refused):
        return shift_texts.refused(result, this.company, reader)
    shift = await shifts.own_shift(this.session, person.id, assignment_id, policy)
    return sms_answers.confirmed(shift, this.company, reader) if shift else sms_answers.noted(this.company, reader)


async def here(this: Texting) -> str | None:
    """[I'm here], for today's shift (R8.2); too late, it tells the manager (R8.6)."""
    found, today = await of_today(this), local_day(this.now, this.edge.policy)
    of_this_day = [(person, shift.assignment_id) for person, shift in found if shift.on == today]
    still_out = [(person, shift.assignment_id) for person, shift in found if shift.on != today]
    expected = of_this_day or await _missed_today(this) or still_out
    if len(expected) != 1:
        return not_one(this, len(expected))
    ((person, assignment_id),) = expected
    edge, reader = this.edge, reader_of([person], this.texted.language, this.edge)
    result = await coming.come_late(this.session, person, assignment_id, edge.words, edge.policy, this.now)
    match result:
        case Refused():
            return shift_texts.refused(result, this.company, reader)
        case ToldLate():
            return shift_texts.told_late(this.company, reader)
        case GoneToAnother():
            return shift_texts.gone_to_another(this.company, reader)
    return await _standing(this, person, assignment_id, reader)


async def _missed_today(this: Texting) -> list[tuple[Person, UUID]]:
    today = local_day(this.now, this.edge.policy)
    found = [(person, await coming.missed_on(this.session, person.id, today)) for person in this.people]
    return [(person, assignment_id) for person, assignment_id in found if assignment_id is not None]


async def late(this: Texting) -> str | None:
    """Running late, by so many minutes or not (R8.5)."""
    if len(found := await of_today(this)) != 1:
        return not_one(this, len(found))
    ((person, shift),) = found
    edge, reader, code = this.edge, reader_of([person], this.texted.language, this.edge), this.texted.code
    minutes = (int(code) if code.isdecimal() else 0) if code else None  # so late can nobody be who says no number
    said = (shift.assignment_id, minutes, edge.words, edge.policy, this.now)
    result = await lateness.run_late(this.session, person, *said)
    if isinstance(result, Refused):
        return shift_texts.refused(result, this.company, reader, shift)
    now = await shifts.own_shift(this.session, person.id, shift.assignment_id, edge.policy)
    return shift_texts.is_late(now or shift, this.company, reader, again=isinstance(result, Done))


async def load(this: Texting) -> str | None:
    return await _parcels(this, Count.LOADED)


async def back(this: Texting) -> str | None:
    return await _parcels(this, Count.BROUGHT_BACK)


async def _parcels(this: Texting, what: Count) -> str:
    """A number of parcels of the shift that is under way (R8.3), or within the hour a correction of it (R8.4)."""
    if len(found := await _each(this, partial(shifts.to_count, now=this.now))) != 1:
        return not_one(this, len(found))
    ((person, shift),) = found
    reader, code = reader_of([person], this.texted.language, this.edge), this.texted.code or ""
    parcels = int(code) if code.isdecimal() else -1  # no number: it can't be right
    result = await _enter(this, person, shift, what, parcels)
    if isinstance(result, Refused) and result.why is Refusal.BAD_PARCELS:
        return shift_texts.cant_be(shift, what, this.edge.policy, this.company, reader)
    if isinstance(result, Refused):
        return shift_texts.refused(result, this.company, reader, shift)
    return await _standing(this, person, shift.assignment_id, reader)


async def _enter(this: Texting, person: Person, shift: OwnShift, what: Count, parcels: int) -> object:
    given, at = (this.session, person, shift.assignment_id), (this.edge.policy, this.now)
    if shift.status is AssignmentStatus.COMPLETED:
        start, returned = (parcels, None) if what is Count.LOADED else (None, parcels)
        return await own.correct_parcels(*given, start, returned, *at)
    return await (own.load_parcels if what is Count.LOADED else own.complete_shift)(*given, parcels, *at)


async def _standing(this: Texting, person: Person, assignment_id: UUID, reader: Reader) -> str:
    """What is done, as it stands now, with the next step."""
    shift = await shifts.own_shift(this.session, person.id, assignment_id, this.edge.policy)
    if shift is None:  # it was given back to him in another row
        return sms_answers.noted(this.company, reader)
    return sms_answers.standing(shift, this.now, this.company, reader)


async def of_today(this: Texting) -> list[tuple[Person, OwnShift]]:
    """Of each who shares the phone his shift of today: yesterday's, never finished, is not in the way of it."""
    return await _each(this, shifts.of_the_day)


async def _each(this: Texting, which: Callable[..., Awaitable[OwnShift | None]]) -> list[tuple[Person, OwnShift]]:
    """One of them does not answer for another one who shares the phone."""
    today = local_day(this.now, this.edge.policy)
    found = [(person, await which(this.session, person.id, today, this.edge.policy)) for person in this.people]
    return [(person, shift) for person, shift in found if shift is not None]


def not_one(this: Texting, found: int) -> str:
    """None of them drives today, or several do: nobody knows who is meant."""
    if found:
        return shift_texts.several_today(this.company, this.reader)
    return sms_answers.no_shift_today(this.company, this.reader)
