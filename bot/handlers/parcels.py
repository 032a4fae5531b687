"""A driver's numbers of parcels, entered by himself or by a manager for him."""

from typing import Any
from uuid import UUID

from telegram import Update

from bot import conversations
from bot.acting import Acting, Context, acting
from bot.callbacks.callback import pressed
from bot.callbacks.shifts import EnterParcels, FixParcels, Keypad, ShiftCard
from bot.conversations import Step
from bot.handlers.shifts import Whose, live, refused, refused_typed, show, whose
from bot.screens import driven as driven_screens
from bot.screens import parcels as screens
from bot.screens.home import home_button
from bot.screens.screen import Button
from domain.db.models.words import AssignmentStatus
from domain.people.queries import Person
from domain.policy import Policy
from domain.refusals import Refusal, Refused
from domain.shifts import actions, rules_of_parcels
from domain.shifts.queries import OwnShift, is_editable
from domain.shifts.rules_of_parcels import Count


async def on_keypad(update: Update, context: Context) -> None:
    press = pressed(update, Keypad)
    async with acting(update, context) as act:
        if of := await whose(act, press.assignment_id):
            await keypad(act, of, press.assignment_id, press.what, press.typed)


async def keypad(act: Acting, of: Whose, assignment_id: UUID, what: int, typed: int) -> None:
    """The keypad with what has been typed so far; where there is nothing to count (yet), why."""
    shift = await live(act, of, assignment_id)
    if shift is None or what not in tuple(Count):
        await refused(act, Refused(Refusal.SHIFT_GONE), assignment_id)
    elif shift.status not in (AssignmentStatus.ACTIVE, AssignmentStatus.COMPLETED):
        await refused(act, Refused(Refusal.NOT_ARRIVED), assignment_id)
    elif what == Count.BROUGHT_BACK and shift.parcels_start is None:
        await refused(act, Refused(Refusal.NOT_LOADED), assignment_id)
    else:
        _, most = screens.bounds(shift, Count(what), act.policy)
        shown = max(0, min(typed, most))
        await act.say(screens.keypad(shift, Count(what), shown, most, home_button(act.reader), act.reader, of.name))


async def on_fix(update: Update, context: Context) -> None:
    assignment_id = pressed(update, FixParcels).assignment_id
    async with acting(update, context) as act:
        if not (of := await whose(act, assignment_id)):
            return
        shift = await live(act, of, assignment_id)
        if shift is None:
            await refused(act, Refused(Refusal.SHIFT_GONE), assignment_id)
        elif of.by is None and not is_editable(shift, act.now):
            await refused(act, Refused(Refusal.NO_LONGER_EDITABLE), assignment_id)
        else:
            await act.say(screens.which_number(shift, home_button(act.reader), act.reader))


async def on_parcels(update: Update, context: Context) -> None:
    press = pressed(update, EnterParcels)
    async with acting(update, context) as act:
        if of := await whose(act, press.assignment_id):
            shift = await live(act, of, press.assignment_id)
            if of.by is not None and shift is not None and shift.status is AssignmentStatus.COMPLETED:
                if not fits(shift, press.what, press.parcels, act.policy):
                    await refused(act, Refused(Refusal.BAD_PARCELS), press.assignment_id)
                else:
                    await _ask_why(act, of.by, press)
            elif (why := await enter(act, of, press.assignment_id, press.what, press.parcels)) is not None:
                await refused(act, why, press.assignment_id)
            else:
                await show(act, press.assignment_id)


async def enter(
    act: Acting, of: Whose, assignment_id: UUID, what: int, parcels: int, reason: str | None = None
) -> Refused | None:
    """Loaded or brought back; of a completed shift it corrects the number. Nothing is shown yet."""
    shift = await live(act, of, assignment_id)
    given = (act.session, of.driver, assignment_id)
    loaded = what == Count.LOADED
    if shift is not None and shift.status is AssignmentStatus.COMPLETED:
        start, returned = (parcels, None) if loaded else (None, parcels)
        result: object = await actions.correct_parcels(
            *given, start, returned, act.policy, act.now, by=of.by, reason=reason
        )
    elif loaded:
        result = await actions.load_parcels(*given, parcels, act.policy, act.now, by=of.by)
    else:
        result = await actions.complete_shift(*given, parcels, act.policy, act.now, by=of.by)
    return result if isinstance(result, Refused) else None


def fits(shift: OwnShift, what: int, parcels: int, policy: Policy) -> bool:
    """Whether a corrected number could be right: nobody is asked why he wants what will be refused."""
    loaded, returned = shift.parcels_start or 0, shift.parcels_returned or 0
    new = (parcels, returned) if what == Count.LOADED else (loaded, parcels)
    return rules_of_parcels.parcels_fit(*new, policy)


async def _ask_why(act: Acting, manager: Person, press: EnterParcels) -> None:
    """A manager's correction takes a reason (R8.4)."""
    about = {"assignment_id": str(press.assignment_id), "what": press.what, "parcels": press.parcels}
    await conversations.ask(act.session, manager.id, Step.CORRECTION, about, act.now)
    back = Button(act.reader.gettext("‹ Change nothing"), ShiftCard(press.assignment_id))
    await act.say(screens.ask_why_corrected(press.parcels, act.policy.reasons_most, back, act.reader))


async def corrected_because(act: Acting, manager: Person, data: dict[str, Any], text: str) -> None:
    """He has written why."""
    assignment_id = UUID(data["assignment_id"])
    if not (of := await whose(act, assignment_id)):
        return
    if len(text) > act.policy.reasons_most:
        await act.say(driven_screens.too_long(assignment_id, act.policy, act.reader))  # he is still asked
        return
    await conversations.end(act.session, manager.id)
    why = await enter(act, of, assignment_id, data["what"], data["parcels"], text)
    await (show(act, assignment_id) if why is None else refused_typed(act, why))
