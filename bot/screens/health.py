"""A driver's health: his score and its parts, what helped and what hurt, his stars, what next (R10.1, R10.4)."""

from collections.abc import Iterator
from typing import Final

from bot.callbacks.appeals import Whys
from bot.callbacks.bidding import OpenShifts
from bot.callbacks.shifts import Schedule, ToConfirm
from bot.pictures.health_card import HealthCard
from bot.pictures.health_card import Part as Bar
from bot.reader import Reader
from bot.screens import penalties
from bot.screens.home import home_button, open_button
from bot.screens.screen import Button, Screen, escape, shortened
from bot.screens.whys import day_of
from domain.health.scoring import Part, Points, Stars
from domain.health.seeing import DAYS, Mishap, OwnHealth
from domain.policy import Policy

MISHAPS_MOST: Final = 3  # are named: it all stands below a picture
NAMES_MOST: Final = 48  # of what one of them was about


def no_health_yet(reader: Reader) -> Screen:
    """Nothing of his was due yet."""
    _ = reader.gettext
    text = _(
        "🌱 <b>Your score begins with your first shift.</b>\n\nBe there, deliver, and it shows here the same day: what "
        "helps you, and your first star. Welcome aboard!"
    )
    return Screen(text, ((Button(_("🗓 My shifts"), Schedule(0)), open_button(reader)), (home_button(reader),)))


def health(facts: OwnHealth, to_confirm: int, policy: Policy, reader: Reader) -> Screen:
    """As text, and the same as a picture above it. `to_confirm`: how many shifts wait for his word."""
    parts = [
        "\n".join(_head(facts, policy, reader)),
        "\n".join(_helped(facts, policy, reader)),
        *(["\n".join(lines)] if (lines := list(_hurt(facts, policy, reader))) else []),
        "\n".join(_stars(facts, policy, reader)),
    ]
    keys = _next(facts, to_confirm, reader), (_why(reader), home_button(reader))
    return Screen("\n\n".join(parts), keys, picture=picture(facts, policy, reader))


def _head(facts: OwnHealth, policy: Policy, reader: Reader) -> Iterator[str]:
    """Nobody is congratulated who is flagged or stopped: the score is of all times, the flag of late (R9.2, R10.2)."""
    _ = reader.gettext
    score = facts.score.score
    yield _("<b>Your score: {score} of {most}</b>").format(score=score, most=_most(policy))
    if facts.capped_until is not None:
        text = _("⛔ Until {day} it is {most} at the most, whatever its points.")
        yield text.format(day=day_of(facts.capped_until, reader), most=policy.stopped_most)
    elif score >= policy.elite_from and facts.free:
        yield "🏅 " + _("{mark} or more is elite: you're there!").format(mark=policy.elite_from)
    elif score < policy.elite_from:
        text = reader.ngettext(
            "{mark} or more is elite: {n} point to go.",
            "{mark} or more is elite: {n} points to go.",
            policy.elite_from - score,
        )
        yield text.format(mark=policy.elite_from, n=policy.elite_from - score)
    if not facts.free:
        yield _("⛔ You get no new shifts for now.")
    yield _trend(facts, reader)


def _trend(facts: OwnHealth, reader: Reader) -> str:
    """Of the last 30 days, in words."""
    _ = reader.gettext
    if not facts.before:
        return _("📈 Your line of days begins today.")
    (day, first), now = facts.before[0], facts.score.score
    if now == first:
        return _("➡️ Since {day}: as it was.").format(day=reader.day(day))
    more, by = now > first, abs(now - first)
    text = (
        reader.ngettext("📈 Since {day}: up {n} point.", "📈 Since {day}: up {n} points.", by)
        if more
        else reader.ngettext("📉 Since {day}: down {n} point.", "📉 Since {day}: down {n} points.", by)
    )
    return text.format(day=reader.day(day), n=by)


def _helped(facts: OwnHealth, policy: Policy, reader: Reader) -> Iterator[str]:
    """What each part has brought, and what was driven of late."""
    _ = reader.gettext
    yield _("👍 <b>Helped</b>")
    for each in facts.score.parts:
        if each.points:
            told = _name(each.part, reader) if _told_as_hurt(each) else _with_reason(each, facts, policy, reader)
            yield f"+{each.points} {told}"
    if facts.last_driven is not None:
        text = reader.ngettext(
            "{n} shift driven in {days} days, on {day}",
            "{n} shifts driven in {days} days, the last on {day}",
            facts.driven,
        )
        days = policy.hard_stop_within.days
        yield "· " + text.format(n=facts.driven, days=days, day=reader.day(facts.last_driven))


def _told_as_hurt(each: Points) -> bool:
    """Each part has its reason once: with what it has brought, unless what it has lost is the news."""
    return each.points == 0 or (each.part is Part.RELIABILITY and each.lost > 0)


def _hurt(facts: OwnHealth, policy: Policy, reader: Reader) -> Iterator[str]:
    """What each part has lost, and the incidents of the last 30 days."""
    _ = reader.gettext
    lost = [each for each in facts.score.parts if each.lost]
    if lost or facts.mishaps:
        yield _("👎 <b>Hurt</b>")
    for each in lost:
        told = _with_reason(each, facts, policy, reader) if _told_as_hurt(each) else _name(each.part, reader)
        yield f"−{each.lost} {told}"
    for mishap in facts.mishaps[:MISHAPS_MOST]:
        yield "· " + _mishap(mishap, reader)
    if (left := len(facts.mishaps) - MISHAPS_MOST) > 0:
        yield reader.ngettext("… and {n} more", "… and {n} more", left).format(n=left)


def _mishap(facts: Mishap, reader: Reader) -> str:
    what = penalties.named(facts.kind, reader)
    about = escape(f"{shortened(facts.route, 20)}, {shortened(facts.warehouse, 24)}", NAMES_MOST)
    said = reader.said(what, f"{about}, {reader.day(facts.on)}")
    if facts.until is None:
        return said
    return said + " " + reader.gettext("(until {day})").format(day=day_of(facts.until, reader))


def _with_reason(each: Points, facts: OwnHealth, policy: Policy, reader: Reader) -> str:
    _ = reader.gettext
    record, name = facts.record, _name(each.part, reader)
    match each.part:
        case Part.ATTENDANCE:
            text = reader.ngettext("{completed} of {n} shift driven", "{completed} of {n} shifts driven", record.due)
            return reader.said(name, text.format(completed=record.completed, n=record.due))
        case Part.COMPLETION:
            return reader.said(name, _("{rate} delivered").format(rate=reader.percent(record.completion)))
        case Part.RELIABILITY:
            if not each.lost:
                text = _("no no-show or late cancellation in {days} days")
                return reader.said(name, text.format(days=policy.hard_stop_within.days))
            text = _("{n} less for each no-show or late cancellation")
            return reader.said(name, text.format(n=policy.points_lost_each))


def _stars(facts: OwnHealth, policy: Policy, reader: Reader) -> Iterator[str]:
    _ = reader.gettext
    stars = Stars(facts.streak, policy)
    said = reader.ngettext("⭐ <b>{n} of {most} stars</b>", "⭐ <b>{n} of {most} stars</b>", stars.stars)
    said = said.format(n=stars.stars, most=policy.stars_most)
    if stars.stars and facts.star_week is not None:
        said += _(", the last for the week of {week}").format(week=reader.week(facts.star_week))
    yield said
    if stars.stars < policy.stars_most:
        yield _next_star(policy, reader)
    else:
        yield _("All of them: a bonus of {n}% is in sight, though not promised.").format(n=policy.star_bonus_percent)


def _next_star(policy: Policy, reader: Reader) -> str:
    rate = reader.percent(float(policy.star_completion))
    return reader.gettext("Next star: a week with all shifts driven, {rate} delivered.").format(rate=rate)


def _next(facts: OwnHealth, to_confirm: int, reader: Reader) -> tuple[Button, ...]:
    """The one thing that helps most now."""
    _ = reader.gettext
    if not facts.free:
        return (Button(_("❔ Why no new shifts, and the way back"), Whys(0)),)
    if to_confirm:
        text = reader.ngettext("✅ {n} shift to confirm", "✅ {n} shifts to confirm", to_confirm)
        return (Button(text.format(n=to_confirm), ToConfirm()),)
    if not facts.held:
        return (Button(_("🙋 Find a shift"), OpenShifts(0)),)
    return (Button(_("🗓 My shifts"), Schedule(0)),)


def _why(reader: Reader) -> Button:
    return Button(reader.gettext("❔ How I stand"), Whys(0))


# -- as a picture


def picture(facts: OwnHealth, policy: Policy, reader: Reader) -> HealthCard:
    _ = reader.gettext
    score, stars = facts.score.score, Stars(facts.streak, policy)
    if facts.capped_until is not None:
        verdict = _("until {day}").format(day=day_of(facts.capped_until, reader))
    elif not facts.free:
        verdict = _("no new shifts")
    elif score >= policy.elite_from:
        verdict = _("elite")
    else:
        to_go = policy.elite_from - score
        verdict = reader.ngettext("{n} point to elite", "{n} points to elite", to_go).format(n=to_go)
    days = [((facts.today - day).days, of_day) for day, of_day in facts.before]
    return HealthCard(
        title=_("Your score"),
        score=score,
        most=_most(policy),
        mark=policy.elite_from,
        verdict=verdict,
        days=(*days, (0, score)),
        span=DAYS,
        first=reader.gettext("{n} days ago").format(n=DAYS - 1),
        last=_("today"),
        stars=stars.stars,
        stars_most=policy.stars_most,
        parts=tuple(
            Bar(
                _name(each.part, reader),
                each.points / each.of if each.of else 0.0,
                f"+{each.points}" if each.points else "",
                f"−{each.lost}" if each.lost else "",
            )
            for each in facts.score.parts
        ),
        next=_next_star(policy, reader) if stars.stars < policy.stars_most else "",
    )


def _most(policy: Policy) -> int:
    return policy.points_attendance + policy.points_completion + policy.points_reliability


def _name(part: Part, reader: Reader) -> str:
    _ = reader.gettext
    return {
        Part.ATTENDANCE: _("Attendance"),
        Part.COMPLETION: _("Deliveries"),
        Part.RELIABILITY: _("Reliability"),
    }[part]
