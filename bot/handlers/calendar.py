"""Closing days, putting them back, and holidays; and the driver who was told not to travel."""

from datetime import date
from uuid import UUID

from telegram import Update

from bot.acting import Acting, Context, acting
from bot.callbacks.calendar import CloseDay, ClosePreview, CloseWhen, Closings, DontTravel, HolidayAnswer, RunAfterAll
from bot.callbacks.callback import day_of, pressed
from bot.finding import sought
from bot.handlers import routes
from bot.handlers.coverage import manager_of
from bot.handlers.home import person_of
from bot.screens import calendar as screens
from domain.notices import actions as notices
from domain.notices.kinds import Kind, holiday_of
from domain.people.queries import Person
from domain.refusals import Refusal, Refused
from domain.schedule import closing, queries
from domain.schedule.queries import Place
from domain.time import local_day

PER_PAGE = 8


async def on_close_command(update: Update, context: Context) -> None:
    """/close, alone or with a place, a day, or both, in any order."""
    written = " ".join(context.args or [])
    async with acting(update, context) as act:
        if not (manager := await manager_of(act)):
            return
        mine = await queries.places(act.session, manager.id)
        line = sought(written, mine, local_day(act.now, act.policy))
        if not written:
            await _overview(act, manager, 0)
        elif line.no_such_day:
            await act.say(screens.no_such_day(mine, act.reader))
        elif line.unknown:
            await act.say(screens.no_such_place(line.name, line.near, mine, line.on, act.reader))
        else:
            found = line.found or tuple(place for place in mine if not place.is_route)
            await _found(act, manager, found, line.on)


async def _found(act: Acting, manager: Person, found: tuple[Place, ...], on: date | None) -> None:
    if not found:
        await _overview(act, manager, 0)
    elif len(found) > 1:
        await act.say(screens.which_place(found, on, act.reader))
    elif on is None:
        await act.say(screens.which_day(found[0], local_day(act.now, act.policy), act.reader))
    else:
        await _preview(act, manager, found[0].id, on)


async def on_closings(update: Update, context: Context) -> None:
    page = pressed(update, Closings).page
    async with acting(update, context) as act:
        if manager := await manager_of(act):
            await _overview(act, manager, page)


async def _overview(act: Acting, manager: Person, page: int, toast: str | None = None, *, alert: bool = False) -> None:
    closed = await queries.closings(act.session, manager.id, local_day(act.now, act.policy), page, PER_PAGE)
    places = tuple(place for place in await queries.places(act.session, manager.id) if not place.is_route)
    await act.say(screens.overview(closed, places, act.reader), toast=toast, alert=alert)


async def on_close_when(update: Update, context: Context) -> None:
    place_id = pressed(update, CloseWhen).place_id
    async with acting(update, context) as act:
        if manager := await manager_of(act):
            place = await queries.place(act.session, manager.id, place_id)
            if place is None:
                await act.say(screens.refused(Refusal.NOT_FOUND, act.policy, act.reader))
            else:
                await act.say(screens.which_day(place, local_day(act.now, act.policy), act.reader))


async def on_close_preview(update: Update, context: Context) -> None:
    press = pressed(update, ClosePreview)
    async with acting(update, context) as act:
        if manager := await manager_of(act):
            await _preview(act, manager, press.place_id, day_of(press.day))


async def _preview(act: Acting, manager: Person, place_id: UUID, on: date, *, fresh: bool = False) -> None:
    result = await closing.preview(act.session, manager, place_id, on, act.policy, act.now)
    if isinstance(result, Refused):
        await act.say(screens.refused(result.why, act.policy, act.reader), fresh=fresh)
    else:
        await act.say(screens.preview(result, act.reader), fresh=fresh)


async def on_close_day(update: Update, context: Context) -> None:
    press = pressed(update, CloseDay)
    async with acting(update, context) as act:
        if manager := await manager_of(act):
            on = day_of(press.day)
            result = await closing.close_day(
                act.session, manager, press.place_id, on, None, act.words, act.policy, act.now
            )
            if isinstance(result, closing.Closed):
                await act.say(screens.closed(result, act.reader))
            elif isinstance(result, Refused):
                await _overview(act, manager, 0, screens.refusal(result.why, act.policy, act.reader), alert=True)


async def on_run_after_all(update: Update, context: Context) -> None:
    press = pressed(update, RunAfterAll)
    async with acting(update, context) as act:
        if not (manager := await manager_of(act)):
            return
        result = await closing.run_after_all(
            act.session, manager, press.place_id, day_of(press.day), act.policy, act.now
        )
        refused = isinstance(result, Refused)
        toast = _run_toast(act, result)
        if press.back:
            await routes.show(act, manager, press.place_id, toast, alert=refused)
        else:
            await _overview(act, manager, 0, toast, alert=refused)


def _run_toast(act: Acting, result: closing.RunsAgain | Refused) -> str:
    if isinstance(result, Refused):
        return screens.refusal(result.why, act.policy, act.reader)
    return screens.runs_again(result, act.reader)


async def on_holiday_answer(update: Update, context: Context) -> None:
    """Nobody is displaced by [Closed] without a preview; what nobody drives yet is closed at once."""
    press = pressed(update, HolidayAnswer)
    async with acting(update, context) as act:
        if not (manager := await manager_of(act)):
            return
        on = day_of(press.day)
        given = (act.session, manager, press.warehouse_id, on)
        if press.choice:
            result: object = await closing.keep_running(*given, act.policy, act.now)
        else:
            result = await closing.close_day(*given, None, act.words, act.policy, act.now, sure=False)
            if isinstance(result, closing.Preview):
                await act.say(screens.preview(result, act.reader), fresh=True)
                return
        why = screens.refusal(result.why, act.policy, act.reader) if isinstance(result, Refused) else None
        await notices.mark_read(act.session, manager.id, Kind.HOLIDAY, holiday_of(on))
        await act.show(Kind.HOLIDAY, holiday_of(on), toast=why, alert=why is not None)


async def on_dont_travel(update: Update, context: Context) -> None:
    """[OK]: the driver knows."""
    assignment_id = pressed(update, DontTravel).assignment_id
    async with acting(update, context) as act:
        if (driver := await person_of(act)) is not None:
            kind = Kind.SHIFT_CANCELLED
            first = await notices.acknowledge(act.session, driver.id, kind, assignment_id, act.now)
            await act.show(kind, assignment_id, toast=screens.dont_travel_toast(first, act.reader))
