"""Whose chat this is: who is not known yet, links and contacts, and a chat that was left (R12.2)."""

from bot.reader import Reader
from bot.screens.home import home_button
from bot.screens.screen import NoButtonBelow, Screen, ShareNumber, escape
from domain.db.models.words import UserRole


def link_moved(_facts: object, reader: Reader) -> Screen:
    """To the chat that a person was linked from before (R12.2)."""
    return Screen(
        reader.gettext(
            "Your account was just linked from another Telegram account, so this chat no longer gets your messages.\n\n"
            "If that wasn't you, tell your manager now."
        )
    )


def stranger(company: str, reader: Reader) -> Screen:
    """To somebody whom we don't know: what this is, and the next step. It tells nothing of who exists (R12.2)."""
    return Screen(
        reader.gettext(
            "This is the shift bot of {company}.\n\nTo use it, open the invite link that your manager sent you, "
            "or press “Share my number” below. Doesn't it work? Ask your manager for a new link."
        ).format(company=escape(company)),
        below=_share(reader),
    )


def _share(reader: Reader) -> ShareNumber:
    return ShareNumber(reader.gettext("📱 Share my number"))


def contact_refused(reader: Reader, *, known: bool) -> Screen:
    """One answer for somebody else's contact and for numbers that we can't go by; it tells nothing of who exists."""
    _ = reader.gettext
    if known:
        text = _(
            "This chat stays linked as it is. Only your own contact counts here, with the number that your manager has "
            "of you."
        )
        return Screen(text, ((home_button(reader),),))
    text = _(
        "I can't link you by this contact. Share your own with the button below. If your manager has another number of "
        "yours, ask for an invite link."
    )
    return Screen(text, below=_share(reader))


def share_number(role: UserRole, reader: Reader) -> Screen:
    """Somebody has another number: Telegram tells it best (R12.7). Of a driver's his managers are told."""
    _ = reader.gettext
    text = (
        _("Press the button below: Telegram tells me your number, and your manager reads it.")
        if role is UserRole.DRIVER
        else _("Press the button below: Telegram tells me your number.")
    )
    return Screen(text, below=_share(reader))


def number_is_new(phone: str, told: int, reader: Reader) -> Screen:
    """`told`: how many managers know of it."""
    _ = reader.gettext
    text = (
        _("📱 Your number is {phone} from now on. Your manager knows; codes in older SMS no longer work.")
        if told
        else _("📱 Your number is {phone} from now on; codes in older SMS no longer work.")
    )
    return Screen(text.format(phone=escape(phone)), below=NoButtonBelow())


def linked(reader: Reader) -> Screen:
    """The chat is his; the button below the text field goes."""
    return Screen(reader.gettext("👋 Welcome! This chat is linked to you now."), below=NoButtonBelow())


def linked_already(reader: Reader) -> Screen:
    return Screen(reader.gettext("👍 This chat is linked to you already."), below=NoButtonBelow())


def link_refused(reader: Reader, *, known: bool) -> Screen:
    """One answer for links that are unknown, used up or expired; who is linked already needs none."""
    return Screen(
        reader.gettext("This link doesn't work any more. Ask your manager for a new one."),
        ((home_button(reader),),) if known else (),
        below=None if known else _share(reader),
    )


def chat_is_anothers(reader: Reader) -> Screen:
    return Screen(
        reader.gettext(
            "This Telegram account is linked to another person already. Open the link from your own account, "
            "or ask your manager."
        ),
        ((home_button(reader),),),
    )
