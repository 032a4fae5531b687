"""What is open to a driver, his bids, why they ended as they did, and handing back what was won."""

from telegram import Update

from bot import conversations
from bot.acting import Context, acting
from bot.callbacks.bidding import HandBack, HandBackNow, MyBids, OpenShift, OpenShifts, WhyBid
from bot.callbacks.callback import pressed
from bot.handlers.cancelling import nobody_to_tell
from bot.handlers.home import who_drives
from bot.handlers.shifts import home, refused
from bot.screens import cancelling as cancel_screens
from bot.screens import open_shifts as screens
from domain.bidding import offers, open_shifts, own_bids
from domain.db.models.words import AssignmentStatus
from domain.giving import queries as giving
from domain.notices.kinds import Kind
from domain.refusals import Refusal, Refused
from domain.shifts import handing_back, queries, rules_of_leaving

PER_PAGE = 6


async def on_open(update: Update, context: Context) -> None:
    """/open, and its pages."""
    page = pressed(update, OpenShifts).page if update.callback_query else 0
    async with acting(update, context) as act:
        if driver := await who_drives(act):
            await conversations.drop(act.session, driver.id)
            found = await open_shifts.open_to(act.session, driver.id, page, PER_PAGE, act.policy, act.now)
            given = await giving.open_to(act.session, driver.id, act.policy, act.now)
            await act.say(screens.open_shifts(found, given, act.now, act.reader))


async def on_open_shift(update: Update, context: Context) -> None:
    window_id = pressed(update, OpenShift).window_id
    async with acting(update, context) as act:
        if driver := await who_drives(act):
            there = await offers.offer(act.session, driver.id, window_id, act.policy, act.now)
            await act.show(Kind.OFFER, window_id, toast=None if there else screens.over(act.reader))


async def on_my_bids(update: Update, context: Context) -> None:
    page = pressed(update, MyBids).page
    async with acting(update, context) as act:
        if driver := await who_drives(act):
            found = await own_bids.own_bids(act.session, driver.id, page, PER_PAGE, act.policy, act.now)
            await act.say(screens.own_bids(found, act.reader))


async def on_why_bid(update: Update, context: Context) -> None:
    """In place of the list of his bids, or as a message of its own below what told him."""
    press = pressed(update, WhyBid)
    async with acting(update, context) as act:
        if driver := await who_drives(act):
            why = await own_bids.why(act.session, driver.id, press.window_id, act.policy)
            if why is None:
                act.toast(screens.no_such_bid(act.reader), alert=True)
            else:
                await act.say(screens.why(why, press.back, act.reader), fresh=press.back == 0)


async def on_hand_back(update: Update, context: Context) -> None:
    """[Give it back]: what follows, before the last button (R5.1)."""
    assignment_id = pressed(update, HandBack).assignment_id
    async with acting(update, context) as act:
        if driver := await who_drives(act):
            shift = await queries.own_shift(act.session, driver.id, assignment_id, act.policy)
            if shift is None:
                await refused(act, Refused(Refusal.SHIFT_GONE), assignment_id)
            elif shift.status is AssignmentStatus.SCHEDULED and rules_of_leaving.may_hand_back(
                shift.hand_back_until, act.now
            ):
                keep = cancel_screens.keep(shift, act.reader)
                await act.say(cancel_screens.hand_back(shift, keep, act.reader), fresh=True)
            else:
                await refused(act, Refused(Refusal.TOO_LATE_TO_HAND_BACK), assignment_id)


async def on_hand_back_now(update: Update, context: Context) -> None:
    assignment_id = pressed(update, HandBackNow).assignment_id
    async with acting(update, context) as act:
        if driver := await who_drives(act):
            shift = await queries.own_shift(act.session, driver.id, assignment_id, act.policy)
            result = await handing_back.hand_back(act.session, driver, assignment_id, act.words, act.policy, act.now)
            if isinstance(result, Refused):
                await refused(act, result, assignment_id)
                return
            if result.told == 0 and shift is not None:
                await nobody_to_tell(act, shift)
            await home(act, cancel_screens.handed_back(result.told, act.reader))
