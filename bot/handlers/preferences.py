"""What a driver prefers, chosen by himself or by his manager on his word (R3.1, R6.3, R8.9)."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from telegram import Update

from bot import conversations
from bot.acting import Acting, Context, acting
from bot.callbacks.callback import pressed
from bot.callbacks.preferences import (
    AddRoute,
    DropRoute,
    OpenTo,
    OtherWarehouses,
    PreferAnyRoute,
    PreferDay,
    PreferencesOf,
    PreferRoute,
    RankRoute,
    RoutesIn,
)
from bot.conversations import Step
from bot.handlers.home import person_of, who_drives
from bot.handlers.shifts import Whose
from bot.screens import drivers as driver_screens
from bot.screens import preferences as screens
from domain.db.models.words import UserRole
from domain.notices.kinds import Kind
from domain.people.drivers import his_driver
from domain.people.queries import Person
from domain.refusals import Refusal, Refused
from domain.roster import preferences, workplaces
from domain.roster.preferences import Saved
from domain.schedule.queries import called, near
from domain.time import local_day

Choose = Callable[[Acting, Whose], Awaitable[Saved | Refused]]


async def on_preferences(update: Update, context: Context) -> None:
    """/preferences, and the button of the home card."""
    async with acting(update, context) as act:
        if person := await who_drives(act):
            await conversations.drop(act.session, person.id)
            await _card(act, Whose(person))


async def on_preferences_of(update: Update, context: Context) -> None:
    """A driver's, for his manager; also the way back from whatever was asked."""
    press = pressed(update, PreferencesOf)
    async with acting(update, context) as act:
        if of := await _whose(act, press.of):
            await conversations.drop(act.session, (of.by or of.driver).id)
            await _card(act, of)


async def _whose(act: Acting, driver_id: UUID) -> Whose | None:
    """For whom was pressed: a driver for himself, a manager for a driver of his; who may not is told so here."""
    person = await person_of(act)
    if person is None:
        return None
    if person.role is UserRole.DRIVER and person.id == driver_id:
        return Whose(person)
    if person.role is UserRole.MANAGER:
        driver = await his_driver(act.session, person.id, driver_id, local_day(act.now, act.policy))
        if driver is not None:
            return Whose(driver, person)
    await act.show(Kind.HOME, toast=driver_screens.gone(act.reader), alert=True)
    return None


async def _card(act: Acting, of: Whose, toast: str | None = None, *, alert: bool = False) -> None:
    facts = await preferences.wishes(act.session, of.driver.id, act.policy, act.now)
    await act.say(screens.card(facts, of.name, act.policy, act.reader), toast=toast, alert=alert)


# -- what is chosen on the card


async def on_day(update: Update, context: Context) -> None:
    press = pressed(update, PreferDay)

    async def choose(act: Acting, of: Whose) -> Saved | Refused:
        given = act.session, of.driver, press.weekday, bool(press.wanted), act.policy, act.now
        return await preferences.prefer_day(*given, by=of.by)

    await _chosen(update, context, press.of, choose)


async def on_any_route(update: Update, context: Context) -> None:
    press = pressed(update, PreferAnyRoute)

    async def choose(act: Acting, of: Whose) -> Saved | Refused:
        given = act.session, of.driver, bool(press.wanted), act.policy, act.now
        return await preferences.prefer_any_route(*given, by=of.by)

    await _chosen(update, context, press.of, choose)


async def on_rank(update: Update, context: Context) -> None:
    press = pressed(update, RankRoute)

    async def choose(act: Acting, of: Whose) -> Saved | Refused:
        given = act.session, of.driver, press.route_id, press.rank, act.policy, act.now
        return await preferences.rank_route(*given, by=of.by)

    await _chosen(update, context, press.of, choose)


async def on_drop(update: Update, context: Context) -> None:
    press = pressed(update, DropRoute)

    async def choose(act: Acting, of: Whose) -> Saved | Refused:
        given = act.session, of.driver, press.route_id, act.policy, act.now
        return await preferences.drop_route(*given, by=of.by)

    await _chosen(update, context, press.of, choose)


async def on_route(update: Update, context: Context) -> None:
    """A route of a list, of a warehouse or of those that are called so."""
    press = pressed(update, PreferRoute)

    async def choose(act: Acting, of: Whose) -> Saved | Refused:
        given = act.session, of.driver, press.route_id, act.policy, act.now
        return await preferences.prefer_route(*given, by=of.by)

    await _chosen(update, context, press.of, choose)


async def _chosen(update: Update, context: Context, driver_id: UUID, choose: Choose) -> None:
    """Saves what was chosen, and shows the preferences as they are then."""
    async with acting(update, context) as act:
        if of := await _whose(act, driver_id):
            await conversations.drop(act.session, (of.by or of.driver).id)
            await _result(act, of, await choose(act, of))


async def _result(act: Acting, of: Whose, result: Saved | Refused) -> None:
    if isinstance(result, Refused):
        await _card(act, of, screens.refusal(result.why, act.policy, act.reader), alert=True)
    else:
        await _card(act, of, screens.saved(act.reader))


# -- finding a route


async def on_add(update: Update, context: Context) -> None:
    """The warehouses; who has only one sees its routes at once."""
    press = pressed(update, AddRoute)
    async with acting(update, context) as act:
        if of := await _whose(act, press.of):
            await _ask(act, of)
            facts = await preferences.wishes(act.session, press.of, act.policy, act.now)
            mine = [each for each in facts.workplaces if each.his]
            if len(mine) == 1:
                await _routes(act, of, mine[0].id, 0)
            else:
                await act.say(screens.which_warehouse(facts, press.page, act.reader))


async def on_routes_in(update: Update, context: Context) -> None:
    press = pressed(update, RoutesIn)
    async with acting(update, context) as act:
        if of := await _whose(act, press.of):
            await _ask(act, of)
            await _routes(act, of, press.warehouse_id, press.page)


async def _ask(act: Acting, of: Whose) -> None:
    """A route can be written as well as pressed."""
    about = {"user_id": str(of.driver.id)}
    await conversations.ask(act.session, (of.by or of.driver).id, Step.ROUTE_WANTED, about, act.now)


async def _routes(act: Acting, of: Whose, warehouse_id: UUID, page: int) -> None:
    every = await workplaces.workplaces(act.session, of.driver.id, local_day(act.now, act.policy))
    mine = [each for each in every if each.his]
    place = next((each for each in mine if each.id == warehouse_id), None)
    if place is None:
        await _result(act, of, Refused(Refusal.WAREHOUSE_NOT_HIS))
        return
    found = await workplaces.routes_of(act.session, place.id)
    await act.say(screens.routes(of.driver.id, place, found, page, len(mine) > 1, act.reader))


async def route_typed(act: Acting, person: Person, data: dict[str, Any], text: str) -> None:
    """A route's name: the only one that is called so is added at once. His own warehouses' go before others'."""
    of = await _whose(act, UUID(str(data["user_id"])))
    if of is None:
        await conversations.end(act.session, person.id)
        return
    every = await workplaces.workplaces(act.session, of.driver.id, local_day(act.now, act.policy))
    routes = await workplaces.every_route(act.session)
    meant = called(text, routes)
    mine = workplaces.his_own(meant, every)
    if not meant:
        looks_like_it = workplaces.his_own(near(text, routes), every)
        await act.say(screens.no_such_route(of.driver.id, text, looks_like_it, act.reader))
    elif not mine:
        warehouses = tuple(sorted({each.warehouse for each in meant}))
        await act.say(screens.elsewhere(of.driver.id, meant[0], warehouses, act.reader))
    elif len(mine) > 1:
        await act.say(screens.several(of.driver.id, text, mine, act.reader))
    else:
        await conversations.end(act.session, person.id)
        given = act.session, of.driver, mine[0].id, act.policy, act.now
        await _typed_result(act, of, await preferences.prefer_route(*given, by=of.by))


async def _typed_result(act: Acting, of: Whose, result: Saved | Refused) -> None:
    """There is no press that could be answered: what was refused is said."""
    if isinstance(result, Refused):
        await act.say(screens.not_added(of.driver.id, result.why, act.policy, act.reader))
    else:
        await _card(act, of)


# -- warehouses other than his home


async def on_other_warehouses(update: Update, context: Context) -> None:
    press = pressed(update, OtherWarehouses)
    async with acting(update, context) as act:
        if of := await _whose(act, press.of):
            await conversations.drop(act.session, (of.by or of.driver).id)
            await _others(act, of, press.page)


async def on_open_to(update: Update, context: Context) -> None:
    press = pressed(update, OpenTo)
    async with acting(update, context) as act:
        if of := await _whose(act, press.of):
            given = act.session, of.driver, press.warehouse_id, bool(press.wanted), act.policy, act.now
            result = await preferences.open_warehouse(*given, by=of.by)
            if isinstance(result, Refused):
                act.toast(screens.refusal(result.why, act.policy, act.reader), alert=True)
            else:
                act.toast(screens.saved(act.reader))
            await _others(act, of, press.page)


async def _others(act: Acting, of: Whose, page: int) -> None:
    facts = await preferences.wishes(act.session, of.driver.id, act.policy, act.now)
    await act.say(screens.other_warehouses(facts, page, act.reader))
