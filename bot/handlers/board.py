"""A manager's live board of a day's shifts."""

from datetime import date
from uuid import UUID

from telegram import Update

from bot import conversations
from bot.acting import Acting, Context, acting
from bot.callbacks.callback import pressed
from bot.callbacks.coverage import BoardOf, BoardOfAll
from bot.finding import sought
from bot.handlers.coverage import manager_of
from bot.screens import board as screens
from bot.screens import coverage as coverage_screens
from domain.coverage import board
from domain.notices.kinds import Kind
from domain.refusals import Refused
from domain.schedule.queries import places
from domain.time import local_day

TODAY = 0  # instead of a day's number


async def on_shifts(update: Update, context: Context) -> None:
    """/shifts: today, or the day and the warehouse that are named."""
    written = " ".join(context.args or [])
    async with acting(update, context) as act:
        if not (manager := await manager_of(act)):
            return
        await conversations.drop(act.session, manager.id)
        if not written:
            await _turn(act, None, TODAY, 0)
        else:
            today = local_day(act.now, act.policy)
            mine = [each for each in await places(act.session, manager.id) if not each.is_route]
            line = sought(written, mine, today)
            day = TODAY if line.on is None else line.on.toordinal()
            days = board.days_on_board(today, act.policy)
            if line.no_such_day or line.unknown:
                await act.say(screens.not_read(written, line.near, day, act.reader))
            elif line.on is not None and not days[0] <= line.on <= days[1]:
                one = line.found[0].id if len(line.found) == 1 else None
                await act.say(screens.too_far(line.on, one, days, today, act.reader))
            elif len(line.found) > 1:
                await act.say(screens.which(line.found, day, act.reader))
            else:
                await _turn(act, line.found[0].id if line.found else None, day, 0)


async def on_board(update: Update, context: Context) -> None:
    """Back to the board, as he left it."""
    async with acting(update, context) as act:
        if manager := await manager_of(act):
            await board.reopen_board(act.session, manager, act.policy, act.now)
            await act.show(Kind.BOARD)


async def on_board_of(update: Update, context: Context) -> None:
    press = pressed(update, BoardOf)
    async with acting(update, context) as act:
        await _turn(act, press.warehouse_id, press.day, press.page)


async def on_board_of_all(update: Update, context: Context) -> None:
    press = pressed(update, BoardOfAll)
    async with acting(update, context) as act:
        await _turn(act, None, press.day, press.page)


async def _turn(act: Acting, warehouse_id: UUID | None, day: int, page: int) -> None:
    if not (manager := await manager_of(act)):
        return
    on = _day(day) or local_day(act.now, act.policy)
    result = await board.turn_board(act.session, manager, warehouse_id, on, page, act.policy, act.now)
    if isinstance(result, Refused):
        await act.say(coverage_screens.not_found(act.reader))
    else:
        await act.show(Kind.BOARD)


def _day(number: int) -> date | None:
    """None for today, and for what is no day."""
    try:
        return date.fromordinal(number)
    except ValueError:
        return None
