"""Why a driver is flagged, stopped, or may have so many shifts a week (R9, R10.2, R10.6)."""

from datetime import datetime

from bot.callbacks.appeals import WhyHeld
from bot.reader import Reader
from bot.screens import penalties
from bot.screens.screen import TEXT_MOST, Button, Screen, escape
from bot.screens.whys import LABEL_MOST, appeal_button, back_row, day_of, next_
from domain.health.own_standing import OwnCap, OwnFlag, OwnStop
from domain.health.rules import DriverFacts, back_after
from domain.health.whys import Happened
from domain.notices.facts.appeals import Penalty
from domain.policy import Policy


def flag(own: OwnFlag, facts: DriverFacts, policy: Policy, now: datetime, reader: Reader) -> Screen:
    """`facts`: how far it is from its end."""
    _ = reader.gettext
    days, few, many = policy.flag_within.days, policy.flag_below_with_few, policy.flag_below
    parts = [
        f"🚩 <b>{penalties.named(Penalty.FLAG, reader)}</b>, {day_of(own.flagged_at, reader)}",
        _("Of {n} shifts that were due in the {days} days before, you had driven {completed}.").format(
            n=own.due, days=days, completed=own.completed
        ),
        _(
            "<b>The rule:</b> from {least} shifts due in {days} days on, driving less than {few} of them is a flag; "
            "from {enough} on, less than {many}."
        ).format(
            least=policy.flag_least,
            days=days,
            few=reader.percent(float(few)),
            enough=policy.flag_few,
            many=reader.percent(float(many)),
        ),
        _flag_costs(own, policy, reader),
        _way_back(facts, policy, reader),
        *next_(True, own.appeal, own.flagged_at, policy, now, reader),
    ]
    appeal = ((appeal_button(own.id, reader),),) if own.may_appeal(policy, now) else ()
    return Screen("\n\n".join(parts), (*appeal, back_row(1, reader)))


def _flag_costs(own: OwnFlag, policy: Policy, reader: Reader) -> str:
    _ = reader.gettext
    if own.cut_at is not None:
        cut = _("• one shift a week less, since {day}").format(day=day_of(own.cut_at, reader))
    else:
        cut = _("• one shift a week less, if it is still so on {day}").format(
            day=day_of(own.flagged_at + policy.cut_after, reader)
        )
    return "\n".join((_("<b>What it costs:</b>"), _("• no new shifts; those that you have stay yours"), cut))


def _way_back(facts: DriverFacts, policy: Policy, reader: Reader) -> str:
    """How many shifts that he holds would bring him back (R9.3)."""
    _ = reader.gettext
    to_drive = back_after(facts.recent, policy)
    now = _("<b>The way back:</b> it is {completed} of {n} now, and looked at each night.").format(
        completed=facts.recent.completed, n=facts.recent.due
    )
    if to_drive == 0:
        return f"{now} " + _("That is enough: the flag goes tonight.")
    more = reader.ngettext("{n} shift driven brings you back.", "{n} shifts driven bring you back.", to_drive)
    has = _("You have {n} ahead.").format(n=facts.live)
    left = has if facts.live else _("You have none left, so your manager is asked to decide.")
    return f"{now} {more.format(n=to_drive)} {left}"


def stop(own: OwnStop, caused: tuple[Happened, ...], policy: Policy, reader: Reader) -> Screen:
    """`caused`: the incidents that count for it, the latest first; each can be opened, and appealed."""
    _ = reader.gettext
    held = _("• no new shifts; those that you have stay yours")
    costs, rule = [_("<b>What it costs:</b>"), held], []
    if not own.adopted:
        rule.append(_rule_of_stops(policy, reader))
        most, days = policy.stopped_most, policy.hard_stop_within.days
        costs.append(
            _("• stars back to 0, and a score of {most} at the most for {days} days").format(most=most, days=days)
        )
    head = _("⛔ <b>Stopped</b>")
    if not own.adopted:
        head = _("⛔ <b>Stopped</b>, {day}").format(day=day_of(own.stopped_at, reader))
    parts = [head, *rule, "\n".join(costs), _how_long(own, policy, reader)]
    rows = [
        (
            Button(
                penalties.title(each.kind, each.route, each.warehouse, each.on, reader)[:LABEL_MOST],
                WhyHeld(each.id, 1),
            ),
        )
        for each in caused
    ]
    if rows:
        parts.append(_("<b>Not right?</b> Open what it is about to appeal it: while that waits, you are back."))
    return Screen("\n\n".join(parts), (*rows, back_row(1, reader)))


def _rule_of_stops(policy: Policy, reader: Reader) -> str:
    late = reader.ngettext(
        "{n} late cancellation within {days} days",
        "{n} late cancellations within {days} days",
        policy.hard_stop_late_cancels,
    ).format(n=policy.hard_stop_late_cancels, days=policy.hard_stop_within.days)
    text = reader.gettext("<b>The rule:</b> a no-show, or {late}, stops a driver until a manager has decided.")
    return text.format(late=late)


def _how_long(own: OwnStop, policy: Policy, reader: Reader) -> str:
    _ = reader.gettext
    if own.reason is not None:
        text = _("<b>How long:</b> your manager has decided that it stays so: {reason}")
        return text.format(reason=escape(own.reason, TEXT_MOST))
    if own.back_at is not None:
        text = _("<b>How long:</b> you're back since {at}, until your manager has decided.")
        return text.format(at=reader.moment(own.back_at))
    if own.adopted:
        return _("<b>How long:</b> until your manager has decided.")
    text = _("<b>How long:</b> until your manager has decided. If nobody has by {until}, you're back until then.")
    return text.format(until=reader.moment(own.stopped_at + policy.stop_back_after))


def cap(own: OwnCap, policy: Policy, reader: Reader) -> Screen:
    _ = reader.gettext
    text = reader.ngettext("🧮 <b>{n} shift a week</b>", "🧮 <b>{n} shifts a week</b>", own.cap).format(n=own.cap)
    parts = [f"{text}\n" + _("So many you can have from Monday to Sunday. Those that you have already stay yours.")]
    if own.chosen:
        said = _("A manager has set it for you, until he lifts it.")
        parts.append(
            said + (" " + _("Reason: {reason}").format(reason=escape(own.reason, TEXT_MOST)) if own.reason else "")
        )
    else:
        if own.rewarded:
            parts.append(
                _("{n} shifts driven and {rate} attendance or more: that is rewarded with {most} a week.").format(
                    n=policy.reward_after, rate=reader.percent(float(policy.reward_from)), most=policy.cap_most
                )
            )
        else:
            parts.append(
                _("Usually it is {base}. From {n} shifts driven with {rate} attendance on, it is {most}.").format(
                    base=own.base,
                    n=policy.reward_after,
                    rate=reader.percent(float(policy.reward_from)),
                    most=policy.cap_most,
                )
            )
        if own.cut:
            parts.append(_("It is one less since your attendance was still low a week after the warning."))
    return Screen("\n\n".join(parts), (back_row(1, reader),))
