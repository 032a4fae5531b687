"""Appeals: a driver writes one and sends it, a manager decides (R10.6)."""

from typing import Any
from uuid import UUID

from telegram import Update

from bot import conversations
from bot.acting import Acting, Context, acting
from bot.callbacks.appeals import AppealIt, AppealShown, GrantAppeal, RefuseAppeal, SendAppeal
from bot.callbacks.callback import pressed
from bot.conversations import ANSWER, Step
from bot.delivery import alerts
from bot.handlers import whys
from bot.handlers.coverage import manager_of
from bot.handlers.home import home, who_drives
from bot.screens import appeals as screens
from bot.screens import penalties
from domain.health import appeal_cards, appeals
from domain.health.subjects import subject
from domain.notices.kinds import Kind
from domain.people.queries import Person
from domain.refusals import Refusal, Refused

# -- the driver


async def on_appeal(update: Update, context: Context) -> None:
    """[Appeal], in place or below the message that told him, which stays current."""
    press = pressed(update, AppealIt)
    async with acting(update, context) as act:
        if not (driver := await who_drives(act)):
            return
        of = await appeals.to_appeal(act.session, driver.id, press.about, act.policy, act.now)
        if isinstance(of, Refused):
            act.toast(screens.refusal(of.why, act.reader), alert=True)
            return
        await conversations.ask(act.session, driver.id, Step.APPEAL, {"about": str(press.about)}, act.now)
        await act.say(screens.ask_why(of, act.policy, act.reader), fresh=press.back == 0)


async def appeal_typed(act: Acting, driver: Person, data: dict[str, Any], text: str) -> None:
    """He has written why; he sees it before the last button."""
    about = UUID(data["about"])
    of = await appeals.to_appeal(act.session, driver.id, about, act.policy, act.now)
    if isinstance(of, Refused):
        await conversations.end(act.session, driver.id)
        await whys.show(act, driver, about, 1)
    elif len(text) > act.policy.appeal_most:
        await act.say(screens.too_long(about, act.policy, act.reader))  # he is still asked
    else:
        await conversations.keep(act.session, driver.id, Step.APPEAL, data | {ANSWER: text}, act.now)
        await act.say(screens.confirm(of, text, act.policy, act.reader))


async def on_send_appeal(update: Update, context: Context) -> None:
    about = pressed(update, SendAppeal).about
    async with acting(update, context) as act:
        if not (driver := await who_drives(act)):
            return
        asked = await conversations.asked(act.session, driver.id, act.now)
        his = asked is not None and asked.step is Step.APPEAL and asked.data.get("about") == str(about)
        words = asked.data.get(ANSWER, "") if asked is not None and his else ""
        result = await appeals.open_appeal(act.session, driver, about, words, act.words, act.policy, act.now)
        if isinstance(result, Refused):
            act.toast(screens.refusal(result.why, act.reader), alert=True)
            await whys.show(act, driver, about, 1)
            return
        await conversations.end(act.session, driver.id)
        if result.told == 0:
            await _nobody_decides(act, result.appeal_id, about)
        act.toast(screens.sent(result.told, act.reader))
        await whys.show(act, driver, about, 1)


async def _nobody_decides(act: Acting, appeal_id: UUID, about: UUID) -> None:
    """An appeal, and no manager who would know: the operator's affair (R5.4)."""
    of = await subject(act.session, about)
    what = penalties.title(of.what, of.route, of.warehouse, of.on, act.reader) if of else ""
    await alerts.raise_within(act.session, f"{alerts.NO_MANAGER}:{appeal_id}", what, act.words, act.policy, act.now)


# -- the managers


async def on_appeals(update: Update, context: Context) -> None:
    """/appeals, and the way back to them."""
    async with acting(update, context) as act:
        if manager := await manager_of(act):
            await conversations.drop(act.session, manager.id)
            given = (act.session, manager.id, screens.LISTED_MOST, act.policy, act.now)
            await act.say(screens.waiting(*await appeal_cards.to_decide(*given), act.reader))


async def on_appeal_shown(update: Update, context: Context) -> None:
    """One of them; also the way back from deciding."""
    appeal_id = pressed(update, AppealShown).appeal_id
    async with acting(update, context) as act:
        if manager := await manager_of(act):
            await conversations.drop(act.session, manager.id)
            await _card(act, manager, appeal_id)


async def _card(act: Acting, manager: Person, appeal_id: UUID, toast: str | None = None) -> None:
    found = await appeal_cards.appeal_card(act.session, manager.id, appeal_id, act.policy, act.now)
    if found is None:
        act.toast(screens.not_decided(Refusal.NOT_FOUND, act.reader), alert=True)
        await home(act)
    else:
        await act.show(Kind.APPEALED, appeal_id, toast=toast)


async def on_grant_appeal(update: Update, context: Context) -> None:
    await _ask_answer(update, context, pressed(update, GrantAppeal).appeal_id, True)


async def on_refuse_appeal(update: Update, context: Context) -> None:
    await _ask_answer(update, context, pressed(update, RefuseAppeal).appeal_id, False)


async def _ask_answer(update: Update, context: Context, appeal_id: UUID, granted: bool) -> None:
    async with acting(update, context) as act:
        if not (manager := await manager_of(act)):
            return
        found = await appeal_cards.appeal_card(act.session, manager.id, appeal_id, act.policy, act.now)
        refused = Refused(Refusal.NOT_FOUND) if found is None else found.refused
        if refused is not None:
            await _card(act, manager, appeal_id, screens.not_decided(refused.why, act.reader))
            return
        about = {"appeal_id": str(appeal_id), "granted": granted}
        await conversations.ask(act.session, manager.id, Step.APPEAL_ANSWER, about, act.now)
        await act.say(screens.ask_answer(appeal_id, granted, act.policy, act.reader))


async def answer_typed(act: Acting, manager: Person, data: dict[str, Any], text: str) -> None:
    """He has written why he decides so."""
    appeal_id = UUID(data["appeal_id"])
    result = await appeals.decide_appeal(
        act.session, manager, appeal_id, bool(data["granted"]), text, act.words, act.policy, act.now
    )
    if isinstance(result, Refused) and result.why is Refusal.NOTES_TOO_LONG:
        await act.say(screens.answer_too_long(appeal_id, act.policy, act.reader))  # he is still asked
        return
    await conversations.end(act.session, manager.id)
    why = result.why if isinstance(result, Refused) else None
    toast = screens.not_decided(why, act.reader) if why else screens.answered(act.reader)
    await _card(act, manager, appeal_id, toast)
