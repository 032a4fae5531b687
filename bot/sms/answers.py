"""OK, HELP, STOP, and whatever is not understood (R11.5, R11.6)."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import DateTime, Text

from bot.reader import Reader
from bot.screens import sms_answers
from bot.sms.shifts import confirmed
from bot.sms.texter import Texting
from domain.db.sql import sql
from domain.notices import queries as notices
from domain.notices.actions import acknowledge
from domain.notices.facts.weeks import WeekGiven
from domain.notices.kinds import ASKS_TO_CONFIRM, Kind
from domain.notices.queries import Texted
from domain.people import consent
from domain.people.queries import Person
from domain.shifts import queries as shifts


async def ok(this: Texting) -> str | None:
    """Answers what was texted last; to whatever was told before, to have been heard is enough (R11.2).

    If that asked for exactly one confirmation, it is one (R11.6).
    """
    told = await notices.last_texted(this.session, [person.id for person in this.people])
    for each in told:
        await acknowledge(this.session, each.user_id, each.kind, each.about, this.now)
    asked = {shift for each in told for shift in await _asked(this, each)}
    if len(asked) > 1:  # of what a digest or a week has asked for, something may be confirmed by now
        asked = {(person, shift) for person, shift in asked if await _waits(this, person, shift)}
    if len(asked) == 1:
        return await confirmed(this, *asked.pop())
    return sms_answers.noted(this.company, this.reader)


async def _asked(this: Texting, told: Texted) -> list[tuple[Person, UUID]]:
    """The shifts that this asked to be confirmed, and whose they are."""
    person = next(person for person in this.people if person.id == told.user_id)
    if told.kind in ASKS_TO_CONFIRM:
        return [(person, told.about)]
    if told.kind is not Kind.WEEK:
        return []
    week = await notices.told(this.session, person.id, Kind.WEEK, told.about)
    if not isinstance(week, WeekGiven):
        return []
    last = week.week + timedelta(days=6)
    his = await shifts.own_shifts(this.session, person.id, week.week, last, this.edge.policy)
    return [(person, shift.assignment_id) for shift in his if shifts.can_be_confirmed(shift, this.now)]


async def _waits(this: Texting, person: Person, assignment_id: UUID) -> bool:
    shift = await shifts.own_shift(this.session, person.id, assignment_id, this.edge.policy)
    return shift is not None and shifts.can_be_confirmed(shift, this.now)


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
                   WHERE phone = :phone AND NOT understood AND reply = :reply AND received_at > :since)
    """,
    phone=Text(),
    reply=Text(),
    since=DateTime(timezone=True),
)


async def not_understood(this: Texting) -> str | None:
    """Answered with help, which is then not given again for a while: two machines must not talk to each other for ever.

    Who begins with a word of the day reads how that one is texted.
    """
    reply = sms_answers.not_understood(this.drives, this.company, this.reader, this.texted.begun)
    since = this.now - this.edge.policy.help_once_in
    helped = await this.session.scalar(_HELPED, {"phone": this.incoming.phone, "reply": reply, "since": since})
    return None if helped else reply
