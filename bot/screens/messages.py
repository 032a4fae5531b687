"""A manager's message: choosing to whom and how urgent, what its reader sees, and where it stands."""

from uuid import UUID

from bot.callbacks.home import GotIt
from bot.callbacks.messages import DiscardMessage, MessageStands, Recipients, SendMessage, WriteTo
from bot.reader import Reader
from bot.screens.home import home_button
from bot.screens.meant import nearly
from bot.screens.paging import pager
from bot.screens.screen import TEXT_MOST, Button, Screen, escape, shortened
from bot.screens.settings import listed
from bot.screens.standings import as_of, line
from domain.db.models.words import Urgency
from domain.notices.messages import Away, Draft
from domain.notices.received import Received
from domain.notices.recipients import Recipient
from domain.notices.standings import Sending
from domain.pages import cut
from domain.policy import Policy
from domain.refusals import Refusal

PER_PAGE = 8


def how_to_write(reader: Reader) -> Screen:
    """What /message wants, with an example."""
    return Screen(
        reader.gettext("Write to whom and what: /message Amara Osei: please call me before noon"),
        ((home_button(reader),),),
    )


def what_to_write(to: Recipient, reader: Reader) -> Screen:
    """He is named, and nothing else."""
    text = reader.gettext("✉️ What do you want to tell {name}? Write it now, in one message. Nothing is sent yet.")
    return Screen(text.format(name=escape(to.name)), ((home_button(reader),),))


def not_drafted(why: Refusal, written: str, policy: Policy, reader: Reader) -> Screen:
    """Why there is nothing to send yet, and how it goes."""
    _ = reader.gettext
    if why is Refusal.TEXT_TOO_LONG:
        text = _("That is too long: a message has at most {most} characters. Please shorten it and send it again.")
        return Screen(text.format(most=policy.message_most), ((home_button(reader),),))
    if why is Refusal.NO_TEXT:
        return how_to_write(reader)
    return Screen(_nobody(written.partition(":")[0].strip(), reader), ((home_button(reader),),))


def _nobody(name: str, reader: Reader) -> str:
    text = reader.gettext(
        "Nobody in your warehouses is called “{name}”. Check the spelling, or put a colon behind the name: "
        "/message Amara Osei: please call me"
    )
    return text.format(name=escape(name))


def choose(draft: Draft, page: int, reader: Reader) -> Screen:
    """Several are called so, or nobody is, but nearly: whom does he mean?"""
    _ = reader.gettext
    if not draft.found:
        near = [Button(_person(who), WriteTo(draft.message_id, who.id)) for who in draft.near]
        said, rows = nearly(_nobody(draft.sought, reader), near, reader)
        return Screen(said, (*rows, (_discard(draft, reader),)))
    some, page, pages = cut(draft.found, page, PER_PAGE)
    title = _("Several people are called “{name}”. To whom does it go?").format(name=escape(draft.sought))
    keys = [(Button(_person(who), WriteTo(draft.message_id, who.id)),) for who in some]
    turn = pager(page, pages, lambda to: Recipients(draft.message_id, to), reader)
    return Screen(title, (*keys, *turn, (_discard(draft, reader),)))


def _person(who: Recipient) -> str:
    """Namesakes are told apart by warehouse and the end of the phone number."""
    return f"{shortened(who.name, 30)}, {shortened(who.warehouse, 20)} (…{who.phone[-4:]})"


def preview(draft: Draft, to: Recipient, absence: Away | None, policy: Policy, reader: Reader) -> Screen:
    """What goes to whom, and the levels to choose from: pressing one sends it. `absence`: he is away (R11.4a)."""
    _ = reader.gettext
    head = _("✉️ To <b>{name}</b>, {warehouse}:").format(name=escape(to.name), warehouse=escape(to.warehouse))
    if absence is not None:
        head += "\n" + _absence(to, absence, reader)
    text = "\n\n".join(
        [head, escape(draft.text, TEXT_MOST), _("How urgent is it? Pressing sends it.") + "\n" + levels(policy, reader)]
    )
    send = [Button(label, SendMessage(draft.message_id, to.id, int(level))) for level, label in level_labels(reader)]
    return Screen(text, (tuple(send), (_discard(draft, reader),)))


def levels(policy: Policy, reader: Reader) -> str:
    """What each means."""
    _ = reader.gettext
    lines = [
        _("🔴 Urgent: rings at any hour; unanswered for {minutes} min, it goes by SMS.").format(
            minutes=_minutes(policy.urgent_within.total_seconds())
        ),
        _("🟠 Important: waits for quiet hours to end; unanswered for {minutes} min, it goes by SMS.").format(
            minutes=_minutes(policy.important_within.total_seconds())
        ),
        _("⚪ Normal: waits for quiet hours to end; without Telegram, in the day's SMS summary."),
    ]
    return "\n".join(lines)


def level_labels(reader: Reader) -> tuple[tuple[Urgency, str], ...]:
    _ = reader.gettext
    return (
        (Urgency.URGENT, _("🔴 Urgent")),
        (Urgency.IMPORTANT, _("🟠 Important")),
        (Urgency.NORMAL, _("⚪ Normal")),
    )


def _absence(to: Recipient, absence: Away, reader: Reader) -> str:
    _ = reader.gettext
    text = (
        _("🌴 {name} is away until {until}. It goes to {others} instead.")
        if absence.others
        else _("🌴 {name} is away until {until}, and nobody else is there: it goes to {name} all the same.")
    )
    others = listed([name for _id, name in absence.others], reader)
    return text.format(name=escape(to.name), until=reader.moment(absence.until), others=others)


def _minutes(seconds: float) -> int:
    return int(seconds // 60)


def _discard(draft: Draft, reader: Reader) -> Button:
    return discard_button(draft.message_id, reader)


def discard_button(message_id: UUID, reader: Reader) -> Button:
    return Button(reader.gettext("✖ Discard"), DiscardMessage(message_id))


def discarded(reader: Reader) -> Screen:
    return Screen(reader.gettext("Discarded: nobody has been told."), ((home_button(reader),),))


def gone(why: Refusal, reader: Reader) -> Screen:
    """A draft that can't be sent (any more)."""
    _ = reader.gettext
    if why is Refusal.RECIPIENT_GONE:
        text = _("That person isn't in your warehouses any more, so nothing was sent.")
    elif why in (Refusal.NOT_FOUND, Refusal.NOBODY_THERE):
        text = _("There is no driver of yours to write to, so nothing was sent.")
    else:
        text = _("I don't have that draft any more: drafts are kept for a day. Please write it again with /message.")
    return Screen(text, ((home_button(reader),),))


def sent_toast(already: bool, reader: Reader) -> str:
    return reader.gettext("It has been sent already.") if already else reader.gettext("On its way.")


def received(facts: Received, reader: Reader) -> Screen:
    """A message to its reader, or to a manager to whom it was passed on."""
    _ = reader.gettext
    parts = [_("✉️ <b>Message from {author}</b>").format(author=escape(facts.author)), escape(facts.text, TEXT_MOST)]
    if facts.to is not None:
        why = (
            _("It was written to {name}, who is away.")
            if facts.away
            else _("It was written to {name}, who has not answered.")
        )
        parts.append(why.format(name=escape(facts.to)))
    if facts.taken_by is not None and facts.taken_at is not None:
        parts.append(
            _("👍 {name} answered it first, at {at}.").format(
                name=escape(facts.taken_by), at=reader.time(facts.taken_at)
            )
        )
    if facts.answered:
        return Screen("\n\n".join([*parts, _("You have answered this.")]))
    done = facts.to is not None and facts.taken_by is not None
    return Screen("\n\n".join(parts), () if done else ((Button(_("👍 Got it"), GotIt(facts.message_id)),),))


def got_it_toast(first: bool | None, reader: Reader) -> str:
    _ = reader.gettext
    if first is None:
        return _("I can't find that message.")
    return _("Thank you, the author sees it.") if first else _("You have answered this.")


def head_of(level: Urgency, reader: Reader) -> str:
    """Of the author's card."""
    _ = reader.gettext
    return {
        Urgency.URGENT: _("🔴 <b>Your urgent message</b>"),
        Urgency.IMPORTANT: _("🟠 <b>Your important message</b>"),
    }.get(level, _("⚪ <b>Your message</b>"))


def sending(facts: Sending, reader: Reader) -> Screen:
    """To its author: what was written, to whom, and where it stands."""
    _ = reader.gettext
    head = head_of(facts.level, reader)
    if facts.instead_of is not None:
        head += "\n" + _("🌴 {name} is away, so it went to others.").format(name=escape(facts.instead_of))
    stands = [line(told, facts.as_of, reader) for told in facts.told]
    if facts.more:
        stands.append(_("and {n} more").format(n=facts.more))
    text = "\n\n".join([head, escape(facts.text, TEXT_MOST), "\n".join(stands), as_of(facts.as_of, reader)])
    return Screen(text, ((Button(_("🔄 Refresh"), MessageStands(facts.message_id)),),))
