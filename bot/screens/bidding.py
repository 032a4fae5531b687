"""Offers to a driver, and the answers to his presses."""

from bot.callbacks import Accept, NotToday
from bot.reader import Reader
from bot.screens.home import home_button
from bot.screens.places import directions
from bot.screens.screen import Button, Screen, escape
from domain.bidding.offers import Offer
from domain.bidding.rules import AcceptDecision, AlreadyYours, Award
from domain.coverage.actions import Declined
from domain.refusals import Refusal, Refused
from domain.shifts.queries import OwnShift


def offer(facts: Offer, reader: Reader) -> Screen:
    """An emergency or instant offer as it stands now: open, his, taken, declined or over."""
    _ = reader.gettext
    route, warehouse = escape(facts.route), escape(facts.warehouse)
    what = {"route": route, "warehouse": warehouse, "day": reader.day(facts.on), "start": reader.time(facts.starts_at)}
    if facts.mine:
        return won(facts, reader)
    if facts.taken:
        text = _(
            "☑️ <b>{route}, {warehouse} is taken</b>\n{day}, start {start}\n\n"
            "Somebody was quicker. Thank you for looking!"
        )
        return Screen(text.format(**what), ((home_button(reader),),))
    if not facts.open:
        text = _("⚪ <b>{route}, {warehouse}</b>\n{day}, start {start}\n\nThis offer is over.")
        return Screen(text.format(**what), ((home_button(reader),),))
    if facts.busy:
        text = _("📌 <b>{route}, {warehouse}</b>\n{day}, start {start}\n\nYou have a shift that day already.")
        return Screen(text.format(**what), ((home_button(reader),),))
    if facts.declined:
        return Screen(
            _(
                "👌 All right, not on {day}. You won't be asked again for that day.\n\n"
                "{route}, {warehouse} is still open."
            ).format(**what),
            ((Button(_("I can after all"), Accept(facts.window_id)),), (home_button(reader),)),
        )
    lines = [_("🚨 <b>{route}, {warehouse} needs a driver</b>\n{day}, start {start}").format(**what)]
    if facts.bonus_percent:
        lines.append(_("💰 Bonus: <b>+{bonus}%</b>").format(bonus=facts.bonus_percent))
    lines.append(
        _(
            "Be at {address} by <b>{arrive_by}</b>, or within {minutes} minutes of accepting if that is later.\n"
            "Whoever accepts first has it; open until {until}."
        ).format(
            address=escape(facts.address),
            arrive_by=reader.moment(facts.arrive_by, near=facts.is_today),
            minutes=int(facts.arrive_within.total_seconds() // 60),
            until=reader.moment(facts.closes_at, near=facts.is_today),
        )
    )
    return Screen(
        "\n\n".join(lines),
        (
            (
                Button(_("✅ Accept"), Accept(facts.window_id)),
                Button(_("Not today") if facts.is_today else _("Not that day"), NotToday(facts.window_id)),
            ),
        ),
    )


def won(facts: Offer | OwnShift, reader: Reader) -> Screen:
    """The shift is his."""
    text = reader.gettext(
        "✅ <b>It's yours: {route}, {warehouse}</b>\n{day}, start {start}\n\nBe at {address} by <b>{arrive_by}</b>."
    ).format(
        route=escape(facts.route),
        warehouse=escape(facts.warehouse),
        day=reader.day(facts.on),
        start=reader.time(facts.starts_at),
        address=escape(facts.address),
        arrive_by=reader.moment(facts.arrive_by),
    )
    return Screen(text, ((directions(facts.warehouse, facts.address, reader),), (home_button(reader),)))


def accepted(result: AcceptDecision, reader: Reader) -> str:
    """The short answer that appears over the chat; the card below tells the rest. At most 200 characters."""
    _ = reader.gettext
    match result:
        case Award(arrive_by=arrive_by):
            return _("It's yours. Be there by {arrive_by}.").format(arrive_by=reader.moment(arrive_by))
        case AlreadyYours():
            return _("You already have this one.")
        case Refused(why=why):
            return refusal(why, reader)


def refusal(why: Refusal, reader: Reader) -> str:
    """Why he can't take a shift, and what he can do about it."""
    _ = reader.gettext
    texts = {
        Refusal.TAKEN: _("Already taken: somebody was quicker."),
        Refusal.CLOSED: _("This offer is over."),
        Refusal.NOT_A_DRIVER: _("Only drivers can take a shift."),
        Refusal.NOT_EMPLOYED: _("You're not on the list of drivers for that day. Ask your manager."),
        Refusal.AWAY: _("You have that day off. Ask your manager if that has changed."),
        Refusal.WAREHOUSE_NOT_HIS: _("That warehouse isn't one of yours. Ask your manager to add it."),
        Refusal.FLAGGED: _("You can't take new shifts at the moment. Your manager can tell you why, and what helps."),
        Refusal.OUT_OF_POOL: _("You can't take new shifts until your manager has decided. Please get in touch."),
        Refusal.LEFT_THIS_SLOT: _("You gave this shift up before, so it goes to somebody else."),
        Refusal.ON_SHIFT: _("You're on a shift right now."),
        Refusal.BUSY: _("You have a shift that day already."),
        Refusal.AT_CAP: _("You've reached your shifts for that week. Your manager can allow one more."),
    }
    return texts.get(why, _("That offer isn't there any more."))


def declined(result: Declined | Refused, reader: Reader) -> str:
    if isinstance(result, Refused):
        return refusal(result.why, reader)
    return reader.gettext("All right, no more offers for that day.")
