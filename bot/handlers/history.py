"""/audit: what was done with a slot, a driver or a route (R13)."""

from datetime import date
from uuid import UUID

from telegram import Update

from bot import conversations, dates
from bot.acting import Acting, Context, acting
from bot.callbacks.callback import pressed
from bot.callbacks.history import HistoryOf
from bot.handlers.coverage import manager_of
from bot.screens import history as screens
from bot.screens.history import Meant
from domain.history.queries import Subject, history, slot_on
from domain.notices.kinds import Kind
from domain.people.drivers import find_drivers, near_drivers
from domain.people.queries import Person
from domain.schedule.queries import called, places
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
    """A slot where a route and a day are named, else whatever is called so."""
    today = local_day(act.now, act.policy)
    routes = [place for place in await places(act.session, manager.id) if place.is_route]
    parted = dates.parted(written, today)
    there = called(parted.rest, routes)
    if there and isinstance(parted.on, date):
        slots = [(route, await slot_on(act.session, manager.id, route.id, parted.on)) for route in there]
        meant = tuple(
            Meant(Subject.SLOT, slot_id, f"{route.name}, {route.warehouse}", parted.on)
            for route, slot_id in slots
            if slot_id is not None
        )
        if not meant:
            await act.say(screens.no_shift(there[0].name, parted.on, act.reader))
            return
    else:
        named = called(written, routes)
        drivers = await find_drivers(act.session, manager.id, written, today)
        meant = (
            *(Meant(Subject.ROUTE, route.id, f"{route.name}, {route.warehouse}") for route in named),
            *(Meant(Subject.DRIVER, who.id, who.name) for who in drivers),
        )
        if there and not meant:
            await act.say(screens.no_such_day(act.reader))
            return
    if len(meant) == 1:
        await _show(act, manager, meant[0].what, meant[0].about)
        return
    near = () if meant else await near_drivers(act.session, manager.id, written, today)
    await act.say(screens.choose(written, meant, near, act.reader))
