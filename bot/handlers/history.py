"""/audit: what was done with a slot, a driver or a route (R13)."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from telegram import Update

from bot import conversations
from bot.acting import Acting, Context, acting
from bot.callbacks.callback import pressed
from bot.callbacks.history import HistoryOf
from bot.finding import sought
from bot.handlers.coverage import manager_of
from bot.screens import history as screens
from bot.screens.history import Meant
from bot.screens.meant import called
from domain.history.queries import Subject, history, slot_on
from domain.notices.kinds import Kind
from domain.people.drivers import Found, find_drivers, near_drivers
from domain.people.queries import Person
from domain.schedule.queries import Place, places
from domain.time import local_day


async def on_audit(update: Update, context: Context) -> None:
    """/audit, with a route, a route and a day, or a driver."""
    written = " ".join(context.args or [])
    async with acting(update, context) as act:
        if not (manager := await manager_of(act)):
            return
        await conversations.drop(act.session, manager.id)
        if written:
            await _find(act, manager, written)
        else:
            await act.say(screens.how_to_ask(act.reader))


async def on_history(update: Update, context: Context) -> None:
    press = pressed(update, HistoryOf)
    async with acting(update, context) as act:
        if manager := await manager_of(act):
            await _show(act, manager, press.what, press.about, press.page)


async def _show(act: Acting, manager: Person, what: int, about: UUID, page: int = 0) -> None:
    subject = Subject(what) if what in set(Subject) else None
    found = None
    if subject is not None:
        asked = manager.id, subject, about, page, screens.PER_PAGE, act.policy, act.now
        found = await history(act.session, *asked)
    if found is None:
        await act.show(Kind.HOME, toast=screens.gone(act.reader), alert=True)
    else:
        await act.say(screens.history(found, act.reader))


async def _find(act: Acting, manager: Person, written: str) -> None:
    """A slot where a route and a day are named, else whatever is called so, or nearly so."""
    today = local_day(act.now, act.policy)
    routes = [place for place in await places(act.session, manager.id) if place.is_route]
    line = sought(written, routes, today)
    if line.found and line.on is not None:
        meant = await _slots(act, manager, line.found, line.on)
        if not meant:
            await act.say(screens.no_shift(line.found[0].name, line.on, act.reader))
            return
    else:
        named = () if line.no_such_day else line.found
        drivers = await find_drivers(act.session, manager.id, written, today)
        meant = (*map(_route, named), *map(_driver, drivers))
        if line.found and not meant:
            await act.say(screens.no_such_day(act.reader))
            return
    if len(meant) == 1:
        await _show(act, manager, meant[0].what, meant[0].about)
        return
    near: tuple[Meant, ...] = ()
    if not meant:
        drivers = await near_drivers(act.session, manager.id, written, today)
        near = (*map(_route, line.near), *map(_driver, drivers))
    await act.say(screens.choose(written, meant, near, act.reader))


async def _slots(act: Acting, manager: Person, routes: Sequence[Place], on: date) -> tuple[Meant, ...]:
    slots = [(route, await slot_on(act.session, manager.id, route.id, on)) for route in routes]
    return tuple(
        Meant(Subject.SLOT, slot_id, f"{route.name}, {route.warehouse}", on)
        for route, slot_id in slots
        if slot_id is not None
    )


def _route(route: Place) -> Meant:
    return Meant(Subject.ROUTE, route.id, f"{route.name}, {route.warehouse}")


def _driver(who: Found) -> Meant:
    return Meant(Subject.DRIVER, who.id, called(who))
