"""A manager's presses and commands about uncovered routes."""

from datetime import date

from telegram import Update

from bot import conversations
from bot.acting import Acting, Context, acting
from bot.callbacks.callback import day_of, pressed
from bot.callbacks.coverage import Emergency, Slot, Unfilled, UnfilledOn
from bot.callbacks.windows import AskCapped, AskedFor, WindowCard
from bot.finding import sought
from bot.handlers.home import home
from bot.screens import coverage as screens
from bot.screens import help as help_screens
from bot.screens import standings as standing_screens
from domain.bidding.resolving import Resolved
from domain.coverage import actions as coverage
from domain.coverage import opening, queries, rules
from domain.coverage.queries import UncoveredPage
from domain.db.models.words import UserRole
from domain.notices import standings
from domain.notices.kinds import Kind
from domain.people.queries import Person, person
from domain.refusals import Refusal, Refused
from domain.schedule.queries import places, routes_among
from domain.time import local_day

PER_PAGE = 8
ASKED_PER_PAGE = 10


async def on_unfilled(update: Update, context: Context) -> None:
    """/unfilled, alone or with a place and a day; and the pages of its list."""
    page = pressed(update, Unfilled).page if update.callback_query else 0
    written = " ".join(context.args or [])
    async with acting(update, context) as act:
        if not (manager := await manager_of(act)):
            return
        await conversations.drop(act.session, manager.id)
        if not written:
            await _list(act, manager, page)
        elif there := await _uncovered_there(act, manager, written, "/unfilled"):
            await _some(act, *there)


async def on_unfilled_on(update: Update, context: Context) -> None:
    """The pages of those of one day."""
    press = pressed(update, UnfilledOn)
    on = day_of(press.day)
    async with acting(update, context) as act:
        if manager := await manager_of(act):
            today = local_day(act.now, act.policy)
            found = await queries.uncovered(act.session, manager.id, today, press.page, PER_PAGE, on=on)
            await (_some(act, found, on) if found.total else _list(act, manager, 0))


async def _some(act: Acting, found: UncoveredPage, on: date | None) -> None:
    await act.say(screens.some_unfilled(found, on, local_day(act.now, act.policy), _bonus(act), act.reader))


async def on_emergency_command(update: Update, context: Context) -> None:
    """/emergency, alone or with a place and a day: straight to the slot that is meant."""
    written = " ".join(context.args or [])
    async with acting(update, context) as act:
        if not (manager := await manager_of(act)):
            return
        await conversations.drop(act.session, manager.id)
        if not written:
            await _list(act, manager, 0)
        elif there := await _uncovered_there(act, manager, written, "/emergency"):
            (found, on), today = there, local_day(act.now, act.policy)
            now_open = [each for each in found.slots if each.on == today] or found.slots
            if len(now_open) == 1:
                await slot(act, manager, Slot(now_open[0].assignment_id, _bonus(act)))
            else:
                await _some(act, found, on)


async def _uncovered_there(
    act: Acting, manager: Person, written: str, command: str
) -> tuple[UncoveredPage, date | None] | None:
    """The uncovered slots that a line means, with the day if they are all of it.

    Where there are none, he is told so, and what looks like it (None).
    """
    today = local_day(act.now, act.policy)
    mine = await places(act.session, manager.id)
    line = sought(written, mine, today)
    if line.no_such_day:
        await act.say(screens.no_such_day(f"{command} R12 24 nov", act.reader))
        return None
    meant = line.found or line.near
    routes = [route.id for route in routes_among(meant, mine)] if line.name else None
    found = await queries.uncovered(act.session, manager.id, today, 0, PER_PAGE, routes=routes, on=line.on)
    if line.unknown:
        await act.say(screens.no_such_route(line.name, found.slots, today, _bonus(act), act.reader))
    elif found.total == 0:
        await act.say(screens.none_there(written, act.reader))
    else:
        return found, None if line.name else line.on
    return None


def _bonus(act: Acting) -> int:
    """With which an emergency starts, in percent."""
    return act.policy.emergency_bonus_percent


async def on_slot(update: Update, context: Context) -> None:
    press = pressed(update, Slot)
    async with acting(update, context) as act:
        if manager := await manager_of(act):
            await slot(act, manager, press)


async def on_emergency(update: Update, context: Context) -> None:
    press = pressed(update, Emergency)
    async with acting(update, context) as act:
        if not (manager := await manager_of(act)):
            return
        result = await opening.open_emergency(
            act.session,
            manager,
            press.assignment_id,
            press.bonus,
            press.until or None,
            act.words,
            act.policy,
            act.now,
        )
        if isinstance(result, Refused):
            act.toast(screens.refusal(result.why, act.reader), alert=True)
            await slot(act, manager, Slot(press.assignment_id, _bonus(act)))
        else:
            toast = screens.opened(result, await winner_of(act, result), act.reader)
            await act.show(Kind.WINDOW, result.window_id, toast=toast)


async def on_ask_capped(update: Update, context: Context) -> None:
    window_id = pressed(update, AskCapped).window_id
    async with acting(update, context) as act:
        if manager := await manager_of(act):
            result = await coverage.ask_capped(act.session, manager, window_id, act.words, act.policy, act.now)
            await act.show(Kind.WINDOW, window_id, toast=screens.asked_capped(result, act.reader))


async def on_asked(update: Update, context: Context) -> None:
    """Who was asked for a window, and the pages of that list."""
    press = pressed(update, AskedFor)
    async with acting(update, context) as act:
        if manager := await manager_of(act):
            asked = await standings.asked(act.session, manager.id, press.window_id, press.page, ASKED_PER_PAGE, act.now)
            await act.say(standing_screens.asked(asked, act.reader) if asked else screens.not_found(act.reader))


async def on_window(update: Update, context: Context) -> None:
    window_id = pressed(update, WindowCard).window_id
    async with acting(update, context) as act:
        if await manager_of(act):
            await act.show(Kind.WINDOW, window_id)


async def manager_of(act: Acting) -> Person | None:
    """The manager who acts; anybody else is told what is his to do. Actions check the warehouse themselves (R12.4)."""
    if act.person is None:
        await home(act)
    elif act.person.role is not UserRole.MANAGER:
        await act.say(help_screens.for_managers_only(act.reader))
    else:
        return act.person
    return None


async def winner_of(act: Acting, result: object) -> str:
    """By name; empty where nothing was awarded."""
    winner = await person(act.session, result.winner_id) if isinstance(result, Resolved) else None
    return f"{winner.first_name} {winner.last_name}" if winner else ""


async def _list(act: Acting, manager: Person, page: int) -> None:
    today = local_day(act.now, act.policy)
    found = await queries.uncovered(act.session, manager.id, today, page, PER_PAGE)
    await act.say(screens.unfilled(found, today, _bonus(act), act.reader))


async def slot(act: Acting, manager: Person, press: Slot) -> None:
    """The slot's card; a slot for which drivers are being asked shows how that is doing."""
    card = await queries.slot_card(act.session, manager.id, press.assignment_id, act.policy, act.now)
    if card is None:
        await act.say(screens.not_found(act.reader))
    elif card.open_window_id is not None:
        await act.show(Kind.WINDOW, card.open_window_id)
    elif card.on < local_day(act.now, act.policy):  # an old button: nobody can be asked any more
        await act.say(screens.not_open(Refusal.DAY_OVER, act.reader))
    else:
        until = rules.hours_left(card.on, act.policy, act.now)
        fits = rules.opening_for(card.on, act.policy, act.now)
        await act.say(screens.slot(card, press.bonus, until, fits, act.reader))
