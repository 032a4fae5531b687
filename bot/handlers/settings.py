"""How somebody wants to be reached, and a manager's absence."""

from collections.abc import Awaitable, Callable

from telegram import Update

from bot.acting import Acting, Context, acting
from bot.callbacks.callback import pressed
from bot.callbacks.settings import ChooseLanguage, ChooseQuietHours, ChooseSms, ChooseWakeMe, GoAway, NewNumber
from bot.handlers.coverage import manager_of
from bot.handlers.home import home, person_of
from bot.reader import LANGUAGES
from bot.screens import linking as linking_screens
from bot.screens import settings as screens
from domain.notices import following
from domain.notices.kinds import Kind
from domain.people import contact as contacts
from domain.people.contact import AwayFor, Saved
from domain.people.queries import Person
from domain.refusals import Refused

Choose = Callable[[Acting, Person], Awaitable[Saved | Refused]]


async def on_settings(update: Update, context: Context) -> None:
    """/settings"""
    async with acting(update, context) as act:
        if act.person is None:
            await home(act)
        else:
            await _card(act, act.person, context)


async def on_language(update: Update, context: Context) -> None:
    """The card, the home card and the menu of commands change with it."""
    choice = pressed(update, ChooseLanguage).choice

    async def choose(act: Acting, person: Person) -> Saved | Refused:
        result = await contacts.choose_language(act.session, person, choice, LANGUAGES, act.now)
        if isinstance(result, Saved):
            await act.recognise()
            act.offer_commands()
        return result

    await _chosen(update, context, choose, at_home=True)


async def on_new_number(update: Update, context: Context) -> None:
    """[My number changed]: he shares it, as when he linked his chat (R12.7)."""
    pressed(update, NewNumber)
    async with acting(update, context) as act:
        if person := await person_of(act):
            await act.say(linking_screens.share_number(person.role, act.reader))


async def on_sms(update: Update, context: Context) -> None:
    choice = pressed(update, ChooseSms).choice
    await _chosen(update, context, lambda act, person: contacts.choose_sms(act.session, person, choice, act.now))


async def on_wake_me(update: Update, context: Context) -> None:
    choice = pressed(update, ChooseWakeMe).choice
    await _chosen(update, context, lambda act, person: contacts.choose_wake_me(act.session, person, choice, act.now))


async def on_quiet_hours(update: Update, context: Context) -> None:
    choice = pressed(update, ChooseQuietHours).choice
    await _chosen(
        update,
        context,
        lambda act, person: contacts.choose_quiet_hours(act.session, person, choice, act.policy, act.now),
    )


async def _chosen(update: Update, context: Context, choose: Choose, *, at_home: bool = False) -> None:
    """Saves what was chosen and shows the settings as they are then; `at_home`: the home card shows it, too."""
    async with acting(update, context) as act:
        if act.person is None:
            await home(act)
            return
        result = await choose(act, act.person)
        if isinstance(result, Refused):
            act.toast(screens.refusal(result.why, act.reader), alert=True)
        await _card(act, act.person, context)
        if at_home:
            await following.follow_homes(act.session, act.now, of=[act.person.id], first=act.person.id)


async def _card(act: Acting, person: Person, context: Context) -> None:
    facts = await contacts.contact(act.session, person)
    ours = context.bot_data.settings
    await act.say(screens.settings(facts, ours.sms_is_on, ours.twilio_from_number, act.policy, act.reader))


async def on_away(update: Update, context: Context) -> None:
    """/away, and its button."""
    async with acting(update, context) as act:
        if manager := await manager_of(act):
            await _absence(act, manager, " ".join(context.args or []))


async def on_go_away(update: Update, context: Context) -> None:
    choice = pressed(update, GoAway).choice
    async with acting(update, context) as act:
        if manager := await manager_of(act):
            result = await contacts.go_away(act.session, manager, choice, act.policy, act.now)
            if isinstance(result, Refused):
                act.toast(screens.refusal(result.why, act.reader), alert=True)
            await _absence(act, manager)
            await following.follow_homes(act.session, act.now, of=[manager.id], first=manager.id)


async def on_back_at_home(update: Update, context: Context) -> None:
    async with acting(update, context) as act:
        if manager := await manager_of(act):
            await contacts.go_away(act.session, manager, AwayFor.BACK, act.policy, act.now)
            await act.show(Kind.HOME, toast=screens.back(act.reader))


async def _absence(act: Acting, manager: Person, unread: str = "") -> None:
    facts = await contacts.absence(act.session, manager, act.now)
    await act.say(screens.away(facts, act.policy, act.reader, unread))
