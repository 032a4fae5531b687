"""Words what people are told of shifts that change hands (R5.5)."""

from bot.reader import Reader
from bot.screens.giving import sentence
from domain.notices.facts.giving import GiveAwayAsked, GiveAwayEnded, ShiftGiven, ShiftToGive
from domain.notices.wording import Worded

OfGiving = ShiftToGive | GiveAwayEnded | GiveAwayAsked | ShiftGiven


def worded(notice: OfGiving, reader: Reader) -> Worded:
    _ = reader.gettext
    place = {"route": notice.route, "warehouse": notice.warehouse}
    when = _("{day}, start {start}.").format(day=reader.day(notice.on), start=reader.time(notice.starts_at))
    match notice:
        case ShiftToGive():
            title = _("A colleague gives away {route}, {warehouse}").format(**place)
            return Worded(title, when + " " + _("Whoever takes it first has it."))
        case GiveAwayEnded():
            title = _("{route}, {warehouse}, {day}").format(**place, day=reader.day(notice.on))
            return Worded(title, sentence(notice, reader))
        case GiveAwayAsked():
            title = _("{taker} would take {route}, {warehouse} from {giver}")
            names = {"taker": notice.taker, "giver": notice.giver}
            return Worded(title.format(**place, **names), when + " " + _("Do you agree?"))
        case ShiftGiven():
            title = _("{taker} drives {route}, {warehouse}").format(**place, taker=notice.taker)
            return Worded(title, when + " " + _("{giver} gave the shift away.").format(giver=notice.giver))
