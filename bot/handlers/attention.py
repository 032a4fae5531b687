"""/drivers: a manager's drivers, those who need him first."""

from telegram import Update

from bot import conversations
from bot.acting import Context, acting
from bot.callbacks.callback import pressed
from bot.callbacks.his_standing import Drivers
from bot.handlers.coverage import manager_of
from bot.handlers.drivers import find
from bot.screens import attention as screens
from domain.health.attention import drivers_listed


async def on_drivers(update: Update, context: Context) -> None:
    """/drivers, alone or with a name, and its pages."""
    page = pressed(update, Drivers).page if update.callback_query else 0
    async with acting(update, context) as act:
        if manager := await manager_of(act):
            await conversations.drop(act.session, manager.id)
            if written := " ".join(context.args or []):
                await find(act, manager, written)
                return
            asked = act.session, manager.id, page, screens.PER_PAGE, act.policy, act.now
            await act.say(screens.drivers(await drivers_listed(*asked), act.reader))
