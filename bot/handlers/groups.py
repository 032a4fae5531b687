"""A warehouse's group: connecting it, and what managers press there (R12.3, R12.4).

Whatever a press there leads to is shown, decided and done in the manager's own chat, and asked of him anew.
"""

from collections.abc import Callable
from uuid import UUID

from telegram import ChatMember, ChatMemberRestricted, Update

from bot import conversations
from bot.acting import Acting, Context, acting
from bot.callbacks.callback import pressed
from bot.callbacks.coverage import Slot
from bot.callbacks.groups import ConnectHere, Disconnect, GroupEmergency, GroupFill
from bot.chats import is_group
from bot.handlers import coverage, filling, home
from bot.reader import Reader
from bot.screens import groups as screens
from bot.screens.screen import Screen
from domain.coverage.candidates import slot_head
from domain.groups import actions as groups
from domain.groups import queries
from domain.groups.actions import Connected, Connections, Disconnected
from domain.names import Forms, Known, folded
from domain.people.queries import Person


async def on_connect(update: Update, context: Context) -> None:
    """/connect: in a group, or in a manager's own chat, where it says how; alone, or with a warehouse's name."""
    written = " ".join(context.args or [])
    async with acting(update, context, in_group=True) as act:
        if act.group is None:
            await _groups(act, context, written)
        elif sites := await _sites(act, screens.no_warehouse):
            found = _called(written, sites)
            if len(found) == 1:
                await _connect(act, found[0].warehouse_id, instead=False)
            else:
                assert act.person is not None, "strangers don't get here"
                await act.say_in_group(screens.which(act.person.id, found or sites, act.reader))


def _called(written: str, sites: tuple[queries.Site, ...]) -> tuple[queries.Site, ...]:
    """Those that are called so; all of them where nothing is written, or the payload of a link."""
    if written in ("", screens.ADDED):
        return sites
    return Known(sites, lambda site: Forms((folded(site.warehouse),), (), (folded(site.warehouse),))).called(written)


async def on_connect_here(update: Update, context: Context) -> None:
    """Which of his warehouses; the buttons are for who asked alone."""
    press = pressed(update, ConnectHere)
    async with acting(update, context, in_group=True) as act:
        if act.person is None or act.person.id != press.user_id or act.group is None:
            act.toast(screens.not_asked_by_you(act.reader), alert=True)
        else:
            await _connect(act, press.warehouse_id, instead=press.instead == 1)


async def _connect(act: Acting, warehouse_id: UUID, *, instead: bool) -> None:
    assert act.person is not None and act.group is not None, "as above"
    group = groups.Group(act.group.chat_id, act.group.title)
    result = await groups.connect(
        act.session, act.person, warehouse_id, group, act.reader.language, act.now, instead=instead
    )
    match result:
        case Connected():
            await act.say_in_group(screens.connected(result, act.reader))
        case Connections():
            await act.say_in_group(screens.against(act.person.id, result, act.reader))
        case _:
            await act.say_in_group(screens.no_warehouse(act.reader))


async def _sites(act: Acting, none: Callable[[Reader], Screen]) -> tuple[queries.Site, ...]:
    """The warehouses of who asks in a group; who has none is told so, by `none`."""
    assert act.person is not None, "strangers don't get here"
    sites = await queries.sites(act.session, act.person.id)
    if not sites:
        await act.say_in_group(none(act.reader))
    return sites


async def on_disconnect(update: Update, context: Context) -> None:
    """/disconnect: in the group, or in a manager's own chat, where he chooses which."""
    async with acting(update, context, in_group=True) as act:
        if act.group is None:
            await _groups(act, context)
        elif sites := await _sites(act, screens.no_warehouse_to_disconnect):
            here = next((each.group_id for each in sites if each.chat_id == act.group.chat_id), None)
            result = await _ended(act, here, there=True) if here is not None else None
            answer = screens.disconnected(result, act.reader) if result else screens.not_connected(act.reader)
            await act.say_in_group(answer)


async def on_disconnect_that(update: Update, context: Context) -> None:
    press = pressed(update, Disconnect)
    async with acting(update, context) as act:
        if await coverage.manager_of(act):
            act.toast(screens.ended(await _ended(act, press.group_id), act.reader))
            await _groups(act, context)


async def _ended(act: Acting, group_id: UUID, *, there: bool = False) -> Disconnected | None:
    assert act.person is not None, "he is a manager"
    result = await groups.disconnect(act.session, act.person, group_id, act.now, there=there)
    return result if isinstance(result, Disconnected) else None


async def _groups(act: Acting, context: Context, written: str = "") -> None:
    if manager := await coverage.manager_of(act):
        every = await queries.sites(act.session, manager.id)
        sites = _called(written, every) or every
        await act.say(screens.groups(sites, context.bot.username, act.reader))


async def on_fill(update: Update, context: Context) -> None:
    """[Fill] in the group: who can take it stands in the manager's own chat."""
    press = pressed(update, GroupFill)
    async with acting(update, context, in_group=True) as act:
        if manager := await _manager_of_slot(act, press.assignment_id):
            await filling.whom(act, manager, press.assignment_id, 0)


async def on_emergency(update: Update, context: Context) -> None:
    """[Emergency] in the group: what it would mean stands in the manager's own chat, and is confirmed there."""
    press = pressed(update, GroupEmergency)
    async with acting(update, context, in_group=True) as act:
        if manager := await _manager_of_slot(act, press.assignment_id):
            await coverage.slot(act, manager, Slot(press.assignment_id, act.policy.emergency_bonus_percent))


async def _manager_of_slot(act: Acting, assignment_id: UUID) -> Person | None:
    """Who presses, if he manages the slot's warehouse at this moment; nobody else learns anything."""
    if act.person is None or await slot_head(act.session, act.person.id, assignment_id, act.policy) is None:
        act.toast(screens.not_yours(act.reader), alert=True)
        return None
    act.toast(screens.look_in_our_chat(act.reader))
    await conversations.drop(act.session, act.person.id)
    return act.person


async def on_membership(update: Update, context: Context) -> None:
    """We were taken into a group, or put out of it; in somebody's own chat: he blocked us, or came back."""
    if not is_group(update):
        await home.on_membership(update, context)
        return
    member = update.my_chat_member
    assert member is not None, "the handler was found by it"
    async with acting(update, context, in_group=True) as act:
        assert act.group is not None
        if not _is_in(member.new_chat_member):
            await groups.gone(act.session, act.group.chat_id, act.now)
        elif not _is_in(member.old_chat_member):
            await act.say_in_group(screens.hello(act.reader))


def _is_in(member: ChatMember) -> bool:
    if isinstance(member, ChatMemberRestricted):
        return member.is_member
    return member.status not in (ChatMember.LEFT, ChatMember.BANNED)


async def on_moved(update: Update, context: Context) -> None:
    """Telegram has made a supergroup of a group; both chats say so, in any order."""
    message = update.message
    assert message is not None, "the handler was found by it"
    async with acting(update, context, in_group=True) as act:
        if message.migrate_to_chat_id is not None:
            await groups.moved(act.session, message.chat.id, message.migrate_to_chat_id)
        elif message.migrate_from_chat_id is not None:
            await groups.moved(act.session, message.migrate_from_chat_id, message.chat.id)


async def on_nothing(_update: Update, _context: Context) -> None:
    """What else is said in a group is none of ours."""
