"""A manager's warehouses: the list, one of them, and new ones (R12.5)."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from telegram import Update

from bot import conversations
from bot.acting import Acting, Context, acting
from bot.callbacks.calendar import WarehousePage
from bot.callbacks.callback import Callback, pressed
from bot.callbacks.giving import RequireAgreement
from bot.callbacks.places import NewWarehouse, Readdress, Warehouses
from bot.conversations import Step
from bot.finding import sought
from bot.handlers.coverage import manager_of
from bot.screens import meant
from bot.screens import own_places as place_screens
from bot.screens import warehouses as screens
from domain.giving import approving
from domain.people.queries import Person
from domain.places import actions, queries
from domain.refusals import Refusal, Refused
from domain.schedule.queries import place, places
from domain.time import local_day


async def on_warehouses(update: Update, context: Context) -> None:
    """/warehouses, alone or with a name, and its pages; also the way back from adding one."""
    page = pressed(update, Warehouses).page if update.callback_query else 0
    async with acting(update, context) as act:
        if manager := await manager_of(act):
            await conversations.drop(act.session, manager.id)
            if not (written := " ".join(context.args or [])):
                await show_all(act, manager, page)
            elif warehouse_id := await called(act, manager, written, WarehousePage):
                await _show(act, manager, warehouse_id)


async def called(act: Acting, manager: Person, written: str, to: Callable[[UUID], Callback]) -> UUID | None:
    """The warehouse of his that is called so; otherwise he is told, with buttons for what he may mean (None)."""
    mine = [each for each in await places(act.session, manager.id) if not each.is_route]
    line = sought(written, mine, local_day(act.now, act.policy))
    if len(line.found) == 1:
        return line.found[0].id
    keys = tuple(meant.places(line.found or line.near, lambda each: to(each.id)))
    await act.say(screens.which(written, keys, bool(line.found), act.reader))
    return None


async def show_all(act: Acting, manager: Person, page: int, toast: str | None = None) -> None:
    await act.say(screens.warehouses(await queries.warehouses(act.session, manager.id), page, act.reader), toast=toast)


async def on_warehouse(update: Update, context: Context) -> None:
    warehouse_id = pressed(update, WarehousePage).warehouse_id
    async with acting(update, context) as act:
        if manager := await manager_of(act):
            await conversations.drop(act.session, manager.id)
            await _show(act, manager, warehouse_id)


async def on_require_agreement(update: Update, context: Context) -> None:
    press = pressed(update, RequireAgreement)
    async with acting(update, context) as act:
        if manager := await manager_of(act):
            await approving.require_agreement(act.session, manager, press.warehouse_id, bool(press.required), act.now)
            await _show(act, manager, press.warehouse_id)


async def _show(act: Acting, manager: Person, warehouse_id: UUID) -> None:
    today = local_day(act.now, act.policy)
    found = await queries.warehouse_card(act.session, manager.id, warehouse_id, today)
    if found is None:
        await _refused(act, Refusal.NOT_FOUND)
    else:
        await act.say(screens.warehouse(found, act.reader))


async def _refused(act: Acting, why: Refusal) -> None:
    await act.say(place_screens.refused(why, act.policy, act.reader))


# -- new ones, and addresses


async def on_new_warehouse(update: Update, context: Context) -> None:
    pressed(update, NewWarehouse)
    async with acting(update, context) as act:
        if manager := await manager_of(act):
            await conversations.ask(act.session, manager.id, Step.WAREHOUSE_NAME, {}, act.now)
            await act.say(screens.ask_name(act.policy, act.reader))


async def name_typed(act: Acting, person: Person, data: dict[str, Any], text: str) -> None:
    """The new warehouse's name; one that will not do is asked for again."""
    name = await actions.warehouse_name_stands(act.session, text, act.policy)
    if isinstance(name, Refused):
        await _refused(act, name.why)
    else:
        await conversations.ask(act.session, person.id, Step.WAREHOUSE_ADDRESS, {"name": name}, act.now)
        await act.say(screens.ask_address(name, act.reader))


async def on_readdress(update: Update, context: Context) -> None:
    warehouse_id = pressed(update, Readdress).warehouse_id
    async with acting(update, context) as act:
        if not (manager := await manager_of(act)):
            return
        found = await place(act.session, manager.id, warehouse_id)
        if found is None or found.is_route:
            await _refused(act, Refusal.NOT_FOUND)
        else:
            about = {"warehouse_id": str(warehouse_id)}
            await conversations.ask(act.session, manager.id, Step.WAREHOUSE_ADDRESS, about, act.now)
            await act.say(screens.ask_address(found.name, act.reader))


async def address_typed(act: Acting, person: Person, data: dict[str, Any], text: str) -> None:
    """Where a warehouse is: one that is there, or is to be founded with it."""
    if "warehouse_id" in data:
        given = (act.session, person, UUID(str(data["warehouse_id"])), text)
        moved = await actions.readdress(*given, act.policy, act.now)
        screen = None if isinstance(moved, Refused) else screens.readdressed(moved, act.reader)
        why = moved.why if isinstance(moved, Refused) else None
    else:
        founded = await actions.found_warehouse(act.session, person, str(data["name"]), text, act.policy, act.now)
        screen = None if isinstance(founded, Refused) else screens.founded(founded, act.reader)
        why = founded.why if isinstance(founded, Refused) else None
    if why is not Refusal.BAD_ADDRESS:  # that one is asked for again
        await conversations.end(act.session, person.id)
    if screen is None:
        await _refused(act, why or Refusal.NOT_FOUND)
    else:
        await act.say(screen)
