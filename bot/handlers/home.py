"""Linking, the home card, help, and whatever we can't read."""

from telegram import ChatMember, Update

from bot.acting import Acting, Context, acting
from bot.reader import language_of
from bot.screens import home as screens
from domain.db.models.words import UserRole
from domain.notices.kinds import Kind
from domain.people import actions as people
from domain.people.actions import AlreadyLinked, Linked
from domain.refusals import Refusal, Refused


async def on_start(update: Update, context: Context) -> None:
    """/start, with the token of an invite or without."""
    async with acting(update, context) as act:
        if not context.args:
            await home(act)
            return
        language = language_of(act.language_code)
        result = await people.link_by_invite(act.session, context.args[0], act.chat_id, language, act.words, act.now)
        match result:
            case Linked() | AlreadyLinked():
                await act.recognise()
                await home(act)
                act.offer_commands()
            case Refused(why=Refusal.CHAT_IS_ANOTHERS):
                await act.say(screens.chat_is_anothers(act.reader))
            case Refused():
                await act.say(screens.link_refused(act.reader, known=act.person is not None))


async def on_home(update: Update, context: Context) -> None:
    """/today, and every way back to the home card."""
    async with acting(update, context) as act:
        await home(act)


async def on_help(update: Update, context: Context) -> None:
    async with acting(update, context) as act:
        if act.person is None:
            await act.say(screens.stranger(act.company, act.reader))
        elif act.person.role is UserRole.MANAGER:
            await act.say(screens.help_for_managers(act.reader))
        else:
            await act.say(screens.help_for_drivers(act.reader))


async def on_not_understood(update: Update, context: Context) -> None:
    """Text, stickers, photos, unknown commands, and buttons that no screen of ours has (any more)."""
    async with acting(update, context) as act:
        if act.person is None:
            await act.say(screens.stranger(act.company, act.reader))
        else:
            await act.say(screens.not_understood(act.reader), fresh=True)


async def on_membership(update: Update, context: Context) -> None:
    """The person blocked the bot, or came back (my_chat_member)."""
    member = update.my_chat_member
    assert member is not None
    async with acting(update, context) as act:
        if act.person is not None:
            if member.new_chat_member.status == ChatMember.BANNED:
                await people.unreachable(act.session, act.person.id, act.now)
            else:
                await people.reachable_again(act.session, act.person.id)


async def home(act: Acting) -> None:
    """The home card, or to somebody unknown what this is."""
    if act.person is None:
        await act.say(screens.stranger(act.company, act.reader))
    else:
        await act.show(Kind.HOME)
