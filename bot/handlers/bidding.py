"""A driver's presses on an offer."""

from uuid import UUID

from telegram import Update

from bot.acting import Context, acting
from bot.callbacks.bidding import Accept, AcceptAtHome, NotToday, PlaceBid, WithdrawBid
from bot.callbacks.callback import pressed
from bot.handlers.home import home, person_of
from bot.screens import bidding as screens
from domain.bidding import actions as bidding
from domain.bidding import bids
from domain.coverage import actions as coverage
from domain.notices.kinds import Kind
from domain.refusals import Refused


async def on_accept(update: Update, context: Context) -> None:
    await _accept(update, context, pressed(update, Accept).window_id, Kind.OFFER)


async def on_accept_at_home(update: Update, context: Context) -> None:
    await _accept(update, context, pressed(update, AcceptAtHome).window_id, Kind.HOME)


async def _accept(update: Update, context: Context, window_id: UUID, shown: Kind) -> None:
    async with acting(update, context) as act:
        if act.person is None:
            await home(act)
            return
        result = await bidding.accept_shift(act.session, act.person, window_id, act.words, act.policy, act.now)
        about = window_id if shown is Kind.OFFER else None
        await act.show(shown, about, toast=screens.accepted(result, act.reader), alert=isinstance(result, Refused))


async def on_place_bid(update: Update, context: Context) -> None:
    window_id = pressed(update, PlaceBid).window_id
    async with acting(update, context) as act:
        if person := await person_of(act):
            result = await bids.place_bid(act.session, person, window_id, act.policy, act.now)
            toast = screens.bid_placed(result, act.reader)
            await act.show(Kind.OFFER, window_id, toast=toast, alert=isinstance(result, Refused))


async def on_withdraw_bid(update: Update, context: Context) -> None:
    window_id = pressed(update, WithdrawBid).window_id
    async with acting(update, context) as act:
        if person := await person_of(act):
            result = await bids.withdraw_bid(act.session, person, window_id, act.now)
            toast = screens.bid_withdrawn(result, act.reader)
            await act.show(Kind.OFFER, window_id, toast=toast, alert=isinstance(result, Refused))


async def on_not_today(update: Update, context: Context) -> None:
    window_id = pressed(update, NotToday).window_id
    async with acting(update, context) as act:
        if act.person is None:
            await home(act)
            return
        result = await coverage.decline_day(act.session, act.person, window_id, act.now)
        await act.show(Kind.OFFER, window_id, toast=screens.declined(result, act.reader))
