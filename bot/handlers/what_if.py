"""A manager supposes that a driver drove otherwise, or that there were one more, and sees the difference (R3.9).

What he supposes is what he was asked last (`conversations`), until he asks for the difference.
"""

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

from telegram import Update

from bot import conversations
from bot.acting import Acting, Context, acting
from bot.callbacks.callback import day_of, pressed
from bot.callbacks.roster import (
    SeeDifference,
    Suppose,
    SupposeAgain,
    SupposeAnyRoute,
    SupposeCap,
    SupposeDay,
    SupposedRoutes,
    SupposeRoute,
    Supposing,
    WhatIf,
)
from bot.conversations import Step
from bot.handlers.coverage import manager_of
from bot.handlers.roster import requested, weeks
from bot.screens import preferences as preference_screens
from bot.screens import what_if as screens
from domain.notices.kinds import Kind
from domain.people import drivers
from domain.people.queries import Person
from domain.refusals import Refused
from domain.roster import cards, preferring, requesting, supposing, workplaces
from domain.roster.supposing import SOMEBODY_NEW, Supposed, somebody_new
from domain.roster.terms import suppose_route, terms_of
from domain.schedule.queries import Place, called, near, places
from domain.time import local_day


async def on_what_if(update: Update, context: Context) -> None:
    monday = day_of(pressed(update, WhatIf).monday)
    async with acting(update, context) as act:
        if manager := await manager_of(act):
            about = {"week": monday.isoformat()}
            await conversations.ask(act.session, manager.id, Step.SUPPOSED_DRIVER, about, act.now)
            await act.say(screens.whose(monday, act.reader))


async def who_typed(act: Acting, manager: Person, data: dict[str, Any], text: str) -> None:
    """A driver's name."""
    monday = date.fromisoformat(data["week"])
    asked = act.session, manager.id, text, local_day(act.now, act.policy)
    found = await drivers.find_drivers(*asked)
    if len(found) == 1:
        await _begin(act, manager, monday, found[0].id, found[0].name)
    elif found:
        await act.say(screens.choose(monday, text, found, act.reader))
    else:
        await act.say(screens.nobody(monday, text, await drivers.near_drivers(*asked), act.reader))


async def on_suppose(update: Update, context: Context) -> None:
    press = pressed(update, Suppose)
    async with acting(update, context) as act:
        if manager := await manager_of(act):
            await _begin(act, manager, day_of(press.monday), press.of)


async def _begin(act: Acting, manager: Person, monday: date, driver_id: UUID, name: str | None = None) -> None:
    """With the driver's own terms, or somebody new's."""
    new = driver_id == SOMEBODY_NEW
    supposed = somebody_new(act.policy) if new else await terms_of(act.session, driver_id, act.policy)
    if supposed is None:
        await _over(act, manager)
    else:
        await _ask(act, manager, monday, supposed, name)


async def on_suppose_again(update: Update, context: Context) -> None:
    run_id = pressed(update, SupposeAgain).run_id
    async with acting(update, context) as act:
        if manager := await manager_of(act):
            if found := await cards.supposed_in(act.session, manager.id, run_id):
                await _ask(act, manager, *found)
            else:
                await _over(act, manager)


# -- what is supposed


async def on_supposing(update: Update, context: Context) -> None:
    await _changed(update, context, pressed(update, Supposing).of, lambda supposed: supposed)


async def on_day(update: Update, context: Context) -> None:
    press = pressed(update, SupposeDay)

    def change(supposed: Supposed) -> Supposed | Refused:
        days = preferring.prefer_day(supposed.preferences, press.weekday, bool(press.wanted))
        return supposing.preferring(supposed, days)

    await _changed(update, context, press.of, change)


async def on_any_route(update: Update, context: Context) -> None:
    press = pressed(update, SupposeAnyRoute)

    def change(supposed: Supposed) -> Supposed | Refused:
        any_route = preferring.prefer_any_route(supposed.preferences, bool(press.wanted))
        return supposing.preferring(supposed, any_route)

    await _changed(update, context, press.of, change)


async def on_cap(update: Update, context: Context) -> None:
    press, policy = pressed(update, SupposeCap), context.bot_data.policy
    await _changed(update, context, press.of, lambda supposed: supposing.at_cap(supposed, press.cap, policy))


async def on_route(update: Update, context: Context) -> None:
    press = pressed(update, SupposeRoute)
    async with acting(update, context) as act:
        if (manager := await manager_of(act)) and (so_far := await _so_far(act, manager, press.of)):
            monday, supposed = so_far
            if press.wanted:
                await _add(act, manager, monday, supposed, press.route_id)
            else:
                left = preferring.drop_route(supposed.preferences, press.route_id)
                await _result(act, manager, monday, supposed, supposing.preferring(supposed, left))


async def _add(act: Acting, manager: Person, monday: date, supposed: Supposed, route_id: UUID) -> None:
    result = await suppose_route(act.session, manager.id, supposed, route_id, act.policy)
    await _result(act, manager, monday, supposed, result)


async def _changed(
    update: Update, context: Context, of: UUID, change: Callable[[Supposed], Supposed | Refused]
) -> None:
    async with acting(update, context) as act:
        if (manager := await manager_of(act)) and (so_far := await _so_far(act, manager, of)):
            monday, supposed = so_far
            await _result(act, manager, monday, supposed, change(supposed))


async def _result(act: Acting, manager: Person, monday: date, supposed: Supposed, result: Supposed | Refused) -> None:
    if isinstance(result, Refused):
        act.toast(preference_screens.refusal(result.why, act.policy, act.reader), alert=True)
    await _ask(act, manager, monday, supposed if isinstance(result, Refused) else result)


async def _ask(act: Acting, manager: Person, monday: date, supposed: Supposed, name: str | None = None) -> None:
    """Shows what is supposed, and keeps it; nothing of a driver whom he may not see (any more) (R12.3)."""
    if supposed.driver_id is not None and name is None:
        today = local_day(act.now, act.policy)
        seen = await drivers.names_of(act.session, manager.id, [supposed.driver_id], today)
        if (name := seen.get(supposed.driver_id)) is None:
            await conversations.end(act.session, manager.id)
            await _over(act, manager)
            return
    about = {"week": monday.isoformat()} | supposed.plain()
    await conversations.ask(act.session, manager.id, Step.SUPPOSING, about, act.now)
    ranked = await workplaces.these_routes(act.session, supposed.preferences.routes)
    await act.say(screens.terms(monday, supposed, name, ranked, act.policy, act.reader))


async def _routes(act: Acting, manager: Person) -> tuple[Place, ...]:
    """Of his warehouses."""
    return tuple(place for place in await places(act.session, manager.id) if place.is_route)


async def _so_far(act: Acting, manager: Person, of: UUID) -> tuple[date, Supposed] | None:
    """What he supposes of this one; where that is over, he is shown the weeks."""
    so_far = await _supposing(act, manager, of)
    if so_far is None:
        await _over(act, manager)
    return so_far


async def _supposing(act: Acting, manager: Person, of: UUID) -> tuple[date, Supposed] | None:
    asked = await conversations.asked(act.session, manager.id, act.now)
    if asked is None or asked.step is not Step.SUPPOSING:
        return None
    supposed = Supposed.of(asked.data)
    return (date.fromisoformat(asked.data["week"]), supposed) if screens.of(supposed) == of else None


async def _over(act: Acting, manager: Person) -> None:
    """He is shown the weeks."""
    await weeks(act, manager, screens.over(act.reader))


async def on_routes(update: Update, context: Context) -> None:
    press = pressed(update, SupposedRoutes)
    async with acting(update, context) as act:
        if (manager := await manager_of(act)) and (so_far := await _so_far(act, manager, press.of)):
            _monday, supposed = so_far
            await act.say(screens.which_route(supposed, await _routes(act, manager), press.page, act.reader))


async def route_typed(act: Acting, manager: Person, data: dict[str, Any], text: str) -> None:
    """A route's name: the only one that is called so is added at once."""
    supposed, routes = Supposed.of(data), await _routes(act, manager)
    meant = called(text, routes)
    if len(meant) == 1:
        await _add(act, manager, date.fromisoformat(data["week"]), supposed, meant[0].id)
    else:
        looks_like_it = () if meant else near(text, routes)
        await act.say(screens.no_such_route(supposed, text, meant, looks_like_it, act.reader))


async def on_difference(update: Update, context: Context) -> None:
    """The question is answered with it; who presses again sees what he has asked for already (R2.5)."""
    of = pressed(update, SeeDifference).of
    async with acting(update, context) as act:
        if not (manager := await manager_of(act)):
            return
        if so_far := await _supposing(act, manager, of):
            monday, supposed = so_far
            await conversations.end(act.session, manager.id)
            given = act.session, manager, monday, supposed, act.policy, act.now
            await requested(act, manager, await requesting.request_preview(*given))
        elif run_id := await requesting.last_supposed(act.session, manager, None if of == SOMEBODY_NEW else of):
            await act.show(Kind.ROSTER, run_id)
        else:
            await _over(act, manager)
