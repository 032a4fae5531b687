"""/report: how a week went in a manager's warehouses (R12.5)."""

from datetime import date

from telegram import Update

from bot import conversations, dates
from bot.acting import Acting, Context, acting
from bot.callbacks.callback import day_of, pressed
from bot.callbacks.reports import ReportFile, ReportOf
from bot.handlers.coverage import manager_of
from bot.screens import reports as screens
from domain.notices.kinds import Kind
from domain.people.queries import Person, warehouses_of
from domain.reporting.queries import Report, last_week, report
from domain.time import local_day, week_of


async def on_report(update: Update, context: Context) -> None:
    """/report, of last week, of the week that is named, or of that of a day."""
    written = " ".join(context.args or [])
    async with acting(update, context) as act:
        if not (manager := await manager_of(act)):
            return
        await conversations.drop(act.session, manager.id)
        today = local_day(act.now, act.policy)
        on = dates.week(written, today) or dates.day(written, today) if written else last_week(act.policy, act.now)
        if not await warehouses_of(act.session, manager.id):
            await act.say(screens.no_warehouse(act.reader))
        elif not isinstance(on, date):
            await act.say(screens.no_such_day(act.reader))
        elif (found := await _report(act, manager, on)) is None:
            await act.say(screens.none(last_week(act.policy, act.now), act.reader))
        else:
            await act.say(screens.report(found, 0, act.reader))


async def _report(act: Acting, manager: Person, on: date) -> Report | None:
    return await report(act.session, manager.id, week_of(on)[0], act.policy, act.now)


async def on_report_of(update: Update, context: Context) -> None:
    press = pressed(update, ReportOf)
    async with acting(update, context) as act:
        if not (manager := await manager_of(act)):
            return
        if (found := await _report(act, manager, day_of(press.week))) is None:
            await act.show(Kind.HOME, toast=screens.gone(act.reader), alert=True)
        else:
            await act.say(screens.report(found, press.page, act.reader))


async def on_file(update: Update, context: Context) -> None:
    """As a message of its own: the report stays where it is."""
    week = pressed(update, ReportFile).week
    async with acting(update, context) as act:
        if not (manager := await manager_of(act)):
            return
        if (found := await _report(act, manager, day_of(week))) is None:
            await act.show(Kind.HOME, toast=screens.gone(act.reader), alert=True)
        else:
            await act.say(screens.file(found, act.reader), fresh=True)
