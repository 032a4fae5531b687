"""Where a notice stands with somebody, in a line: what the manager who waits for an answer reads."""

from datetime import datetime

from bot.callbacks.windows import AskedFor, WindowCard
from bot.reader import Reader
from bot.screens.paging import pager
from bot.screens.screen import Button, Screen, escape
from domain.db.models.words import Failure
from domain.notices.standings import Asked, Stage, Standing, Told


def line(told: Told, as_of: datetime, reader: Reader) -> str:
    """One person: his name, and how far it has come with him. HTML."""
    text = reader.said(f"<b>{escape(told.name)}</b>", _stands(told, as_of, reader))
    return reader.gettext("↪️ passed on to {person}").format(person=text) if told.passed_on else text


def _stands(told: Told, as_of: datetime, reader: Reader) -> str:
    _ = reader.gettext
    it = told.standing
    at = _moment(it.at, as_of, reader)
    texts = {
        Stage.WAITING: _("⏳ on its way"),
        Stage.HELD: _("🌙 waits until {at} (quiet hours)"),
        Stage.SENT: _("✔️ sent {at}, not seen yet"),
        Stage.SEEN: _("👀 seen, last active {at}"),
        Stage.ANSWERED: _("👍 answered {at}"),
        Stage.ACCEPTED: _("✅ accepted {at}"),
        Stage.DECLINED: _("🚫 not that day"),
        Stage.SMS_WAITING: _("⏳ goes by SMS"),
        Stage.SMS_HELD: _("🌙 SMS waits until {at} (quiet hours)"),
        Stage.FOR_DIGEST: _("⏳ waits for the day's SMS summary"),
        Stage.SMS_SENT: _("📱 by SMS {at}"),
        Stage.SMS_DELIVERED: _("📱 by SMS {at}, delivered"),
        Stage.SMS_UNKNOWN: _("❔ perhaps by SMS: nobody knows whether it arrived."),
        Stage.FAILED: _("❌ by SMS: {why}.") if it.telegram_at else _("❌ not delivered: {why}."),
        Stage.POINTLESS: _("➖ not sent: it had lost its point"),
        Stage.EXPIRED: _("➖ not sent in time"),
    }
    text = texts[it.stage].format(at=at, why=_why(it.failure, reader))
    if it.stage in (Stage.FAILED, Stage.SMS_UNKNOWN):
        text += " " + _call(told.phone, reader)
    before = _before(it, as_of, reader)
    return f"{before}; {text}" if before else text


_BY_SMS = (
    Stage.SMS_WAITING,
    Stage.SMS_HELD,
    Stage.FOR_DIGEST,
    Stage.SMS_SENT,
    Stage.SMS_DELIVERED,
    Stage.SMS_UNKNOWN,
    Stage.FAILED,
)


def _before(it: Standing, as_of: datetime, reader: Reader) -> str:
    """What Telegram has to do with it, where it went on by SMS, was seen or answered."""
    if it.telegram_at is not None and it.stage in _BY_SMS:
        return reader.gettext("sent {at}, no answer").format(at=_moment(it.telegram_at, as_of, reader))
    if it.telegram_at is not None and it.stage in (Stage.SEEN, Stage.ANSWERED):
        return reader.gettext("sent {at}").format(at=_moment(it.telegram_at, as_of, reader))
    if it.failure is not None and it.stage in _BY_SMS and it.stage is not Stage.FAILED:
        return _why(it.failure, reader)
    return ""


def _moment(at: datetime | None, as_of: datetime, reader: Reader) -> str:
    if at is None:
        return ""
    near = at.astimezone(reader.zone).date() == as_of.astimezone(reader.zone).date()
    return reader.moment(at, near=near)


def _why(failure: Failure | None, reader: Reader) -> str:
    _ = reader.gettext
    texts = {
        Failure.NO_CHAT: _("has no Telegram linked"),
        Failure.BLOCKED: _("can't be reached in Telegram"),
        Failure.NO_ANSWER: _("the network did not take it"),
        Failure.REFUSED: _("a fault on our side"),
        Failure.MISCONFIGURED: _("Rollcall isn't set up right, tell whoever runs it"),
        Failure.NO_PHONE: _("has no number that can be texted"),
        Failure.SMS_OFF: _("has turned SMS off"),
        Failure.OPTED_OUT: _("has texted STOP"),
        Failure.NO_SMS: _("SMS isn't set up here"),
        Failure.DAY_FULL: _("has had the most SMS that a day may bring"),
        Failure.BUDGET: _("this month's SMS are used up"),
        Failure.BAD_NUMBER: _("the number takes no SMS"),
        Failure.CARRIER: _("the phone company could not bring it"),
    }
    return texts[failure] if failure is not None else _("nobody knows why")


def _call(phone: str | None, reader: Reader) -> str:
    if phone is None:
        return reader.gettext("Reach them another way.")
    return reader.gettext("Call {phone}.").format(phone=escape(phone))


def as_of(at: datetime, reader: Reader) -> str:
    return reader.gettext("<i>As of {at}</i>").format(at=reader.time(at))


def asked(facts: Asked, reader: Reader) -> Screen:
    """Who was asked for a window, and how far it has come with each; a page of them."""
    _ = reader.gettext
    head = _("👥 <b>{route}, {warehouse}</b>, {day}: who was asked ({n})").format(
        route=escape(facts.route),
        warehouse=escape(facts.warehouse),
        day=reader.day(facts.on),
        n=facts.total,
    )
    lines = [line(told, facts.as_of, reader) for told in facts.told] or [_("Nobody yet.")]
    rows = (
        *pager(facts.page, facts.pages, lambda to: AskedFor(facts.window_id, to), reader),
        (Button(_("🔄 Refresh"), AskedFor(facts.window_id, facts.page)),),
        (Button(_("‹ Back to the offer"), WindowCard(facts.window_id)),),
    )
    return Screen("\n".join([head, "", *lines, "", as_of(facts.as_of, reader)]), rows)
