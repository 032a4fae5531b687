"""A manager's hand on windows: their bids, closing early, extending, raising; and on a shift of today (R6.9)."""

from uuid import UUID

from telegram import Update

from bot import conversations
from bot.acting import Acting, Context, acting
from bot.callbacks.callback import pressed
from bot.callbacks.coverage import Slot, TakeOff, TakeOffNow
from bot.callbacks.windows import Bids, CloseNow, ExtendUntil, ExtendWindow, OpenBids, Raise, Windows
from bot.finding import sought
from bot.handlers.coverage import manager_of, slot, winner_of
from bot.screens import coverage as coverage_screens
from bot.screens import removing as removing_screens
from bot.screens import windows as screens
from domain.coverage import ending, opening, queries, rules
from domain.coverage.reopening import bonus_to_ask_with
from domain.coverage.windows import WindowCard, bids_of, open_windows, window_card
from domain.db.models.words import BidWindowMode
from domain.notices.kinds import Kind
from domain.people.queries import Person
from domain.refusals import Refusal, Refused
from domain.schedule.queries import places, routes_among
from domain.shifts.driven import driven
from domain.shifts.removing import remove_driver
from domain.shifts.rules_of_leaving import refuse_removal
from domain.time import local_day, week_of


async def on_windows(update: Update, context: Context) -> None:
    """/windows, alone or with a place, a day or a week; and the pages of its list."""
    page = pressed(update, Windows).page if update.callback_query else 0
    written = " ".join(context.args or [])
    async with acting(update, context) as act:
        if not (manager := await manager_of(act)):
            return
        await conversations.drop(act.session, manager.id)
        if written:
            await _line(act, manager, written)
        else:
            found = await open_windows(act.session, manager.id, page, screens.PER_PAGE)
            await act.say(screens.open_windows(found, act.reader))


async def _line(act: Acting, manager: Person, written: str) -> None:
    """The windows that a line means: a single one itself."""
    mine = await places(act.session, manager.id)
    line = sought(written, mine, local_day(act.now, act.policy), weeks=True)
    if line.no_such_day:
        await act.say(screens.no_such_day(act.reader))
        return
    routes = [route.id for route in routes_among(line.found or line.near, mine)] if line.name else None
    days = None if line.on is None else week_of(line.on) if line.week else (line.on, line.on)
    found = await open_windows(act.session, manager.id, 0, screens.PER_PAGE, routes=routes, days=days)
    if line.unknown:
        await act.say(screens.no_such_place(line.name, found, act.reader))
    elif found.total == 1:
        await act.show(Kind.WINDOW, found.windows[0].window_id)
    else:
        await act.say(screens.some_windows(found, written, act.reader))


async def on_bids(update: Update, context: Context) -> None:
    press = pressed(update, Bids)
    async with acting(update, context) as act:
        if manager := await manager_of(act):
            page, per_page = press.page, screens.BIDS_PER_PAGE
            found = await bids_of(act.session, manager.id, press.window_id, page, per_page, act.policy)
            await act.say(screens.bids(found, act.reader) if found else coverage_screens.not_found(act.reader))


async def on_open_bids(update: Update, context: Context) -> None:
    assignment_id = pressed(update, OpenBids).assignment_id
    async with acting(update, context) as act:
        if manager := await manager_of(act):
            result = await opening.open_bids(act.session, manager, assignment_id, act.words, act.policy, act.now)
            if isinstance(result, Refused):
                act.toast(coverage_screens.refusal(result.why, act.reader), alert=True)
                await slot(act, manager, Slot(assignment_id, act.policy.emergency_bonus_percent))
            else:
                await act.show(Kind.WINDOW, result.window_id, toast=coverage_screens.opened(result, "", act.reader))


async def on_close_now(update: Update, context: Context) -> None:
    window_id = pressed(update, CloseNow).window_id
    async with acting(update, context) as act:
        if manager := await manager_of(act):
            result = await ending.close_early(act.session, manager, window_id, act.words, act.policy, act.now)
            toast = screens.closed_early(result, await winner_of(act, result), act.reader)
            await act.show(Kind.WINDOW, window_id, toast=toast, alert=isinstance(result, Refused))


async def on_raise(update: Update, context: Context) -> None:
    """What comes of making it an emergency; a slot for which none is open is offered as any."""
    press = pressed(update, Raise)
    async with acting(update, context) as act:
        if manager := await manager_of(act):
            found = await queries.slot_card(act.session, manager.id, press.assignment_id, act.policy, act.now)
            open_ = found.open_window_id if found else None
            card = open_ and await window_card(act.session, manager.id, open_, act.policy)
            if isinstance(card, WindowCard) and card.mode is BidWindowMode.EMERGENCY:  # an old button
                await act.show(Kind.WINDOW, card.window_id)
            elif isinstance(card, WindowCard):
                until = rules.hours_left(card.on, act.policy, act.now)
                await act.say(screens.raise_(card, press.bonus, until, act.reader))
            else:
                await slot(act, manager, Slot(press.assignment_id, press.bonus))


async def on_extend(update: Update, context: Context) -> None:
    window_id = pressed(update, ExtendWindow).window_id
    async with acting(update, context) as act:
        if manager := await manager_of(act):
            card = await window_card(act.session, manager.id, window_id, act.policy)
            if card is None or not card.extendable:
                await act.show(Kind.WINDOW, window_id)
            else:
                later = rules.later_closings(card.on, card.closes_at, act.policy, act.now)
                await act.say(screens.extend(card, later, act.reader))


async def on_extend_until(update: Update, context: Context) -> None:
    press = pressed(update, ExtendUntil)
    async with acting(update, context) as act:
        if manager := await manager_of(act):
            result = await ending.extend_window(act.session, manager, press.window_id, press.hour, act.policy, act.now)
            toast = screens.extended(result, act.reader)
            await act.show(Kind.WINDOW, press.window_id, toast=toast, alert=isinstance(result, Refused))


# -- today's slot is opened again


async def on_take_off(update: Update, context: Context) -> None:
    assignment_id = pressed(update, TakeOff).assignment_id
    async with acting(update, context) as act:
        if manager := await manager_of(act):
            await _consequence(act, manager, assignment_id)


async def _consequence(act: Acting, manager: Person, assignment_id: UUID) -> None:
    found = await driven(act.session, manager.id, assignment_id, act.policy)
    if found is None:
        await act.say(coverage_screens.not_found(act.reader))
        return
    if (why := refuse_removal(found.shift.status, found.shift.on, act.policy, act.now)) is not None:  # an old button
        await _stays(act, manager, assignment_id, why)
        return
    until = rules.hours_left(found.shift.on, act.policy, act.now)
    bonus = await bonus_to_ask_with(act.session, assignment_id, act.policy)
    await act.say(removing_screens.consequence(found, bonus, until, act.reader))


async def _stays(act: Acting, manager: Person, assignment_id: UUID, why: Refusal) -> None:
    """Nothing was taken off: the shift's card, or how the window is doing through which others are asked already."""
    toast = removing_screens.refusal(why, act.reader)
    window_id = await queries.open_window_there(act.session, manager.id, assignment_id)
    if window_id is not None:
        await act.show(Kind.WINDOW, window_id, toast=toast, alert=True)
    elif await driven(act.session, manager.id, assignment_id, act.policy) is None:
        await act.say(coverage_screens.not_found(act.reader), toast=toast, alert=True)
    else:
        await act.show(Kind.DRIVEN, assignment_id, toast=toast, alert=True)


async def on_take_off_now(update: Update, context: Context) -> None:
    press = pressed(update, TakeOffNow)
    async with acting(update, context) as act:
        if not (manager := await manager_of(act)):
            return
        until = press.until or None
        result = await remove_driver(act.session, manager, press.assignment_id, until, act.words, act.policy, act.now)
        if isinstance(result, Refused):
            await _stays(act, manager, press.assignment_id, result.why)
        elif result.reopened is None:
            await act.show(Kind.DRIVEN, press.assignment_id, toast=removing_screens.removed(result, act.reader))
        else:
            await act.show(Kind.WINDOW, result.reopened.window_id, toast=removing_screens.removed(result, act.reader))
