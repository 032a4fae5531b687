"""One inbound SMS, one transaction: who it is from, what is meant, what is answered (R11.5, R11.6)."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import Boolean, Date, DateTime, Integer, Text
from sqlalchemy.ext.asyncio import AsyncSession

from bot.acting import Edge
from bot.delivery.gsm7 import segments
from bot.faults import brief, fault_id, is_overtaken, is_passing
from bot.logs import masked
from bot.reader import Reader, language_of
from bot.receiving import DEADLINE_FOR, PAUSES
from bot.screens import texts
from bot.screens.texts import Takeable
from bot.sms_words import Texted, Word, understood
from domain.bidding import actions as bidding
from domain.bidding import offers
from domain.bidding.offers import Offer
from domain.bidding.rules import Award
from domain.db.models.words import AssignmentStatus, UserRole
from domain.db.sql import sql
from domain.notices import codes
from domain.notices import queries as notices
from domain.notices.actions import acknowledge
from domain.notices.codes import Meant
from domain.notices.kinds import Kind
from domain.people import actions as people
from domain.people.queries import Person, people_with_phone
from domain.refusals import Refused
from domain.shifts import actions as own
from domain.shifts import queries as shifts
from domain.shifts.queries import OwnShift
from domain.time import local_day

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Incoming:
    """An SMS as Twilio brings it. `phone` is its sender's, in E.164; `opt_out_type` what Twilio has done by itself."""

    sid: str
    phone: str
    body: str
    opt_out_type: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What is texted back; None: nothing."""

    text: str | None


async def receive_sms(edge: Edge, incoming: Incoming) -> Answer | None:
    """Processes one SMS to its end; brought again, it gets the same answer.

    None where the database is away: nothing has happened, and it may be brought again.
    """
    try:
        async with asyncio.timeout(DEADLINE_FOR):
            return await _insist(edge, incoming)
    except TimeoutError:
        log.warning("SMS not recorded: out of time", sid=incoming.sid)
        return None


async def _insist(edge: Edge, incoming: Incoming) -> Answer | None:
    for pause in (*PAUSES, None):
        try:
            return await _process(edge, incoming)
        except Exception as fault:
            if not is_passing(fault) and (pause is None or not is_overtaken(fault)):
                return await _failed(edge, incoming, fault)
            log.warning("SMS to be tried again", sid=incoming.sid, fault=brief(fault))
        if pause is not None:
            await asyncio.sleep(pause)
    return None


async def _failed(edge: Edge, incoming: Incoming, fault: Exception) -> Answer | None:
    """A fault of ours: recorded with its answer, so that brought again it changes nothing."""
    shown = fault_id()
    log.error("SMS failed", sid=incoming.sid, fault_id=shown, exc_info=fault)
    try:
        async with edge.sessions.begin() as session:
            if (before := await _record(session, incoming, edge.now())) is not None:
                return before
            those = await people_with_phone(session, incoming.phone)
            silent = not those or await _is_opted_out(session, incoming)
            reply = None if silent else texts.failed(shown, edge.settings.company_name, _reader(those, None, edge))
            await _keep(session, edge, incoming, True, reply)
            return Answer(reply)
    except Exception as second:
        log.warning("failed SMS not recorded", sid=incoming.sid, fault=brief(second))
        return None


@dataclass(slots=True)
class Texting:
    """The open transaction, and who texts what in it. `people` share the phone; a code tells which of them it is.

    Without one nobody knows, so nobody counts as heard (R11.2): another's urgent message would seem to be answered.
    """

    session: AsyncSession
    edge: Edge
    now: datetime
    incoming: Incoming
    texted: Texted
    people: Sequence[Person]
    meant: Meant | None

    @property
    def company(self) -> str:
        return self.edge.settings.company_name

    @property
    def reader(self) -> Reader:
        return _reader(self.people, self.texted.language, self.edge)

    @property
    def drives(self) -> bool:
        return any(person.role is UserRole.DRIVER for person in self.people)

    @property
    def named(self) -> Person | None:
        """Whose the code is."""
        return next((person for person in self.people if self.meant and person.id == self.meant.user_id), None)


async def _process(edge: Edge, incoming: Incoming) -> Answer:
    texted, now = understood(incoming.body, incoming.opt_out_type), edge.now()
    async with edge.sessions.begin() as session:
        if (before := await _record(session, incoming, now)) is not None:
            return before
        those = await people_with_phone(session, incoming.phone)
        meant = await codes.meant_by(session, incoming.phone, texted.code, now) if texted.code else None
        this = Texting(session, edge, now, incoming, texted, those, meant)
        word = texted.word.value if texted.word else None
        log.info("SMS received", sid=incoming.sid, phone=masked(incoming.phone), word=word, known=bool(those))
        if (texter := this.named or (those[0] if len(those) == 1 else None)) is not None:
            await people.heard(session, [texter.id], now)
        reply = await ACTIONS.get(texted.word, _not_understood)(this)
        if not those or (texted.word is not Word.OPT_OUT and await _is_opted_out(session, incoming)):
            reply = None  # strangers learn nothing (R12.2), and who has opted out is not texted
        await _keep(session, edge, incoming, texted.word is not None, reply)
    return Answer(reply)


def _reader(those: Sequence[Person], word_of: str | None, edge: Edge) -> Reader:
    """The language that one of them has chosen; else that of what was texted."""
    chosen = next((person.language for person in those if person.language), None)
    return Reader(language_of(chosen or word_of), edge.policy.zone)


# The first statement: of two processes with the same SMS the second waits here for the first one's end.
_RECORD = sql(
    """
    INSERT INTO received_sms (sid, phone, received_at, understood) VALUES (:sid, :phone, :now, false)
    ON CONFLICT DO NOTHING RETURNING true
    """,
    sid=Text(),
    phone=Text(),
)
_BEFORE = sql("SELECT reply FROM received_sms WHERE sid = :sid", sid=Text())


async def _record(session: AsyncSession, incoming: Incoming, now: datetime) -> Answer | None:
    """None: it comes for the first time. Else what was answered then."""
    if await session.scalar(_RECORD, {"sid": incoming.sid, "phone": incoming.phone, "now": now}):
        return None
    return Answer(await session.scalar(_BEFORE, {"sid": incoming.sid}))


_KEEP = sql(
    "UPDATE received_sms SET understood = :understood, reply = :reply WHERE sid = :sid",
    sid=Text(),
    understood=Boolean(),
    reply=Text(),
)
_COUNT = sql(
    """
    INSERT INTO sms_months AS m (month, segments) VALUES (:month, :segments)
    ON CONFLICT (month) DO UPDATE SET segments = m.segments + excluded.segments
    """,
    month=Date(),
    segments=Integer(),
)


async def _keep(session: AsyncSession, edge: Edge, incoming: Incoming, known: bool, reply: str | None) -> None:
    """Last of all, since everybody who sends an SMS counts in that one row (R11.8)."""
    await session.execute(_KEEP, {"sid": incoming.sid, "understood": known, "reply": reply})
    if reply is not None:
        month = local_day(edge.now(), edge.policy).replace(day=1)
        await session.execute(_COUNT, {"month": month, "segments": segments(reply)})


_OPTED_OUT = sql("SELECT EXISTS (SELECT FROM sms_opt_outs WHERE phone = :phone)", phone=Text())


async def _is_opted_out(session: AsyncSession, incoming: Incoming) -> bool:
    return bool(await session.scalar(_OPTED_OUT, {"phone": incoming.phone}))


# -- what the words do


async def _take(this: Texting) -> str | None:
    """Takes what the code stands for, or the one thing that is open."""
    if this.texted.code is not None:
        if this.meant is None or this.named is None or this.meant.kind != Kind.OFFER:
            return texts.wrong_code(await _coded(this, await _open(this)), this.company, this.reader)
        return await _accept(this, this.named, this.meant.about)
    open_ = await _open(this)
    if len(open_) == 1:
        ((person, offer),) = open_
        return await _accept(this, person, offer.window_id)
    if open_:
        return texts.several_open(await _coded(this, open_), this.company, this.reader)
    for person in this.people:  # texted twice: how it stands (R2.5)
        for taken in await offers.taken_offers(this.session, person.id, this.edge.policy, this.now):
            return texts.already_yours(taken, this.company, this.reader)
    return texts.none_open(this.company, this.reader)


async def _accept(this: Texting, person: Person, window_id: UUID) -> str:
    edge, reader = this.edge, _reader([person], this.texted.language, this.edge)
    result = await bidding.accept_shift(this.session, person, window_id, edge.words, edge.policy, this.now)
    if isinstance(result, Refused):
        return texts.refused(result.why, this.company, reader)
    facts = await offers.offer(this.session, person.id, window_id, edge.policy, this.now)
    assert facts is not None, "it is his"
    won = isinstance(result, Award)
    return texts.won(facts, this.company, reader) if won else texts.already_yours(facts, this.company, reader)


async def _open(this: Texting) -> list[tuple[Person, Offer]]:
    """What they were asked for and can still take; what they declined counts only where there is nothing else."""
    every = [
        (person, offer)
        for person in this.people
        for offer in await offers.open_offers(this.session, person.id, this.edge.policy, this.now)
    ]
    return [(person, offer) for person, offer in every if not offer.declined] or every


async def _coded(this: Texting, open_: Sequence[tuple[Person, Offer]]) -> list[Takeable]:
    shared = len(this.people) > 1
    return [
        Takeable(
            offer,
            await codes.code_for(
                this.session, this.incoming.phone, person.id, Kind.OFFER, offer.window_id, offer.closes_at
            ),
            person.first_name if shared else None,
        )
        for person, offer in open_
    ]


async def _confirm(this: Texting) -> str | None:
    """Confirms the shift that the code stands for, or the one that waits."""
    waiting = [(person, shift) for person in this.people for shift in await _unconfirmed(this, person)]
    if this.texted.code is not None:
        coded = this.meant if this.meant and this.meant.kind == Kind.CONFIRM_REMINDER else None
        if coded is None or this.named is None:
            return texts.wrong_code([], this.company, this.reader)
        return await _confirmed(this, this.named, coded.about)
    if len(waiting) == 1:
        ((person, shift),) = waiting
        return await _confirmed(this, person, shift.assignment_id)
    if not waiting:
        return texts.nothing_to_confirm(this.company, this.reader)
    listed = [(shift, await _shift_code(this, person, shift)) for person, shift in waiting]
    return texts.several_to_confirm(listed, this.company, this.reader)


async def _unconfirmed(this: Texting, person: Person) -> tuple[OwnShift, ...]:
    return await shifts.unconfirmed(this.session, person.id, this.edge.policy, this.now)


async def _shift_code(this: Texting, person: Person, shift: OwnShift) -> str:
    phone, until = this.incoming.phone, shift.confirm_by
    return await codes.code_for(this.session, phone, person.id, Kind.CONFIRM_REMINDER, shift.assignment_id, until)


async def _confirmed(this: Texting, person: Person, assignment_id: UUID) -> str:
    reader, policy = _reader([person], this.texted.language, this.edge), this.edge.policy
    result = await own.confirm_shift(this.session, person, assignment_id, policy, this.now)
    if isinstance(result, Refused):
        return texts.shift_refused(result, this.company, reader)
    shift = await shifts.own_shift(this.session, person.id, assignment_id, policy)
    return texts.confirmed(shift, this.company, reader) if shift else texts.noted(this.company, reader)


async def _here(this: Texting) -> str | None:
    """[I'm here], for today's shift (R8.2)."""
    if (found := await _of_today(this)) is None:
        return texts.no_shift_today(this.company, this.reader)
    person, shift = found
    result = await own.arrive(this.session, person, shift.assignment_id, this.edge.policy, this.now)
    reader = _reader([person], this.texted.language, this.edge)
    return (
        texts.shift_refused(result, this.company, reader)
        if isinstance(result, Refused)
        else texts.checked_in(this.company, reader)
    )


async def _load(this: Texting) -> str | None:
    return await _parcels(this, own.load_parcels, texts.loaded)


async def _back(this: Texting) -> str | None:
    return await _parcels(this, own.complete_shift, texts.brought_back)


async def _parcels(
    this: Texting, enter: Callable[..., Awaitable[object]], said: Callable[[int, str, Reader], str]
) -> str:
    """A number of parcels of today's shift (R8.3)."""
    if (found := await _of_today(this)) is None:
        return texts.no_shift_today(this.company, this.reader)
    person, shift = found
    reader, code = _reader([person], this.texted.language, this.edge), this.texted.code or ""
    parcels = int(code) if code.isdecimal() else -1  # no number: it can't be right
    result = await enter(this.session, person, shift.assignment_id, parcels, this.edge.policy, this.now)
    if isinstance(result, Refused):
        return texts.shift_refused(result, this.company, reader)
    return said(parcels, this.company, reader)


async def _of_today(this: Texting) -> tuple[Person, OwnShift] | None:
    """The one shift of today, or that is still under way, of those who share the phone; None where there is no one."""
    today = local_day(this.now, this.edge.policy)
    found = [
        (person, shift)
        for person in this.people
        for shift in await shifts.own_shifts(
            this.session, person.id, today - timedelta(days=1), today, this.edge.policy
        )
        if shift.on == today or shift.status is AssignmentStatus.ACTIVE
    ]
    return found[0] if len(found) == 1 else None


async def _ok(this: Texting) -> str | None:
    """Answers what was texted last; to whatever was told before, to have been heard is enough (R11.2).

    If that asked for a confirmation, it is one (R11.6).
    """
    if (last := await notices.last_texted(this.session, [person.id for person in this.people])) is not None:
        await acknowledge(this.session, last.user_id, last.kind, last.about, this.now)
        asked = next((person for person in this.people if person.id == last.user_id), None)
        if last.kind is Kind.CONFIRM_REMINDER and asked is not None:
            return await _confirmed(this, asked, last.about)
    return texts.noted(this.company, this.reader)


async def _help(this: Texting) -> str | None:
    return None if this.texted.by_twilio else texts.help_(this.drives, this.company, this.reader)


async def _opt_out(this: Texting) -> str | None:
    """Confirmed once, unless Twilio has done so; who says it in French reads it in French."""
    first = await people.opt_out(this.session, this.incoming.phone, this.edge.words, this.edge.policy, this.now)
    if not first or this.texted.by_twilio:
        return None
    french = Reader("fr", this.edge.policy.zone) if this.texted.language == "fr" else this.reader
    return texts.opted_out(this.company, french)


async def _opt_in(this: Texting) -> str | None:
    """Twilio answers it."""
    await people.opt_in(this.session, this.incoming.phone, this.now)
    return None


_HELPED = sql(
    """
    SELECT EXISTS (SELECT FROM received_sms
                   WHERE phone = :phone AND NOT understood AND reply IS NOT NULL AND received_at > :since)
    """,
    phone=Text(),
    since=DateTime(timezone=True),
)


async def _not_understood(this: Texting) -> str | None:
    """Answered with help, and then not again for a while: two machines must not talk to each other for ever."""
    since = this.now - this.edge.policy.help_once_in
    if await this.session.scalar(_HELPED, {"phone": this.incoming.phone, "since": since}):
        return None
    return texts.not_understood(this.drives, this.company, this.reader)


ACTIONS: Mapping[Word | None, Callable[[Texting], Awaitable[str | None]]] = {
    Word.TAKE: _take,
    Word.CONFIRM: _confirm,
    Word.HERE: _here,
    Word.LOAD: _load,
    Word.BACK: _back,
    Word.OK: _ok,
    Word.HELP: _help,
    Word.OPT_OUT: _opt_out,
    Word.OPT_IN: _opt_in,
}
