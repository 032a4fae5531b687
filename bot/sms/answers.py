"""OK, HELP, STOP, and whatever is not understood (R11.5, R11.6)."""

from sqlalchemy import DateTime, Text

from bot.reader import Reader
from bot.screens import sms_answers
from bot.sms.shifts import confirmed
from bot.sms.texter import Texting
from domain.db.sql import sql
from domain.notices import queries as notices
from domain.notices.actions import acknowledge
from domain.notices.kinds import ASKS_TO_CONFIRM
from domain.people import consent


async def ok(this: Texting) -> str | None:
    """Answers what was texted last; to whatever was told before, to have been heard is enough (R11.2).

    If that asked for a confirmation, it is one (R11.6).
    """
    if (last := await notices.last_texted(this.session, [person.id for person in this.people])) is not None:
        await acknowledge(this.session, last.user_id, last.kind, last.about, this.now)
        asked = next((person for person in this.people if person.id == last.user_id), None)
        if last.kind in ASKS_TO_CONFIRM and asked is not None:
            return await confirmed(this, asked, last.about)
    return sms_answers.noted(this.company, this.reader)


async def help_(this: Texting) -> str | None:
    return None if this.texted.by_twilio else sms_answers.help_(this.drives, this.company, this.reader)


async def opt_out(this: Texting) -> str | None:
    """Confirmed once, unless Twilio has done so; who says it in French reads it in French."""
    first = await consent.opt_out(this.session, this.incoming.phone, this.edge.words, this.edge.policy, this.now)
    if not first or this.texted.by_twilio:
        return None
    french = Reader("fr", this.edge.policy.zone) if this.texted.language == "fr" else this.reader
    return sms_answers.opted_out(this.company, french)


async def opt_in(this: Texting) -> str | None:
    """Twilio answers it."""
    await consent.opt_in(this.session, this.incoming.phone, this.now)
    return None


_HELPED = sql(
    """
    SELECT EXISTS (SELECT FROM received_sms
                   WHERE phone = :phone AND NOT understood AND reply IS NOT NULL AND received_at > :since)
    """,
    phone=Text(),
    since=DateTime(timezone=True),
)


async def not_understood(this: Texting) -> str | None:
    """Answered with help, and then not again for a while: two machines must not talk to each other for ever."""
    since = this.now - this.edge.policy.help_once_in
    if await this.session.scalar(_HELPED, {"phone": this.incoming.phone, "since": since}):
        return None
    return sms_answers.not_understood(this.drives, this.company, this.reader)
