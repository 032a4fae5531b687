"""A driver's flag and his weekly cap: what he and his managers are told when they change (R9.2-9.5)."""

import uuid
from dataclasses import dataclass

from bot.callbacks.appeals import AppealIt, WhyCap, WhyHeld
from bot.callbacks.drivers import DriverCard
from bot.callbacks.shifts import Schedule
from bot.reader import Reader
from bot.screens.home import home_button, open_button
from bot.screens.plain import name_of, plain
from bot.screens.screen import TEXT_MOST, Button, Screen, escape
from domain.notices.facts import standing
from domain.notices.facts.standing import CapChanged, Flagged, FlagStuck, Unflagged

OfFlags = Flagged | Unflagged | CapChanged | FlagStuck


def worded(notice: OfFlags, reader: Reader) -> tuple[str, str]:
    """Title and body."""
    _ = reader.gettext
    match notice:
        case Flagged():
            return _("No new shifts for now"), _of_flagged(notice, reader)
        case Unflagged():
            why = _by_whom(notice, reader) or _("Enough of your shifts are completed.")
            return _("You get new shifts again"), f"{why} {up_to(notice.cap, reader)}."
        case CapChanged():
            return up_to(notice.cap, reader), _of_cap(notice, reader)
        case FlagStuck():
            text = _("Flagged since {day}: {completed} of {due} shifts completed, and none left to make up for it.")
            facts = {"day": reader.day(notice.since), "completed": notice.completed, "due": notice.due}
            what = _("Unflag {driver} to give it another try, or talk it over.").format(driver=notice.driver)
            return _("{driver} needs your help").format(driver=notice.driver), f"{text.format(**facts)} {what}"


def up_to(cap: int, reader: Reader) -> str:
    """So many shifts a week."""
    return reader.ngettext("Up to {n} shift a week", "Up to {n} shifts a week", cap).format(n=cap)


def _of_flagged(notice: Flagged, reader: Reader) -> str:
    _ = reader.gettext
    record = _("You have completed {completed} of the {due} shifts that were due in the last {days} days: too few.")
    back = reader.ngettext(
        "The shifts you have stay yours: complete the next one, and you get new ones again.",
        "The shifts you have stay yours: complete the next {n}, and you get new ones again.",
        notice.back_after,
    )
    cut = _("If it's still too few on {day}, you get one shift a week less.").format(day=reader.day(notice.cut_on))
    facts = {"completed": notice.completed, "due": notice.due, "days": notice.days}
    return f"{record.format(**facts)} {back.format(n=notice.back_after)} {cut}"


def _of_cap(notice: CapChanged, reader: Reader) -> str:
    _ = reader.gettext
    return {
        standing.CAP_CUT: _("Still too few of your shifts are completed. The shifts you have stay yours."),
        standing.CAP_RESTORED: _("Enough of your shifts are completed again. Well done."),
        standing.CAP_UNCUT: _("The flag that has cost you a shift a week was taken back."),
        standing.CAP_REWARDED: _("You complete nearly all of your shifts. Thank you!"),
        standing.CAP_NORMAL: _("More are for drivers who complete nearly all of theirs. Keep going: they come back."),
    }.get(notice.why, "") or _by_whom(notice, reader)


def _by_whom(notice: CapChanged | Unflagged, reader: Reader) -> str:
    _ = reader.gettext
    if notice.by is None:
        return ""
    text = _("{name} has decided so. Reason: {reason}")
    if isinstance(notice, CapChanged) and notice.why == standing.CAP_LIFTED:
        text = _("{name} has left it to the rules again. Reason: {reason}")
    return text.format(name=notice.by, reason=notice.reason)


@dataclass(frozen=True, slots=True)
class FlagNow:
    """A flag as it was told. `stands`: it is not over yet; `appealable`: it still can be appealed."""

    notice: Flagged
    flag_id: uuid.UUID
    stands: bool
    appealable: bool


def flagged(facts: FlagNow, reader: Reader) -> Screen:
    """To the driver, with the reasons a press away."""
    title, body = worded(facts.notice, reader)
    rows: list[tuple[Button, ...]] = [(Button(reader.gettext("🗓 My shifts"), Schedule(0)),)]
    if facts.stands:
        appeal = (Button(reader.gettext("⚖️ Appeal"), AppealIt(facts.flag_id, 0)),) if facts.appealable else ()
        rows.append((Button(reader.gettext("❔ Why"), WhyHeld(facts.flag_id, 0)), *appeal))
    return Screen(f"⚠️ <b>{escape(title)}</b>\n{escape(body, TEXT_MOST)}", (*rows, (home_button(reader),)))


def told(notice: Unflagged | CapChanged, reader: Reader) -> Screen:
    """To the driver."""
    title, body = worded(notice, reader)
    why = Button(reader.gettext("❔ Why"), WhyCap())
    return Screen(
        f"🗓 <b>{escape(title)}</b>\n{escape(body, TEXT_MOST)}", ((open_button(reader), why), (home_button(reader),))
    )


def stuck(notice: FlagStuck, reader: Reader) -> Screen:
    """To his managers."""
    title, body = worded(notice, reader)
    card = Button(f"👤 {notice.driver}", DriverCard(notice.driver_id))
    return Screen(f"⚠️ <b>{escape(title)}</b>\n{escape(body, TEXT_MOST)}", ((card,), (home_button(reader),)))


def text(notice: OfFlags, company: str, reader: Reader) -> str:
    """As an SMS."""
    _ = reader.gettext
    match notice:
        case Flagged():
            words = reader.ngettext(
                "{company}: no new shifts for now: {completed} of {due} completed. Complete the next one to come back.",
                "{company}: no new shifts for now: {completed} of {due} completed. Complete the next {n} to come back.",
                notice.back_after,
            )
            facts = {"completed": notice.completed, "due": notice.due, "n": notice.back_after}
        case Unflagged():
            words, facts = _("{company}: you get new shifts again, up to {n} a week."), {"n": notice.cap}
        case CapChanged():
            words, facts = _("{company}: shifts a week from now on: up to {n}."), {"n": notice.cap}
        case FlagStuck():
            words = _("{company}: {driver} is flagged and has no shift left to come back by. Please decide.")
            return plain(words.format(company=name_of(company), driver=name_of(notice.driver)))
    return plain(words.format(company=name_of(company), **facts))
