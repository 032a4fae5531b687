"""A manager's map of his routes: /coverage, and its days, weeks and pages."""

from datetime import date
from uuid import UUID

from telegram import Update

from bot import conversations
from bot.acting import Acting, Context, acting
from bot.callbacks.callback import day_of, pressed
from bot.callbacks.coverage import CoverageOf, CoverageOfAll
from bot.finding import sought
from bot.handlers.coverage import manager_of
from bot.screens import coverage_map as screens
from domain.coverage import maps
from domain.notices.kinds import Kind
from domain.people.queries import Person
from domain.refusals import Refused
from domain.schedule.queries import places
from domain.time import local_day


async def on_coverage(update: Update, context: Context) -> None:
    """/coverage: this week, or the day, week and warehouse that are named."""
    written = " ".join(context.args or [])
    async with acting(update, context) as act:
        if manager := await manager_of(act):
            await conversations.drop(act.session, manager.id)
            await _line(act, manager, written)


async def _line(act: Acting, manager: Person, written: str) -> None:
    today = local_day(act.now, act.policy)
    mine = await places(act.session, manager.id)
    line = sought(written, mine, today, weeks=True)
    on, week = line.on or today, line.week or line.on is None
    shown = {place.warehouse_id for place in line.found}
    days = maps.days_on_map(today, act.policy)
    if line.no_such_day:
        await act.say(screens.no_such_day(mine, act.reader))
    elif line.unknown:
        await act.say(screens.not_read(line.name, line.near, on.toordinal(), int(week), act.reader))
    elif not days[0] <= on <= days[1]:
        one = next(iter(shown)) if len(shown) == 1 else None
        await act.say(screens.too_far(on, int(week), one, days, today, act.reader))
    elif len(shown) > 1:
        await act.say(screens.which(line.found, on.toordinal(), int(week), act.reader))
    else:
        await _turn(act, manager, next(iter(shown), None), on, 0, week=week)


async def on_map(update: Update, context: Context) -> None:
    """Back to the map, as he left it."""
    async with acting(update, context) as act:
        if manager := await manager_of(act):
            await maps.reopen_map(act.session, manager, act.policy, act.now)
            await act.show(Kind.COVERAGE)


async def on_map_of(update: Update, context: Context) -> None:
    press = pressed(update, CoverageOf)
    async with acting(update, context) as act:
        if manager := await manager_of(act):
            await _turn(act, manager, press.warehouse_id, day_of(press.day), press.page, week=bool(press.week))


async def on_map_of_all(update: Update, context: Context) -> None:
    press = pressed(update, CoverageOfAll)
    async with acting(update, context) as act:
        if manager := await manager_of(act):
            await _turn(act, manager, None, day_of(press.day), press.page, week=bool(press.week))


async def _turn(act: Acting, manager: Person, warehouse_id: UUID | None, on: date, page: int, *, week: bool) -> None:
    given = act.session, manager, warehouse_id, on, page, act.policy, act.now
    result = await maps.turn_map(*given, week=week)
    if isinstance(result, Refused):
        await act.say(screens.not_found(act.reader))
    else:
        await act.show(Kind.COVERAGE)
