"""Why: what holds for a driver; of each thing what happened, by which rule, what it costs, what next (R10.6)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from bot.callbacks.appeals import AppealIt, WhyCap, WhyHeld, Whys
from bot.callbacks.bidding import MyBids, WhyBid
from bot.reader import Reader
from bot.screens import penalties
from bot.screens.home import home_button
from bot.screens.screen import TEXT_MOST, Button, Screen, escape, shortened
from domain.bidding.own_bids import OwnBid
from domain.db.models.words import IncidentKind
from domain.health.own_standing import OwnStanding
from domain.health.whys import Happened, Lately, OwnAppeal
from domain.notices.facts.appeals import Penalty
from domain.policy import Policy

Row = tuple[Button, ...]
LABEL_MOST: Final = 60


@dataclass(frozen=True, slots=True)
class Whole:
    """All that can be explained to a driver: `lost` are his latest bids that were lost."""

    standing: OwnStanding
    lately: Lately
    lost: tuple[OwnBid, ...]


def whys(facts: Whole, policy: Policy, reader: Reader) -> Screen:
    """What holds now, and what has happened; each can be opened."""
    _ = reader.gettext
    standing, page = facts.standing, facts.lately
    title = _("<b>How you stand</b>")
    free = _("👍 You can get new shifts.") if standing.free else _("⛔ You get no new shifts for now.")
    parts, rows = [f"{title}\n{free}"], list(_now(standing, page.page, policy, reader))
    if page.total:
        days = policy.flag_within.days
        parts.append(
            reader.ngettext(
                "{n} thing went wrong in the last {days} days. Press it to read why, and what helps.",
                "{n} things went wrong in the last {days} days. Press one to read why, and what helps.",
                page.total,
            ).format(n=page.total, days=days)
        )
        rows += [(Button(_label(each, reader), WhyHeld(each.id, page.page + 1)),) for each in page.incidents]
        back, on = Button(_("‹ Back"), Whys(page.page - 1)), Button(_("More ›"), Whys(page.page + 1))
        pager = tuple(key for key, there in ((back, page.page > 0), (on, page.page + 1 < page.pages)) if there)
        rows += [pager] if pager else []
    else:
        parts.append(_("Nothing went wrong in the last {days} days.").format(days=policy.flag_within.days))
    if facts.lost and page.page == 0:
        rows += [(Button(_lost(bid, reader), WhyBid(bid.window_id, 1)),) for bid in facts.lost]
        rows.append((Button(_("✋ My bids"), MyBids(0)),))
    return Screen("\n\n".join(parts), (*rows, (home_button(reader),)))


def _now(standing: OwnStanding, page: int, policy: Policy, reader: Reader) -> Iterator[Row]:
    _ = reader.gettext
    if page > 0:
        return
    if standing.stop is not None:
        yield (Button(_("⛔ Stopped until a manager decides"), WhyHeld(standing.stop.id, 1)),)
    if standing.flag is not None:
        yield (Button("🚩 " + penalties.named(Penalty.FLAG, reader), WhyHeld(standing.flag.id, 1)),)
    if standing.cap.cap != policy.cap or standing.cap.chosen or standing.cap.cut:
        text = reader.ngettext("🧮 {n} shift a week", "🧮 {n} shifts a week", standing.cap.cap)
        yield (Button(text.format(n=standing.cap.cap), WhyCap()),)


def _label(each: Happened, reader: Reader) -> str:
    what = penalties.title(each.kind, each.route, each.warehouse, each.on, reader)
    return shortened(_mark(each) + what, LABEL_MOST)


def _mark(each: Happened) -> str:
    if each.appeal is not None and each.appeal.granted is None and each.counts:
        return "⚖️ "
    return "❗ " if each.counts else "🕊 "


def _lost(bid: OwnBid, reader: Reader) -> str:
    text = reader.gettext("⚪ Bid not won: {route}, {warehouse}, {day}")
    return shortened(text.format(route=bid.route, warehouse=bid.warehouse, day=reader.day(bid.on)), LABEL_MOST)


# -- one thing


def incident(facts: Happened, back: int, policy: Policy, now: datetime, reader: Reader) -> Screen:
    """What happened, the rule, what it costs and how long, what next."""
    head = "❔ " + penalties.title_html(facts.kind, facts.route, facts.warehouse, facts.on, reader)
    parts = [head, _happened(facts, reader), *_rule(facts, policy, reader)]
    parts.append(_costs(facts, policy, now, reader) if facts.counts else _costs_nothing(facts, policy, reader))
    parts += next_(facts.counts, facts.appeal, facts.at, policy, now, reader)
    appeal = ((appeal_button(facts.id, reader),),) if facts.may_appeal(policy, now) else ()
    return Screen("\n\n".join(parts), (*appeal, back_row(back, reader)))


def _happened(facts: Happened, reader: Reader) -> str:
    _ = reader.gettext
    match facts.kind:
        case IncidentKind.NO_SHOW:
            text = _("You had confirmed it, and weren't checked in by {arrive_by}.")
        case IncidentKind.LATE_CANCEL if facts.not_accepted is not None:
            text = _(
                "You cancelled on {at}; it was to start on {start}. Your manager did not accept the reason: {reason}"
            )
        case IncidentKind.LATE_CANCEL:
            text = _("You cancelled on {at}; it was to start on {start}.")
        case IncidentKind.AUTO_DROP:
            text = _("It wasn't confirmed by {confirm_by}.")
        case _:
            text = _("You couldn't drive it, for a reason that is protected.")
    return text.format(
        arrive_by=reader.moment(facts.arrive_by),
        at=reader.moment(facts.at),
        start=reader.moment(facts.starts_at),
        confirm_by=reader.moment(facts.confirm_by),
        reason=escape(facts.not_accepted or "", TEXT_MOST),
    )


def _rule(facts: Happened, policy: Policy, reader: Reader) -> list[str]:
    _ = reader.gettext
    texts = {
        IncidentKind.NO_SHOW: _("<b>The rule:</b> who has confirmed and isn't there in time is a no-show."),
        IncidentKind.LATE_CANCEL: _("<b>The rule:</b> cancelled {hours} hours before the start or later is late."),
        IncidentKind.AUTO_DROP: _("<b>The rule:</b> what isn't confirmed in time goes to others."),
    }
    hours = int(policy.confirm_before.total_seconds() // 3600)
    return [texts[facts.kind].format(hours=hours)] if facts.kind in texts else []


def _costs(facts: Happened, policy: Policy, now: datetime, reader: Reader) -> str:
    _ = reader.gettext
    lines = [_("<b>What it costs:</b>")]
    until, flag_until = facts.at + policy.hard_stop_within, facts.at + policy.flag_within
    stops = {
        IncidentKind.NO_SHOW: policy.hard_stop_no_shows,
        IncidentKind.LATE_CANCEL: policy.hard_stop_late_cancels,
    }
    lines.append(
        _("• attendance: it is a shift not driven; for a flag until {day}").format(day=day_of(flag_until, reader))
    )
    if facts.kind in stops and now < until:
        day = day_of(until, reader)
        lines.append(_("• score: {n} points until {day}").format(n=policy.points_lost_each, day=day))
        number = stops[facts.kind]
        lines.append(
            reader.ngettext(
                "• {n} within {days} days: no new shifts until a manager has decided, stars back to 0, a score of "
                "{most} at the most",
                "• {n} of them within {days} days: no new shifts until a manager has decided, stars back to 0, a score "
                "of {most} at the most",
                number,
            ).format(n=number, days=policy.hard_stop_within.days, most=policy.stopped_most)
        )
    return "\n".join(lines)


def _costs_nothing(facts: Happened, policy: Policy, reader: Reader) -> str:
    _ = reader.gettext
    if facts.is_practice and policy.penalties_from is not None:
        return _("🕊 That was practice: it costs you nothing. It counts from {day} on.").format(
            day=day_of(policy.penalties_from, reader)
        )
    if facts.in_review:
        return _(
            "🕊 It costs you nothing. Your manager takes a look; if nobody decides by {day}, it is accepted."
        ).format(day=day_of(facts.at + policy.review_within, reader))
    if facts.excuse is None or facts.is_practice:
        return _("🕊 It costs you nothing.")
    return _("🕊 It was excused, and costs you nothing.")


def next_(
    counts: bool, appeal: OwnAppeal | None, at: datetime, policy: Policy, now: datetime, reader: Reader
) -> list[str]:
    """What can be done about it."""
    _ = reader.gettext
    if appeal is not None and appeal.granted is not None:
        text = (
            _("⚖️ You appealed, and it was granted: {answer}")
            if appeal.granted
            else _("⚖️ You appealed, and it still counts: {answer}")
        )
        return [text.format(answer=escape(penalties.reason(appeal.answer, reader), TEXT_MOST))]
    if not counts:
        return []
    if appeal is not None:
        text = _("⚖️ Your appeal waits for your manager, who decides by {until}.")
        return [text.format(until=reader.moment(appeal.decide_by))]
    until = at + policy.appeal_within
    if now <= until:
        return [_("<b>Not right?</b> You can appeal until {until}.").format(until=reader.moment(until))]
    return [_("The time to appeal this is over. Please talk to your manager.")]


def day_of(at: datetime, reader: Reader) -> str:
    return reader.day(at.astimezone(reader.zone).date())


def appeal_button(about: UUID, reader: Reader) -> Button:
    return Button(reader.gettext("⚖️ Appeal"), AppealIt(about, 1))


def back_row(back: int, reader: Reader) -> Row:
    """To the list; from a message of its own, home as well."""
    _ = reader.gettext
    return (Button(_("‹ How I stand"), Whys(max(back - 1, 0))), home_button(reader))
