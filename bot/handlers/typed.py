"""What is simply typed: on the shift day the words of an SMS, else the answer to what was asked last."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from telegram import Update

from bot import conversations
from bot.acting import Acting, Context, acting
from bot.conversations import Step
from bot.handlers import (
    absences,
    appeals,
    arrivals,
    broadcasts,
    cancelling,
    driven,
    drivers,
    filling,
    his_standing,
    inviting,
    managers,
    parcels,
    places,
    preferences,
    routes,
    said,
    stops,
    warehouses,
    what_if,
)
from bot.screens import help as help_screens
from bot.screens import linking as linking_screens
from domain.people.queries import Person

ANSWERS: Mapping[Step, Callable[[Acting, Person, dict[str, Any], str], Awaitable[None]]] = {
    Step.CANCEL_NOTE: cancelling.noted,
    Step.ROUTE_NAME: routes.named,
    Step.CORRECTION: parcels.corrected_because,
    Step.REFUSED_REVIEW: driven.refused_because,
    Step.APPEAL: appeals.appeal_typed,
    Step.APPEAL_ANSWER: appeals.answer_typed,
    Step.POOL_DECISION: stops.decided_because,
    Step.CAP_CHOSEN: his_standing.cap_because,
    Step.UNFLAG: his_standing.unflag_because,
    Step.EXCUSE: his_standing.excuse_because,
    Step.MESSAGE_TEXT: his_standing.message_typed,
    Step.BROADCAST_TEXT: broadcasts.text_typed,
    Step.OVER_CAP: filling.over_cap_because,
    Step.ILL_UNTIL: absences.until_typed,
    Step.OFF_FROM: drivers.off_from_typed,
    Step.OFF_UNTIL: drivers.off_until_typed,
    Step.LAST_DAY: drivers.last_day_typed,
    Step.ROUTE_WANTED: preferences.route_typed,
    Step.INVITE: inviting.whom_typed,
    Step.HIS_NUMBER: inviting.number_typed,
    Step.NEW_MANAGER: managers.whom_typed,
    Step.PLACE_NAME: places.name_typed,
    Step.WAREHOUSE_NAME: warehouses.name_typed,
    Step.WAREHOUSE_ADDRESS: warehouses.address_typed,
    Step.SUPPOSED_DRIVER: what_if.who_typed,
    Step.SUPPOSING: what_if.route_typed,
}


async def on_text(update: Update, context: Context) -> None:
    """Anything but what is asked for or can be read is not understood."""
    message = update.effective_message
    text = (message.text or "").strip() if message else ""
    async with acting(update, context) as act:
        if act.person is None:
            await act.say(linking_screens.stranger(act.company, act.reader))
        elif not await _understood(act, act.person, text):
            await act.say(help_screens.not_understood(act.reader), fresh=True)


Reads = Callable[[Acting, Person, str], Awaitable[bool]]
OF_THE_DAY: tuple[Reads, ...] = (said.counts, said.here, arrivals.says_late, said.cannot_come, absences.ill_typed)

# What wins over the answer to an open question, else it would check in nobody for a quarter of an hour. A route may be
# called 142, and a note or an appeal, which is in his own words, may well say that he is ill.
FIRST: Mapping[Step, tuple[Reads, ...]] = {
    Step.ILL_UNTIL: (said.counts_surely, *OF_THE_DAY[1:]),
    Step.ROUTE_WANTED: OF_THE_DAY[1:],
}
FIRST_OF_ALL: tuple[Reads, ...] = (said.counts, said.here, arrivals.says_late)


async def _understood(act: Acting, person: Person, text: str) -> bool:
    asked = await conversations.asked(act.session, person.id, act.now)
    if asked is None or asked.answered:
        return await _read(OF_THE_DAY, act, person, text) is not None
    by = await _read(FIRST.get(asked.step, FIRST_OF_ALL), act, person, text)
    if by is None:
        await ANSWERS[asked.step](act, person, asked.data, text)
    elif by is not absences.ill_typed:  # which asks anew
        await conversations.drop(act.session, person.id)
    return True


async def _read(readers: tuple[Reads, ...], act: Acting, person: Person, text: str) -> Reads | None:
    """Which of them has read it; None: it is something else."""
    for reads in readers:
        if await reads(act, person, text):
            return reads
    return None
