"""A manager looks at rosters, and has what is empty filled (R3.9)."""

from datetime import date

from telegram import Update

from bot import conversations
from bot.acting import Acting, Context, acting
from bot.callbacks.callback import day_of, pressed
from bot.callbacks.roster import FillWeek, FillWeekNow, RosterDay, RosterGaps, RosterMap, RosterWeek
from bot.finding import sought
from bot.handlers.coverage import manager_of
from bot.screens import roster as screens
from bot.screens import roster_pages
from domain.notices.kinds import Kind
from domain.people.queries import Person
from domain.refusals import Refused
from domain.roster import cards, requesting
from domain.roster.drives import drives
from domain.roster.requesting import Requested
from domain.roster.weeks import glance
from domain.schedule.queries import places
from domain.time import local_day, week_of

GAPS_PER_PAGE = 8
ROUTES_PER_PAGE = 20


async def on_roster(update: Update, context: Context) -> None:
    """/roster, alone or with a week or a day of it, and the way back to the weeks."""
    written = " ".join(context.args or [])
    async with acting(update, context) as act:
        if manager := await manager_of(act):
            await conversations.drop(act.session, manager.id)
            await _line(act, manager, written)


async def _line(act: Acting, manager: Person, written: str) -> None:
    """A place beside the week says nothing here: one roster is made for all of his warehouses together."""
    line = sought(written, await places(act.session, manager.id), local_day(act.now, act.policy), weeks=True)
    every = await glance(act.session, manager.id, act.policy, act.now)
    if line.no_such_day:
        await act.say(screens.no_such_day(every, act.reader))
    elif line.unknown:
        await act.say(screens.not_read(every, line.name, act.reader))
    elif line.on is None:
        await act.say(screens.weeks(every, act.reader))
    else:
        monday, _sunday = week_of(line.on)
        result = await requesting.request_preview(act.session, manager, monday, None, act.policy, act.now)
        if isinstance(result, Refused):
            await act.say(screens.refused(every, result.why, act.reader))
        else:
            await requested(act, manager, result)


async def weeks(act: Acting, manager: Person, toast: str | None = None) -> None:
    every = await glance(act.session, manager.id, act.policy, act.now)
    await act.say(screens.weeks(every, act.reader), toast=toast, alert=toast is not None)


async def on_week(update: Update, context: Context) -> None:
    monday = day_of(pressed(update, RosterWeek).monday)
    async with acting(update, context) as act:
        if manager := await manager_of(act):
            await conversations.drop(act.session, manager.id)
            given = act.session, manager, monday, None, act.policy, act.now
            await requested(act, manager, await requesting.request_preview(*given))


async def requested(act: Acting, manager: Person, result: Requested | Refused) -> None:
    """The roster's card, which tells by itself what comes of it."""
    if isinstance(result, Refused):
        await weeks(act, manager, screens.refusal(result.why, act.reader))
    else:
        await act.show(Kind.ROSTER, result.run_id)


async def on_map(update: Update, context: Context) -> None:
    """A roster that was made; the first page of its picture is its card."""
    press = pressed(update, RosterMap)
    async with acting(update, context) as act:
        if manager := await manager_of(act):
            facts = await cards.card(act.session, manager.id, press.run_id, act.policy, act.now)
            if facts is None:
                await weeks(act, manager, screens.over(act.reader))
            elif press.page <= 0:
                await act.show(Kind.ROSTER, press.run_id)
            else:
                await act.say(screens.card(facts, act.reader, press.page))


async def on_gaps(update: Update, context: Context) -> None:
    press = pressed(update, RosterGaps)
    async with acting(update, context) as act:
        if manager := await manager_of(act):
            given = act.session, manager.id, press.run_id, press.page, GAPS_PER_PAGE, act.policy, act.now
            found = await cards.gaps(*given)
            if found is None:
                await weeks(act, manager, screens.over(act.reader))
            else:
                await act.say(roster_pages.gaps(found, act.reader))


async def on_day(update: Update, context: Context) -> None:
    press = pressed(update, RosterDay)
    async with acting(update, context) as act:
        if manager := await manager_of(act):
            given = act.session, manager.id, press.run_id, press.day, press.page, ROUTES_PER_PAGE, act.policy, act.now
            found = await drives(*given)
            if found is None:
                await weeks(act, manager, screens.over(act.reader))
            else:
                await act.say(roster_pages.drives(found, act.reader))


async def on_fill_week(update: Update, context: Context) -> None:
    run_id = pressed(update, FillWeek).run_id
    async with acting(update, context) as act:
        if manager := await manager_of(act):
            facts = await cards.card(act.session, manager.id, run_id, act.policy, act.now)
            if facts is None:
                await weeks(act, manager, screens.over(act.reader))
            else:
                await act.say(screens.consequence(facts, act.reader))


async def on_fill_week_now(update: Update, context: Context) -> None:
    monday: date = day_of(pressed(update, FillWeekNow).monday)
    async with acting(update, context) as act:
        if manager := await manager_of(act):
            given = act.session, manager, monday, act.policy, act.now
            await requested(act, manager, await requesting.request_fill(*given))
