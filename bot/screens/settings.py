"""How somebody wants to be reached, and a manager's absence."""

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Final

from bot.callbacks.privacy import OpenPrivacy
from bot.callbacks.settings import (
    ChooseLanguage,
    ChooseQuietHours,
    ChooseSms,
    ChooseWakeMe,
    GoAway,
    NewNumber,
    OpenAway,
)
from bot.reader import LANGUAGES, Reader
from bot.screens.home import home_button
from bot.screens.paging import side_by_side
from bot.screens.screen import Button, Screen, escape
from domain.db.models.words import UserRole
from domain.people.contact import Absence, AwayFor, Contact, StandIns
from domain.policy import Policy, QuietHours
from domain.refusals import Refusal

NAMES: Final = {"en": "English", "fr": "Français"}  # each in itself: who can't read the rest finds his own
LISTED_MOST = 10  # warehouses
UNREAD_MOST: Final = 100
NAMES_MOST = 3  # of each

Row = tuple[Button, ...]


def settings(facts: Contact, sms_here: bool, our_number: str | None, policy: Policy, reader: Reader) -> Screen:
    """The settings as they stand, each with the choices that change anything.

    `sms_here`: the company sends SMS at all; `our_number`: from where, if that is always the same.
    """
    drives = facts.role is UserRole.DRIVER
    lines = [
        f"⚙️ <b>{reader.gettext('Settings')}</b>",
        _sms(facts, sms_here, our_number, reader),
        _quiet(facts, policy, reader),
        *([_wake(facts, reader)] if drives else []),
    ]
    rows = [_languages(reader), *_quiet_choices(facts, policy, reader)]
    if sms_here and not facts.opted_out:
        rows.insert(1, _sms_choices(facts, reader))
    if drives:
        rows.append(_wake_choices(facts, reader))
    else:
        rows.append((Button(reader.gettext("🌴 I'm going away…"), OpenAway()),))
    rows.append((Button(reader.gettext("📱 My number changed"), NewNumber()),))
    rows.append((Button(reader.gettext("🔒 What is recorded about me"), OpenPrivacy()),))
    return Screen("\n\n".join(lines), (*rows, (home_button(reader),)))


def _chosen(text: str, chosen: bool) -> str:
    return ("• " if chosen else "") + text


def _languages(reader: Reader) -> Row:
    return tuple(
        Button(_chosen(NAMES[language], language == reader.language), ChooseLanguage(number))
        for number, language in enumerate(LANGUAGES)
    )


def _sms(facts: Contact, sms_here: bool, our_number: str | None, reader: Reader) -> str:
    _ = reader.gettext
    if not sms_here:
        return _("💬 <b>SMS</b>: not set up here yet. Telegram alone tells you what is up.")
    if facts.opted_out and our_number is not None:
        text = _("💬 <b>SMS: stopped</b>. You have texted STOP. To get SMS again, text START to {number}.")
        return text.format(number=escape(our_number))
    if facts.opted_out:
        return _("💬 <b>SMS: stopped</b>. You have texted STOP. To get SMS again, text START to our number.")
    if not facts.sms:
        return _("💬 <b>SMS: off</b>. Telegram alone tells you what is up.")
    text = _("💬 <b>SMS: on</b>. What Telegram can't bring, or what is pressing and stays unread, comes to {phone}.")
    return text.format(phone=escape(facts.phone))


def _sms_choices(facts: Contact, reader: Reader) -> Row:
    on, off = reader.gettext("SMS on"), reader.gettext("SMS off")
    return Button(_chosen(on, facts.sms), ChooseSms(1)), Button(_chosen(off, not facts.sms), ChooseSms(0))


def _quiet(facts: Contact, policy: Policy, reader: Reader) -> str:
    _ = reader.gettext
    begins, ends = facts.quiet.begins, facts.quiet.ends
    if begins is None or ends is None:
        return _(
            "🌙 <b>Quiet hours: {start} to {end}</b>, till {free} on days without a shift. "
            "What can wait comes after that."
        ).format(
            start=_clock(policy.quiet_from, reader),
            end=_clock(policy.quiet_until, reader),
            free=_clock(policy.quiet_until_when_free, reader),
        )
    if begins == ends:
        return _("🌙 <b>No quiet hours</b>. Everything rings, at night too.")
    return _("🌙 <b>Quiet hours: {start} to {end}</b>. What can wait comes after that.").format(
        start=_clock(begins, reader), end=_clock(ends, reader)
    )


def _quiet_choices(facts: Contact, policy: Policy, reader: Reader) -> list[Row]:
    buttons = [
        Button(
            _chosen(_hours(choice, policy, reader), choice == facts.quiet),
            ChooseQuietHours(number),
        )
        for number, choice in enumerate(policy.quiet_choices)
    ]
    return side_by_side(buttons, 2)


def _hours(choice: QuietHours, policy: Policy, reader: Reader) -> str:
    _ = reader.gettext
    begins, ends = choice.begins, choice.ends
    if begins is None or ends is None:
        begins, ends = policy.quiet_from, policy.quiet_until
    elif begins == ends:
        return _("No quiet hours")
    return f"🌙 {_clock(begins, reader)}–{_clock(ends, reader)}"


def _wake(facts: Contact, reader: Reader) -> str:
    _ = reader.gettext
    if facts.wake_me:
        return _("🚨 <b>Wake me: on</b>. Emergency offers ring in your quiet hours, too.")
    return _("🚨 <b>Wake me: off</b>. In your quiet hours emergency offers come without a sound.")


def _wake_choices(facts: Contact, reader: Reader) -> Row:
    on, off = reader.gettext("Wake me"), reader.gettext("Let me sleep")
    return Button(_chosen(on, facts.wake_me), ChooseWakeMe(1)), Button(_chosen(off, not facts.wake_me), ChooseWakeMe(0))


def _clock(at: time, reader: Reader) -> str:
    return reader.time(datetime.combine(date(2000, 1, 1), at, reader.zone))


def away(facts: Absence, policy: Policy, reader: Reader, unread: str = "") -> Screen:
    """A manager's absence: till when, and who gets his notices meanwhile, by warehouse (R11.4a).

    `unread`: what stood behind the command, where nothing is read.
    """
    _ = reader.gettext
    if facts.until is None:
        head = _("🌴 <b>Going away?</b>\nWhile you're away, your notices go to the others of your warehouses:")
    else:
        head = _("🌴 <b>You're away until {until}.</b>\nTill then your notices go to the others of your warehouses:")
        head = head.format(until=reader.moment(facts.until))
    lines = [_stand_ins(each, reader) for each in sorted(facts.warehouses, key=lambda each: bool(each.names))]
    if (more := len(lines) - LISTED_MOST) > 0:
        lines[LISTED_MOST:] = [reader.ngettext("… and {n} warehouse", "… and {n} warehouses", more).format(n=more)]
    if not lines:
        head, lines = _("You have no warehouse yet. Ask whoever runs Rollcall here to give you one."), []
    if unread:
        said = _("I don't read what stands behind /away (“{text}”): press below until when.")
        head = said.format(text=escape(unread, UNREAD_MOST)) + "\n\n" + head
    at = _clock(policy.away_ends, reader)
    rows: list[Row] = [
        (Button(_("Until tomorrow {time}").format(time=at), GoAway(AwayFor.TOMORROW)),),
        (Button(_("Until Monday {time}").format(time=at), GoAway(AwayFor.MONDAY)),),
        (Button(_("For two weeks"), GoAway(AwayFor.LONG)),),
    ]
    if facts.until is not None:
        rows.insert(0, (Button(_("👋 I'm back"), GoAway(AwayFor.BACK)),))
    return Screen("\n".join((head, *lines)), (*rows, (home_button(reader),)))


def _stand_ins(this: StandIns, reader: Reader) -> str:
    _ = reader.gettext
    warehouse = escape(this.warehouse)
    if this.names:
        return reader.said(f"<b>{warehouse}</b>", listed(this.names, reader))
    if this.others:
        text = _("⚠️ <b>{warehouse}</b>: its other managers are away too, so its notices still come to you.")
    else:
        text = _("⚠️ <b>{warehouse}</b>: it has no other manager, so its notices still come to you.")
    return text.format(warehouse=warehouse)


def listed(names: Sequence[str], reader: Reader) -> str:
    """Some of those who stand in, and how many more do. HTML."""
    some, more = ", ".join(escape(name) for name in names[:NAMES_MOST]), len(names) - NAMES_MOST
    return some + (reader.ngettext(" and {n} more", " and {n} more", more).format(n=more) if more > 0 else "")


def back(reader: Reader) -> str:
    return reader.gettext("Welcome back! Your notices come to you again.")


def refusal(why: Refusal, reader: Reader) -> str:
    """Why nothing was changed."""
    _ = reader.gettext
    texts = {
        Refusal.NOT_A_DRIVER: _("That is for drivers."),
        Refusal.NOT_A_MANAGER: _("That is for managers."),
    }
    return texts.get(why, _("That isn't one of the choices. Please use the buttons below."))
