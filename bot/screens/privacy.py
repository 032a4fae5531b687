"""What is recorded about somebody, for how long, and who sees it (R12.6)."""

from datetime import date

from bot.callbacks.drivers import DriverCard
from bot.callbacks.privacy import ForgetDriverNow, SendMyData
from bot.reader import Reader
from bot.screens.drivers import gone
from bot.screens.home import home_button
from bot.screens.screen import Button, Document, Screen, escape
from domain.db.models.words import UserRole
from domain.people import drivers
from domain.policy import Policy
from domain.refusals import Refusal


def privacy(role: UserRole, policy: Policy, reader: Reader) -> Screen:
    """What `domain.people.cleaning` removes, and when, is said in its own numbers."""
    _ = reader.gettext
    drives = role is UserRole.DRIVER
    recorded = (
        _(
            "🔒 <b>What is recorded about you</b>\n"
            "• name, phone number, Telegram chat, language and settings\n"
            "• days and routes that you like, days off, shifts, bids and parcels\n"
            "• what went wrong with a shift, your score, stars, flags and appeals\n"
            "• what you were told, and what you wrote about a shift or in an appeal\n"
            "• who changed what, and when"
        )
        if drives
        else _(
            "🔒 <b>What is recorded about you</b>\n"
            "• name, phone number, Telegram chat, language and settings\n"
            "• your warehouses and routes\n"
            "• what you were told, what you wrote to people, and the reasons that you gave\n"
            "• what you changed or decided, and when"
        )
    )
    kept = _(
        "<b>For how long</b>\n"
        "Text messages (SMS): {sms} days. Invite links: {invites} days after they end. That a Telegram message was "
        "received: {updates} days. Codes in SMS end with their offer. The rest stays while you are with us, and after "
        "that as history."
    ).format(sms=policy.keep_sms_for.days, invites=policy.keep_invites_for.days, updates=policy.keep_updates_for.days)
    seen = (
        _(
            "<b>Who sees it</b>\n"
            "You, and managers of warehouses where you work, prefer a route or bid. Other drivers never see your phone "
            "number or your score; they learn your name only from a shift that you give away or take over. Telegram "
            "carries the messages, Twilio the SMS."
        )
        if drives
        else _(
            "<b>Who sees it</b>\n"
            "Other managers of your warehouses, and who runs the company. Drivers see your name on what you decide or "
            "write. Telegram carries the messages, Twilio the SMS."
        )
    )
    leaving = _(
        "<b>When you leave</b>\n"
        "Your chat is unlinked. On request your name, phone number and own words are removed, and your shifts stay "
        "without them."
    )
    parts = (recorded, kept, seen, *([leaving] if drives else []))
    return Screen("\n\n".join(parts), ((Button(_("📎 My data"), SendMyData()),), (home_button(reader),)))


def my_data(content: bytes, today: date, reader: Reader) -> Screen:
    text = reader.gettext(
        "📎 All that is recorded about you, as a file (JSON). Names and numbers of other drivers are left out."
    )
    return Screen(text, document=Document(f"rollcall-{today.isoformat()}.json", content))


def forget(facts: drivers.DriverCard, reader: Reader) -> Screen:
    """Before the last button."""
    _ = reader.gettext
    text = _(
        "🧹 <b>Remove the personal data of {name}?</b>\n"
        "Name, phone number, chat, codes and own words go, for good. Shifts, incidents and figures stay, as those of a "
        "former driver."
    )
    rows = (
        (Button(_("🧹 Yes, remove it for good"), ForgetDriverNow(facts.id)),),
        (Button(_("‹ Leave it"), DriverCard(facts.id)),),
    )
    return Screen(text.format(name=escape(facts.name)), rows)


def forgotten(why: Refusal | None, reader: Reader) -> str:
    """Done, or why not."""
    _ = reader.gettext
    texts = {
        None: _("Removed."),
        Refusal.STILL_EMPLOYED: _("Only after the last day: enter that first."),
        Refusal.STILL_HAS_SHIFTS: _("There are shifts to drive: give them to others first."),
    }
    return texts.get(why) or gone(reader)
