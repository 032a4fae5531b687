"""A manager's warehouses and routes themselves: another name, another warehouse, and an end (R12.5)."""

from typing import Any
from uuid import UUID

from telegram import Update

from bot import conversations
from bot.acting import Acting, Context, acting
from bot.callbacks.callback import pressed
from bot.callbacks.places import DeletePlace, DeletePreview, MovePreview, MoveRoute, MoveWhere, Rename
from bot.conversations import Step
from bot.handlers import routes
from bot.handlers.coverage import manager_of
from bot.handlers.warehouses import show_all
from bot.screens import own_places as screens
from domain.people.queries import Person
from domain.places import actions, deleting, moving
from domain.places.deleting import Deleted
from domain.places.queries import warehouses
from domain.refusals import Refusal, Refused
from domain.schedule import queries


async def on_rename(update: Update, context: Context) -> None:
    place_id = pressed(update, Rename).place_id
    async with acting(update, context) as act:
        if not (manager := await manager_of(act)):
            return
        place = await queries.place(act.session, manager.id, place_id)
        if place is None:
            await _refused(act, Refusal.NOT_FOUND)
        else:
            about = {"place_id": str(place_id)}
            await conversations.ask(act.session, manager.id, Step.PLACE_NAME, about, act.now)
            await act.say(screens.ask_name(place, act.policy, act.reader))


async def name_typed(act: Acting, person: Person, data: dict[str, Any], text: str) -> None:
    """The new name; one that will not do is asked for again."""
    result = await actions.rename(act.session, person, UUID(str(data["place_id"])), text, act.policy, act.now)
    if isinstance(result, Refused):
        if result.why is Refusal.NOT_FOUND:
            await conversations.end(act.session, person.id)
        await _refused(act, result.why)
    else:
        await conversations.end(act.session, person.id)
        await act.say(screens.renamed(result.place, act.reader))


async def _refused(act: Acting, why: Refusal) -> None:
    await act.say(screens.refused(why, act.policy, act.reader))


# -- another warehouse


async def on_move_where(update: Update, context: Context) -> None:
    press = pressed(update, MoveWhere)
    async with acting(update, context) as act:
        if not (manager := await manager_of(act)):
            return
        route = await queries.place(act.session, manager.id, press.route_id)
        if route is None or not route.is_route:
            await _refused(act, Refusal.NOT_FOUND)
        else:
            mine = await warehouses(act.session, manager.id)
            others = tuple(each for each in mine if each.id != route.warehouse_id)
            await act.say(screens.move_where(route, others, press.page, act.reader))


async def on_move_preview(update: Update, context: Context) -> None:
    press = pressed(update, MovePreview)
    async with acting(update, context) as act:
        if manager := await manager_of(act):
            given = (act.session, manager, press.route_id, press.warehouse_id)
            result = await moving.preview_move(*given, act.policy, act.now)
            if isinstance(result, Refused):
                await _refused(act, result.why)
            else:
                await act.say(screens.moving(result, act.reader))


async def on_move_route(update: Update, context: Context) -> None:
    press = pressed(update, MoveRoute)
    async with acting(update, context) as act:
        if not (manager := await manager_of(act)):
            return
        given = (act.session, manager, press.route_id, press.warehouse_id)
        result = await moving.move_route(*given, act.words, act.policy, act.now)
        if isinstance(result, Refused):
            toast = screens.refusal(result.why, act.policy, act.reader)
            await routes.show(act, manager, press.route_id, toast, alert=True)
        else:
            toast = screens.moved_toast(result.told, act.reader)
            await routes.show(act, manager, press.route_id, toast)


# -- its end


async def on_delete_preview(update: Update, context: Context) -> None:
    place_id = pressed(update, DeletePreview).place_id
    async with acting(update, context) as act:
        if manager := await manager_of(act):
            result = await deleting.dependents(act.session, manager, place_id, act.policy, act.now)
            if isinstance(result, Refused):
                await _refused(act, result.why)
            else:
                await act.say(screens.deletion(result, act.reader))


async def on_delete_place(update: Update, context: Context) -> None:
    place_id = pressed(update, DeletePlace).place_id
    async with acting(update, context) as act:
        if not (manager := await manager_of(act)):
            return
        result = await deleting.delete_place(act.session, manager, place_id, act.words, act.policy, act.now)
        match result:
            case Refused(why=why):
                await _refused(act, why)
            case Deleted(place=place):
                toast = screens.deleted_toast(result, act.reader)
                await (routes.show_all if place.is_route else show_all)(act, manager, 0, toast)
            case _:  # somebody has come to depend on it meanwhile
                await act.say(screens.deletion(result, act.reader))
