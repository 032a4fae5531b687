"""A manager's message to many: to whom, whether he is sure, how far it has come, and who has not seen it."""

from typing import Final

from bot.callbacks.messages import (
    MessageStands,
    SendToMany,
    ToManyPreview,
    ToManySure,
    UnseenBy,
    WriteToAll,
    WriteToWarehouse,
)
from bot.reader import Reader
from bot.screens.home import home_button
from bot.screens.messages import discard_button, head_of, level_labels, levels, sending
from bot.screens.paging import pager
from bot.screens.screen import TEXT_MOST, Button, Screen, escape, shortened
from bot.screens.standings import as_of, line
from domain.db.models.words import Urgency
from domain.notices.broadcasts import Audience, ToMany
from domain.notices.spreading import Spread, Unseen
from domain.notices.standings import Sending
from domain.policy import Policy
from domain.refusals import Refusal
from domain.schedule.queries import Place

PER_PAGE: Final = 10
WAREHOUSES_MOST: Final = 20
NAME_MOST: Final = 40


def choose(warehouses: tuple[Place, ...], reader: Reader) -> Screen:
    """/message alone: how to write to one person, and the many to choose from."""
    _ = reader.gettext
    text = _("Write to whom and what: /message Amara Osei: please call me before noon")
    many = _("Or choose below who is to read it. Nothing is sent before you have seen it.")
    rows = [
        (
            Button(
                _("📣 Drivers of {warehouse}").format(warehouse=shortened(each.name, NAME_MOST)),
                WriteToWarehouse(each.id),
            ),
        )
        for each in warehouses[:WAREHOUSES_MOST]
    ]
    if len(warehouses) > 1:
        rows.append((Button(_("📣 All my drivers"), WriteToAll()),))
    return Screen(f"{text}\n\n{many}" if rows else text, (*rows, (home_button(reader),)))


def _to(audience: Audience, reader: Reader) -> str:
    """To whom, and how many they are. HTML."""
    _ = reader.gettext
    if audience.warehouse is None:
        text = reader.ngettext("all your drivers: {n}", "all your drivers: {n}", audience.drivers)
    else:
        text = reader.ngettext("{n} driver of {warehouse}", "{n} drivers of {warehouse}", audience.drivers)
    return text.format(n=audience.drivers, warehouse=escape(audience.warehouse or ""))


def what_to_write(to: Audience, reader: Reader) -> Screen:
    _ = reader.gettext
    text = _("📣 What do you want to tell them ({whom})? Write it now, in one message. Nothing is sent yet.")
    return Screen(text.format(whom=_to(to, reader)), ((home_button(reader),),))


def preview(draft: ToMany, policy: Policy, reader: Reader, *, asked: int | None = None) -> Screen:
    """The text, who would get it, and the levels to choose from; nothing is sent by them.

    `asked`: how many they were when he pressed the last button, where they are others by now.
    """
    _ = reader.gettext
    head = _("📣 To <b>{whom}</b>").format(whom=_to(draft.to, reader))
    if draft.to.by_sms:
        without = reader.ngettext(
            "{n} of them has no Telegram and gets an SMS.",
            "{n} of them have no Telegram and get an SMS.",
            draft.to.by_sms,
        )
        head += "\n" + without.format(n=draft.to.by_sms)
    parts = [] if asked is None else [_not_sent(asked, draft.to.drivers, reader)]
    parts += [head, escape(draft.text, TEXT_MOST), _("How urgent is it?") + "\n" + levels(policy, reader)]
    keys = tuple(Button(label, ToManySure(draft.message_id, int(level))) for level, label in level_labels(reader))
    return Screen("\n\n".join(parts), (keys, (discard_button(draft.message_id, reader),)))


def _not_sent(asked: int, now: int, reader: Reader) -> str:
    """Before the preview, once more."""
    text = reader.gettext(
        "⚠️ <b>Nothing was sent.</b> The number of drivers has changed since you were asked: it was {before}, now {now}."
    )
    return text.format(before=asked, now=now)


def sure(draft: ToMany, level: Urgency, reader: Reader) -> Screen:
    """Before the last button."""
    _ = reader.gettext
    name = dict(level_labels(reader)).get(level, "")
    head = _("<b>Send this now?</b>\n{level}, to {whom}").format(level=name, whom=_to(draft.to, reader))
    send = reader.ngettext("📣 Send it to {n} driver", "📣 Send it to {n} drivers", draft.to.drivers)
    rows = (
        (Button(send.format(n=draft.to.drivers), SendToMany(draft.message_id, int(level), draft.to.drivers)),),
        (Button(_("‹ Another level"), ToManyPreview(draft.message_id)), discard_button(draft.message_id, reader)),
    )
    return Screen(f"{head}\n\n{escape(draft.text, TEXT_MOST)}", rows)


def not_drafted(why: Refusal, policy: Policy, reader: Reader) -> Screen:
    """Why there is nothing to send (yet)."""
    _ = reader.gettext
    texts = {
        Refusal.TEXT_TOO_LONG: _("That is over {n} characters. Please write it again, a bit shorter."),
        Refusal.NO_TEXT: _("There is nothing to send."),
    }
    text = texts.get(why, _("There is no driver of yours to write to, so nothing was sent."))
    return Screen(text.format(n=policy.message_most), ((home_button(reader),),))


def author_card(facts: Sending | Spread, reader: Reader) -> Screen:
    """To its author: what was written, to whom, and where it stands."""
    return _spread(facts, reader) if isinstance(facts, Spread) else sending(facts, reader)


def _spread(facts: Spread, reader: Reader) -> Screen:
    _ = reader.gettext
    to = Audience(None, facts.warehouse, facts.total, 0)
    head = f"{head_of(facts.level, reader)}\n" + _("📣 To <b>{whom}</b>").format(whom=_to(to, reader))
    stands = [
        _("👀 Seen: {n}").format(n=facts.seen),
        _("✔️ Sent, not seen yet: {n}").format(n=facts.brought),
        *([_("⏳ On its way: {n}").format(n=facts.waiting)] if facts.waiting else []),
        *([_("❌ Not delivered: {n}").format(n=facts.failed)] if facts.failed else []),
    ]
    text = "\n\n".join([head, escape(facts.text, TEXT_MOST), "\n".join(stands), as_of(facts.as_of, reader)])
    unseen = facts.total - facts.seen
    label = _("👥 Who hasn't seen it ({n})").format(n=unseen)
    rows = [(Button(label, UnseenBy(facts.message_id, 0)),)] if unseen else []
    return Screen(text, (*rows, (Button(_("🔄 Refresh"), MessageStands(facts.message_id)),)))


def unseen(facts: Unseen, reader: Reader) -> Screen:
    """A page of those who have not, by name, and how far it has come with each."""
    _ = reader.gettext
    head = _("👥 <b>Not seen yet: {n}</b>").format(n=facts.total)
    lines = [line(told, facts.as_of, reader) for told in facts.told] or [_("Everybody has seen it.")]
    rows = (
        *pager(facts.page, facts.pages, lambda to: UnseenBy(facts.message_id, to), reader),
        (Button(_("🔄 Refresh"), UnseenBy(facts.message_id, facts.page)),),
        (Button(_("‹ The message"), MessageStands(facts.message_id)), home_button(reader)),
    )
    return Screen("\n".join([head, "", *lines, "", as_of(facts.as_of, reader)]), rows)
