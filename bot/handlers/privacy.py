"""/privacy: what is recorded about somebody, and all of it as a file; and what goes once he has left (R12.6)."""

from telegram import Update

from bot.acting import Context, acting
from bot.callbacks.callback import pressed
from bot.callbacks.privacy import ForgetDriver, ForgetDriverNow
from bot.exports import as_json
from bot.handlers.coverage import manager_of
from bot.handlers.home import person_of
from bot.screens import drivers as driver_screens
from bot.screens import privacy as screens
from domain.notices.kinds import Kind
from domain.people import anonymising, drivers
from domain.people.exporting import export_person
from domain.refusals import Refused
from domain.time import local_day


async def on_privacy(update: Update, context: Context) -> None:
    """/privacy, and its button."""
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


async def on_forget(update: Update, context: Context) -> None:
    """[Remove personal data…], on the card of who has left."""
    user_id = pressed(update, ForgetDriver).user_id
    async with acting(update, context) as act:
        if not (manager := await manager_of(act)):
            return
        facts = await drivers.driver_card(act.session, manager.id, user_id, act.policy, act.now)
        if facts is None:
            await act.show(Kind.HOME, toast=driver_screens.gone(act.reader), alert=True)
        else:
            await act.say(screens.forget(facts, act.reader))


async def on_forget_now(update: Update, context: Context) -> None:
    user_id = pressed(update, ForgetDriverNow).user_id
    async with acting(update, context) as act:
        if manager := await manager_of(act):
            done = await anonymising.anonymise(act.session, manager.id, user_id, act.policy, act.now)
            why = done.why if isinstance(done, Refused) else None
            await act.show(Kind.HOME, toast=screens.forgotten(why, act.reader), alert=why is not None)
