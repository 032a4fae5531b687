"""A driver is ill until a day, and well again (R12.7)."""

from collections.abc import Sequence
from datetime import date

from telegram import Update

from bot import conversations, dates
from bot.acting import Acting, Context, acting
from bot.callbacks.absences import FallIll, IllDays, IllOrHurt, IllUntil, WellAgain
from bot.callbacks.callback import day_of, pressed
from bot.conversations import Step
from bot.handlers import cancelling
from bot.handlers.home import person_of
from bot.handlers.shifts import whose
from bot.screens import absences as screens
from bot.screens.cancelling import keep
from domain.db.models.words import OffKind, UserRole
from domain.names import folded
from domain.notices.kinds import Kind
from domain.people.drivers import days_off
from domain.people.queries import Person
from domain.people.rules import AlreadyOff
from domain.refusals import Refusal, Refused
from domain.shifts import absences, queries
from domain.shifts.queries import OwnShift
from domain.time import local_day


async def on_ill_or_hurt(update: Update, context: Context) -> None:
    assignment_id = pressed(update, IllOrHurt).assignment_id
    async with acting(update, context) as act:
        if not (of := await whose(act, assignment_id)):
            return
        if shift := await cancelling.cancellable(act, of, assignment_id):
            await act.say(screens.just_this_one(shift, keep(shift, act.reader, of.name), act.reader))


async def on_ill_days(update: Update, context: Context) -> None:
    press = pressed(update, IllDays)
    async with acting(update, context) as act:
        if person := await _driver(act):
            await ask_until_when(act, person, day_of(press.first), press.page)


async def ask_until_when(act: Acting, driver: Person, first: date, page: int = 0) -> None:
    """The days as buttons; one may be typed as well."""
    today = local_day(act.now, act.policy)
    first = max(first, today)
    off = await days_off(act.session, driver.id, today)
    known = next((each for each in off if each.kind == OffKind.ILL and each.first <= today <= each.last), None)
    await conversations.ask(act.session, driver.id, Step.ILL_UNTIL, {"first": first.isoformat()}, act.now)
    await act.say(screens.until_when(first, page, known, act.policy, act.reader))


async def until_typed(act: Acting, driver: Person, data: dict[str, object], text: str) -> None:
    """The day that was asked for, as he writes it: friday, until friday."""
    words = text.split()
    if words and folded(words[0]) in UNTIL_WORDS:
        words = words[1:]
    await _until(act, driver, date.fromisoformat(str(data["first"])), words)


async def _until(act: Acting, driver: Person, first: date, words: Sequence[str]) -> None:
    text = " ".join(words)
    last = dates.day(text, local_day(act.now, act.policy))
    if isinstance(last, date):
        await _plan(act, driver, first, last)
    else:
        await act.say(screens.not_read(text, last, first, act.reader))


async def on_ill_until(update: Update, context: Context) -> None:
    press = pressed(update, IllUntil)
    async with acting(update, context) as act:
        if person := await _driver(act):
            await _plan(act, person, day_of(press.first), day_of(press.last))


async def _plan(act: Acting, driver: Person, first: date, last: date) -> None:
    plan = await absences.plan(act.session, driver.id, OffKind.ILL, first, last, act.policy, act.now)
    match plan:
        case AlreadyOff():
            await conversations.end(act.session, driver.id)
            await act.say(screens.off_already(plan, act.reader))
        case Refused(why=why):
            await act.say(screens.not_ill(why, first, act.policy, act.reader))
        case absences.Plan():
            await conversations.end(act.session, driver.id)
            await act.say(screens.what_follows(plan, await _running(act, driver, plan.first), act.reader))


async def _running(act: Acting, driver: Person, first: date) -> OwnShift | None:
    """The shift that he is on while he falls ill: it is not taken from him, he has to stop it himself (R8.8)."""
    today = local_day(act.now, act.policy)
    return await queries.under_way(act.session, driver.id, today, act.policy) if first <= today else None


async def on_fall_ill(update: Update, context: Context) -> None:
    press = pressed(update, FallIll)
    async with acting(update, context) as act:
        if not (person := await _driver(act)):
            return
        first, last = day_of(press.first), day_of(press.last)
        result = await absences.fall_ill(act.session, person, first, last, act.words, act.policy, act.now)
        match result:
            case AlreadyOff():
                await act.say(screens.off_already(result, act.reader))
            case Refused(why=why):
                await act.say(screens.not_ill(why, first, act.policy, act.reader))
            case absences.Away():
                await conversations.end(act.session, person.id)
                for shift, left in zip(result.shifts, result.left, strict=True):
                    if left.told == 0:
                        await cancelling.nobody_to_tell(act, shift)
                await act.say(screens.ill(result, await _running(act, person, result.first), act.reader))


async def on_well_again(update: Update, context: Context) -> None:
    off_id = pressed(update, WellAgain).off_id
    async with acting(update, context) as act:
        if not (person := await _driver(act)):
            return
        result = await absences.end_off(act.session, person, off_id, act.words, act.policy, act.now)
        if isinstance(result, Refused):
            toast = screens.days_refused(Refusal.NOT_OFF, 0, act.reader)
        else:
            toast = screens.well_again(act.reader)
        await act.show(Kind.HOME, toast=toast, alert=isinstance(result, Refused))


async def _driver(act: Acting) -> Person | None:
    """Who acts, if he drives; anybody else is told what he can do here."""
    person = await person_of(act)
    if person is not None and person.role is not UserRole.DRIVER:
        await act.show(Kind.HOME, toast=screens.days_refused(Refusal.NOT_A_DRIVER, 0, act.reader), alert=True)
        return None
    return person


# Without accents and signs.
ILL_WORDS = ("i am ill", "i am sick", "im ill", "im sick", "ill", "sick", "je suis malade", "malade")
UNTIL_WORDS = ("until", "till", "til", "jusquau", "jusqua", "jusque")


async def ill_typed(act: Acting, person: Person, text: str) -> bool:
    """ "sick", "ill tomorrow", "malade jusqu'à vendredi": on any day, without having been asked. False: something else.

    What he has left out, or can't be read, is asked for, and the next day that he writes is the answer.
    """
    written = text.split()
    words = [folded(word) for word in written]
    said = next((said for said in ILL_WORDS if words[: len(said.split())] == said.split()), None)
    if said is None or person.role is not UserRole.DRIVER:
        return False
    begin = len(said.split())
    end = next((place for place in range(begin, len(words)) if words[place] in UNTIL_WORDS), len(words))
    today = local_day(act.now, act.policy)
    first = dates.day(" ".join(written[begin:end]), today) if end > begin else today
    if first is dates.Unreadable.NOT_A_DAY:  # "sick of it"
        return False
    asked = max(first, today) if isinstance(first, date) else today
    await conversations.ask(act.session, person.id, Step.ILL_UNTIL, {"first": asked.isoformat()}, act.now)
    if not isinstance(first, date):
        await act.say(screens.not_read(" ".join(written[begin:end]), first, asked, act.reader))
    elif written[end + 1 :]:
        await _until(act, person, asked, written[end + 1 :])
    else:
        await ask_until_when(act, person, asked)
    return True
