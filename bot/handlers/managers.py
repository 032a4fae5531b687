"""/managers: who manages a warehouse, added and removed by another of its managers (R12.5)."""

import secrets
from typing import Any
from uuid import UUID

from telegram import Update

from bot import contact_line, conversations
from bot.acting import Acting, Context, acting
from bot.callbacks.callback import pressed
from bot.callbacks.inviting import (
    AddManager,
    AskManager,
    ManagersOf,
    ManagersWhere,
    NewManagerLink,
    RemoveManager,
    RemovePreview,
)
from bot.conversations import ANSWER, Step
from bot.handlers.coverage import manager_of
from bot.handlers.inviting import say_link
from bot.handlers.warehouses import called, show_all
from bot.screens import managers as screens
from domain.people import linking, managing
from domain.people.inviting import JustMade, Relinked
from domain.people.inviting_managers import invite_manager_again
from domain.people.managing import Added, ManagesAlready
from domain.people.queries import Person
from domain.places.queries import warehouses
from domain.refusals import Refusal, Refused


async def on_managers(update: Update, context: Context) -> None:
    """/managers: of his warehouse, or of one of them, which may be named."""
    async with acting(update, context) as act:
        if not (manager := await manager_of(act)):
            return
        await conversations.drop(act.session, manager.id)
        mine = await warehouses(act.session, manager.id)
        if written := " ".join(context.args or []):
            if found := await called(act, manager, written, lambda id_: ManagersOf(id_, 0)):
                await _show(act, manager, found)
        elif len(mine) == 1:
            await _show(act, manager, mine[0].id)
        else:
            await act.say(screens.which_warehouse(mine, 0, act.reader))


async def on_managers_where(update: Update, context: Context) -> None:
    page = pressed(update, ManagersWhere).page
    async with acting(update, context) as act:
        if manager := await manager_of(act):
            await act.say(screens.which_warehouse(await warehouses(act.session, manager.id), page, act.reader))


async def on_managers_of(update: Update, context: Context) -> None:
    press = pressed(update, ManagersOf)
    async with acting(update, context) as act:
        if manager := await manager_of(act):
            await conversations.drop(act.session, manager.id)
            await _show(act, manager, press.warehouse_id, page=press.page)


async def _show(
    act: Acting,
    manager: Person,
    warehouse_id: UUID,
    toast: str | None = None,
    *,
    alert: bool = False,
    page: int = 0,
    said: str = "",
) -> None:
    found = await managing.managers(act.session, manager, warehouse_id)
    if found is None:
        await act.say(screens.refused(Refusal.NOT_FOUND, act.reader), toast=toast, alert=alert)
    else:
        await act.say(screens.managers(found, page, act.reader, said), toast=toast, alert=alert)


# -- one more


async def on_ask_manager(update: Update, context: Context) -> None:
    warehouse_id = pressed(update, AskManager).warehouse_id
    async with acting(update, context) as act:
        if not (manager := await manager_of(act)):
            return
        found = await managing.managers(act.session, manager, warehouse_id)
        if found is None:
            await act.say(screens.refused(Refusal.NOT_FOUND, act.reader))
        else:
            about = {"warehouse_id": str(warehouse_id)}
            await conversations.ask(act.session, manager.id, Step.NEW_MANAGER, about, act.now)
            await act.say(screens.ask_whom(found.place, act.reader))


async def whom_typed(act: Acting, manager: Person, data: dict[str, Any], text: str) -> None:
    """A name and a number; what will not do is asked for again."""
    name, phone = contact_line.parted(text)
    warehouse_id = UUID(str(data["warehouse_id"]))
    found = await managing.propose_manager(act.session, manager, warehouse_id, name, phone, act.policy, act.now)
    match found:
        case Refused(why=why):
            if why is Refusal.NOT_FOUND:
                await conversations.end(act.session, manager.id)
            await act.say(screens.refused(why, act.reader))
        case ManagesAlready(name=whose):
            await conversations.end(act.session, manager.id)
            await _show(act, manager, warehouse_id, said=screens.manages_already(whose, act.reader))
        case _:
            written = data | {"name": name, "phone": phone, ANSWER: text}
            await conversations.keep(act.session, manager.id, Step.NEW_MANAGER, written, act.now)
            await act.say(screens.proposed(found, contact_line.mark(text), act.reader))


async def on_add_manager(update: Update, context: Context) -> None:
    press = pressed(update, AddManager)
    warehouse_id = press.warehouse_id
    async with acting(update, context) as act:
        if not (manager := await manager_of(act)):
            return
        asked = await conversations.asked(act.session, manager.id, act.now)
        if (
            asked is None
            or asked.step is not Step.NEW_MANAGER
            or not asked.answered
            or asked.data["warehouse_id"] != str(warehouse_id)
            or contact_line.mark(asked.data[ANSWER]) != press.of
        ):  # pressed twice, or another one is being added
            await _show(act, manager, warehouse_id)
            return
        written = (str(asked.data["name"]), str(asked.data["phone"]))
        given = (act.session, manager, warehouse_id, *written)
        result = await managing.add_manager(*given, act.words, act.policy, act.now)
        await conversations.end(act.session, manager.id)
        match result:
            case Refused(why=why):
                await act.say(screens.refused(why, act.reader))
            case ManagesAlready(name=whose):
                await _show(act, manager, warehouse_id, said=screens.manages_already(whose, act.reader))
            case Added():
                await _added(act, manager, result, context.bot.username)


async def _added(act: Acting, manager: Person, result: Added, bot: str) -> None:
    """Who came to exist with it gets a link, as a driver does."""
    await _show(act, manager, result.place.id, screens.added_toast(result, act.reader))
    if result.new:
        token = secrets.token_urlsafe(24)
        until = await linking.invite(act.session, result.user_id, token, manager.id, act.policy, act.now)
        await say_link(act, result.name.split()[0], token, until, bot)


async def on_new_link(update: Update, context: Context) -> None:
    """[New link], for one who has never opened his."""
    press = pressed(update, NewManagerLink)
    async with acting(update, context) as act:
        if not (manager := await manager_of(act)):
            return
        token = secrets.token_urlsafe(24)
        given = (act.session, manager, press.warehouse_id, press.user_id, token, act.policy, act.now)
        match await invite_manager_again(*given):
            case Refused():
                await _show(act, manager, press.warehouse_id)
            case JustMade() as made:
                act.toast(screens.just_made(made, act.reader), alert=True)
            case Relinked(name=name, until=until):
                await _show(act, manager, press.warehouse_id, screens.new_link_toast(name.whole, act.reader))
                await say_link(act, name.first, token, until, context.bot.username)


# -- one less


async def on_remove_preview(update: Update, context: Context) -> None:
    press = pressed(update, RemovePreview)
    async with acting(update, context) as act:
        if not (manager := await manager_of(act)):
            return
        found = await managing.managers(act.session, manager, press.warehouse_id)
        who = next((each for each in found.managers if each.id == press.user_id), None) if found else None
        if found is None or who is None:
            await _show(act, manager, press.warehouse_id)
        else:
            await act.say(screens.removing(found, who, act.reader))


async def on_remove_manager(update: Update, context: Context) -> None:
    press = pressed(update, RemoveManager)
    async with acting(update, context) as act:
        if not (manager := await manager_of(act)):
            return
        given = (act.session, manager, press.warehouse_id, press.user_id)
        result = await managing.remove_manager(*given, act.words, act.policy, act.now)
        if isinstance(result, Refused):
            toast = screens.refusal(result.why, act.reader)
            await _show(act, manager, press.warehouse_id, toast, alert=True)
        elif press.user_id == manager.id:  # the warehouse is no affair of his any more
            await show_all(act, manager, 0, screens.removed_toast(result, act.reader))
        else:
            await _show(act, manager, press.warehouse_id, screens.removed_toast(result, act.reader))
