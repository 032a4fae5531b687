"""A manager fills a slot by hand: /fill, alone or in one line (R7)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from telegram import Update

from bot import conversations, dates
from bot.acting import Acting, Context, acting
from bot.callbacks.callback import pressed
from bot.callbacks.filling import Assign, AssignOverCap, Fill, FillSlot, FillWith
from bot.conversations import Step
from bot.fill_line import Reading, beginnings, names_no_day, readings
from bot.handlers.coverage import PER_PAGE, manager_of
from bot.screens import fill_line as line_screens
from bot.screens import filling as screens
from domain import time
from domain.coverage import assigning, queries
from domain.coverage.assigning import Assigned, Given
from domain.coverage.candidates import Candidate, SlotHead, candidate, candidates, slot_head
from domain.db.models.words import AssignmentStatus
from domain.names import folded
from domain.notices.kinds import Kind
from domain.people.drivers import Found, find_drivers, near_drivers
from domain.people.queries import Person
from domain.refusals import Refusal, Refused
from domain.roster.weeks import mondays
from domain.schedule import queries as schedule
from domain.schedule.queries import Place, places
from domain.time import local_day, week_of


async def on_fill_command(update: Update, context: Context) -> None:
    """/fill, alone or with a route, a day and a driver, in any order."""
    written = " ".join(context.args or [])
    async with acting(update, context) as act:
        if manager := await manager_of(act):
            await conversations.drop(act.session, manager.id)
            await (_line(act, manager, written) if written else _slots(act, manager, 0))


async def on_fill(update: Update, context: Context) -> None:
    page = pressed(update, Fill).page
    async with acting(update, context) as act:
        if manager := await manager_of(act):
            await conversations.drop(act.session, manager.id)
            await _slots(act, manager, page)


async def _slots(act: Acting, manager: Person, page: int, on: date | None = None) -> None:
    today = local_day(act.now, act.policy)
    found = await queries.uncovered(act.session, manager.id, today, page, PER_PAGE, on=on)
    await act.say(screens.slots(found, today, act.reader))


# -- in one line


@dataclass(frozen=True, slots=True)
class _Meant:
    """A reading, and the drivers who are called as it has it."""

    reading: Reading
    drivers: tuple[Found, ...]

    @property
    def likeliness(self) -> tuple[Any, ...]:
        """The smaller, the likelier: a whole name, a first or last one, a day alone, the beginning of a name.

        So `R6 sat` is about Saturday, though somebody is called Sato. A name that nobody has comes last.
        """
        return self._rank, self.reading.closeness

    @property
    def _rank(self) -> int:
        name = folded(self.reading.name)
        if not name:
            return 4 if self.reading.on is None else 2
        if any(name == folded(who.name) for who in self.drivers):
            return 0
        if any(name in (folded(who.first_name), folded(who.last_name)) for who in self.drivers):
            return 1
        return 3 if self.drivers else 5


async def _line(act: Acting, manager: Person, written: str) -> None:
    today = local_day(act.now, act.policy)
    routes = [place for place in await places(act.session, manager.id) if place.is_route]
    meant = [_Meant(each, await _called(act, manager, each.name)) for each in readings(written, routes, today)]
    if meant:
        best = min(meant, key=lambda each: each.likeliness)
        if not best.drivers and names_no_day(best.reading.name, today):
            await act.say(line_screens.no_such_day(act.reader))
        else:
            await _fill_with(act, manager, best, written)
        return
    match dates.day(written, today):
        case date() as on if on < today:
            await act.say(line_screens.day_over(act.reader))
        case date() as on:
            await _slots(act, manager, 0, on)
        case dates.Unreadable.NO_SUCH_DAY:
            await act.say(line_screens.no_such_day(act.reader))
        case _:
            await _nearly(act, manager, written, routes, today)


async def _nearly(act: Acting, manager: Person, written: str, routes: Sequence[Place], today: date) -> None:
    """No route is called so: the open slots of those that look like it, on the day that is in it."""
    rest, on = dates.parted(written, today)
    near = [route.id for words in beginnings(rest) for route in schedule.near(words, routes)]
    on = on if isinstance(on, date) else None
    page = await queries.uncovered(act.session, manager.id, today, 0, PER_PAGE, routes=near, on=on)
    await act.say(line_screens.not_read(written, page.slots, today, act.reader))


async def _called(act: Acting, manager: Person, name: str) -> tuple[Found, ...]:
    return await find_drivers(act.session, manager.id, name, local_day(act.now, act.policy)) if name else ()


async def _fill_with(act: Acting, manager: Person, meant: _Meant, written: str) -> None:
    reading, today = meant.reading, local_day(act.now, act.policy)
    routes = [route.id for route in reading.routes]
    page = await queries.uncovered(act.session, manager.id, today, 0, PER_PAGE, routes=routes, on=reading.on)
    match page.slots, meant.drivers:
        case (), _ if reading.on is not None and reading.on < today:
            await act.say(line_screens.day_over(act.reader))
        case (), _:
            on, unknown = reading.on, "" if meant.drivers else reading.name
            drives = await assigning.who_drives(act.session, manager.id, routes, on) if on is not None else ()
            monday = week_of(on)[0] if on is not None else None
            roster = monday if monday in mondays(act.policy, act.now) else None
            given = reading.routes[0].name, on, drives, unknown, roster, today
            await act.say(line_screens.has_driver(*given, act.reader))
        case open_, () if reading.name:
            near = await near_drivers(act.session, manager.id, reading.name, today)
            await act.say(line_screens.nobody(reading.name, open_, near, today, act.reader))
        case (slot,), ():
            await whom(act, manager, slot.assignment_id, 0)
        case (slot,), (who,):
            await _consequence(act, manager, slot.assignment_id, who.id)
        case open_, drivers:
            await act.say(line_screens.which(open_, drivers, written, today, act.reader))


# -- to whom, and what follows


async def on_fill_slot(update: Update, context: Context) -> None:
    press = pressed(update, FillSlot)
    async with acting(update, context) as act:
        if manager := await manager_of(act):
            await conversations.drop(act.session, manager.id)
            await whom(act, manager, press.assignment_id, press.page)


async def whom(act: Acting, manager: Person, assignment_id: UUID, page: int) -> None:
    """Whom the slot could be given to, the best first; or who has it by now."""
    found = await candidates(act.session, manager.id, assignment_id, page, screens.PER_PAGE, act.policy)
    if found is None:
        await act.say(screens.not_found(act.reader))
    elif found.slot.status is not AssignmentStatus.UNFILLED:
        await _has_it(act, assignment_id, await assigning.given(act.session, assignment_id))
    else:
        await act.say(screens.candidates(found, act.policy.emergency_bonus_percent, act.reader))


async def on_fill_with(update: Update, context: Context) -> None:
    press = pressed(update, FillWith)
    async with acting(update, context) as act:
        if manager := await manager_of(act):
            await conversations.drop(act.session, manager.id)
            await _consequence(act, manager, press.assignment_id, press.user_id)


async def _consequence(
    act: Acting, manager: Person, assignment_id: UUID, user_id: UUID, toast: str | None = None
) -> None:
    found = await _both(act, manager, assignment_id, user_id)
    if found is None:
        await act.say(screens.not_found(act.reader))
        return
    slot, each = found
    if slot.status is not AssignmentStatus.UNFILLED:
        await _has_it(act, assignment_id, await assigning.given(act.session, assignment_id))
    else:
        confirm_by = time.last_confirmation(slot.on, act.now, time.arrive_by(slot.on, act.now, act.policy), act.policy)
        late = time.is_late(slot.on, act.now, act.policy)
        screen = screens.consequence(slot, each, confirm_by, late, act.reader)
        await act.say(screen, toast=toast, alert=toast is not None)


async def _both(act: Acting, manager: Person, assignment_id: UUID, user_id: UUID) -> tuple[SlotHead, Candidate] | None:
    """A slot of his, and a driver whom he may look at."""
    slot = await slot_head(act.session, manager.id, assignment_id, act.policy)
    if slot is None:
        return None
    each = await candidate(act.session, manager.id, slot, user_id, act.policy, act.now)
    return None if each is None else (slot, each)


async def on_assign(update: Update, context: Context) -> None:
    press = pressed(update, Assign)
    async with acting(update, context) as act:
        if manager := await manager_of(act):
            await _assign(act, manager, press.assignment_id, press.user_id, None)


async def on_assign_over_cap(update: Update, context: Context) -> None:
    """The cap is reached: he writes why there is one more."""
    press = pressed(update, AssignOverCap)
    async with acting(update, context) as act:
        if not (manager := await manager_of(act)):
            return
        found = await _both(act, manager, press.assignment_id, press.user_id)
        if found is None or found[1].refusal is not Refusal.AT_CAP:
            await _consequence(act, manager, press.assignment_id, press.user_id)
            return
        about = {"assignment_id": str(press.assignment_id), "user_id": str(press.user_id)}
        await conversations.ask(act.session, manager.id, Step.OVER_CAP, about, act.now)
        await act.say(screens.ask_reason(*found, act.policy, act.reader))


async def over_cap_because(act: Acting, manager: Person, data: dict[str, Any], text: str) -> None:
    """He has written why."""
    await _assign(act, manager, UUID(data["assignment_id"]), UUID(data["user_id"]), text)


async def _assign(act: Acting, manager: Person, assignment_id: UUID, user_id: UUID, reason: str | None) -> None:
    result = await assigning.assign_driver(
        act.session, manager, assignment_id, user_id, reason, act.words, act.policy, act.now
    )
    if isinstance(result, Refused) and result.why is Refusal.NOTES_TOO_LONG:  # he is still asked
        await act.say(screens.reason_too_long(assignment_id, user_id, act.policy, act.reader))
        return
    await conversations.end(act.session, manager.id)
    match result:
        case Assigned():
            await act.show(Kind.DRIVEN, assignment_id, toast=screens.assigned(result, act.reader))
        case Given():
            await _has_it(act, assignment_id, result)
        case Refused(why=why):
            await _consequence(act, manager, assignment_id, user_id, screens.reason(why, act.reader))


async def _has_it(act: Acting, assignment_id: UUID, has: Given) -> None:
    """Somebody has it by now: who, from whom, how long ago."""
    said = screens.given(has, act.now, act.reader)
    if has.driver is None:
        await act.say(line_screens.gone(said, act.reader))
    else:
        await act.show(Kind.DRIVEN, assignment_id, toast=said, alert=True)
