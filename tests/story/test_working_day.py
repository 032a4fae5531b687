"""A driver's day, week and cancellation, over HTTP as he presses and types it (R4, R5, R8, PRODUCT)."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import Select, select, update
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from bot.callbacks.shifts import (
    AddNote,
    CancelBecause,
    CancelShift,
    CannotCome,
    Confirm,
    ConfirmAll,
    EnterParcels,
    FixParcels,
    ImHere,
    Keypad,
    Schedule,
    ShiftCard,
)
from domain.db.models import (
    Assignment,
    BidWindow,
    ChatLink,
    ContactSettings,
    Conversation,
    Incident,
    OperatorAlert,
    Route,
    Shift,
    User,
    Warehouse,
    WarehouseManager,
)
from domain.db.models.words import AssignmentStatus, BidWindowMode, CancelReason, IncidentKind
from domain.policy import TORONTO, Policy
from domain.shifts.rules_of_parcels import Count
from sandbox.demo import mid_week
from sandbox.fleet import FIRST_NAMES, INVITE
from sandbox.worked import BLOCKED
from tests.story.phones import Phone, until

Sessions = async_sessionmaker[AsyncSession]
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Working:
    """Somebody of North with a shift, and his phone."""

    phone: Phone
    user_id: uuid.UUID
    assignment_id: uuid.UUID
    route: str

    async def row(self, sessions: Sessions) -> Assignment:
        async with sessions() as session:
            return await session.get_one(Assignment, self.assignment_id)

    async def shift(self, sessions: Sessions) -> Shift | None:
        async with sessions() as session:
            of_it = select(Shift).where(Shift.assignment_id == self.assignment_id)
            return (await session.scalars(of_it)).one_or_none()


async def now(calls: httpx.AsyncClient) -> datetime:
    return datetime.fromisoformat((await calls.get("/sandbox/clock")).json()["now"]).astimezone(TORONTO)


async def now_is(calls: httpx.AsyncClient, at: datetime) -> None:
    (await calls.post("/sandbox/clock", json={"set": at.isoformat()})).raise_for_status()


async def working(
    calls: httpx.AsyncClient, sessions: Sessions, language: str, *, ahead: int = 0, nth: int = 0
) -> Working:
    """The nth who drives `ahead` days from today, reads this language and has Telegram."""
    today = (await now(calls)).date()
    async with sessions() as session:
        found = await session.execute(
            select(User.id, User.phone, Assignment.id, Route.name)
            .join(Assignment, Assignment.user_id == User.id)
            .join(Route, Route.id == Assignment.route_id)
            .join(Warehouse, Warehouse.id == Assignment.warehouse_id)
            .join(ChatLink, ChatLink.user_id == User.id)
            .join(ContactSettings, ContactSettings.user_id == User.id)
            .where(Assignment.on == today + ahead * DAY, Assignment.status == AssignmentStatus.SCHEDULED)
            .where(ContactSettings.language == language, Warehouse.name == "North")
            .where(User.first_name != FIRST_NAMES[BLOCKED])
            .order_by(Route.name)
            .offset(nth)
            .limit(1)
        )
        user_id, number, assignment_id, route = found.one()
    people = (await calls.get("/sandbox/people")).raise_for_status().json()["people"]
    [person] = [person["id"] for person in people if person["phone"] == number]
    phone = Phone(calls, person)
    await until(phone.chat, "his home card, which is sent at the start")
    return Working(phone, user_id, assignment_id, route)


def new_incidents() -> Select[tuple[Incident]]:
    """Those that the test has caused: what the demo's fleet brings along is older."""
    return select(Incident).where(Incident.occurred_at >= mid_week(datetime.now(UTC), Policy()))


def labels(message: dict[str, Any]) -> list[str]:
    return [button["text"] for row in message["keyboard"] or [] for button in row]


async def becomes(phone: Phone, message: dict[str, Any], shows: str) -> dict[str, Any]:
    """The same message, once it shows this."""

    async def turned() -> dict[str, Any] | None:
        here = (each for each in await phone.chat() if each["message_id"] == message["message_id"])
        return next((each for each in here if shows in each["text"]), None)

    return await until(turned, f"the message becomes {shows!r}")


async def keyed(phone: Phone, keypad: dict[str, Any], number: str) -> dict[str, Any]:
    """Types on the keypad, in place."""
    pad = keypad
    for length, digit in enumerate(number, start=1):
        [data] = [button["data"] for row in pad["keyboard"] for button in row if button["text"] == digit]
        await phone.press_data(pad, data)
        pad = await shows(phone, number[:length])
        assert pad["message_id"] == keypad["message_id"]
    return pad


async def shows(phone: Phone, number: str) -> dict[str, Any]:
    """The keypad with just this number."""

    async def shown() -> dict[str, Any] | None:
        pads = (message for message in await phone.chat() if message["text"].endswith(f"\n\n{number}"))
        return next(pads, None)

    return await until(shown, f"{phone.person} sees {number} on his keypad")


async def arrived(working: Working) -> dict[str, Any]:
    home = await working.phone.sees(f"{working.route}, North")
    answer = await working.phone.press_data(home, ImHere(working.assignment_id).pack())
    assert answer["answered"]
    return await working.phone.sees(f"{working.route}, North")


# -- the day


async def test_r8_the_whole_day_by_buttons(calls: httpx.AsyncClient, sessions: Sessions) -> None:
    it = await working(calls, sessions, "en")
    phone = it.phone
    home = await phone.sees(f"{it.route}, North", "be at 1200 Steeles Ave W, Toronto by 09:00")
    assert labels(home)[:3] == ["✅ I'm here", "⏳ Running late", "I can't make it"]
    await phone.press(home, "I'm here")
    there = await phone.sees("you're there", "how many parcels have you loaded?")
    assert there["message_id"] == home["message_id"], "the card becomes the next step"
    await phone.press(there, "Parcels loaded")
    pad = await phone.sees("How many parcels have you loaded?")
    pad = await keyed(phone, pad, "128")
    await phone.press(pad, "⌫")
    pad = await shows(phone, "12")
    assert (await it.row(sessions)).status is AssignmentStatus.ACTIVE
    assert (shift := await it.shift(sessions)) is not None and shift.parcels_start is None, "nothing before ✓"
    await phone.press(pad, "✓ 12")
    loaded = await phone.sees("12 parcels loaded", "how many did you bring back?")
    assert labels(loaded)[:2] == ["↩️ Parcels brought back", "✏️ 12 is wrong"]

    await phone.press(loaded, "12 is wrong")  # a typing mistake, set right in three presses and ✓
    pad = await keyed(phone, await phone.sees("How many parcels have you loaded?"), "120")
    await phone.press(pad, "✓ 120")
    loaded = await phone.sees("120 parcels loaded")

    await now_is(calls, (await now(calls)).replace(hour=15, minute=0))
    await phone.press(loaded, "Parcels brought back")
    pad = await phone.sees("How many of 120 parcels did you bring back?")
    assert "All delivered: 0 brought back" in labels(pad)
    pad = await keyed(phone, pad, "6")
    await phone.press(pad, "✓ 6")
    done = await phone.sees("is done: 114 of 120 parcels delivered. Thank you!")
    assert "✏️ Fix the numbers" in labels(done)
    assert (await it.row(sessions)).status is AssignmentStatus.COMPLETED
    shift = await it.shift(sessions)
    assert shift is not None
    assert (shift.parcels_start, shift.parcels_returned, shift.parcels_delivered) == (120, 6, 114)
    assert len([message for message in await phone.chat() if f"{it.route}, North" in message["text"]]) == 1


async def test_r8_the_whole_day_by_typed_numbers_in_french(calls: httpx.AsyncClient, sessions: Sessions) -> None:
    it = await working(calls, sessions, "fr")
    home = await it.phone.sees(f"{it.route}, North", "9\u00a0h")
    assert home
    await it.phone.writes("Je suis là!", f"{it.route}, North", "colis")
    await it.phone.writes("95", f"{it.route}, North", "95 colis")
    pad = await it.phone.writes(" 4 ", "95", "\n\n4")
    assert (await it.row(sessions)).status is AssignmentStatus.ACTIVE, "a typed number alone completes nothing"
    await it.phone.press(pad, "✓ 4")
    await it.phone.sees(f"{it.route}, North", "Colis livrés\u00a0: 91 sur 95")
    shift = await it.shift(sessions)
    assert shift is not None and (shift.parcels_start, shift.parcels_returned) == (95, 4)
    english = [message["text"] for message in await it.phone.chat() if "parcels" in message["text"]]
    assert english == []


async def test_r8_3_all_delivered_is_one_press(calls: httpx.AsyncClient, sessions: Sessions) -> None:
    it = await working(calls, sessions, "en")
    await arrived(it)
    loaded = await it.phone.writes("80", "80 parcels loaded")
    await it.phone.press(loaded, "Parcels brought back")
    await it.phone.press(await it.phone.sees("How many of 80"), "All delivered")
    await it.phone.sees("80 of 80 parcels delivered")


async def a_done_day(calls: httpx.AsyncClient, sessions: Sessions) -> tuple[Working, dict[str, Any]]:
    """120 loaded, 6 brought back, just now."""
    it = await working(calls, sessions, "en")
    await arrived(it)
    loaded = await it.phone.writes("120", "120 parcels loaded")
    pad = await it.phone.writes("6", "How many of 120", "\n\n6")
    await it.phone.press(pad, "✓ 6")
    assert loaded
    return it, await it.phone.sees("114 of 120 parcels delivered")


async def test_r8_4_either_number_is_fixed_within_the_hour(calls: httpx.AsyncClient, sessions: Sessions) -> None:
    it, done = await a_done_day(calls, sessions)
    await now_is(calls, await now(calls) + timedelta(minutes=55))
    await it.phone.press(done, "Fix the numbers")
    which = await it.phone.sees("Which number is wrong?")
    assert labels(which)[:2] == ["📦 Loaded: 120", "↩️ Brought back: 6"]
    await it.phone.press(which, "Brought back: 6")
    pad = await keyed(it.phone, await it.phone.sees("How many of 120"), "16")
    await it.phone.press(pad, "✓ 16")
    done = await it.phone.sees("104 of 120 parcels delivered")
    await it.phone.press(done, "Fix the numbers")
    await it.phone.press(await it.phone.sees("Which number is wrong?"), "Loaded: 120")
    pad = await keyed(it.phone, await it.phone.sees("How many parcels have you loaded?"), "15")
    answer = await it.phone.press(pad, "✓ 15")
    assert "That number can't be right" in answer["text"], "fewer than came back"
    await it.phone.sees("104 of 120 parcels delivered")


async def test_r8_4_the_hour_is_over(calls: httpx.AsyncClient, sessions: Sessions) -> None:
    it, done = await a_done_day(calls, sessions)
    await it.phone.press(done, "Fix the numbers")
    which = await it.phone.sees("Which number is wrong?")
    await it.phone.press(which, "Brought back: 6")
    pad = await keyed(it.phone, await it.phone.sees("How many of 120"), "7")
    await now_is(calls, await now(calls) + timedelta(hours=1, seconds=1))
    answer = await it.phone.press(pad, "✓ 7")  # an old button
    assert "The hour for corrections is over" in answer["text"]
    home = await it.phone.sees("114 of 120 parcels delivered")
    assert "✏️ Fix the numbers" not in labels(home)
    answer = await it.phone.press_data(home, FixParcels(it.assignment_id).pack())
    assert "The hour for corrections is over" in answer["text"]
    shift = await it.shift(sessions)
    assert shift is not None and shift.parcels_returned == 6


async def test_r2_5_old_buttons_change_nothing(calls: httpx.AsyncClient, sessions: Sessions) -> None:
    it = await working(calls, sessions, "en")
    home = await it.phone.sees(f"{it.route}, North")
    await arrived(it)
    there = await it.phone.sees("you're there")
    await it.phone.press_data(there, ImHere(it.assignment_id).pack())
    await it.phone.press_data(there, Confirm(it.assignment_id).pack())
    await it.phone.sees("you're there")
    answer = await it.phone.press_data(home, CannotCome(it.assignment_id).pack())
    assert "You're on this shift already" in answer["text"]
    answer = await it.phone.press_data(home, Keypad(it.assignment_id, Count.BROUGHT_BACK, 0).pack())
    assert "Say first how many parcels you have loaded" in answer["text"]
    answer = await it.phone.press_data(home, EnterParcels(it.assignment_id, Count.BROUGHT_BACK, 0).pack())
    assert "Say first how many parcels you have loaded" in answer["text"]
    assert (await it.row(sessions)).status is AssignmentStatus.ACTIVE
    await it.phone.sees("you're there")


async def test_r8_2_before_five_and_after_nine(calls: httpx.AsyncClient, sessions: Sessions) -> None:
    it = await working(calls, sessions, "en")
    home = await it.phone.sees(f"{it.route}, North")
    tomorrow = await working(calls, sessions, "en", ahead=1)
    other = await tomorrow.phone.sees("Hello")
    answer = await tomorrow.phone.press_data(other, ImHere(tomorrow.assignment_id).pack())
    assert "This shift isn't today" in answer["text"]
    await now_is(calls, (await now(calls)).replace(hour=4, minute=59) + DAY)
    answer = await tomorrow.phone.press_data(other, ImHere(tomorrow.assignment_id).pack())
    assert "from 5 in the morning" in answer["text"]
    await tomorrow.phone.press_data(other, ImHere(it.assignment_id).pack())  # another's
    assert (await tomorrow.row(sessions)).status is AssignmentStatus.SCHEDULED
    assert home


async def test_whatever_number_he_types_is_answered(calls: httpx.AsyncClient, sessions: Sessions) -> None:
    it = await working(calls, sessions, "en")
    await it.phone.sees(f"{it.route}, North")
    for text in ("120", "load 120", "back 3"):
        assert labels(await it.phone.writes(text, "Press “I'm here” first")) == ["🏠 Home"]
    for text in ("here are my papers", "I can't find the gate", "load", "load -5"):
        await it.phone.writes(text, "I didn't understand")
    await arrived(it)
    for text in ("0", "1000", "99999", "9" * 60, "٠", "-5", "12.5", "3,5", "1 200", "load -1", "load 1000 parcels"):
        answer = await it.phone.writes(text, "That number can't be right", "From 1 to 999 can be loaded")
        assert labels(answer) == ["📦 Parcels loaded", "🏠 Home"]
    for text in ("one hundred", "²", "12 pallets"):
        assert labels(await it.phone.writes(text, "I didn't understand"))
    shift = await it.shift(sessions)
    assert shift is not None and shift.parcels_start is None
    await it.phone.writes("999", "999 parcels loaded")
    await it.phone.writes("1000", "From 0 to 999 can come back")
    await it.phone.press(await it.phone.writes("998", "\n\n998"), "✓ 998")
    await it.phone.sees("1 of 999 parcels delivered")
    assert labels(await it.phone.writes("5", "what is 5?")) == ["↩️ Brought back: 5", "🏠 Home"]


async def test_r8_the_whole_day_in_the_words_of_an_sms(calls: httpx.AsyncClient, sessions: Sessions) -> None:
    it = await working(calls, sessions, "en")
    await it.phone.sees(f"{it.route}, North")
    why = await it.phone.writes("Can't make it!", f"Why can't you make it to {it.route}", "Nothing is cancelled yet")
    await it.phone.press(why, "Keep my shift")
    await it.phone.writes("I’m here", "you're there", "how many parcels have you loaded?")
    await it.phone.writes("BACK 4", "Say first how many parcels you have loaded")
    await it.phone.writes("Load 120", "120 parcels loaded")
    stop = await it.phone.writes("can't come", "You're on this shift already", "press “I must stop”")
    assert labels(stop) == ["🛑 I must stop", "🏠 Home"]
    assert labels(await it.phone.writes("late 15", "You're on this shift already"))[0] == "🛑 I must stop"
    for number in ("121", "999", "9" * 60):
        await it.phone.writes(f"back {number}", "From 0 to 120 can come back")
    await it.phone.press(await it.phone.writes("back 4", "How many of 120", "\n\n4"), "✓ 4")
    await it.phone.sees("116 of 120 parcels delivered")
    assert (await it.row(sessions)).status is AssignmentStatus.COMPLETED


async def test_r8_3_more_than_he_loaded_does_not_come_back(calls: httpx.AsyncClient, sessions: Sessions) -> None:
    it = await working(calls, sessions, "en")
    await arrived(it)
    await it.phone.writes("50", "50 parcels loaded")
    no = await it.phone.writes("51", "From 0 to 50 can come back")
    assert labels(no) == ["↩️ Parcels brought back", "🏠 Home"]
    await it.phone.press(no, "Parcels brought back")
    pad = await keyed(it.phone, await shows(it.phone, "0"), "5")
    [again] = [button["data"] for row in pad["keyboard"] for button in row if button["text"] == "1"]
    assert again == Keypad(it.assignment_id, Count.BROUGHT_BACK, 5).pack(), "51 can't be typed"
    forged = EnterParcels(it.assignment_id, Count.BROUGHT_BACK, 51).pack()
    assert "That number can't be right" in (await it.phone.press_data(pad, forged))["text"]
    await it.phone.sees("50 parcels loaded")
    assert (await it.row(sessions)).status is AssignmentStatus.ACTIVE


async def test_r12_3_forged_buttons_of_anothers_shift_do_nothing(calls: httpx.AsyncClient, sessions: Sessions) -> None:
    it, thief = await working(calls, sessions, "en"), await working(calls, sessions, "en", nth=1)
    assert it.user_id != thief.user_id
    home = await thief.phone.sees(f"{thief.route}, North")
    before, shown = await it.row(sessions), f"{it.route}, North"
    mine, his = it.assignment_id, thief.assignment_id
    strange = [
        *(what(mine) for what in (ShiftCard, Confirm, ImHere, CannotCome, FixParcels)),
        *(what(uuid.uuid4()) for what in (ShiftCard, Confirm, ImHere, CannotCome, FixParcels)),
        Keypad(mine, 1, 0),
        EnterParcels(mine, 1, 100),
        EnterParcels(mine, 2, 0),
        CancelBecause(mine, 0),
        AddNote(mine, 0),
        CancelShift(mine, 6),
        # of his own, but as no button of ours has them
        Keypad(his, 7, 0),
        Keypad(his, 1, -5),
        EnterParcels(his, 9, 10),
        EnterParcels(his, 1, -99999),
        CancelBecause(his, 99),
        CancelBecause(his, -1),
        ConfirmAll(0, 999999),
        ConfirmAll(-1, -9),
        Schedule(999999),
        Schedule(-99999),
    ]
    for data in strange:
        answer = await thief.phone.press_data(home, data.pack())
        assert answer["answered"], data
    assert not [message for message in await thief.phone.chat(deleted=True) if shown in message["text"]]
    after = await it.row(sessions)
    assert (after.status, after.user_id, after.confirmed_at) == (before.status, before.user_id, before.confirmed_at)
    assert (await thief.row(sessions)).status is AssignmentStatus.SCHEDULED
    assert await it.shift(sessions) is None and await thief.shift(sessions) is None
    assert {fault for fault in await faults(calls) if fault} == set()


async def faults(calls: httpx.AsyncClient) -> list[str]:
    """What people read when something of ours broke."""
    people = (await calls.get("/sandbox/people")).raise_for_status().json()["people"]
    chats = [await Phone(calls, person["id"]).chat(deleted=True) for person in people if person["telegram"]]
    return [message["text"] for chat in chats for message in chat if "went wrong" in message["text"]]


# -- cancelling


@pytest.fixture
async def nadia(calls: httpx.AsyncClient) -> Phone:
    """The manager of North, who reads English; Élise, the other one, reads French."""
    nadia = Phone(calls, "nadia-haddad")
    await nadia.start(INVITE)
    await nadia.sees("Hello Nadia")
    return nadia


async def test_r5_cancelling_late_with_a_note(calls: httpx.AsyncClient, sessions: Sessions, nadia: Phone) -> None:
    it = await working(calls, sessions, "en", ahead=1)
    elise = Phone(calls, "elise-fortin")
    phone = it.phone
    week = await phone.writes("/schedule", "Mon", "Sun", f"{it.route}, North")
    await phone.press_data(week, ShiftCard(it.assignment_id).pack())
    card = await becomes(phone, week, "Next: be at")
    assert labels(card)[0] == "I can't make it"
    await phone.press(card, "I can't make it")
    why = await phone.sees(f"Why can't you make it to {it.route}", "Nothing is cancelled yet.")
    assert len(labels(why)) == len(CancelReason) + 1
    await phone.press(why, "Something personal")
    last = await phone.sees(f"Cancel {it.route}, North", "Something personal", "counts as a late cancellation")
    assert labels(last) == ["❌ Yes, cancel it", "📝 Add a note", "‹ Keep my shift"]
    assert (await it.row(sessions)).status is AssignmentStatus.SCHEDULED, "nothing before the last button"
    await phone.press(last, "Add a note")
    await phone.sees("Write your note now")
    longest = await phone.writes("x" * 501, "That is over 500 characters")
    assert labels(longest) == ["‹ Keep my shift"]
    last = await phone.writes("<b>Moving</b> & no van", "Your note: <b>Moving</b> & no van", "late cancellation")
    assert (await phone.press(last, "Yes, cancel it"))["text"] == "Cancelled. Your manager knows."
    home = await becomes(phone, last, "Hello")

    # It is about tomorrow, and a quarter past seven: it does not wake a manager (R11.4).
    await now_is(calls, (await now(calls)).replace(hour=8, minute=0))
    told = await nadia.sees("can't drive", f"{it.route}, North", "at short notice")
    assert "Something personal: <b>Moving</b> & no van" in told["text"]
    french = await elise.sees(f"{it.route}, North", "<b>Moving</b> & no van")
    assert "can't drive" not in french["text"] and "personal" not in french["text"]
    south = [message["text"] for message in await Phone(calls, "marc-andre-gagnon").chat()]
    assert not [text for text in south if "Moving" in text]
    assert (await it.row(sessions)).status is AssignmentStatus.CANCELLED
    shift = await it.shift(sessions)
    assert shift is not None
    assert (shift.cancel_reason, shift.cancel_notes) == (CancelReason.PERSONAL_EMERGENCY, "<b>Moving</b> & no van")
    async with sessions() as session:
        kinds = select(Incident.kind).where(Incident.assignment_id == it.assignment_id)
        assert list(await session.scalars(kinds)) == [IncidentKind.LATE_CANCEL]

    # An old button: what he reads is what is.
    answer = await phone.press_data(home, CancelShift(it.assignment_id, 5).pack())
    assert "isn't yours any more" in answer["text"]
    async with sessions() as session:
        assert len((await session.scalars(select(Conversation))).all()) == 0


async def test_r5_2_i_cant_make_it_after_the_start_opens_the_emergency_at_once(
    calls: httpx.AsyncClient, sessions: Sessions, nadia: Phone
) -> None:
    it = await working(calls, sessions, "en")
    home = await it.phone.sees(f"{it.route}, North")
    await it.phone.press(home, "I can't make it")
    await it.phone.press(await it.phone.sees("Why can't you"), "My vehicle has broken down")
    last = await it.phone.sees("nothing is held against you; your manager takes a look")
    await it.phone.press(last, "Yes, cancel it")
    await nadia.sees("can't drive", f"{it.route}, North", "My vehicle has broken down", "Asked:")
    async with sessions() as session:
        window = await session.scalar(
            select(BidWindow)
            .join(Assignment, Assignment.id == BidWindow.assignment_id)
            .join(Route, Route.id == Assignment.route_id)
            .where(Route.name == it.route)
        )
        assert window is not None and window.mode is BidWindowMode.EMERGENCY
    # He himself is not asked, and is not shown it as open to him.
    home = await it.phone.writes("/today", "No shift today.")
    assert it.route not in " ".join(labels(home))


async def test_r5_1_he_may_think_better_of_it(calls: httpx.AsyncClient, sessions: Sessions) -> None:
    it = await working(calls, sessions, "fr", ahead=1)
    week = await it.phone.writes("/schedule", f"{it.route}, North", "lun.", "dim.")
    await it.phone.press_data(week, CannotCome(it.assignment_id).pack())
    why = await it.phone.sees("Rien n’est encore annulé.")
    await it.phone.press_data(why, CancelBecause(it.assignment_id, 6).pack())
    last = await it.phone.sees(f"Annuler {it.route}, North")
    await it.phone.press_data(last, AddNote(it.assignment_id, 6).pack())
    asked = await it.phone.sees("Écrivez votre note maintenant")
    keep = labels(asked)[0]
    await it.phone.press(asked, keep)
    card = await becomes(it.phone, asked, "1200 Steeles Ave W")  # the home card has the address, too
    assert f"{it.route}, North" in card["text"] and "jeu." in card["text"]
    await it.phone.writes("ça va", "je n’ai pas compris")  # no note any more
    row = await it.row(sessions)
    assert (row.status, row.user_id) == (AssignmentStatus.SCHEDULED, it.user_id)


async def test_r5_1_a_note_goes_with_what_he_reads_and_only_with_that(
    calls: httpx.AsyncClient, sessions: Sessions
) -> None:
    it = await working(calls, sessions, "en", ahead=2)
    week = await it.phone.writes("/schedule", f"{it.route}, North", "Sun")
    await it.phone.press_data(week, AddNote(it.assignment_id, 6).pack())
    await it.phone.sees("Write your note now")
    last = await it.phone.writes("first thought", "Your note: first thought")
    await it.phone.press_data(last, CancelBecause(it.assignment_id, 4).pack())  # he begins anew
    last = await it.phone.sees("Reason: The weather")
    assert "first thought" not in last["text"]
    await it.phone.press(last, "Yes, cancel it")
    await it.phone.sees("Hello")
    shift = await it.shift(sessions)
    assert shift is not None
    assert (shift.cancel_reason, shift.cancel_notes) == (CancelReason.WEATHER_CONDITIONS, None)


async def test_r5_1_a_note_is_not_lost_while_he_hesitates(calls: httpx.AsyncClient, sessions: Sessions) -> None:
    it = await working(calls, sessions, "en", ahead=2)
    week = await it.phone.writes("/schedule", f"{it.route}, North", "Sun")
    await it.phone.press_data(week, AddNote(it.assignment_id, 6).pack())
    await it.phone.sees("Write your note now")
    last = await it.phone.writes("my van", "Your note: my van")
    await now_is(calls, await now(calls) + timedelta(minutes=40))
    await it.phone.press(last, "Yes, cancel it")
    await it.phone.sees("Hello")
    shift = await it.shift(sessions)
    assert shift is not None and shift.cancel_notes == "my van"


async def test_a_note_that_comes_too_late_is_answered(calls: httpx.AsyncClient, sessions: Sessions) -> None:
    it = await working(calls, sessions, "en", ahead=1)
    home = await it.phone.sees("Hello")
    await it.phone.press_data(home, AddNote(it.assignment_id, 6).pack())
    await it.phone.sees("Write your note now")
    await now_is(calls, await now(calls) + timedelta(minutes=16))
    await it.phone.writes("too late", "I didn't understand")
    home = await it.phone.sees("Write your note now")
    await it.phone.press_data(home, AddNote(it.assignment_id, 6).pack())
    async with sessions.begin() as session:
        gone = update(Assignment).where(Assignment.id == it.assignment_id)
        await session.execute(gone.values(status=AssignmentStatus.CANCELLED))
    answer = await it.phone.writes("why not", "This shift isn't yours any more.")
    assert labels(answer) == ["🏠 Home"]
    await it.phone.writes("hello?", "I didn't understand")


async def test_r5_4_where_no_manager_is_left_the_owners_are_told(calls: httpx.AsyncClient, sessions: Sessions) -> None:
    it = await working(calls, sessions, "en")
    async with sessions.begin() as session:
        here = select(WarehouseManager).join(Warehouse, Warehouse.id == WarehouseManager.warehouse_id)
        for row in await session.scalars(here.where(Warehouse.name == "North")):
            await session.delete(row)
    home = await it.phone.sees(f"{it.route}, North")
    await it.phone.press_data(home, CancelShift(it.assignment_id, 6).pack())
    await it.phone.sees("No shift today.")
    async with sessions() as session:
        raised = await session.execute(select(OperatorAlert.key))
        assert [key for (key,) in raised if key.startswith("no manager to tell")]


# -- weeks, and confirming


async def test_the_weeks_page_by_page(calls: httpx.AsyncClient, sessions: Sessions) -> None:
    it = await working(calls, sessions, "en")
    monday = (await now(calls)).date()
    monday -= timedelta(days=monday.weekday())
    week = await it.phone.writes("/schedule", f"{monday:%b}", f"{it.route}, North", "✓ Wed")
    for step, at in (("›", monday + 7 * DAY), ("›", monday + 14 * DAY), ("‹", monday + 7 * DAY), ("‹", monday)):
        await it.phone.press(week, step)
        week = await becomes(it.phone, week, f"Mon {at.day} {at:%b} to ")  # the home card has such days, too
        assert (at == monday) or "No shifts in this week." in week["text"]
    for edge, only in ((52, "‹"), (-52, "›")):
        await it.phone.press_data(week, Schedule(edge * 10).pack())
        week = await becomes(it.phone, week, f"Mon {(monday + edge * 7 * DAY).day} ")
        assert [label for label in labels(week) if label in "‹›"] == [only]
    await it.phone.press(week, "Home")
    assert f"{it.route}, North" in (await becomes(it.phone, week, "Hello"))["text"]


async def to_confirm(calls: httpx.AsyncClient, sessions: Sessions, it: Working, *ahead: int) -> list[uuid.UUID]:
    """Unconfirmed shifts of his, so many days ahead."""
    today = (await now(calls)).date()
    ids = [uuid.uuid4() for _ in ahead]
    async with sessions.begin() as session:
        route = await session.scalar(select(Route).where(Route.name == it.route))
        assert route is not None
        for id_, days in zip(ids, ahead, strict=True):
            where = {"route_id": route.id, "warehouse_id": route.warehouse_id, "on": today + days * DAY}
            mine = {"user_id": it.user_id, "assigned_at": (await now(calls)) - 9 * DAY}
            session.add(Assignment(id=id_, status=AssignmentStatus.SCHEDULED, **where, **mine))
    return ids


async def unconfirmed(sessions: Sessions, ids: list[uuid.UUID]) -> int:
    async with sessions() as session:
        rows = await session.scalars(select(Assignment.confirmed_at).where(Assignment.id.in_(ids)))
        return [at is None for at in rows].count(True)


async def test_r4_1_one_and_all(calls: httpx.AsyncClient, sessions: Sessions) -> None:
    it = await working(calls, sessions, "en")
    await it.phone.sees(f"{it.route}, North")
    await it.phone.writes("/confirm", "Nothing to confirm. You're all set.")
    ids = await to_confirm(calls, sessions, it, 7, 8, 9)
    home = await it.phone.writes("/today", "Hello", f"{it.route}, North")
    await it.phone.press(home, "3 shifts to confirm")
    listed = await it.phone.sees("Will you be there?")
    assert labels(listed)[0] == "✅ Confirm all 3" and len(labels(listed)) == 5
    assert (await it.phone.press_data(listed, Confirm(ids[1]).pack()))["text"] == "Confirmed, thank you!"
    assert await unconfirmed(sessions, ids) == 2
    listed = await it.phone.writes("/confirm", "Will you be there?")
    assert labels(listed)[0] == "✅ Confirm all 2"
    assert (await it.phone.press(listed, "Confirm all 2"))["text"] == "2 shifts confirmed, thank you!"
    done = await becomes(it.phone, listed, "Nothing to confirm")
    assert await unconfirmed(sessions, ids) == 0
    again = await it.phone.press_data(done, listed["keyboard"][0][0]["data"])
    assert again["text"] == "There is nothing left to confirm."


async def test_r4_1_the_week_from_its_page_in_french(calls: httpx.AsyncClient, sessions: Sessions) -> None:
    it = await working(calls, sessions, "fr")
    ids = await to_confirm(calls, sessions, it, 7, 8)
    week = await it.phone.writes("/schedule", "lun.", "dim.")
    await it.phone.press(week, "›")
    week = await becomes(it.phone, week, "❔")
    assert f"{it.route}, North" in week["text"]
    assert len([label for label in labels(week) if label.startswith("✅")]) == 1
    await it.phone.press(week, "✅")
    await becomes(it.phone, week, "👍")
    assert await unconfirmed(sessions, ids) == 0


async def test_r4_1_after_its_deadline(calls: httpx.AsyncClient, sessions: Sessions) -> None:
    it = await working(calls, sessions, "en")
    [id_] = await to_confirm(calls, sessions, it, 7)
    listed = await it.phone.writes("/confirm", "Will you be there?")
    at = datetime.combine((await now(calls)).date() + 5 * DAY, time(7, 0, 1), TORONTO)  # 48 h before, and a second
    await now_is(calls, at)
    answer = await it.phone.press_data(listed, Confirm(id_).pack())
    assert any(words in answer["text"] for words in ("Its time to confirm is over", "isn't yours any more"))
    assert await unconfirmed(sessions, [id_]) == 1
