"""What an SMS says of a week that has been given out (R3.8, R11.6). Pure."""

from bot.delivery.gsm7 import segments
from bot.reader import Reader
from bot.screens.plain import name_of, plain
from bot.screens.texts import first_of
from bot.screens.weeks import NewWeek
from domain.schedule.rules import weekday_of


def given_out(facts: NewWeek, company: str, reader: Reader, behind: str = "") -> str:
    """As many of his shifts as fit, then what fits of the rest; C alone is answered with the codes of what waits."""
    text = _his_shifts(facts, company, reader, behind)
    for more in _the_rest(facts, reader):
        if segments((longer := plain(f"{text} {more}")) + behind) == 1:
            text = longer
    return text


def _his_shifts(facts: NewWeek, company: str, reader: Reader, behind: str) -> str:
    _, of = reader.gettext, facts.week
    if not of.shifts:
        return plain(f"{name_of(company)}: {line(facts, reader)}.")
    head = _("{company}: your shifts {week}:").format(company=name_of(company), week=reader.week(of.monday))
    listed = [f"{reader.day(shift.on)} {name_of(shift.route)}" for shift in of.shifts]
    how = _("Reply C to confirm.") if of.unconfirmed else ""
    for count in range(len(listed), 0, -1):
        text = plain(f"{head} {first_of(listed, count, reader)}. {how}")
        if segments(text + behind) == 1:
            return text
    return plain(f"{head} {len(listed)}. {how}")


def _the_rest(facts: NewWeek, reader: Reader) -> list[str]:
    """What else could be his, and that preferences are locked."""
    text = reader.ngettext(
        "{n} shift is open to you: ask your manager.", "{n} shifts are open to you: ask your manager.", facts.open
    )
    open_ = [text.format(n=facts.open)] if facts.open else []
    locked = [reader.gettext("Preferences are locked for that week.")] if facts.changes_count_from else []
    return open_ + locked


def line(facts: NewWeek, reader: Reader) -> str:
    """His shifts beside others' news in a digest."""
    _, of = reader.gettext, facts.week
    if not of.shifts:
        return _("{week}: no shifts for you").format(week=reader.week(of.monday))
    text = _("your shifts {week}: {shifts} (reply C)") if of.unconfirmed else _("your shifts {week}: {shifts}")
    shifts = ", ".join(f"{reader.weekday(weekday_of(shift.on))} {name_of(shift.route)}" for shift in of.shifts)
    return text.format(week=reader.week(of.monday), shifts=shifts)
