"""/privacy: what is recorded about somebody, and all of it as a file (R12.6)."""

from telegram import Update

from bot.acting import Context, acting
from bot.exports import as_json
from bot.handlers.home import person_of
from bot.screens import privacy as screens
from domain.people.exporting import export_person
from domain.time import local_day


async def on_privacy(update: Update, context: Context) -> None:
    async with acting(update, context) as act:
        if person := await person_of(act):
            await act.say(screens.privacy(person.role, act.policy, act.reader))


async def on_send_my_data(update: Update, context: Context) -> None:
    """[My data]: his own, and nobody else's; there is no id in the button."""
    async with acting(update, context) as act:
        if person := await person_of(act):
            export = await export_person(act.session, person.id, act.now)
            content = as_json(export).encode()
            await act.say(screens.my_data(content, local_day(act.now, act.policy), act.reader), fresh=True)
