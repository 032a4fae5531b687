"""One inbound SMS, one transaction: who it is from, what is meant, what is answered (R11.5, R11.6)."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import Boolean, Date, Integer, Text
from sqlalchemy.ext.asyncio import AsyncSession

from bot.acting import Edge
from bot.delivery.gsm7 import segments
from bot.faults import brief, fault_id, is_overtaken, is_passing
from bot.logs import masked
from bot.receiving import DEADLINE_FOR, PAUSES
from bot.screens import sms_answers
from bot.sms import answers, asking_why, offers, shifts
from bot.sms.texter import Incoming, Texting, reader_of
from bot.sms.words import Word, understood
from domain.db.sql import sql
from domain.notices import codes
from domain.people import presence
from domain.people.queries import people_with_phone
from domain.time import local_day

log = structlog.get_logger(__name__)


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
            reply = (
                None if silent else sms_answers.failed(shown, edge.settings.company_name, reader_of(those, None, edge))
            )
            await _keep(session, edge, incoming, True, reply)
            return Answer(reply)
    except Exception as second:
        log.warning("failed SMS not recorded", sid=incoming.sid, fault=brief(second))
        return None


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
            await presence.heard(session, [texter.id], now)
        reply = await ACTIONS.get(texted.word, answers.not_understood)(this)
        if not those or (texted.word is not Word.OPT_OUT and await _is_opted_out(session, incoming)):
            reply = None  # strangers learn nothing (R12.2), and who has opted out is not texted
        await _keep(session, edge, incoming, this.texted.word is not None, reply)
    return Answer(reply)


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


ACTIONS: Mapping[Word | None, Callable[[Texting], Awaitable[str | None]]] = {
    Word.TAKE: offers.take,
    Word.CONFIRM: shifts.confirm,
    Word.HERE: shifts.here,
    Word.LATE: shifts.late,
    Word.CANT: asking_why.cant,
    Word.NUMBER: asking_why.number,
    Word.LOAD: shifts.load,
    Word.BACK: shifts.back,
    Word.OK: answers.ok,
    Word.HELP: answers.help_,
    Word.OPT_OUT: answers.opt_out,
    Word.OPT_IN: answers.opt_in,
}
