"""/calendar: a driver's shifts in his own calendar program."""

from telegram import Update

from bot import conversations
from bot.acting import Acting, Context, acting
from bot.calendar_web import address, token_for
from bot.callbacks.callback import pressed
from bot.callbacks.feed import RenewFeed
from bot.handlers.home import who_drives
from bot.screens import feed as screens
from bot.settings import Settings
from domain.people import feeds
from domain.people.queries import Person
from domain.refusals import Refused


async def on_calendar(update: Update, context: Context) -> None:
    """/calendar, and its button."""
    async with acting(update, context) as act:
        if driver := await who_drives(act):
            await conversations.drop(act.session, driver.id)
            await _show(act, driver, context.bot_data.settings)


async def on_open_feed(update: Update, context: Context) -> None:
    settings = context.bot_data.settings
    async with acting(update, context) as act:
        if driver := await who_drives(act):
            if settings.public_url is not None:
                await feeds.open_feed(act.session, driver, token_for(settings, driver.id), act.now)
            await _show(act, driver, settings)


async def on_renew_feed(update: Update, context: Context) -> None:
    mark, settings = pressed(update, RenewFeed).mark, context.bot_data.settings
    async with acting(update, context) as act:
        if driver := await who_drives(act):
            result = await feeds.renew_feed(act.session, driver, token_for(settings, driver.id), mark, act.now)
            done = not isinstance(result, Refused)
            await _show(act, driver, settings, screens.renewed(act.reader) if done else None)


async def on_close_feed(update: Update, context: Context) -> None:
    async with acting(update, context) as act:
        if driver := await who_drives(act):
            await feeds.close_feed(act.session, driver, act.now)
            await _show(act, driver, context.bot_data.settings, screens.closed(act.reader))


async def _show(act: Acting, driver: Person, settings: Settings, toast: str | None = None) -> None:
    """How it stands. What was made under another token of the bot can't be shown again."""
    if settings.public_url is None:
        await act.say(screens.no_public_address(act.reader))
        return
    found = await feeds.feed(act.session, driver.id)
    if found is None:
        await act.say(screens.none_yet(act.reader), toast=toast)
        return
    token = token_for(settings, driver.id)(found.made_at)
    if found.has(token):
        await act.say(screens.address(address(settings.public_url, token), found.mark, act.reader), toast=toast)
    else:
        await act.say(screens.not_shown(found.mark, act.reader), toast=toast)
