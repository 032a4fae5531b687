"""What an SMS says of shifts that drivers give to each other (R5.5, R11.5). Pure."""

from bot.reader import Reader
from bot.screens.giving import sentence
from bot.screens.plain import name_of, plain
from domain.giving.queries import GivenAway
from domain.notices.facts.giving import GiveAwayAsked, GiveAwayEnded, ShiftGiven

Placed = GivenAway | GiveAwayAsked | GiveAwayEnded | ShiftGiven


def _what(facts: Placed, company: str, reader: Reader) -> dict[str, str]:
    return {
        "company": name_of(company),
        "route": name_of(facts.route),
        "warehouse": name_of(facts.warehouse),
        "day": reader.day(facts.on),
    }


def offered(facts: GivenAway, company: str, reader: Reader) -> str:
    text = reader.gettext("{company}: a colleague gives away {route} at {warehouse}, {day}. Open our Telegram bot.")
    return plain(text.format(**_what(facts, company, reader)))


def ended(notice: GiveAwayEnded, company: str, reader: Reader) -> str:
    return plain("{company}: {route}, {day}: ".format(**_what(notice, company, reader)) + sentence(notice, reader))


def asked(notice: GiveAwayAsked, company: str, reader: Reader) -> str:
    text = reader.gettext(
        "{company}: {taker} would take {route} at {warehouse}, {day}, from {giver}. Agree in our Telegram bot."
    )
    names = {"giver": name_of(notice.giver), "taker": name_of(notice.taker)}
    return plain(text.format(**names, **_what(notice, company, reader)))


def handed(notice: ShiftGiven, company: str, reader: Reader) -> str:
    text = reader.gettext("{company}: {taker} drives {route} at {warehouse}, {day}, instead of {giver}.")
    names = {"giver": name_of(notice.giver), "taker": name_of(notice.taker)}
    return plain(text.format(**names, **_what(notice, company, reader)))
