"""The short codes of SMS, the day's digest, and what of SMS is cleaned up (R11.4a, R11.6, R14)."""

import itertools
import uuid
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from structlog.testing import capture_logs

from bot.jobs import Clockwork, run_due, table_of_duties
from bot.kinds import table_of_kinds
from bot.reader import Reader
from domain.bidding.bids import place_bid
from domain.bidding.rules import Bids
from domain.coverage.actions import decline_day
from domain.coverage.assigning import assign_driver
from domain.db.models import (
    BidWindow,
    ChatLink,
    Delivery,
    DutyRun,
    Notification,
    ReceivedSms,
    SmsAttempt,
    SmsCode,
    SmsOptOut,
)
from domain.db.models.words import BidWindowMode, BidWindowStatus, Channel, DeliveryState, Urgency
from domain.giving.actions import Offered, give_to_all, take_back
from domain.notices.actions import Envelope, tell
from domain.notices.codes import DIGITS, LETTERS, code_for, draw, meant_by
from domain.notices.digest import Told, digest, gather
from domain.notices.facts.people import FallbackGone
from domain.notices.facts.routes import HolidayAhead
from domain.notices.facts.shifts import ToConfirm
from domain.notices.kinds import Kind, holiday_of
from domain.people.cleaning import clean_up
from domain.people.queries import Person
from domain.policy import TORONTO
from domain.schedule.closing import keep_running
from domain.shifts.actions import confirm_shift
from domain.time import shift_start
from tests.domain.world import POLICY, SAY, Fleet, next_wave

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


# -- codes


async def test_r11_6_a_code_is_bound_to_phone_person_and_thing_and_expires(fleet: Fleet, now: datetime) -> None:
    driver, other, about = await fleet.driver("Dana"), await fleet.driver("Omar"), uuid.uuid4()
    session = fleet.session
    code = await code_for(session, driver.phone, driver.id, Kind.OFFER, about, now + HOUR)
    assert await code_for(session, driver.phone, driver.id, Kind.OFFER, about, now + HOUR) == code  # the same again
    meant = await meant_by(session, driver.phone, code, now)
    assert meant is not None
    assert (meant.user_id, meant.kind, meant.about) == (driver.id, Kind.OFFER, about)
    assert await meant_by(session, other.phone, code, now) is None
    assert await meant_by(session, driver.phone, code, now + HOUR) is None
    assert await code_for(session, driver.phone, driver.id, Kind.OFFER, about, now + DAY) == code
    assert await meant_by(session, driver.phone, code, now + HOUR) is not None


async def test_r11_6_on_one_phone_no_code_stands_for_two_things(fleet: Fleet, now: datetime) -> None:
    """Whoever draws one that is given draws again; the expired ones are kept until the clean-up."""
    driver = await fleet.driver("Dana")

    def drawn(*codes: str) -> Any:
        return itertools.chain.from_iterable(codes).__next__

    async def made(until: datetime, *codes: str) -> str:
        signs = drawn(*codes)
        given = (driver.phone, driver.id, Kind.OFFER, uuid.uuid4(), until)
        return await code_for(fleet.session, *given, choose=lambda _of: signs())

    assert await made(now - HOUR, "K7Q") == "K7Q"
    assert await made(now + HOUR, "K7Q", "K7Q", "M4T") == "M4T"
    other = await fleet.driver("Omar")
    signs = drawn("K7Q")
    given = (other.phone, other.id, Kind.OFFER, uuid.uuid4(), now)
    assert await code_for(fleet.session, *given, choose=lambda _of: signs()) == "K7Q"


def test_r11_6_codes_are_of_signs_that_do_not_look_alike() -> None:
    signs = LETTERS + DIGITS
    assert len(set(signs)) == len(signs)
    for alike in ("O0QD", "I1L", "S5", "Z2", "B8", "UV", "G6"):
        assert len(set(alike) & set(signs)) <= 1 or alike == "O0QD"
    assert "O" not in signs and "0" not in signs
    chosen = iter("K7Q")
    assert draw(lambda of: next(sign for sign in chosen if sign in of)) == "K7Q"


async def test_r14_expired_codes_and_old_sms_are_cleaned_up(fleet: Fleet, now: datetime) -> None:
    session, driver = fleet.session, await fleet.driver("Dana")
    for code, expires_at in (("K7Q", now), ("M4T", now + HOUR)):
        row = {"phone": driver.phone, "user_id": driver.id, "kind": "offer", "about": uuid.uuid4()}
        await session.execute(insert(SmsCode).values(code=code, expires_at=expires_at, **row))
    old, young = now - POLICY.keep_sms_for - HOUR, now - POLICY.keep_sms_for + HOUR
    delivery = await waiting(fleet, driver)
    for sid, at in (("SMold", old), ("SMyoung", young)):
        received = {"sid": sid, "phone": driver.phone, "received_at": at, "understood": True}
        await session.execute(insert(ReceivedSms).values(received))
        sent = {"delivery_id": delivery, "user_id": driver.id, "phone": driver.phone, "body": "x", "segments": 1}
        await session.execute(insert(SmsAttempt).values(sid=sid, created_at=at, **sent))
    done = await clean_up(session, POLICY, now)
    assert (done["codes"], done["received_sms"], done["sms_attempts"]) == (1, 1, 1)
    assert list(await session.scalars(select(SmsCode.code))) == ["M4T"]
    assert list(await session.scalars(select(ReceivedSms.sid))) == ["SMyoung"]
    assert list(await session.scalars(select(SmsAttempt.sid))) == ["SMyoung"]


# -- the digest


async def waiting(fleet: Fleet, person: Person, name: str = "Dana", expires_at: datetime | None = None) -> uuid.UUID:
    """A normal notice to somebody without Telegram, which waits for the digest: a driver has texted STOP."""
    driver = await fleet.driver(name)
    await fleet.put(SmsOptOut, {"phone": driver.phone, "since": fleet.now})
    envelope = Envelope(Kind.FALLBACK_GONE, driver.id, expires_at=expires_at)
    await tell(fleet.session, [person.id], FallbackGone(name, False), envelope, SAY, POLICY, fleet.now)
    found = await fleet.session.scalar(select(Delivery.id).where(Delivery.about == envelope.about))
    assert found is not None
    return found


async def rows(session: AsyncSession, person: Person, **where: Any) -> list[Delivery]:
    mine = select(Delivery).where(Delivery.user_id == person.id).order_by(Delivery.created_at, Delivery.id)
    return list(await session.scalars(mine.filter_by(**where).execution_options(populate_existing=True)))


def evening(now: datetime, hour: int) -> datetime:
    return now.replace(hour=hour, minute=0)


async def test_r11_4a_what_waits_is_told_in_one_sms(fleet: Fleet, now: datetime) -> None:
    mona, max_ = await fleet.manager("Mona", linked=False), await fleet.manager("Max", linked=False)
    first, second, third = [await waiting(fleet, mona, name) for name in ("Amara", "Kwame", "Zoe")]
    await waiting(fleet, max_, "Amara")
    at = evening(now, 17)
    assert (await gather(fleet.session, POLICY, at)).counts == {
        "digests": 2,
        "notices": 4,
        "by_telegram": 0,
        "read": 0,
        "expired": 0,
    }
    (sms,) = await rows(fleet.session, mona, kind=Kind.DIGEST)
    assert (sms.channel, sms.state, sms.level, sms.urgency) == (Channel.SMS, DeliveryState.PENDING, 2, 2)
    assert (sms.about, sms.due_at, sms.created_at, sms.expires_at) == (sms.id, at, at, evening(now, 21))
    superseded = await rows(fleet.session, mona, state=DeliveryState.SUPERSEDED)
    assert {(row.id, row.superseded_by) for row in superseded} == {(id_, sms.id) for id_ in (first, second, third)}
    kind = table_of_kinds(POLICY, "Rollcall")[Kind.DIGEST]
    facts = await kind.load(fleet.session, mona.id, sms.about, at)
    assert kind.sms is not None
    said = kind.sms(facts, Reader("en", TORONTO), None, "")
    assert said.startswith("Rollcall: 3 messages for you: ")
    assert await digest(fleet.session, max_.id, sms.id) is None  # another's


async def test_r11_4a_the_log_leads_from_a_notice_to_what_tells_it(
    sessions: async_sessionmaker[AsyncSession], now: datetime
) -> None:
    async with sessions.begin() as session:
        fleet = Fleet(session, now)
        mona, max_ = await fleet.manager("Mona", linked=False), await fleet.manager("Max", linked=False)
        for who in (mona, mona, max_):
            await waiting(fleet, who)
        await fleet.put(ChatLink, {"user_id": max_.id, "chat_id": 1, "linked_at": now})
    with capture_logs() as logged:
        await run_due(table_of_duties(SAY, POLICY)["sms-digest"], sessions, evening(now, 17))
    async with sessions() as session:
        notes = {str(note.id): note.user_id for note in await session.scalars(select(Notification))}
        (sms,) = await rows(session, mona, kind=Kind.DIGEST)
        (telegram,) = await rows(session, max_, channel=Channel.TELEGRAM)
    lines = [line for line in logged if line["event"] == "gathered"]
    assert {line["notice"] for line in lines} == set(notes)
    for line in lines:
        expected = (sms.id, "digest") if notes[line["notice"]] == mona.id else (telegram.id, "telegram")
        assert (line["delivery"], line["fate"]) == (str(expected[0]), expected[1])


async def told_at_five(fleet: Fleet, driver: Person, at: datetime) -> str | None:
    """What the digest says that was gathered before, with codes; None: nothing any more."""
    (sms,) = await rows(fleet.session, driver, kind=Kind.DIGEST)
    kind = table_of_kinds(POLICY, "Rollcall")[Kind.DIGEST]
    facts = await kind.load(fleet.session, driver.id, sms.about, at)
    if facts is None:
        return None

    async def code_of(told: Told) -> str:
        assert told.about is not None and told.expires_at is not None
        return await code_for(fleet.session, driver.phone, driver.id, told.kind, told.about, told.expires_at)

    assert kind.sms is not None
    return kind.sms(await facts.coded(code_of), Reader("en", TORONTO), None, "")


async def test_r11_4a_each_line_names_route_day_and_code_or_the_result(fleet: Fleet, now: datetime) -> None:
    """And what has lost its point meanwhile has no line (R11.3)."""
    mona = await fleet.manager("Mona")
    north, at = await fleet.warehouse("North", mona), evening(now, 17)
    dana = await fleet.driver("Dana", home=north, linked=False, cap=6)
    slots = [await fleet.slot(await fleet.route(f"R{day}", north), fleet.day(day)) for day in (2, 3, 4)]
    windows = [await fleet.window(slot, BidWindowMode.COMPETITIVE) for slot in slots]
    while await next_wave(fleet.session, now) is not None:
        pass
    bid = await place_bid(fleet.session, dana, windows[0], POLICY, now)
    assert isinstance(bid, Bids)
    other = await fleet.driver("Otto", home=north)
    await assign_driver(fleet.session, mona, slots[0].id, other.id, None, SAY, POLICY, now + HOUR)
    assert (await gather(fleet.session, POLICY, at)).counts["notices"] == 3
    await assign_driver(fleet.session, mona, slots[1].id, other.id, None, SAY, POLICY, at)  # taken since
    said = await told_at_five(fleet, dana, at)
    codes = {row.about: row.code for row in await fleet.session.scalars(select(SmsCode))}
    assert set(codes) == {windows[2]}
    assert said == (
        f"Rollcall: 2 messages for you: R4, Sun 29 Nov, +20%: TAKE {codes[windows[2]]}; "
        "R2, Fri 27 Nov: somebody else has it. Ask your manager for Telegram to read all."
    )
    await decline_day(fleet.session, dana, windows[2], at)
    assert await told_at_five(fleet, dana, at) == "Rollcall: R2 at North, Fri 27 Nov, went to somebody else."


async def test_r11_4a_a_single_offer_is_told_as_by_its_own_sms(fleet: Fleet, now: datetime) -> None:
    north, at = await fleet.warehouse("North", await fleet.manager("Mona")), evening(now, 17)
    dana = await fleet.driver("Dana", home=north, linked=False)
    slot = await fleet.slot(await fleet.route("R12", north), fleet.day(3))
    window = await fleet.window(slot, BidWindowMode.COMPETITIVE)
    await next_wave(fleet.session, now)
    await gather(fleet.session, POLICY, at)
    said = await told_at_five(fleet, dana, at)
    code = await fleet.session.scalar(select(SmsCode.code))
    assert said == f"Rollcall: R12 at North needs a driver, Sat 28 Nov 07:00, +20%. Reply TAKE {code}."
    await fleet.session.execute(update(BidWindow).where(BidWindow.id == window).values(status=BidWindowStatus.CLOSED))
    assert await told_at_five(fleet, dana, at) is None


async def test_r11_3_what_was_confirmed_since_is_in_no_digest(fleet: Fleet, now: datetime) -> None:
    """And what waits is told with the code that confirms it (R11.6)."""
    north, at = await fleet.warehouse("North", await fleet.manager("Mona")), evening(now, 17)
    dana = await fleet.driver("Dana", home=north, linked=False)
    shifts = [await fleet.shift(await fleet.route(f"R{day}", north), dana, fleet.day(day)) for day in (3, 4)]
    for later, shift in enumerate(shifts):  # a digest tells the oldest first
        starts_at, until = shift_start(shift.on, POLICY), shift_start(shift.on, POLICY) - 2 * DAY
        notice = ToConfirm("R", "North", shift.on, starts_at, until)
        envelope = Envelope(Kind.CONFIRM_REMINDER, shift.id, expires_at=until, level=Urgency.NORMAL)
        await tell(fleet.session, [dana.id], notice, envelope, SAY, POLICY, now + later * HOUR)
    await gather(fleet.session, POLICY, at)
    said = await told_at_five(fleet, dana, at)
    code = {row.about: row.code for row in await fleet.session.scalars(select(SmsCode))}
    confirm = [f"confirm R3, Sat 28 Nov: C {code[shifts[0].id]}", f"confirm R4, Sun 29 Nov: C {code[shifts[1].id]}"]
    assert said == f"Rollcall: 2 messages for you: {'; '.join(confirm)}. Ask your manager for Telegram to read all."
    await confirm_shift(fleet.session, dana, shifts[0].id, POLICY, at)
    said = await told_at_five(fleet, dana, at)
    assert said is not None and said.startswith("Rollcall: R4 at North, Sun 29 Nov, start 07:00. Reply C ")
    await confirm_shift(fleet.session, dana, shifts[1].id, POLICY, at)
    assert await told_at_five(fleet, dana, at) is None


async def test_r11_3_what_is_not_given_away_any_more_is_in_no_digest(fleet: Fleet, now: datetime) -> None:
    north, at = await fleet.warehouse("North"), evening(now, 17)
    dana, otto = await fleet.driver("Dana", home=north, linked=False), await fleet.driver("Otto", home=north)
    shift = await fleet.shift(await fleet.route("R12", north), otto, fleet.day(3), confirmed=True)
    given = await give_to_all(fleet.session, otto, shift.id, SAY, POLICY, now)
    assert isinstance(given, Offered)
    await gather(fleet.session, POLICY, at)
    assert "gives away R12 at North, Sat 28 Nov" in (await told_at_five(fleet, dana, at) or "")
    await take_back(fleet.session, otto, given.give_away_id, SAY, POLICY, at)
    assert await told_at_five(fleet, dana, at) is None


async def test_r11_3_a_holiday_that_has_its_answers_is_in_no_digest(fleet: Fleet, now: datetime) -> None:
    mona, at = await fleet.manager("Mona", linked=False), evening(now, 17)
    here, christmas = [await fleet.warehouse(name, mona) for name in ("North", "South")], date(2026, 12, 25)
    envelope = Envelope(Kind.HOLIDAY, holiday_of(christmas), expires_at=shift_start(christmas, POLICY))
    await tell(fleet.session, [mona.id], HolidayAhead(christmas), envelope, SAY, POLICY, now)
    await gather(fleet.session, POLICY, at)
    for warehouse in here:
        assert "Christmas" in (await told_at_five(fleet, mona, at) or ""), "there is one that nobody has answered for"
        await keep_running(fleet.session, mona, warehouse, christmas, POLICY, at)
    assert await told_at_five(fleet, mona, at) is None


async def test_r14_the_digest_is_safe_to_run_twice(fleet: Fleet, now: datetime) -> None:
    mona = await fleet.manager("Mona", linked=False)
    await waiting(fleet, mona)
    await gather(fleet.session, POLICY, evening(now, 17))
    before = len(await rows(fleet.session, mona))
    assert set((await gather(fleet.session, POLICY, evening(now, 17))).counts.values()) == {0}
    assert len(await rows(fleet.session, mona)) == before
    await waiting(fleet, mona)  # what comes later is for the next day's
    assert (await gather(fleet.session, POLICY, evening(now, 17) + DAY)).counts["digests"] == 1


async def test_r11_4a_who_has_telegram_by_now_gets_it_there(fleet: Fleet, now: datetime) -> None:
    mona, blocked = await fleet.manager("Mona", linked=False), await fleet.manager("Bo", linked=False)
    old = await waiting(fleet, mona, expires_at=now + DAY)
    await waiting(fleet, blocked)
    link = {"linked_at": now}
    await fleet.put(ChatLink, link | {"user_id": mona.id, "chat_id": 1, "unreachable_at": None})
    await fleet.put(ChatLink, link | {"user_id": blocked.id, "chat_id": 2, "unreachable_at": now})
    at = evening(now, 17)
    done = (await gather(fleet.session, POLICY, at)).counts
    assert (done["digests"], done["by_telegram"]) == (1, 1)
    (was,) = await rows(fleet.session, mona, state=DeliveryState.SUPERSEDED)
    (new,) = await rows(fleet.session, mona, channel=Channel.TELEGRAM)
    assert (was.id, was.channel, was.superseded_by) == (old, Channel.SMS, new.id)
    assert (new.notification_id, new.kind, new.about) == (was.notification_id, was.kind, was.about)
    assert (new.state, new.due_at, new.level, new.expires_at) == (DeliveryState.PENDING, at, 2, now + DAY)
    (sms,) = await rows(fleet.session, blocked, kind=Kind.DIGEST)
    facts = await digest(fleet.session, blocked.id, sms.id)
    assert facts is not None and facts.linked


async def test_r11_3_what_has_lost_its_point_is_in_no_digest(fleet: Fleet, now: datetime) -> None:
    mona, at = await fleet.manager("Mona", linked=False), evening(now, 17)
    expired = await waiting(fleet, mona, "Late", expires_at=at)
    read = await waiting(fleet, mona, "Seen")
    await fleet.session.execute(update(Notification).where(Notification.title.startswith("Seen")).values(read=True))
    done = (await gather(fleet.session, POLICY, at)).counts
    assert done == {"digests": 0, "notices": 0, "by_telegram": 0, "read": 1, "expired": 1}
    states = {row.id: row.state for row in await rows(fleet.session, mona)}
    assert states == {expired: DeliveryState.EXPIRED, read: DeliveryState.CANCELLED}


async def test_r11_3_a_digest_that_was_read_meanwhile_has_nothing_to_tell(fleet: Fleet, now: datetime) -> None:
    mona = await fleet.manager("Mona", linked=False)
    await waiting(fleet, mona, "Amara")
    await waiting(fleet, mona, "Kwame")
    await gather(fleet.session, POLICY, evening(now, 17))
    (sms,) = await rows(fleet.session, mona, kind=Kind.DIGEST)
    opened = update(Notification).values(read=True)
    await fleet.session.execute(opened.where(Notification.title.startswith("Amara")))
    facts = await digest(fleet.session, mona.id, sms.id)
    assert facts is not None and [told.title for told in facts.notices] == ["Kwame gets no SMS any more"]
    await fleet.session.execute(opened)
    assert await digest(fleet.session, mona.id, sms.id) is None


async def test_urgent_and_held_rows_are_not_the_digests(fleet: Fleet, now: datetime) -> None:
    mona = await fleet.manager("Mona", linked=False)
    row = await waiting(fleet, mona)
    await fleet.session.execute(update(Delivery).where(Delivery.id == row).values(due_at=now + DAY))
    assert set((await gather(fleet.session, POLICY, evening(now, 17))).counts.values()) == {0}


async def test_a_digest_gathered_late_is_good_until_the_next_evening(fleet: Fleet, now: datetime) -> None:
    mona = await fleet.manager("Mona", linked=False)
    await waiting(fleet, mona)
    await gather(fleet.session, POLICY, evening(now, 21))
    (sms,) = await rows(fleet.session, mona, kind=Kind.DIGEST)
    assert sms.expires_at == evening(now, 21) + DAY


@pytest.mark.parametrize("on", ["2026-03-08", "2026-11-01", "2026-11-25"])
async def test_r14_at_five_in_the_afternoon_also_when_clocks_change(
    sessions: async_sessionmaker[AsyncSession], on: str
) -> None:
    """Once, by two workers, at 17:00 of the company's day and not before."""
    at = datetime.fromisoformat(f"{on}T17:00").replace(tzinfo=TORONTO)
    async with sessions.begin() as session:
        fleet = Fleet(session, at - DAY)
        mona = await fleet.manager("Mona", linked=False)
        await waiting(fleet, mona)
        ran = datetime.fromisoformat(f"{on}T00:00").replace(tzinfo=TORONTO)
        await session.execute(insert(DutyRun).values(duty="sms-digest", done_for=ran))
    clock = at - timedelta(seconds=1)
    duties = table_of_duties(SAY, POLICY)
    workers = [Clockwork(duties, sessions, POLICY, lambda: clock) for _ in range(2)]

    async def digests() -> list[Delivery]:
        for worker in workers:
            await worker.tick("sms-digest")
        async with sessions() as session:
            return await rows(session, mona, kind=Kind.DIGEST)

    assert await digests() == []
    clock = at
    (sms,) = await digests()
    assert sms.expires_at == datetime.fromisoformat(f"{on}T21:00").replace(tzinfo=TORONTO)
    clock = at + HOUR
    assert [row.id for row in await digests()] == [sms.id]
