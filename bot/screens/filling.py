"""A manager gives a slot to a driver: which slot, to whom, what follows (R7)."""

from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from bot.callbacks.coverage import Slot
from bot.callbacks.filling import Assign, AssignOverCap, Fill, FillSlot, FillWith
from bot.reader import Reader
from bot.screens.board import board_button
from bot.screens.coverage import not_open, uncovered_button, uncovered_line
from bot.screens.home import home_button
from bot.screens.paging import pager
from bot.screens.scores import adding_up
from bot.screens.screen import Button, Screen, escape, shortened
from domain.bidding.rules import Parts
from domain.coverage.assigning import Assigned, Given
from domain.coverage.candidates import Candidate, Candidates, SlotHead
from domain.coverage.queries import Uncovered, UncoveredPage
from domain.policy import Policy
from domain.refusals import Refusal

PER_PAGE: Final = 8
LABEL_MOST: Final = 40

Row = tuple[Button, ...]


# -- which slot


def slots(page: UncoveredPage, today: date, reader: Reader) -> Screen:
    """The slots without a driver, each a button that leads to who could take it."""
    _ = reader.gettext
    if page.total == 0:
        return Screen(_("🟢 Every route from today on has a driver."), ((home_button(reader),),))
    lines = [
        _("<b>Which route do you want to fill?</b>"),
        *(uncovered_line(slot, today, reader) for slot in page.slots),
    ]
    lines.append(_("In one line it goes like this: /fill R12 tomorrow Amara Osei"))
    rows: list[Row] = [to_slot(slot, today, reader) for slot in page.slots]
    rows += pager(page.page, page.pages, Fill, reader)
    return Screen("\n".join(lines), (*rows, (home_button(reader),)))


def to_slot(slot: Uncovered, today: date, reader: Reader) -> Row:
    return (Button(uncovered_button(slot, today, reader), FillSlot(slot.assignment_id, 0)),)


# -- to whom


def candidates(found: Candidates, bonus: int, reader: Reader) -> Screen:
    """Who could take it, the best first; below them the others, each with the reason. `bonus`: of an emergency."""
    _ = reader.gettext
    slot = found.slot
    title = _("<b>Who drives {route}, {warehouse} on {day}?</b>").format(**_what(slot, reader))
    if not found.candidates:
        text = _("Nobody works at {warehouse} that day.").format(**_what(slot, reader))
        return Screen(f"{title}\n{text}", (_ask(slot, bonus, reader), _others(reader)))
    free = reader.ngettext("{n} driver can take it.", "{n} drivers can take it.", found.free).format(n=found.free)
    first = found.page * PER_PAGE + 1
    lines = [_line(number, each, reader) for number, each in enumerate(found.candidates, start=first)]
    rows: list[Row] = [(_to_driver(slot, each),) for each in found.candidates if each.refusal in (None, Refusal.AT_CAP)]
    rows += pager(found.page, found.pages, lambda to: FillSlot(slot.assignment_id, to), reader)
    return Screen(
        "\n\n".join([f"{title}\n{free}", *lines, legend(reader)]), (*rows, _ask(slot, bonus, reader), _others(reader))
    )


def legend(reader: Reader) -> str:
    """What the parts of a score are, in their order."""
    return reader.gettext("Score = parcels delivered + knows the route + attendance + wants the route.")


def _ask(slot: SlotHead, bonus: int, reader: Reader) -> Row:
    """Leads to the slot: open it for bids, or as an emergency; or to its window."""
    _ = reader.gettext
    text = _("🙋 See who was asked and has bid") if slot.window_open else _("🙋 Ask drivers instead")
    return (Button(text, Slot(slot.assignment_id, bonus)),)


def _what(slot: SlotHead, reader: Reader) -> dict[str, str]:
    return {
        "route": escape(slot.route),
        "warehouse": escape(slot.warehouse),
        "day": reader.day(slot.on),
        "start": reader.time(slot.starts_at),
    }


def _others(reader: Reader) -> Row:
    return (Button(reader.gettext("‹ Routes to fill"), Fill(0)), board_button(reader))


def _line(number: int, each: Candidate, reader: Reader) -> str:
    """One driver: his score and its parts, the week's load, and what is to be known before he is asked."""
    mark = "" if each.refusal is None else "⚠️ " if each.refusal is Refusal.AT_CAP else "✖️ "
    said = _beside(each, reader)
    beside = "\n" + " ".join(said) if said else ""
    return f"{number}. {mark}<b>{escape(each.name)}</b>\n{_score(each, reader)}{beside}"


def score(made_of: Parts, load: int, cap: int, reader: Reader) -> str:
    """A score with its parts, and how much somebody drives in the week of the slot."""
    weighted = (made_of.completion, made_of.familiarity, made_of.attendance, made_of.preference)
    shown = adding_up(weighted)
    sum_ = " + ".join(reader.number(part) for part in shown)
    text = reader.ngettext(
        "{score} = {sum} · {n} of {cap} shifts that week", "{score} = {sum} · {n} of {cap} shifts that week", load
    )
    return text.format(score=reader.number(sum(shown)), sum=sum_, n=load, cap=cap)


def _score(each: Candidate, reader: Reader) -> str:
    return score(each.parts, each.standing.load, each.standing.cap, reader)


def _beside(each: Candidate, reader: Reader) -> list[str]:
    _ = reader.gettext
    said = [reason(each.refusal, reader)] if each.refusal is not None else []
    said += [_("🙋 Has bid for it.")] if each.has_bid else []
    said += [_("Has said “not that day”.")] if each.declined else []
    said += [_("Has given it up before.")] if each.standing.left_this_slot else []
    said += [_("Is driving right now.")] if each.standing.on_shift else []
    return said


def reason(why: Refusal, reader: Reader) -> str:
    """Why somebody can't be given a shift (R7.1), to a manager."""
    _ = reader.gettext
    texts = {
        Refusal.NOT_A_DRIVER: _("Is no driver."),
        Refusal.NOT_EMPLOYED: _("Isn't employed on that day."),
        Refusal.FLAGGED: _("Flagged for attendance: no new shifts."),
        Refusal.OUT_OF_POOL: _("Out of the pool until a manager decides."),
        Refusal.BUSY: _("Has a shift that day."),
        Refusal.AWAY: _("Has that day off."),
        Refusal.AT_CAP: _("At the weekly cap."),
        Refusal.WAREHOUSE_NOT_HIS: _("Doesn't work at this warehouse."),
        Refusal.LEFT_THIS_SLOT: _("Has given it up before."),
        Refusal.ON_SHIFT: _("Is driving right now."),
        Refusal.NO_REASON: _("It takes a reason."),
        Refusal.DAY_OVER: _("That day is over."),
    }
    return texts.get(why, _("I can't find that in your warehouses."))


def _to_driver(slot: SlotHead, each: Candidate) -> Button:
    mark = "⚠️" if each.refusal is Refusal.AT_CAP else "🙋" if each.has_bid else "👤"
    return Button(f"{mark} {shortened(each.name, LABEL_MOST)}", FillWith(slot.assignment_id, each.standing.driver_id))


# -- what follows


def consequence(slot: SlotHead, each: Candidate, confirm_by: datetime, late: bool, reader: Reader) -> Screen:
    """Before the last button. `late`: given so late that it can be declined (R4.4)."""
    _ = reader.gettext
    name = escape(each.name)
    title = _("<b>Give {route}, {warehouse} to {driver}?</b>\n{day}, start {start}")
    head = title.format(**_what(slot, reader), driver=name)
    lines = ["\n".join([head, _score(each, reader), *_beside(each, reader)]), legend(reader)]
    rows: tuple[Row, ...] = ()
    press = slot.assignment_id, each.standing.driver_id
    if each.refusal is None:
        rows = ((Button(_("✅ Give it to {name}").format(name=shortened(each.name, LABEL_MOST)), Assign(*press)),),)
    elif each.refusal is Refusal.AT_CAP:
        rows = ((Button(_("⚠️ Over the cap, with a reason"), AssignOverCap(*press)),),)
    if rows:
        lines.append("\n".join(_follows(slot, each, confirm_by, late, reader)))
    back = (Button(_("‹ Others"), FillSlot(slot.assignment_id, 0)), home_button(reader))
    return Screen("\n\n".join(lines), (*rows, back))


def _follows(slot: SlotHead, each: Candidate, confirm_by: datetime, late: bool, reader: Reader) -> list[str]:
    _ = reader.gettext
    what = {"driver": escape(each.name), "until": reader.moment(confirm_by)}
    if each.has_bid:
        said = [_("{driver} has bid for it, so it is agreed; the news goes out.").format(**what)]
    elif late:
        text = _("{driver} is told, and can agree or decline until {until}. Unanswered, it is open again.")
        said = [text.format(**what)]
    else:
        said = [_("{driver} is told, and confirms it by {until} as any shift.").format(**what)]
    if others := slot.bids - each.has_bid:
        text = reader.ngettext(
            "{n} other driver has bid for it and is told that it is gone.",
            "{n} other drivers have bid for it and are told that it is gone.",
            others,
        )
        said.append(text.format(n=others))
    elif slot.window_open:
        said.append(_("Nobody else is asked any more."))
    return said


def ask_reason(slot: SlotHead, each: Candidate, policy: Policy, reader: Reader) -> Screen:
    text = reader.gettext(
        "Shifts of {driver} that week: {load} of {cap}. Why one more? Write it now, in one message of at most {n} "
        "characters. It is kept in the records."
    )
    said = text.format(driver=escape(each.name), load=each.standing.load, cap=each.standing.cap, n=policy.reasons_most)
    back = Button(reader.gettext("‹ Change nothing"), FillWith(slot.assignment_id, each.standing.driver_id))
    return Screen(said, ((back,),))


def reason_too_long(assignment_id: UUID, user_id: UUID, policy: Policy, reader: Reader) -> Screen:
    """He writes it again."""
    text = reader.gettext("That is over {n} characters. Please write it again, a bit shorter.")
    back = Button(reader.gettext("‹ Change nothing"), FillWith(assignment_id, user_id))
    return Screen(text.format(n=policy.reasons_most), ((back,),))


# -- answers


def assigned(result: Assigned, reader: Reader) -> str:
    _ = reader.gettext
    text = (
        _("{driver} has it, and will be told.") if result.confirmed else _("{driver} will be told and asked to agree.")
    )
    return text.format(driver=result.driver)


def given(result: Given, now: datetime, reader: Reader) -> str:
    """Who has it, from whom and how long ago (R7.1)."""
    _ = reader.gettext
    if result.driver is None or result.at is None:
        return _("This shift isn't open any more. Look at what is.")
    what = {"driver": result.driver, "ago": _ago(now - result.at, reader), "by": result.by or ""}
    if result.himself:
        return _("{driver} took it {ago} ago.").format(**what)
    if result.by is not None:
        return _("Given to {driver} by {by} {ago} ago.").format(**what)
    return _("{driver} has had it for {ago}.").format(**what)


def _ago(since: timedelta, reader: Reader) -> str:
    """`12 s`, `5 min`, `3 h`, `2 d`: short, for a line over the chat."""
    _ = reader.gettext
    seconds = max(0, int(since.total_seconds()))
    for size, text in ((86400, _("{n} d")), (3600, _("{n} h")), (60, _("{n} min"))):
        if seconds >= size:
            return text.format(n=seconds // size)
    return _("{n} s").format(n=seconds)


def not_found(reader: Reader) -> Screen:
    return not_open(Refusal.NOT_FOUND, reader)
