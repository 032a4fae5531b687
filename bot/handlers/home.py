"""Linking, the home card, help, and whatever we can't read."""

from telegram import ChatMember, Update

from bot import conversations
from bot.acting import Acting, Context, acting
from bot.delivery import alerts
from bot.reader import language_of
from bot.screens import help as help_screens
from bot.screens import linking as linking_screens
from domain.db.models.words import UserRole
from domain.notices.kinds import Kind
from domain.people import linking, presence
from domain.people.linking import AlreadyLinked, Contact, Linked
from domain.people.numbers import NumberIsNew
from domain.people.queries import Person
from domain.places.queries import warehouses
from domain.refusals import Refusal, Refused
from domain.shifts import displaced


async def on_start(update: Update, context: Context) -> None:
    """/start, with the token of an invite or without."""
    async with acting(update, context) as act:
        if not context.args:
            await home(act)
            return
        language = language_of(act.language_code)
        result = await linking.link_by_invite(act.session, context.args[0], act.chat_id, language, act.words, act.now)
        match result:
            case Linked() | AlreadyLinked():
                await act.recognise()
                await _at_home(act)
            case Refused(why=Refusal.CHAT_IS_ANOTHERS):
                await act.say(linking_screens.chat_is_anothers(act.reader))
            case Refused():
                await act.say(linking_screens.link_refused(act.reader, known=act.person is not None))


async def on_contact(update: Update, context: Context) -> None:
    """[Share my number], or any other contact (R12.2)."""
    message, sender = update.effective_message, update.effective_user
    shared = message.contact if message else None
    assert shared is not None and sender is not None, "the handler was found by it"
    contact = Contact(shared.user_id == sender.id, shared.phone_number)
    async with acting(update, context) as act:
        result = await linking.link_by_contact(
            act.session, contact, act.chat_id, language_of(act.language_code), act.words, act.policy, act.now
        )
        if isinstance(result, Refused):
            await act.say(linking_screens.contact_refused(act.reader, known=act.person is not None))
            return
        await act.recognise()
        match result:
            case Linked():
                screen = linking_screens.linked(act.reader)
            case NumberIsNew(phone=phone, told=told):
                screen = linking_screens.number_is_new(phone, told, act.reader)
                if result.owners:
                    key, what = f"{alerts.OWNERS}:{result.user_id}:{act.now.date()}", "OWNERS names the number before"
                    await alerts.raise_within(act.session, key, what, act.words, act.policy, act.now)
            case AlreadyLinked():
                screen = linking_screens.linked_already(act.reader)
        await act.say(screen)
        await _at_home(act)


async def _at_home(act: Acting) -> None:
    """Somebody has just been linked: his home card and his commands."""
    await home(act)
    act.offer_commands()


async def on_home(update: Update, context: Context) -> None:
    """/today, and every way back to the home card."""
    async with acting(update, context) as act:
        if act.person is not None:
            await conversations.drop(act.session, act.person.id)
        await home(act)


async def on_help(update: Update, context: Context) -> None:
    async with acting(update, context) as act:
        if act.person is None:
            await act.say(linking_screens.stranger(act.company, act.reader))
        elif act.person.role is UserRole.MANAGER:
            mine = await warehouses(act.session, act.person.id)
            await act.say(help_screens.help_for_managers(mine, act.reader))
        else:
            await act.say(help_screens.help_for_drivers(act.reader))


async def on_not_understood(update: Update, context: Context) -> None:
    """Text, stickers, photos, unknown commands, and buttons that no screen of ours has (any more)."""
    async with acting(update, context) as act:
        if act.person is None:
            await act.say(linking_screens.stranger(act.company, act.reader))
        else:
            await act.say(help_screens.not_understood(act.reader), fresh=True)


async def on_membership(update: Update, context: Context) -> None:
    """The person blocked the bot, or came back (my_chat_member)."""
    member = update.my_chat_member
    assert member is not None
    async with acting(update, context) as act:
        if act.person is not None:
            if member.new_chat_member.status == ChatMember.BANNED:
                await presence.unreachable(act.session, act.person.id, act.now)
            else:
                await presence.reachable_again(act.session, act.person.id)


async def person_of(act: Acting) -> Person | None:
    """Who acts; somebody unknown is told what this is."""
    if act.person is None:
        await home(act)
    return act.person


async def who_drives(act: Acting) -> Person | None:
    """Who acts, if he drives; a manager has no shifts of his own."""
    person = await person_of(act)
    if person is not None and person.role is not UserRole.DRIVER:
        await act.say(help_screens.for_drivers_only(act.reader))
        return None
    return person


async def home(act: Acting) -> None:
    """The home card, or to somebody unknown what this is."""
    if act.person is None:
        await act.say(linking_screens.stranger(act.company, act.reader))
    else:
        await displaced.seen_at_home(act.session, act.person.id, act.policy, act.now)
        await act.show(Kind.HOME)
