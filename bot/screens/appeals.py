"""Appeals: what a driver is asked and told, and what his managers decide on (R10.6)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from bot.callbacks.appeals import (
    AppealIt,
    Appeals,
    AppealShown,
    GrantAppeal,
    RefuseAppeal,
    SendAppeal,
    WhyHeld,
    Whys,
)
from bot.reader import Reader
from bot.screens import penalties
from bot.screens.home import home_button
from bot.screens.screen import TEXT_MOST, Button, Screen, escape
from domain.health.appeal_cards import AppealCard
from domain.health.rules_of_appeals import Subject, stage_at
from domain.notices.facts.appeals import Appealed, Penalty, PenaltyDecided, Stage
from domain.notices.wording import Worded
from domain.policy import Policy
from domain.refusals import Refusal

LISTED_MOST: Final = 10

# -- the driver


def _leave_it(about: UUID, reader: Reader) -> tuple[Button, ...]:
    return (Button(reader.gettext("‹ Leave it"), WhyHeld(about, 1)),)


def ask_why(of: Subject, policy: Policy, reader: Reader) -> Screen:
    text = reader.gettext(
        "⚖️ <b>Why should it not count?</b>\n{what}\n\n"
        "Write it now, in your own words and in one message of at most {n} characters. Nothing is sent yet."
    )
    what = penalties.title(of.what, of.route, of.warehouse, of.on, reader)
    return Screen(text.format(what=escape(what, TEXT_MOST), n=policy.appeal_most), (_leave_it(of.id, reader),))


def too_long(about: UUID, policy: Policy, reader: Reader) -> Screen:
    text = reader.gettext("That is over {n} characters. Please write it again, a bit shorter.")
    return Screen(text.format(n=policy.appeal_most), (_leave_it(about, reader),))


def confirm(of: Subject, words: str, policy: Policy, reader: Reader) -> Screen:
    """What is sent, before the last button."""
    _ = reader.gettext
    text = _(
        "⚖️ <b>Send this appeal?</b>\n{what}\n\n“{words}”\n\n"
        "Your manager decides within {n} hours, and you're told. You can appeal this once."
    )
    hours = int(policy.appeal_decided_within.total_seconds() // 3600)
    what = penalties.title(of.what, of.route, of.warehouse, of.on, reader)
    text = text.format(what=escape(what, TEXT_MOST), words=escape(words, TEXT_MOST), n=hours)
    rows = (
        (Button(_("📨 Send it"), SendAppeal(of.id)),),
        (Button(_("✏️ Write it again"), AppealIt(of.id, 1)),),
        _leave_it(of.id, reader),
    )
    return Screen(text, rows)


def sent(told: int, reader: Reader) -> str:
    _ = reader.gettext
    return _("Sent. Your manager decides.") if told else _("Sent.")


def refusal(why: Refusal, reader: Reader) -> str:
    """To the driver."""
    _ = reader.gettext
    texts = {
        Refusal.APPEALED_ALREADY: _("You have appealed this already."),
        Refusal.NOTHING_COUNTS: _("It doesn't count any more: there is nothing to appeal."),
        Refusal.TOO_LATE_TO_APPEAL: _("The time to appeal this is over. Please talk to your manager."),
        Refusal.NO_REASON: _("Write first why it should not count."),
    }
    return texts.get(why, _("I can't find that among what is yours."))


def decided(notice: PenaltyDecided, reader: Reader) -> Screen:
    """What a manager has decided; to the driver."""
    head = penalties.title_html(notice.what, notice.route, notice.warehouse, notice.on, reader)
    title = ("👍 " if notice.excused else "✖️ ") + head
    reason = reader.gettext("Reason: {reason}").format(reason=escape(notice.reason, TEXT_MOST))
    whys = Button(reader.gettext("❔ How I stand"), Whys(0))
    text = "\n\n".join((f"{title}\n{_outcome(notice, reader)}\n{reason}", _and_now(notice, reader)))
    return Screen(text, ((whys,), (home_button(reader),)))


def _outcome(notice: PenaltyDecided, reader: Reader) -> str:
    _ = reader.gettext
    if notice.excused:
        return _("It doesn't count any more, and neither does what followed from it.")
    return _("Your manager has read your appeal, and it still counts.")


def _and_now(notice: PenaltyDecided, reader: Reader) -> str:
    _ = reader.gettext
    if notice.free:
        return _("You can get new shifts.")
    return _("You get no new shifts for now. “How I stand” says why, and what helps.")


# -- the managers


@dataclass(frozen=True, slots=True)
class AppealNow:
    """An appeal as of an instant."""

    card: AppealCard
    now: datetime


def card(appeal: AppealNow, policy: Policy, reader: Reader) -> Screen:
    """What it is about, the driver's words, and the decision."""
    _ = reader.gettext
    facts = appeal.card
    parts = [
        *_how_long(appeal, reader),
        _("⚖️ <b>{driver} appeals</b>\n{what}\n☎️ {phone}").format(
            driver=escape(facts.driver), what=_about(facts, policy, reader), phone=escape(facts.phone)
        ),
        reader.quoted(escape(facts.reason, TEXT_MOST)),
        _stands(facts, reader),
    ]
    rows: tuple[tuple[Button, ...], ...] = ((Button(_("‹ All appeals"), Appeals()), home_button(reader)),)
    if facts.open:
        flag = facts.what is Penalty.FLAG
        grant = Button(_("👍 Take the flag back") if flag else _("👍 Excuse it"), GrantAppeal(facts.id))
        refuse = Button(_("✖️ The flag stays") if flag else _("✖️ It counts"), RefuseAppeal(facts.id))
        rows = ((grant, refuse), *rows)
    return Screen("\n\n".join(parts), rows)


def _how_long(appeal: AppealNow, reader: Reader) -> list[str]:
    """Above all, where it has waited for long."""
    _ = reader.gettext
    facts = appeal.card
    stage = stage_at(facts.opened_at, facts.decide_by, appeal.now) if facts.open else Stage.OPENED
    late = {Stage.REMINDED: _("⏰ Nobody has decided yet."), Stage.OVERDUE: _("⏰ Nobody has decided in time.")}
    return [late[stage]] if stage in late else []


def _about(facts: AppealCard, policy: Policy, reader: Reader) -> str:
    of = escape(penalties.title(facts.what, facts.route, facts.warehouse, facts.on, reader), TEXT_MOST)
    if facts.due is None:
        return of
    text = reader.gettext("{completed} of {n} shifts driven that were due in the {days} days before")
    return f"{of}\n" + text.format(completed=facts.completed, n=facts.due, days=policy.flag_within.days)


def _stands(facts: AppealCard, reader: Reader) -> str:
    _ = reader.gettext
    if facts.open:
        if facts.what in (Penalty.NO_SHOW, Penalty.LATE_CANCEL):
            wait = _("Decide by {until}. If it has stopped the driver, that waits, too.")
        else:
            wait = _("Decide by {until}.")
        return wait.format(until=f"<b>{reader.moment(facts.decide_by)}</b>")
    if facts.granted is None:
        return _("☑️ There is nothing to decide any more: it doesn't count.")
    text = _("👍 {name} has excused it: {reason}") if facts.granted else _("✖️ {name} lets it count: {reason}")
    return text.format(name=escape(facts.by or ""), reason=escape(penalties.reason(facts.answer, reader), TEXT_MOST))


def waiting(appeals: tuple[AppealCard, ...], total: int, reader: Reader) -> Screen:
    """What waits for his decision, what is due first first."""
    _ = reader.gettext
    if not appeals:
        return Screen(_("👍 No appeal waits for you."), ((home_button(reader),),))
    lines = [_("⚖️ <b>Appeals to decide</b>"), *(_waits(each, reader) for each in appeals)]
    if total > len(appeals):
        lines.append(
            reader.ngettext("… and {n} more", "… and {n} more", total - len(appeals)).format(n=total - len(appeals))
        )
    rows = [
        (Button(reader.said(each.driver, penalties.named(each.what, reader))[:60], AppealShown(each.id)),)
        for each in appeals
    ]
    return Screen("\n".join(lines), (*rows, (home_button(reader),)))


def _waits(each: AppealCard, reader: Reader) -> str:
    until = reader.gettext("(until {until})").format(until=reader.moment(each.decide_by))
    what = penalties.title(each.what, each.route, each.warehouse, each.on, reader)
    return f"• {escape(each.driver)}, {escape(what, TEXT_MOST)} {until}"


def ask_answer(appeal_id: UUID, granted: bool, policy: Policy, reader: Reader) -> Screen:
    _ = reader.gettext
    text = (
        _("👍 Why does it not count? The driver reads it. Write it now, in one message of at most {n} characters.")
        if granted
        else _("✖️ Why does it count? The driver reads it. Write it now, in one message of at most {n} characters.")
    )
    return Screen(text.format(n=policy.reasons_most), (_change_nothing(appeal_id, reader),))


def answer_too_long(appeal_id: UUID, policy: Policy, reader: Reader) -> Screen:
    text = reader.gettext("That is over {n} characters. Please write it again, a bit shorter.")
    return Screen(text.format(n=policy.reasons_most), (_change_nothing(appeal_id, reader),))


def _change_nothing(appeal_id: UUID, reader: Reader) -> tuple[Button, ...]:
    return (Button(reader.gettext("‹ Change nothing"), AppealShown(appeal_id)),)


def not_decided(why: Refusal, reader: Reader) -> str:
    """To the manager."""
    _ = reader.gettext
    texts = {
        Refusal.DECIDED_ALREADY: _("That has been decided already."),
        Refusal.NOTHING_COUNTS: _("There is nothing to decide any more: it doesn't count."),
        Refusal.NO_REASON: _("It takes a reason."),
    }
    return texts.get(why, _("I can't find that in your warehouses."))


def answered(reader: Reader) -> str:
    return reader.gettext("Decided. The driver knows, with your reason.")


# -- as the inbox has them


def worded(notice: Appealed | PenaltyDecided, reader: Reader) -> Worded:
    _ = reader.gettext
    of = penalties.title(notice.what, notice.route, notice.warehouse, notice.on, reader)
    match notice:
        case Appealed():
            return Worded(_("{driver} appeals").format(driver=notice.driver), f"{of}. {_by_when(notice, reader)}")
        case PenaltyDecided():
            title = _("Doesn't count any more: {what}") if notice.excused else _("Still counts: {what}")
            said = _("Reason: {reason}").format(reason=notice.reason)
            return Worded(title.format(what=of), f"{said}\n{_and_now(notice, reader)}")


def _by_when(notice: Appealed, reader: Reader) -> str:
    _ = reader.gettext
    text = {
        Stage.OPENED: _("Decide by {until}."),
        Stage.REMINDED: _("Nobody has decided yet. Decide by {until}."),
        Stage.OVERDUE: _("Nobody has decided by {until}. Any manager of the warehouse can."),
    }[notice.stage]
    return text.format(until=reader.moment(notice.decide_by))
