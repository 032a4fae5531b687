"""/health: a driver's score and stars, as they are now (R10.1, R10.4)."""

from telegram import Update

from bot import conversations
from bot.acting import Context, acting
from bot.handlers.home import who_drives
from bot.screens import health as screens
from domain.health.seeing import own_health
from domain.shifts.queries import unconfirmed


async def on_health(update: Update, context: Context) -> None:
    async with acting(update, context) as act:
        if (driver := await who_drives(act)) is None:
            return
        await conversations.drop(act.session, driver.id)
        facts = await own_health(act.session, driver.id, act.policy, act.now)
        if facts is None:
            await act.say(screens.no_health_yet(act.reader))
            return
        to_confirm = len(await unconfirmed(act.session, driver.id, act.policy, act.now))
        await act.say(screens.health(facts, to_confirm, act.policy, act.reader))
