"""What an SMS says of appeals and excuses (R11.5). Pure."""

from bot.reader import Reader
from bot.screens import penalties
from bot.screens.plain import fitting, name_of, plain
from domain.health.appeal_cards import AppealCard
from domain.notices.facts.appeals import PenaltyDecided


def appealed(card: AppealCard, company: str, reader: Reader, behind: str = "") -> str:
    """To the manager; as much of the driver's words as fits."""
    text = reader.gettext("{company}: {driver} appeals ({what}). Decide by {until} in our Telegram bot.")
    what = {"company": name_of(company), "driver": name_of(card.driver), "until": reader.moment(card.decide_by)}
    return plain(text.format(**what, what=_what(card, reader)))


def decided(notice: PenaltyDecided, company: str, reader: Reader, behind: str = "") -> str:
    """To the driver; of the manager's words as much as fits."""
    _ = reader.gettext
    text = (
        _("{company}: {what} is excused and doesn't count any more. {reason}")
        if notice.excused
        else _("{company}: {what} still counts, says your manager. {reason}")
    )
    what = {"company": name_of(company), "what": _what(notice, reader)}
    return fitting(lambda reason: plain(text.format(**what, reason=reason)), plain(notice.reason), behind)


def _what(of: AppealCard | PenaltyDecided, reader: Reader) -> str:
    named = penalties.named(of.what, reader)
    return named if of.route is None or of.on is None else f"{named}, {name_of(of.route)}, {reader.day(of.on)}"
