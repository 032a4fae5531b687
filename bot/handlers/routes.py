"""A manager's routes, their weekdays, and new ones."""

from typing import Any
from uuid import UUID

from telegram import Update

from bot import conversations
from bot.acting import Acting, Context, acting
from bot.callbacks.calendar import NewRoute, NewRouteWhere, RoutePage, Routes, SetWeekday
from bot.callbacks.callback import pressed
from bot.conversations import Step
from bot.finding import sought
from bot.handlers.coverage import manager_of
from bot.screens import calendar as calendar_screens
from bot.screens import routes as screens
from domain.people.queries import Person
from domain.places.queries import warehouses
from domain.refusals import Refusal, Refused
from domain.schedule import queries, weekdays
from domain.schedule.weekdays import TurnedOn, WouldDisplace
from domain.time import local_day

PER_PAGE = 10
CLOSED_MOST = 5  # days on a route's page; /close has all

TURN_ON, SURE = 1, 2


async def on_routes(update: Update, context: Context) -> None:
    """/routes, alone or with a name, and its pages; also the way back from adding one."""
    page = pressed(update, Routes).page if update.callback_query else 0
    written = " ".join(context.args or [])
    async with acting(update, context) as act:
        if not (manager := await manager_of(act)):
            return
        await conversations.drop(act.session, manager.id)
        if written:
            await _called(act, manager, written)
        else:
            await show_all(act, manager, page)


async def _called(act: Acting, manager: Person, written: str) -> None:
    """The route that is called so, or those of the warehouse; a day beside the name says nothing here."""
    mine = await queries.places(act.session, manager.id)
    line = sought(written, mine, local_day(act.now, act.policy))
    found = queries.routes_among(line.found, mine)
    if len(found) == 1:
        await show(act, manager, found[0].id)
    elif found:
        await act.say(screens.which(found, act.reader))
    else:
        await act.say(screens.no_such_route(written, queries.routes_among(line.near, mine), act.reader))


async def show_all(act: Acting, manager: Person, page: int, toast: str | None = None) -> None:
    found = await queries.routes_page(act.session, manager.id, page, PER_PAGE)
    await act.say(screens.routes(found, act.reader), toast=toast)


async def on_route(update: Update, context: Context) -> None:
    route_id = pressed(update, RoutePage).route_id
    async with acting(update, context) as act:
        if manager := await manager_of(act):
            await conversations.drop(act.session, manager.id)
            await show(act, manager, route_id)


async def show(act: Acting, manager: Person, route_id: UUID, toast: str | None = None, *, alert: bool = False) -> None:
    """A route's own page."""
    today = local_day(act.now, act.policy)
    found = await queries.route_calendar(act.session, manager.id, route_id, today, CLOSED_MOST)
    if found is None:
        await act.say(calendar_screens.refused(Refusal.NOT_FOUND, act.policy, act.reader))
    else:
        await act.say(screens.route(found, act.reader), toast=toast, alert=alert)


async def on_set_weekday(update: Update, context: Context) -> None:
    press = pressed(update, SetWeekday)
    async with acting(update, context) as act:
        if not (manager := await manager_of(act)):
            return
        given = (act.session, manager, press.route_id, press.weekday)
        if press.choice == TURN_ON:
            result: object = await weekdays.turn_on(*given, act.policy, act.now)
        else:
            result = await weekdays.turn_off(*given, press.choice == SURE, act.words, act.policy, act.now)
        if isinstance(result, WouldDisplace):
            await act.say(screens.would_displace(result, act.reader))
        else:
            slots = result.slots if isinstance(result, TurnedOn) else 0
            await show(act, manager, press.route_id, screens.turned(slots, act.reader) if slots else None)


# -- new ones


async def on_new_route_where(update: Update, context: Context) -> None:
    page = pressed(update, NewRouteWhere).page
    async with acting(update, context) as act:
        if manager := await manager_of(act):
            mine = await warehouses(act.session, manager.id)
            await act.say(screens.which_warehouse(mine, page, act.reader))


async def on_new_route(update: Update, context: Context) -> None:
    warehouse_id = pressed(update, NewRoute).warehouse_id
    async with acting(update, context) as act:
        if manager := await manager_of(act):
            about = {"warehouse_id": str(warehouse_id)}
            await conversations.ask(act.session, manager.id, Step.ROUTE_NAME, about, act.now)
            await act.say(screens.ask_name(act.policy, act.reader))


async def named(act: Acting, person: Person, data: dict[str, Any], text: str) -> None:
    """The new route's name; a name that will not do is asked for again."""
    warehouse_id = UUID(str(data["warehouse_id"]))
    result = await weekdays.create_route(act.session, person, warehouse_id, text, act.policy, act.now)
    if not isinstance(result, Refused):
        await conversations.end(act.session, person.id)
        await act.say(screens.created(result, act.reader))
        return
    if result.why is Refusal.NOT_FOUND:
        await conversations.end(act.session, person.id)
    await act.say(calendar_screens.refused(result.why, act.policy, act.reader))
