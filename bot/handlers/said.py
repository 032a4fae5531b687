"""What a driver says on the shift day in the words that an SMS would have: here, load 120, back 4, can't come (R8)."""

from collections.abc import Sequence
from typing import Final

from bot.acting import Acting
from bot.handlers import cancelling, parcels
from bot.handlers.shifts import Whose, refused_typed, show
from bot.numbered import PARCELS, numbered
from bot.screens import parcels as parcel_screens
from bot.screens.home import home_button
from domain.db.models.words import AssignmentStatus
from domain.names import folded
from domain.notices.kinds import Kind
from domain.people.queries import Person
from domain.refusals import Refusal, Refused
from domain.shifts import coming, queries
from domain.shifts.coming import ToldLate
from domain.shifts.queries import OwnShift
from domain.shifts.restoring import GoneToAnother
from domain.shifts.rules_of_parcels import Count
from domain.time import local_day

# Without accents and signs. Only a whole message counts: "here are my papers" means something else.
HERE: Final = ("here", "im here", "i am here", "ici", "je suis ici", "je suis la")
CANT: Final = (
    *("cant", "i cant", "cant come", "i cant come", "cant make it", "i cant make it"),
    *("absent", "absente", "je ne peux pas", "je ne peux pas venir", "je peux pas venir"),
)
LOADED: Final = ("load", "loaded", "charge", "charges")
BACK: Final = ("back", "retour", "rapporte", "rapportes")
DAYS_MOST: Final = 31  # in a month


async def here(act: Acting, person: Person, text: str) -> bool:
    """ "I'm here", of today's shift; too late, it tells the manager (R8.6). False: he has none, or it is not that."""
    if _bare(text) not in HERE:
        return False
    shift = next(iter(await _of_today(act, person)), None)
    today = local_day(act.now, act.policy)
    assignment_id = shift.assignment_id if shift else await coming.missed_on(act.session, person.id, today)
    if assignment_id is None:
        return False
    result = await coming.come_late(act.session, person, assignment_id, act.words, act.policy, act.now)
    match result:
        case Refused():
            await refused_typed(act, result)
        case GoneToAnother():
            await refused_typed(act, Refused(Refusal.TAKEN))
        case ToldLate():
            await act.show(Kind.MISSED, assignment_id)
        case _:
            await show(act, assignment_id)
    return True


async def cannot_come(act: Acting, person: Person, text: str) -> bool:
    """ "can't come", of today's shift: he is asked why, as by the button."""
    shift = next(iter(await _of_today(act, person)), None) if _bare(text) in CANT else None
    if shift is None:
        return False
    await cancelling.ask_reason(act, Whose(person), shift)
    return True


async def counts(act: Acting, person: Person, text: str) -> bool:
    """A number of parcels, bare or with its word: of the shift that he is on, or within the hour to correct it."""
    said = numbered(text, PARCELS)
    if said is None or said.word not in ("", *LOADED, *BACK):
        return False
    shift = await queries.to_count(act.session, person.id, local_day(act.now, act.policy), act.policy, act.now)
    if shift is None or (shift.status is AssignmentStatus.SCHEDULED and said.number is None):
        return False
    what = Count.LOADED if said.word in LOADED else Count.BROUGHT_BACK if said.word in BACK else None
    if shift.status is AssignmentStatus.SCHEDULED:
        await refused_typed(act, Refused(Refusal.NOT_ARRIVED))
    elif shift.status is AssignmentStatus.COMPLETED:
        await _corrects(act, person, shift, what, said.number)
    else:
        await _counts(act, person, shift, what, said.number)
    return True


async def counts_surely(act: Acting, person: Person, text: str) -> bool:
    """The same where a day is asked for: without its word only what is no day of a month."""
    said = numbered(text, PARCELS)
    return said is not None and (said.word != "" or (said.number or 0) > DAYS_MOST) and await counts(act, person, text)


async def _counts(act: Acting, person: Person, shift: OwnShift, what: Count | None, number: int | None) -> None:
    """What is not loaded yet is loaded, whatever comes after that comes back."""
    what = what or (Count.LOADED if shift.parcels_start is None else Count.BROUGHT_BACK)
    if what is Count.BROUGHT_BACK and shift.parcels_start is None:
        await refused_typed(act, Refused(Refusal.NOT_LOADED))
    elif number is None or not parcels.fits(shift, what, number, act.policy):
        await _cant_be(act, shift, what)
    elif what is Count.BROUGHT_BACK:  # it would complete the shift: he presses ✓ himself
        await parcels.keypad(act, Whose(person), shift.assignment_id, what, number)
    else:
        await _enters(act, person, shift, what, number)


async def _corrects(act: Acting, person: Person, shift: OwnShift, what: Count | None, number: int | None) -> None:
    """Either number (R8.4); a bare one may be either, so he presses which it is."""
    counts = tuple(Count) if what is None else (what,)
    fitting = tuple(each for each in counts if number is not None and parcels.fits(shift, each, number, act.policy))
    if not queries.is_editable(shift, act.now):
        await refused_typed(act, Refused(Refusal.NO_LONGER_EDITABLE))
    elif number is None or not fitting:
        await _cant_be(act, shift, *counts)
    elif what is None:
        await act.say(parcel_screens.which_it_is(shift, number, fitting, home_button(act.reader), act.reader))
    else:
        await _enters(act, person, shift, what, number)


async def _enters(act: Acting, person: Person, shift: OwnShift, what: Count, number: int) -> None:
    why = await parcels.enter(act, Whose(person), shift.assignment_id, what, number)
    await (show(act, shift.assignment_id) if why is None else refused_typed(act, why))


async def _cant_be(act: Acting, shift: OwnShift, *counts: Count) -> None:
    await act.say(parcel_screens.cant_be(shift, counts, act.policy, home_button(act.reader), act.reader))


async def _of_today(act: Acting, person: Person) -> Sequence[OwnShift]:
    today = local_day(act.now, act.policy)
    return await queries.own_shifts(act.session, person.id, today, today, act.policy)


def _bare(text: str) -> str:
    return " ".join(bare for word in text.split() if (bare := folded(word)))
