"""How a driver stands, on his card and behind it: for the managers who decide (R9.5, R10.3, R10.6)."""

from collections.abc import Iterator
from typing import Final

from bot.callbacks.appeals import AppealShown
from bot.callbacks.callback import Callback
from bot.callbacks.drivers import DriverCard
from bot.callbacks.his_standing import ChooseCap, Excuse, HisCap, IncidentOf, Incidents, Unflag, WriteHim
from bot.callbacks.stops import KeepOut, Reinstate
from bot.reader import Reader
from bot.screens import penalties
from bot.screens.flags import up_to
from bot.screens.home import home_button
from bot.screens.paging import pager, side_by_side
from bot.screens.screen import TEXT_MOST, Button, Screen, escape, shortened
from bot.screens.whys import LABEL_MOST, day_of
from domain.db.models.words import IncidentKind
from domain.health.his_standing import HisIncident, HisIncidents, HisStanding
from domain.health.own_standing import OwnCap, OwnFlag
from domain.health.rules import Due
from domain.health.scoring import Stars
from domain.health.seeing import OwnHealth
from domain.health.whys import Happened
from domain.people.drivers import DriverCard as Card
from domain.policy import Policy
from domain.refusals import Refusal

PER_PAGE: Final = 8
REASON_MOST: Final = 500

Row = tuple[Button, ...]


# -- on the card


def lines(facts: HisStanding, policy: Policy, reader: Reader) -> Iterator[str]:
    """His score and figures, whether he gets new shifts, and how many a week."""
    _ = reader.gettext
    if facts.health is None:
        yield _("🌱 No score yet: no shift was due so far.")
    else:
        yield from _score(facts.health, policy, reader)
    yield _cap(facts.holds.cap, reader)
    if facts.holds.flag is not None:
        yield _flag(facts.holds.flag, reader)
    if facts.is_out:
        yield _stop(facts, policy, reader)


def _score(health: OwnHealth, policy: Policy, reader: Reader) -> Iterator[str]:
    _ = reader.gettext
    record, stars = health.record, Stars(health.streak, policy).stars
    said = _("📊 <b>Score {score}</b>, ⭐ {stars} of {most}").format(
        score=health.score.score, stars=stars, most=policy.stars_most
    )
    if health.capped_until is not None:
        until = day_of(health.capped_until, reader)
        said += " " + _("(at most {most} until {day})").format(most=policy.stopped_most, day=until)
    yield said
    rate = reader.percent(float(Due(record.due, record.completed).share()))
    yield reader.ngettext(
        "Attendance {rate} ({completed} of {due} shift), delivered {delivered}",
        "Attendance {rate} ({completed} of {due} shifts), delivered {delivered}",
        record.due,
    ).format(rate=rate, completed=record.completed, due=record.due, delivered=reader.percent(record.completion))


def _cap(cap: OwnCap, reader: Reader) -> str:
    _ = reader.gettext
    said = "🧮 " + up_to(cap.cap, reader)
    if cap.chosen:
        why = _("set by a manager: {reason}").format(reason=escape(cap.reason or "", REASON_MOST))
    elif cap.cut:
        why = _("one less since the flag")
    elif cap.rewarded:
        why = _("the most, for attendance")
    else:
        return said
    return f"{said}, {why}"


def _flag(flag: OwnFlag, reader: Reader) -> str:
    text = reader.gettext("🚩 Flagged since {day}: {completed} of {due} shifts driven. No new shifts.")
    return text.format(day=day_of(flag.flagged_at, reader), completed=flag.completed, due=flag.due)


def _stop(facts: HisStanding, policy: Policy, reader: Reader) -> str:
    _ = reader.gettext
    stop = facts.holds.stop
    if stop is None:
        return _("⛔ Stopped: no new shifts until a manager decides.")
    since = day_of(stop.stopped_at, reader)
    if stop.back_at is not None:
        return _("⏸ Stopped on {day}, back until a manager decides.").format(day=since)
    if stop.reason is not None:
        text = _("⛔ Stopped since {day}, stays out: {reason}")
        return text.format(day=since, reason=escape(stop.reason, REASON_MOST))
    text = _("⛔ Stopped since {day}: no new shifts until a manager decides. Please decide by {until}.")
    return text.format(day=since, until=reader.moment(stop.stopped_at + policy.stop_widened_after))


def decisions(facts: HisStanding, reader: Reader) -> list[Row]:
    """What this manager can decide, above all other buttons."""
    _ = reader.gettext
    rows: list[Row] = []
    if not facts.card.own:
        return rows
    who = facts.card.id
    if facts.is_out:
        undecided = facts.holds.stop is None or facts.holds.stop.reason is None
        out = (Button(_("⏸ Stays out"), KeepOut(who)),) if undecided else ()
        rows.append((Button(_("↩️ Reinstate"), Reinstate(who)), *out))
    flag = facts.holds.flag
    if flag is not None:
        appeal: Row = ()
        if flag.appeal is not None and flag.appeal.granted is None:
            appeal = (Button(_("⚖️ The appeal"), AppealShown(flag.appeal.id)),)
        rows.append((Button(_("🏳️ Unflag…"), Unflag(who)), *appeal))
    return rows


def more(facts: HisStanding, reader: Reader) -> list[Row]:
    """What went wrong, for all who may look at him; the rest for whose driver he is."""
    _ = reader.gettext
    rows: list[Row] = []
    if facts.incidents:
        text = reader.ngettext("❗ {n} incident in 90 days", "❗ {n} incidents in 90 days", facts.incidents)
        rows.append((Button(text.format(n=facts.incidents), Incidents(facts.card.id, 0)),))
    if facts.card.own:
        cap = Button(_("🧮 Shifts a week…"), HisCap(facts.card.id))
        rows.append((cap, Button(_("✉️ Message…"), WriteHim(facts.card.id))))
    return rows


# -- his cap, his flag, a message


def caps(facts: HisStanding, policy: Policy, reader: Reader) -> Screen:
    _ = reader.gettext
    who, cap = facts.card.id, facts.holds.cap
    title = _("<b>How many shifts a week may {name} have?</b>").format(name=escape(facts.card.name))
    note = _("Yours holds until a manager lifts it. Shifts already held stay.")
    keys = [
        Button(("• " if n == cap.cap else "") + str(n), ChooseCap(who, n))
        for n in range(policy.cap_least, policy.cap_most + 1)
    ]
    lift: list[Row] = [(Button(_("↩️ As the rules say"), ChooseCap(who, 0)),)] if cap.chosen else []
    text = f"{title}\n{_cap(cap, reader)}\n\n{note}"
    return Screen(text, (*side_by_side(keys, 3), *lift, _unchanged(DriverCard(who), reader)))


def why_cap(card: Card, cap: int, policy: Policy, reader: Reader) -> Screen:
    _ = reader.gettext
    text = (
        reader.ngettext(
            "🧮 Why up to {n} shift a week for {name}?", "🧮 Why up to {n} shifts a week for {name}?", cap
        ).format(n=cap, name=escape(card.name))
        if cap
        else _("🧮 Why do the rules decide again for {name}?").format(name=escape(card.name))
    )
    return _why(text, DriverCard(card.id), policy, reader)


def why_unflag(card: Card, policy: Policy, reader: Reader) -> Screen:
    _ = reader.gettext
    text = _("🏳️ Why does the flag of {name} go? New shifts are possible again until the next incident.")
    return _why(text.format(name=escape(card.name)), DriverCard(card.id), policy, reader)


def _why(question: str, back: Callback, policy: Policy, reader: Reader) -> Screen:
    text = reader.gettext("Write the reason now, in one message of at most {n} characters; the driver reads it.")
    return Screen(f"{question}\n\n{text.format(n=policy.reasons_most)}", (_unchanged(back, reader),))


def write_again(why: Refusal, back: Callback, policy: Policy, reader: Reader) -> Screen:
    """He is still asked."""
    return Screen(refusal(why, policy, reader), (_unchanged(back, reader),))


def _unchanged(back: Callback, reader: Reader) -> Row:
    return (Button(reader.gettext("‹ Change nothing"), back),)


def what_to_write(card: Card, reader: Reader) -> Screen:
    _ = reader.gettext
    text = _("✉️ What do you want to tell {name}? Write it now, in one message. Nothing is sent yet.")
    return Screen(text.format(name=escape(card.name)), ((Button(_("‹ Leave it"), DriverCard(card.id)),),))


def not_written(why: Refusal, back: Callback, policy: Policy, reader: Reader) -> Screen:
    _ = reader.gettext
    texts = {
        Refusal.TEXT_TOO_LONG: _("That is over {n} characters. Please write it again, a bit shorter."),
        Refusal.RECIPIENT_GONE: _("That person isn't in your warehouses any more, so nothing was sent."),
    }
    text = texts.get(why, _("There is nothing to send.")).format(n=policy.message_most)
    return Screen(text, ((Button(_("‹ Leave it"), back),),))


def refusal(why: Refusal, policy: Policy, reader: Reader) -> str:
    _ = reader.gettext
    texts = {
        Refusal.NOT_FLAGGED: _("There is no flag any more."),
        Refusal.NO_CAP_CHOSEN: _("The rules decide already."),
        Refusal.BAD_CAP: _("That number of shifts a week isn't possible."),
        Refusal.NOTHING_COUNTS: _("It doesn't count any more."),
        Refusal.NO_REASON: _("It takes a reason."),
        Refusal.NOTES_TOO_LONG: _("That is over {n} characters. Please write it again, a bit shorter."),
    }
    return texts.get(why, _("I can't find that in your warehouses.")).format(n=policy.reasons_most)


def done(reader: Reader) -> str:
    return reader.gettext("✅ Done. The driver knows, with your reason.")


# -- what went wrong


def incidents(facts: HisIncidents, policy: Policy, reader: Reader) -> Screen:
    _ = reader.gettext
    title = _("❗ <b>{name}: incidents of {days} days</b>").format(
        name=escape(facts.name), days=policy.flag_within.days
    )
    page = facts.lately
    text = _("Press one to read more, or to excuse it.") if page.total else _("Nothing went wrong.")
    rows = [(Button(_label(each, reader), IncidentOf(each.id)),) for each in page.incidents]
    turn = pager(page.page, page.pages, lambda to: Incidents(facts.driver_id, to), reader)
    back = (Button(shortened(f"‹ {facts.name}", LABEL_MOST), DriverCard(facts.driver_id)), home_button(reader))
    return Screen(f"{title}\n{text}", (*rows, *turn, back))


def _label(each: Happened, reader: Reader) -> str:
    appealed = each.counts and each.appeal is not None and each.appeal.granted is None
    mark = "⚖️ " if appealed else "❗ " if each.counts else "🕊 "
    what = penalties.title(each.kind, each.route, each.warehouse, each.on, reader)
    return shortened(mark + what, LABEL_MOST)


def incident(facts: HisIncident, reader: Reader) -> Screen:
    _ = reader.gettext
    it = facts.happened
    title = penalties.title_html(it.kind, it.route, it.warehouse, it.on, reader)
    parts = [f"👤 {escape(facts.name)}\n{title}", f"{_happened(it, reader)}\n{_counts(facts, reader)}"]
    rows: list[Row] = []
    if it.appeal is not None and it.counts and it.appeal.granted is None:
        parts.append(_("⚖️ An appeal waits, to be decided by {until}.").format(until=reader.moment(it.appeal.decide_by)))
        if facts.his_to_excuse:
            rows.append((Button(_("⚖️ The appeal"), AppealShown(it.appeal.id)),))
    if facts.his_to_excuse:
        rows.append((Button(_("🕊 Excuse it…"), Excuse(it.id)),))
    rows.append((Button(_("‹ All incidents"), Incidents(facts.driver_id, 0)), home_button(reader)))
    return Screen("\n\n".join(parts), tuple(rows))


def _happened(it: Happened, reader: Reader) -> str:
    _ = reader.gettext
    match it.kind:
        case IncidentKind.NO_SHOW:
            return _("Confirmed, but not checked in by {at}.").format(at=reader.moment(it.arrive_by))
        case IncidentKind.LATE_CANCEL:
            text = _("Cancelled on {at}; it was to start on {start}.")
            return text.format(at=reader.moment(it.at), start=reader.moment(it.starts_at))
        case IncidentKind.AUTO_DROP:
            return _("Not confirmed by {at}.").format(at=reader.moment(it.confirm_by))
    return _("Not driven, for a reason that is protected.")


def _counts(facts: HisIncident, reader: Reader) -> str:
    _ = reader.gettext
    it = facts.happened
    if it.counts:
        return (
            _("❗ It counts.")
            if facts.his_to_excuse
            else _("❗ It counts. Only managers of its warehouse can excuse it.")
        )
    if it.is_practice:
        return _("🕊 That was practice: it doesn't count.")
    if it.excuse:
        return _("🕊 Excused: {reason}").format(reason=escape(penalties.reason(it.excuse, reader), TEXT_MOST))
    return _("🕊 It doesn't count.")


def why_excuse(facts: HisIncident, policy: Policy, reader: Reader) -> Screen:
    _ = reader.gettext
    it = facts.happened
    what = escape(penalties.title(it.kind, it.route, it.warehouse, it.on, reader), TEXT_MOST)
    question = _("🕊 Why does it not count for {name}?\n{what}").format(name=escape(facts.name), what=what)
    return _why(question, IncidentOf(it.id), policy, reader)


def gone(reader: Reader) -> str:
    return reader.gettext("I can't find that in your warehouses.")
