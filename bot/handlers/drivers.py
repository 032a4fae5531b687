"""A manager and his drivers: finding one, days off, language, the last day (R12.3, R12.7)."""

from datetime import date
from uuid import UUID

from telegram import Update

from bot import conversations, dates
from bot.acting import Acting, Context, acting
from bot.callbacks.absences import BackEarly, OffFrom, OffKinds, OffPlan, OffUntil, SendOff
from bot.callbacks.callback import day_of, pressed
from bot.callbacks.drivers import DriverCard, HisLanguage, LastDay, LastDays, LetGo, SpeakTo, StaysOn
from bot.conversations import Step
from bot.handlers import cancelling
from bot.handlers.coverage import manager_of
from bot.reader import LANGUAGES
from bot.screens import drivers as screens
from bot.screens import settings as settings_screens
from bot.screens.absences import days_refused
from bot.screens.driver_card import card
from domain.health.his_standing import his_standing
from domain.notices import following
from domain.notices.kinds import Kind
from domain.people import contact, drivers
from domain.people.queries import Person, person
from domain.people.rules import AlreadyOff, LeavesThen
from domain.refusals import Refused
from domain.shifts import absences, departures
from domain.time import local_day


async def on_driver(update: Update, context: Context) -> None:
    """/driver, with a name or without."""
    name = " ".join(context.args or [])
    async with acting(update, context) as act:
        if not (manager := await manager_of(act)):
            return
        await conversations.drop(act.session, manager.id)  # what was asked about another one
        if not name:
            await act.say(screens.how_to_find(act.reader))
            return
        await find(act, manager, name)


async def find(act: Acting, manager: Person, name: str) -> None:
    """The driver who is called so, several to choose from, or those who are called nearly so."""
    asked = act.session, manager.id, name, local_day(act.now, act.policy)
    found = await drivers.find_drivers(*asked)
    if len(found) == 1:
        await show_card(act, manager, found[0].id)
    elif found:
        await act.say(screens.choose(name, found, act.reader))
    else:
        await act.say(screens.nobody(name, await drivers.near_drivers(*asked), act.reader))


async def on_driver_card(update: Update, context: Context) -> None:
    """A driver; also the way back from whatever was asked about him."""
    user_id = pressed(update, DriverCard).user_id
    async with acting(update, context) as act:
        if manager := await manager_of(act):
            await conversations.drop(act.session, manager.id)
            await show_card(act, manager, user_id)


async def show_card(
    act: Acting, manager: Person, user_id: UUID, toast: str | None = None, *, alert: bool = False, done: str = ""
) -> None:
    """`done`: what has just been done, above all; who has typed sees no toast."""
    facts = await his_standing(act.session, manager.id, user_id, act.policy, act.now)
    if facts is None:
        await act.show(Kind.HOME, toast=screens.gone(act.reader), alert=True)
    else:
        await act.say(card(facts, act.policy, act.reader, done), toast=toast, alert=alert)


async def _own(act: Acting, manager: Person, user_id: UUID) -> drivers.DriverCard | None:
    """A driver for whom this manager may act; otherwise he is told that there is none."""
    facts = await drivers.driver_card(act.session, manager.id, user_id, act.policy, act.now)
    if facts is None or not facts.own:
        await act.show(Kind.HOME, toast=screens.gone(act.reader), alert=True)
        return None
    return facts


# -- time off


async def on_off_kinds(update: Update, context: Context) -> None:
    user_id = pressed(update, OffKinds).user_id
    async with acting(update, context) as act:
        if (manager := await manager_of(act)) and (facts := await _own(act, manager, user_id)):
            await act.say(screens.kinds(facts, act.reader))


async def on_off_from(update: Update, context: Context) -> None:
    press = pressed(update, OffFrom)
    async with acting(update, context) as act:
        if (manager := await manager_of(act)) and (facts := await _own(act, manager, press.user_id)):
            about = {"user_id": str(press.user_id), "kind": press.kind}
            await conversations.ask(act.session, manager.id, Step.OFF_FROM, about, act.now)
            today = local_day(act.now, act.policy)
            await act.say(screens.off_from(facts, press.kind, today, press.page, act.reader))


async def off_from_typed(act: Acting, manager: Person, data: dict[str, object], text: str) -> None:
    """The first day off, as he writes it."""
    if (read := await _read(act, manager, data, text)) is not None:
        facts, first = read
        await _off_until(act, manager, facts, int(str(data["kind"])), first, 0)


async def on_off_until(update: Update, context: Context) -> None:
    press = pressed(update, OffUntil)
    async with acting(update, context) as act:
        if (manager := await manager_of(act)) and (facts := await _own(act, manager, press.user_id)):
            await _off_until(act, manager, facts, press.kind, day_of(press.first), press.page)


async def _off_until(
    act: Acting, manager: Person, facts: drivers.DriverCard, kind: int, first: date, page: int
) -> None:
    first = max(first, local_day(act.now, act.policy))
    about = {"user_id": str(facts.id), "kind": kind, "first": first.isoformat()}
    await conversations.ask(act.session, manager.id, Step.OFF_UNTIL, about, act.now)
    await act.say(screens.off_until(facts, kind, first, page, act.policy, act.reader))


async def off_until_typed(act: Acting, manager: Person, data: dict[str, object], text: str) -> None:
    """The last day off, as he writes it."""
    if (read := await _read(act, manager, data, text)) is not None:
        facts, last = read
        await _off_plan(act, manager, facts, int(str(data["kind"])), date.fromisoformat(str(data["first"])), last)


async def _read(
    act: Acting, manager: Person, data: dict[str, object], text: str
) -> tuple[drivers.DriverCard, date] | None:
    """The driver whom he was asked about, and the day that he has written; otherwise he is told what is wrong."""
    facts = await _own(act, manager, UUID(str(data["user_id"])))
    if facts is None:
        await conversations.end(act.session, manager.id)
        return None
    day = dates.day(text, local_day(act.now, act.policy))
    if not isinstance(day, date):
        await act.say(screens.not_read(facts, text, day, act.reader))
        return None
    return facts, day


async def on_off_plan(update: Update, context: Context) -> None:
    press = pressed(update, OffPlan)
    async with acting(update, context) as act:
        if (manager := await manager_of(act)) and (facts := await _own(act, manager, press.user_id)):
            await _off_plan(act, manager, facts, press.kind, day_of(press.first), day_of(press.last))


async def _off_plan(
    act: Acting, manager: Person, facts: drivers.DriverCard, number: int, first: date, last: date
) -> None:
    kind = screens.kind_of(number)
    plan = await absences.plan(act.session, facts.id, kind, first, last, act.policy, act.now)
    match plan:
        case AlreadyOff():
            await conversations.end(act.session, manager.id)
            await show_card(act, manager, facts.id, screens.off_toast(False, act.reader), alert=True)
        case Refused(why=why):
            await act.say(screens.off_refused(facts, number, why, act.policy, act.reader))
        case absences.Plan():
            await conversations.end(act.session, manager.id)
            await act.say(screens.off_plan(facts, number, plan, act.reader))


async def on_send_off(update: Update, context: Context) -> None:
    press = pressed(update, SendOff)
    async with acting(update, context) as act:
        if not (manager := await manager_of(act)):
            return
        kind, days = screens.kind_of(press.kind), (day_of(press.first), day_of(press.last))
        result = await absences.send_off(
            act.session, manager, press.user_id, kind, *days, act.words, act.policy, act.now
        )
        if isinstance(result, Refused):
            toast = days_refused(result.why, screens.most(press.kind, act.policy), act.reader)
            await show_card(act, manager, press.user_id, toast, alert=True)
            return
        if isinstance(result, absences.Away):
            await _alert_if_untold(act, result)
        await show_card(act, manager, press.user_id, screens.off_toast(isinstance(result, absences.Away), act.reader))


async def on_back_early(update: Update, context: Context) -> None:
    press = pressed(update, BackEarly)
    async with acting(update, context) as act:
        if manager := await manager_of(act):
            result = await absences.end_off(act.session, manager, press.off_id, act.words, act.policy, act.now)
            refused = isinstance(result, Refused)
            toast = days_refused(result.why, 0, act.reader) if isinstance(result, Refused) else None
            await show_card(act, manager, press.user_id, toast or screens.back_toast(act.reader), alert=refused)


async def _alert_if_untold(act: Acting, result: absences.Away | departures.Leaves) -> None:
    """Of each shift that nobody but he knows to be open (R5.4)."""
    for shift, left in zip(result.shifts, result.left, strict=True):
        if left.told == 0:
            await cancelling.nobody_to_tell(act, shift)


# -- language


async def on_his_language(update: Update, context: Context) -> None:
    user_id = pressed(update, HisLanguage).user_id
    async with acting(update, context) as act:
        if (manager := await manager_of(act)) and (facts := await _own(act, manager, user_id)):
            await act.say(screens.languages(facts, act.reader))


async def on_speak_to(update: Update, context: Context) -> None:
    """His home card and his menu of commands change with it."""
    press = pressed(update, SpeakTo)
    async with acting(update, context) as act:
        if not (manager := await manager_of(act)):
            return
        today = local_day(act.now, act.policy)
        driver = await drivers.his_driver(act.session, manager.id, press.user_id, today)
        if driver is None:
            await act.show(Kind.HOME, toast=screens.gone(act.reader), alert=True)
            return
        result = await contact.choose_language(act.session, driver, press.choice, LANGUAGES, act.now, by=manager)
        if isinstance(result, Refused):
            await show_card(act, manager, driver.id, settings_screens.refusal(result.why, act.reader), alert=True)
            return
        if spoken_to := await person(act.session, driver.id):
            await act.offer_commands_to(spoken_to)
        await following.follow_homes(act.session, act.now, of=[driver.id], first=driver.id)
        await show_card(act, manager, driver.id, screens.off_toast(True, act.reader))


# -- leaving


async def on_last_days(update: Update, context: Context) -> None:
    press = pressed(update, LastDays)
    async with acting(update, context) as act:
        if (manager := await manager_of(act)) and (facts := await _own(act, manager, press.user_id)):
            await conversations.ask(act.session, manager.id, Step.LAST_DAY, {"user_id": str(facts.id)}, act.now)
            today = local_day(act.now, act.policy)
            await act.say(screens.last_days(facts, today, press.page, act.reader))


async def last_day_typed(act: Acting, manager: Person, data: dict[str, object], text: str) -> None:
    """The last day, as he writes it."""
    if (read := await _read(act, manager, data, text)) is not None:
        await _leaving_plan(act, manager, *read)


async def on_last_day(update: Update, context: Context) -> None:
    press = pressed(update, LastDay)
    async with acting(update, context) as act:
        if (manager := await manager_of(act)) and (facts := await _own(act, manager, press.user_id)):
            await _leaving_plan(act, manager, facts, day_of(press.last))


async def _leaving_plan(act: Acting, manager: Person, facts: drivers.DriverCard, last: date) -> None:
    plan = await departures.plan(act.session, manager, facts.id, last, act.policy, act.now)
    match plan:
        case LeavesThen():
            await conversations.end(act.session, manager.id)
            await show_card(act, manager, facts.id, screens.leaving_toast(plan, act.reader))
        case Refused(why=why):
            await act.say(screens.leaving_refused(facts, why, act.reader))
        case departures.Plan():
            await conversations.end(act.session, manager.id)
            await act.say(screens.leaving_plan(facts, plan, act.reader))


async def on_let_go(update: Update, context: Context) -> None:
    press = pressed(update, LetGo)
    async with acting(update, context) as act:
        if not (manager := await manager_of(act)) or not (facts := await _own(act, manager, press.user_id)):
            return
        result = await departures.leave_company(
            act.session, manager, press.user_id, day_of(press.last), act.words, act.policy, act.now
        )
        if isinstance(result, Refused):
            await act.say(screens.leaving_refused(facts, result.why, act.reader))
            return
        if isinstance(result, departures.Leaves):
            await _alert_if_untold(act, result)
        await show_card(act, manager, press.user_id, screens.leaving_toast(result, act.reader))


async def on_stays(update: Update, context: Context) -> None:
    user_id = pressed(update, StaysOn).user_id
    async with acting(update, context) as act:
        if manager := await manager_of(act):
            result = await departures.stay_after_all(act.session, manager, user_id, act.words, act.policy, act.now)
            refused = isinstance(result, Refused)
            said = result.why if isinstance(result, Refused) else result
            await show_card(act, manager, user_id, screens.stays_toast(said, act.reader), alert=refused)
