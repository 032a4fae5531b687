"""A driver gives a shift to a colleague, and a manager agrees (R5.5)."""

import secrets
from typing import Final
from uuid import UUID

from telegram import Update

from bot.acting import Acting, Context, acting
from bot.callbacks.callback import pressed
from bot.callbacks.giving import (
    AgreeToGive,
    GiveAway,
    GiveByLink,
    GiveToAll,
    NotAfterAll,
    NotThatDay,
    RefuseToGive,
    SeeGiven,
    TakeBack,
    TakeOver,
)
from bot.handlers.cancelling import nobody_to_tell
from bot.handlers.coverage import manager_of
from bot.handlers.home import who_drives
from bot.handlers.shifts import refused
from bot.screens import bidding as offer_screens
from bot.screens import giving as screens
from bot.screens import help as help_screens
from bot.screens import linking as linking_screens
from bot.screens import shifts as shift_screens
from domain.db.models.words import UserRole
from domain.giving import actions, approving, queries
from domain.giving.actions import Waits
from domain.giving.handing_over import Settled
from domain.giving.queries import Stand
from domain.notices.kinds import Kind
from domain.people.queries import Person
from domain.refusals import Refusal, Refused
from domain.shifts.queries import own_shift

LINK: Final = "give-"  # how the payload of such a link begins


async def on_give_away(update: Update, context: Context) -> None:
    """[Give it away]: to whom; or how it stands, where he does already."""
    assignment_id = pressed(update, GiveAway).assignment_id
    async with acting(update, context) as act:
        if not (person := await who_drives(act)):
            return
        card = await queries.own_card(act.session, person.id, assignment_id, act.policy, act.now)
        if card is not None and card.stands is not Stand.TAKEN_BACK and card.stands is not Stand.REFUSED:
            await act.show(Kind.GIVING, assignment_id)
        else:
            await _choose(act, person, assignment_id)


async def _choose(act: Acting, person: Person, assignment_id: UUID) -> None:
    shift = await own_shift(act.session, person.id, assignment_id, act.policy)
    if shift is None or shift.give_until is None:
        await refused(act, Refused(Refusal.SHIFT_GONE), assignment_id)
    elif act.now >= shift.give_until:
        await refused(act, Refused(Refusal.TOO_LATE_TO_GIVE), assignment_id)
    else:
        approved = await approving.agreement_required_for(act.session, assignment_id)
        await act.say(screens.choose(shift, shift.give_until, approved, act.reader))


async def on_give_by_link(update: Update, context: Context) -> None:
    """The link comes in a message of its own, to be forwarded; nobody can show it again."""
    assignment_id = pressed(update, GiveByLink).assignment_id
    async with acting(update, context) as act:
        if not (person := await who_drives(act)):
            return
        token = secrets.token_urlsafe(24)
        result = await actions.give_by_link(act.session, person, assignment_id, token, act.policy, act.now)
        shift = await own_shift(act.session, person.id, assignment_id, act.policy)
        if isinstance(result, Refused) or shift is None:
            await _not_given(act, result, assignment_id)
            return
        await act.show(Kind.GIVING, assignment_id)
        address = f"https://t.me/{context.bot.username}?start={LINK}{token}"
        name = f"{person.first_name} {person.last_name}"
        await act.say(screens.link(name, shift, address, act.reader), fresh=True)


async def on_give_to_all(update: Update, context: Context) -> None:
    assignment_id = pressed(update, GiveToAll).assignment_id
    async with acting(update, context) as act:
        if not (person := await who_drives(act)):
            return
        result = await actions.give_to_all(act.session, person, assignment_id, act.words, act.policy, act.now)
        if isinstance(result, Refused):
            await _not_given(act, result, assignment_id)
        else:
            await act.show(Kind.GIVING, assignment_id, toast=screens.offered_to_all(result.told, act.reader))


async def _not_given(act: Acting, result: object, assignment_id: UUID) -> None:
    why = result if isinstance(result, Refused) else Refused(Refusal.SHIFT_GONE)
    if why.why is Refusal.OFFERED_ALREADY:
        toast = shift_screens.refusal(why, act.reader)
        await act.show(Kind.GIVING, assignment_id, toast=toast, alert=True)
    else:
        await refused(act, why, assignment_id)


async def on_take_back(update: Update, context: Context) -> None:
    give_away_id = pressed(update, TakeBack).give_away_id
    async with acting(update, context) as act:
        if person := await who_drives(act):
            result = await actions.take_back(act.session, person, give_away_id, act.words, act.policy, act.now)
            done = isinstance(result, Settled)
            toast = screens.taken_back(act.reader) if done else screens.too_late_to_take_back(act.reader)
            await _show(act, Kind.GIVING, give_away_id, toast, alert=not done)


# -- who takes it


async def on_link(update: Update, context: Context) -> None:
    """/start with the token of a shift that is given away; a stranger learns nothing, as of any link (R12.2)."""
    payload = context.args[0] if context.args else ""
    async with acting(update, context) as act:
        if act.person is None:
            await act.say(linking_screens.link_refused(act.reader, known=False))
        elif act.person.role is not UserRole.DRIVER:
            await act.say(help_screens.for_drivers_only(act.reader))
        else:
            await _opened(act, act.person, payload.removeprefix(LINK))


async def _opened(act: Acting, person: Person, token: str) -> None:
    found = await actions.open_link(act.session, person, token, act.now)
    if isinstance(found, Refused):
        await act.say(screens.link_leads_nowhere(act.reader))
    elif found.own:
        await act.say(screens.own_link(found.assignment_id, act.reader))
    else:
        await act.show(Kind.GIVE_AWAY, found.assignment_id)


async def on_see_given(update: Update, context: Context) -> None:
    """One of the open shifts: what a colleague offers to all."""
    give_away_id = pressed(update, SeeGiven).give_away_id
    async with acting(update, context) as act:
        if person := await who_drives(act):
            if await queries.is_offered(act.session, person.id, give_away_id):
                await actions.look_at(act.session, person, give_away_id, act.now)
            await _show(act, Kind.GIVE_AWAY, give_away_id)


async def on_take_over(update: Update, context: Context) -> None:
    give_away_id = pressed(update, TakeOver).give_away_id
    async with acting(update, context) as act:
        if not (person := await who_drives(act)):
            return
        result = await actions.take_over(act.session, person, give_away_id, act.words, act.policy, act.now)
        match result:
            case Refused(why=why):
                await _show(act, Kind.GIVE_AWAY, give_away_id, screens.take_refusal(why, act.reader), alert=True)
            case Waits(unmanaged=unmanaged):
                card = await queries.card_by_id(act.session, give_away_id, act.policy, act.now)
                if unmanaged and card is not None:
                    await nobody_to_tell(act, card)
                await _show(act, Kind.GIVE_AWAY, give_away_id, screens.waits(act.reader))
            case _:
                await _show(act, Kind.GIVE_AWAY, give_away_id, screens.taken(act.reader))


async def on_not_that_day(update: Update, context: Context) -> None:
    give_away_id = pressed(update, NotThatDay).give_away_id
    async with acting(update, context) as act:
        if person := await who_drives(act):
            result = await actions.decline_day(act.session, person, give_away_id, act.policy, act.now)
            await _show(act, Kind.GIVE_AWAY, give_away_id, offer_screens.declined(result, act.reader))


async def on_not_after_all(update: Update, context: Context) -> None:
    give_away_id = pressed(update, NotAfterAll).give_away_id
    async with acting(update, context) as act:
        if person := await who_drives(act):
            result = await actions.withdraw(act.session, person, give_away_id, act.policy, act.now)
            toast = screens.take_refusal(result.why, act.reader) if isinstance(result, Refused) else None
            await _show(act, Kind.GIVE_AWAY, give_away_id, toast, alert=toast is not None)


# -- the managers


async def on_agree(update: Update, context: Context) -> None:
    press = pressed(update, AgreeToGive)
    async with acting(update, context) as act:
        if manager := await manager_of(act):
            asked = press.give_away_id, press.asking_id
            result = await approving.agree(act.session, manager, *asked, act.words, act.policy, act.now)
            await _decided(act, press.asking_id, result)


async def on_refuse(update: Update, context: Context) -> None:
    press = pressed(update, RefuseToGive)
    async with acting(update, context) as act:
        if manager := await manager_of(act):
            asked = press.give_away_id, press.asking_id
            result = await approving.refuse(act.session, manager, *asked, act.words, act.policy, act.now)
            await _decided(act, press.asking_id, result)


async def _decided(act: Acting, asking_id: UUID, result: Settled | Refused) -> None:
    alert = isinstance(result, Refused)
    toast = (
        screens.decide_refusal(result.why, act.reader) if isinstance(result, Refused) else screens.decided(act.reader)
    )
    await act.show(Kind.GIVE_AWAY_ASKED, asking_id, toast=toast, alert=alert)


async def _show(act: Acting, kind: Kind, give_away_id: UUID, toast: str | None = None, *, alert: bool = False) -> None:
    """Its card, if the reader has one; otherwise the message stays as it was."""
    assignment_id = await queries.assignment_of(act.session, give_away_id)
    if assignment_id is None:
        act.toast(toast, alert)
    else:
        await act.show(kind, assignment_id, toast=toast, alert=alert)
