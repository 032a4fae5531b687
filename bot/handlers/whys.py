"""/why: what holds for a driver, and each of it explained (R10.6)."""

from uuid import UUID

from telegram import Update

from bot import conversations
from bot.acting import Acting, Context, acting
from bot.callbacks.appeals import WhyHeld, Whys
from bot.callbacks.callback import pressed
from bot.handlers.home import who_drives
from bot.screens import appeals as appeal_screens
from bot.screens import whys as screens
from bot.screens import whys_of_standing as of_standing
from bot.screens.screen import Screen
from domain.bidding import own_bids
from domain.db.models.words import BidStatus
from domain.health import flags, own_standing, whys
from domain.people.queries import Person
from domain.refusals import Refusal

PER_PAGE = 8
LOST_MOST = 3
BIDS_MOST = 20  # the latest, among which those are looked for


async def on_whys(update: Update, context: Context) -> None:
    """/why, and the pages of what has happened."""
    page = pressed(update, Whys).page if update.callback_query else 0
    async with acting(update, context) as act:
        if driver := await who_drives(act):
            await conversations.drop(act.session, driver.id)
            await act.say(screens.whys(await _whole(act, driver, page), act.policy, act.reader))


async def _whole(act: Acting, driver: Person, page: int) -> screens.Whole:
    bids = await own_bids.own_bids(act.session, driver.id, 0, BIDS_MOST, act.policy, act.now)
    lost = tuple(bid for bid in bids.bids if bid.status is BidStatus.LOST)[:LOST_MOST]
    lately = await whys.lately(act.session, driver.id, page, PER_PAGE, act.policy, act.now)
    return screens.Whole(await own_standing.standing(act.session, driver.id), lately, lost)


async def on_why_held(update: Update, context: Context) -> None:
    """In place of the list, or as a message of its own below what told him."""
    press = pressed(update, WhyHeld)
    async with acting(update, context) as act:
        if driver := await who_drives(act):
            await conversations.drop(act.session, driver.id)
            await show(act, driver, press.about, press.back)


async def show(act: Acting, driver: Person, about: UUID, back: int) -> None:
    """An incident, a flag or a hard stop."""
    screen = await _explained(act, driver, about, back)
    if screen is None:
        act.toast(appeal_screens.refusal(Refusal.NOT_FOUND, act.reader), alert=True)
        screen = screens.whys(await _whole(act, driver, 0), act.policy, act.reader)
    await act.say(screen, fresh=back == 0)


async def _explained(act: Acting, driver: Person, about: UUID, back: int) -> Screen | None:
    happened = await whys.happened(act.session, driver.id, about, act.policy)
    if happened is not None:
        return screens.incident(happened, back, act.policy, act.now, act.reader)
    standing = await own_standing.standing(act.session, driver.id)
    if standing.flag is not None and standing.flag.id == about:
        judged = await flags.drivers(act.session, act.policy, act.now, [driver.id])
        return of_standing.flag(standing.flag, judged[0].facts, act.policy, act.now, act.reader) if judged else None
    if standing.stop is not None and standing.stop.id == about:
        caused = await whys.caused(act.session, driver.id, about, act.policy)
        return of_standing.stop(standing.stop, caused, act.policy, act.reader)
    return None


async def on_why_cap(update: Update, context: Context) -> None:
    async with acting(update, context) as act:
        if driver := await who_drives(act):
            standing = await own_standing.standing(act.session, driver.id)
            await act.say(of_standing.cap(standing.cap, act.policy, act.reader))
