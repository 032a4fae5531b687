"""Bringing in a driver: who he is, for which warehouse, and the link that he gets (R12.1, R12.2)."""

from datetime import datetime
from typing import Final

from bot.callbacks.callback import Callback
from bot.callbacks.drivers import DriverCard
from bot.callbacks.inviting import AskWhom, InviteTo, InviteWhere, NewTo, NewWhere
from bot.reader import Reader
from bot.screens.home import home_button
from bot.screens.paging import warehouse_rows
from bot.screens.screen import Button, Screen, escape, shortened
from domain.people.inviting import HereAlready, Invited, JustMade, Newcomer
from domain.people.queries import Person
from domain.refusals import Refusal
from domain.schedule.queries import Place

LABEL_MOST: Final = 40


def ask_whom(reader: Reader) -> Screen:
    text = reader.gettext(
        "<b>Whom do you invite?</b>\nWrite name and phone number, like: Amara Osei 416 555 0101\n"
        "For many at once, send me a file (CSV) with the columns: first name, last name, phone, warehouse."
    )
    return Screen(text, ((home_button(reader),),))


def refusal(why: Refusal, reader: Reader) -> str:
    """Why nobody was entered, and the next step. At most 200 characters."""
    _ = reader.gettext
    texts = {
        Refusal.BAD_NAME: _("I need a first and a last name, like: Amara Osei 416 555 0101"),
        Refusal.BAD_PHONE: _("I can't read a phone number in that. Write it like: Amara Osei 416 555 0101"),
        Refusal.PHONE_TAKEN: _("That number belongs to somebody else already. Is it right? Write it again."),
    }
    return texts.get(why, _("I can't find that among your warehouses and people."))


def refused(why: Refusal, reader: Reader) -> Screen:
    """The same as an answer to what was typed."""
    return Screen(refusal(why, reader), ((home_button(reader),),))


def here_already(facts: HereAlready, reader: Reader) -> Screen:
    text = reader.gettext("<b>{name}</b> has that number, and is one of your drivers already.")
    card = Button(shortened(f"👤 {facts.name}", LABEL_MOST), DriverCard(facts.user_id))
    return Screen(text.format(name=escape(facts.name)), ((card, home_button(reader)),))


def who_is_it(facts: Newcomer, of: int, reader: Reader) -> Screen:
    """The number was that of somebody who has left: it may be his still, or that of somebody new by now."""
    _ = reader.gettext
    former = facts.name.whole
    text = _(
        "<b>Whose number is {phone} now?</b>\nIt was that of {name}, who has driven here before. "
        "Carriers give old numbers to other people."
    )
    lines = [text.format(phone=escape(facts.phone), name=escape(former))]
    rows = [(Button(shortened(_("👤 It is {name}").format(name=former), LABEL_MOST), InviteWhere(of, 0)),)]
    if facts.as_new is None:
        lines.append(_("If it is somebody new, write the first and last name with the number."))
    else:
        new = _("🆕 Somebody new: {name}").format(name=facts.as_new.whole)
        rows.append((Button(shortened(new, LABEL_MOST), NewWhere(of, 0)),))
    return Screen("\n".join(lines), (*rows, _written_again(reader)))


def _written_again(reader: Reader) -> tuple[Button, ...]:
    return (Button(reader.gettext("✏️ Write it again"), AskWhom()), home_button(reader))


def proposed(
    facts: Newcomer, warehouses: tuple[Place, ...], page: int, of: int, reader: Reader, *, as_new: bool = False
) -> Screen:
    """Before the last button, which says for which warehouse, and `of` whom: another may be proposed below it.

    `as_new`: not who had the number before.
    """
    _ = reader.gettext
    new = facts.as_new if as_new else None
    title = _("<b>Invite {name}?</b>").format(name=escape((new or facts.name).whole))
    lines = [title, "📞 " + escape(facts.phone)]
    if new is not None:
        lines.append(
            _("Somebody new. {name} has the number no longer, and keeps all else that was.").format(
                name=escape(facts.name.whole)
            )
        )
    elif facts.comes_back is not None:
        lines.append(_("Has driven here before, and comes back with what was."))
    if warehouses:
        lines.append(_("For which warehouse? From today on."))
    else:
        lines.append(_("You manage no warehouse yet: /warehouses"))

    def to(each: Place) -> Callback:
        return NewTo(each.id, of) if new else InviteTo(each.id, of)

    def where(number: int) -> Callback:
        return NewWhere(of, number) if new else InviteWhere(of, number)

    rows = warehouse_rows(warehouses, page, to, where, reader, mark="✅ ")
    return Screen("\n".join(lines), (*rows, _written_again(reader)))


def ask_number(driver: Person, reader: Reader) -> Screen:
    _ = reader.gettext
    text = _("Which number does <b>{name}</b> have now, instead of {phone}? Write it.")
    name, phone = f"{driver.first_name} {driver.last_name}", escape(driver.phone)
    return Screen(text.format(name=escape(name), phone=phone), ((Button(_("‹ Leave it"), DriverCard(driver.id)),),))


def over(reader: Reader) -> Screen:
    """An old button: what was written is gone."""
    _ = reader.gettext
    text = _("That was too long ago. Please begin again.")
    return Screen(text, ((Button(_("➕ Invite a driver"), AskWhom()), home_button(reader)),))


def invited(result: Invited, reader: Reader) -> Screen:
    _ = reader.gettext
    text = _("👤 <b>{name} drives for {warehouse} from today on.</b>\nForward the next message: it is shown only once.")
    card = Button(shortened(f"👤 {result.name.whole}", LABEL_MOST), DriverCard(result.user_id))
    more = Button(_("➕ Invite a driver"), AskWhom())
    names = {"name": escape(result.name.whole), "warehouse": escape(result.home.name)}
    return Screen(text.format(**names), ((card,), (more, home_button(reader))))


def just_made(facts: JustMade, reader: Reader) -> str:
    """At most 200 characters: a link can't be shown again."""
    _ = reader.gettext
    if facts.own:
        return _("The link was just made: it is here in the chat, in a message of its own.")
    return _(
        "Somebody else has just made a link for this driver. If you need your own, press again in a moment; "
        "theirs is void then."
    )


def link(first_name: str, company: str, address: str, until: datetime, reader: Reader) -> Screen:
    """To be forwarded: it reads by itself."""
    text = reader.gettext(
        "Hello {name}! {company} gives out its shifts by Telegram. Open this link on your phone and press Start:\n"
        "{address}\nIt works once, until {until}."
    )
    given = {"name": escape(first_name), "company": escape(company), "until": reader.moment(until)}
    return Screen(text.format(address=escape(address, 200), **given))
