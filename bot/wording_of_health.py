"""Words what people are told of a driver's standing: hard stops, stars, and how much he delivers (R10)."""

from bot.reader import Reader
from domain.notices.facts.health import (
    Becomes,
    BonusAhead,
    DeliversTooLittle,
    PoolDecided,
    PoolLost,
    StarGained,
    StarsLost,
    ToReinstate,
)
from domain.notices.wording import Worded

OfHealth = PoolLost | PoolDecided | ToReinstate | StarsLost | StarGained | BonusAhead | DeliversTooLittle


def worded(notice: OfHealth, reader: Reader) -> Worded:
    _ = reader.gettext
    match notice:
        case PoolLost():
            why = reader.ngettext(
                "{n} late cancellation within {days} days.",
                "{n} late cancellations within {days} days.",
                notice.late_cancels,
            ).format(n=notice.late_cancels, days=notice.days)
            rest = _("You keep the shifts that you have. Your manager decides whether you get new ones.")
            return Worded(_("You get no new shifts for now"), f"{why} {rest}")
        case PoolDecided():
            return Worded(*decided(notice, reader))
        case ToReinstate():
            title = _("{driver} gets no new shifts: back or not?").format(driver=notice.driver)
            waits = reader.ngettext(
                "Nobody has decided for {n} hour.", "Nobody has decided for {n} hours.", notice.hours
            )
            asked = _("Please decide by {until}.").format(until=reader.moment(notice.decide_by))
            return Worded(title, waits.format(n=notice.hours) if notice.hours else asked)
        case StarsLost():
            had = reader.ngettext("You had {n} star.", "You had {n} stars.", notice.stars).format(n=notice.stars)
            return Worded(_("Your stars are gone"), f"{had} " + _("Each week that goes well earns a new one."))
        case StarGained():
            title = reader.ngettext("You have {n} star of {most}", "You have {n} stars of {most}", notice.stars)
            return Worded(
                title.format(n=notice.stars, most=notice.most),
                _("Every shift of the week done, and almost everything delivered. Well done!"),
            )
        case BonusAhead():
            title = _("All {n} stars: a bonus is in sight").format(n=notice.stars)
            text = _("With them you would get {percent}% more. That is a preview, not a promise of pay.")
            return Worded(title, text.format(percent=notice.percent))
        case DeliversTooLittle():
            text = _("You have delivered less than {wanted}% of what you loaded. Is something in the way? Tell us.")
            return Worded(_("More of your parcels should arrive"), text.format(wanted=notice.wanted))


def decided(notice: PoolDecided, reader: Reader) -> tuple[str, str]:
    """What became of a hard stop: in short, and why."""
    _ = reader.gettext
    reason = _("Reason: {reason}").format(reason=notice.reason) if notice.reason else ""
    back, for_now, out = (
        _("You get new shifts again"),
        _("You get new shifts again, for now"),
        _("You get no new shifts"),
    )
    match notice.becomes:
        case Becomes.REINSTATED:
            return back, _("{name} has put you back.").format(name=notice.by) + f" {reason}"
        case Becomes.KEPT_OUT:
            return out, _("{name} has decided so, until a manager puts you back.").format(name=notice.by) + f" {reason}"
        case Becomes.BACK_UNDECIDED:
            return for_now, _("Nobody has decided in time: it holds until somebody does.")
