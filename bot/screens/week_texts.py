"""What an SMS says of a week that has been given out (R3.9, R11.6). Pure."""

from bot.delivery.gsm7 import segments
from bot.reader import Reader
from bot.screens.plain import name_of, plain
from bot.screens.texts import first_of
from bot.screens.weeks import NewWeek
from domain.schedule.rules import weekday_of


def given_out(facts: NewWeek, company: str, reader: Reader, behind: str = "") -> str:
    """As many of his shifts as fit; C alone is answered with the codes of those that wait."""
    _, of = reader.gettext, facts.week
    head = _("{company}: your shifts {week}:").format(company=name_of(company), week=reader.week(of.monday))
    listed = [f"{reader.day(shift.on)} {name_of(shift.route)}" for shift in of.shifts]
    how = _("Reply C to confirm.") if of.unconfirmed else ""
    for count in range(len(listed), 0, -1):
        text = plain(f"{head} {first_of(listed, count, reader)}. {how}".rstrip())
        if segments(text + behind) == 1:
            return text
    return plain(f"{head} {len(listed)}. {how}".rstrip())


def line(facts: NewWeek, reader: Reader) -> str:
    """The same beside others in a digest."""
    _, of = reader.gettext, facts.week
    text = _("your shifts {week}: {shifts} (reply C)") if of.unconfirmed else _("your shifts {week}: {shifts}")
    shifts = ", ".join(f"{reader.weekday(weekday_of(shift.on))} {name_of(shift.route)}" for shift in of.shifts)
    return text.format(week=reader.week(of.monday), shifts=shifts or "0")
