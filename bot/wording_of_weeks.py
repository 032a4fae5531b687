"""Words what people are told of a week that has been given out (R3.8)."""

from bot.reader import Reader
from domain.notices.facts.weeks import WeekGiven, WeekLocked, WeekOpen, WeekReported
from domain.notices.wording import Worded


def worded(notice: WeekGiven | WeekLocked | WeekOpen | WeekReported, reader: Reader) -> Worded:
    if isinstance(notice, WeekReported):
        return reported(notice, reader)
    _, week, n = reader.gettext, reader.week(notice.week), notice.shifts
    match notice:
        case WeekGiven():
            body = reader.ngettext(
                "{n} shift is yours. Not confirmed in time, it goes to somebody else.",
                "{n} shifts are yours. What isn't confirmed in time goes to somebody else.",
                n,
            )
            return Worded(_("Your shifts {week}: please confirm").format(week=week), body.format(n=n))
        case WeekLocked():
            body = reader.ngettext("{n} shift is yours.", "{n} shifts are yours.", n) if n else _("None is yours.")
            locked = _("Preferences are locked for that week.")
            return Worded(_("The shifts of {week} are given out").format(week=week), f"{body.format(n=n)} {locked}")
        case WeekOpen():
            title = reader.ngettext("{n} shift is open, {week}", "{n} shifts are open, {week}", n)
            return Worded(title.format(n=n, week=week), _("You could take it if you like: see /open."))


def reported(notice: WeekReported, reader: Reader) -> Worded:
    """Of the week that is over, in a sentence."""
    _ = reader.gettext
    text = reader.ngettext(
        "{driven} of {slots} shift was driven ({rate}).",
        "{driven} of {slots} shifts were driven ({rate}).",
        notice.slots,
    ).format(driven=notice.driven, slots=notice.slots, rate=reader.percent(notice.driven / max(notice.slots, 1)))
    missed = reader.ngettext("{n} no-show.", "{n} no-shows.", notice.no_shows).format(n=notice.no_shows)
    return Worded(_("Your week {week}").format(week=reader.week(notice.week)), f"{text} {missed}")
