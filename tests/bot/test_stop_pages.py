"""R10.2, R10.3 as a manager presses and types it: a stopped driver is back, or stays out. Over HTTP, EN and FR."""

import uuid
from dataclasses import dataclass
from datetime import time
from typing import Any

import pytest
from sqlalchemy import delete, select

from bot.callbacks.appeals import Whys
from bot.callbacks.home import OpenHealth
from bot.callbacks.stops import KeepOut, Reinstate, StopOf
from bot.reader import Reader
from bot.screens import stops as screens
from bot.wording_of_health import OfHealth
from domain.db.models import ContactSettings, DriverHealthState, HardStop, WarehouseManager
from domain.db.models.words import IncidentKind
from domain.health.reinstating import Decided, keep_out
from domain.notices.facts.health import (
    Becomes,
    BonusAhead,
    DeliversTooLittle,
    PoolDecided,
    PoolLost,
    StarGained,
    StarsLost,
)
from domain.people.queries import Person, linked_chat
from domain.policy import TORONTO
from domain.shifts import ledger
from tests.bot.test_people_pages import labels
from tests.bot.town import Town
from tests.domain.world import POLICY, SAY, Fleet
from tests.story.phones import Phone

LONG = "x" * (POLICY.reasons_most + 1)


@dataclass(frozen=True)
class Stopped:
    """Dana has cancelled late twice, and Mona is to decide; Max, too, is a manager of North, Sue one of South."""

    town: Town
    mona: Phone
    max: Phone
    sue: Phone
    dana: Phone
    people: dict[str, Person]

    @property
    def driver_id(self) -> uuid.UUID:
        return self.people["Dana"].id

    async def stop(self) -> HardStop:
        async with self.town.sessions() as session:
            return (await session.scalars(select(HardStop))).one()

    async def in_pool(self) -> bool:
        async with self.town.sessions() as session:
            return (await session.get_one(DriverHealthState, self.driver_id)).assignment_pool_eligible


async def stopped(town: Town, language: str = "en") -> Stopped:
    async with town.sessions.begin() as session:
        fleet = Fleet(session, town.now)
        managers = [await fleet.manager(name) for name in ("Mona", "Max", "Sue")]
        north, _ = await fleet.warehouse("North", *managers[:2]), await fleet.warehouse("South", managers[2])
        dana = await fleet.driver("Dana", home=north)
        people = (*managers, dana)
        awake = {"quiet_from": time(0), "quiet_until": time(0), "language": language}  # it is before eight
        await fleet.put(ContactSettings, *({"user_id": who.id} | awake for who in people))
        for back in (1, 2):
            slot = await fleet.cancelled_by(dana, await fleet.route(f"R{back}", north), fleet.day(-back))
            kind = IncidentKind.LATE_CANCEL
            await ledger.enter(session, dana.id, slot.id, kind, None, SAY, POLICY, town.now)
        chats = [await linked_chat(session, who.id) for who in people]
    mona, max_, sue, dana_ = [await _phone(town, who, chat, language) for who, chat in zip(people, chats, strict=True)]
    return Stopped(town, mona, max_, sue, dana_, {who.first_name: who for who in people})


async def _phone(town: Town, who: Person, chat: int | None, language: str) -> Phone:
    name = who.first_name.lower()
    account = {"user_id": chat, "started": True}
    body = {"id": name, "name": f"{who.first_name} Test", "phone": who.phone, "language": language}
    (await town.calls.post("/sandbox/people", json=body | {"telegram": account})).raise_for_status()
    return Phone(town.calls, name)


@dataclass(frozen=True)
class Words:
    """What is read, in one language."""

    was_stopped: tuple[str, ...]
    reinstate: str
    stays_out: str
    why_back: str
    why_out: str
    too_long: str
    back: str
    out: str
    told_back: tuple[str, ...]
    told_out: tuple[str, ...]


WORDS = {
    "en": Words(
        ("Dana Test was stopped", "Late cancellation: R1, North", "Late cancellation: R2, North", "Please decide by"),
        "↩️ Reinstate",
        "⏸ Stays out",
        "Why is Dana Test back? Write the reason now",
        "Why does Dana Test stay out? Write the reason now",
        "That is over 500 characters",
        "✅ Mona Test: back again. Reason: ",
        "⛔ Mona Test: stays out. Reason: ",
        ("You get new shifts again", "Mona Test has put you back. Reason: "),
        ("You get no new shifts", "Mona Test has decided so", "Reason: "),
    ),
    "fr": Words(
        ("Dana Test\u00a0: mise à l’écart", "Annulation tardive\u00a0: R1, North", "À décider avant"),
        "↩️ Remettre",
        "⏸ Reste à l’écart",
        "Pourquoi reprendre Dana Test?",
        "Pourquoi garder Dana Test à l’écart?",
        "Cela dépasse 500 caractères",
        "✅ Mona Test\u00a0: de retour. Raison\u00a0: ",
        "⛔ Mona Test\u00a0: reste à l’écart. Raison\u00a0: ",
        ("Vous recevez de nouveau des quarts", "Mona Test vous a remis dans les quarts. Raison\u00a0: "),
        ("Vous ne recevez pas de nouveaux quarts", "Décision de Mona Test", "Raison\u00a0: "),
    ),
}


@pytest.mark.parametrize("language", WORDS)
async def test_r10_3_reinstated_with_a_reason(town: Town, language: str) -> None:
    it, words = await stopped(town, language), WORDS[language]
    async with town.serving():
        card = await it.mona.sees(*words.was_stopped)
        assert labels(card)[:3] == [words.reinstate, words.stays_out, "👤 Dana Test"]
        await it.mona.press(card, words.reinstate)
        await it.mona.sees(words.why_back)
        assert not await it.in_pool(), "nothing is decided before the reason"
        await it.mona.writes(LONG, words.too_long)
        assert not await it.in_pool()
        done = await it.mona.writes("We <talked> & it's fine", words.back + "We <talked> & it's fine")
        assert labels(done)[0] == "👤 Dana Test", "there is nothing left to decide"
        await it.dana.sees(*words.told_back, "We <talked> & it's fine")
        assert await it.in_pool()
    stop = await it.stop()
    assert (stop.reinstated, stop.reason, stop.decided_by) == (True, "We <talked> & it's fine", it.people["Mona"].id)


@pytest.mark.parametrize("language", WORDS)
async def test_r10_2_stays_out_with_a_reason_and_is_back_later(town: Town, language: str) -> None:
    it, words = await stopped(town, language), WORDS[language]
    async with town.serving():
        await it.mona.press(await it.mona.sees(*words.was_stopped), words.stays_out)
        await it.mona.sees(words.why_out)
        await it.mona.writes(LONG, words.too_long)
        card = await it.mona.writes("twice a week", words.out + "twice a week")
        assert labels(card)[:2] == [words.reinstate, "👤 Dana Test"]
        await it.dana.sees(*words.told_out, "twice a week")
        assert not await it.in_pool()
        await it.mona.press(card, words.reinstate)
        await it.mona.sees(words.why_back)
        await it.mona.writes("a month is enough", words.back + "a month is enough")
        assert await it.in_pool()


async def test_r10_3_he_thinks_better_of_it_or_has_something_else_to_say(town: Town) -> None:
    it = await stopped(town)
    async with town.serving():
        await it.mona.press(await it.mona.sees("Dana Test was stopped"), "Stays out")
        asked = await it.mona.sees("Why does Dana Test stay out?")
        await it.mona.press(asked, "Change nothing")
        await it.mona.sees("Dana Test was stopped", "Please decide by")
        await it.mona.writes("because", "I didn't understand")
        await it.mona.press(await it.mona.sees("Dana Test was stopped"), "Reinstate")
        await it.mona.sees("Why is Dana Test back?")
        seen = len(await it.mona.chat(deleted=True))
        (await town.calls.post("/sandbox/people/mona/sticker", json={})).raise_for_status()
        await it.mona.sees("I didn't understand", after=seen)
        assert (await it.stop()).decided_at is None
        await it.mona.writes("now in words", "back again. Reason: now in words")


async def test_r10_3_another_manager_was_quicker(town: Town) -> None:
    """What is decided stays decided, and he reads that it is."""
    it = await stopped(town)
    async with town.serving():
        card = await it.mona.sees("Dana Test was stopped")
        await it.mona.press(card, "Stays out")
        asked = await it.mona.sees("Why does Dana Test stay out?")
        await it.max.press(await it.max.sees("Dana Test was stopped"), "Stays out")
        await it.max.sees("Why does Dana Test stay out?")
        await it.max.writes("twice", "Max Test: stays out. Reason: twice")
        await it.mona.writes("thrice", "That has been decided already.")
        answer = await it.mona.press_data(asked, KeepOut(it.driver_id).pack())
        assert "decided already" in answer["text"]
        await it.max.press(await it.max.sees("stays out. Reason: twice"), "Reinstate")
        await it.max.writes("after all", "Max Test: back again. Reason: after all")
        answer = await it.mona.press_data(await home(it.mona), Reinstate(it.driver_id).pack())
        assert "gets new shifts already" in answer["text"]
    assert (await it.stop()).reason == "after all"


async def home(phone: Phone) -> dict[str, Any]:
    return await phone.writes("/today", "Hello")


async def test_r12_3_not_his_drivers_manager(town: Town) -> None:
    """He learns nothing, and what he types afterwards is no reason."""
    it = await stopped(town)
    stop = await it.stop()
    async with town.serving():
        for button in (Reinstate(it.driver_id), KeepOut(it.driver_id), Reinstate(uuid.uuid4())):
            answer = await it.sue.press_data(await home(it.sue), button.pack())
            assert "can't find that in your warehouses" in answer["text"]
            await it.sue.writes("please", "I didn't understand")
        for id_ in (stop.id, uuid.uuid4()):
            assert (await it.sue.press_data(await home(it.sue), StopOf(id_).pack()))["answered"]
        assert not [message for message in await it.sue.chat() if "Dana" in message["text"]]
        await it.dana.press_data(await home(it.dana), Reinstate(it.driver_id).pack())
        await it.dana.sees("That is for managers")
    assert not await it.in_pool() and (await it.stop()).decided_at is None


async def test_r12_3_no_longer_his_driver_when_he_has_written_why(town: Town) -> None:
    it = await stopped(town)
    async with town.serving():
        await it.mona.press(await it.mona.sees("Dana Test was stopped"), "Reinstate")
        await it.mona.sees("Why is Dana Test back?")
        async with town.sessions.begin() as session:
            hers = WarehouseManager.user_id == it.people["Mona"].id
            await session.execute(delete(WarehouseManager).where(hers))
        await it.mona.writes("talked to her", "I can't find that in your warehouses.")
    assert not await it.in_pool()


async def test_r10_6_she_sees_why_and_her_score_from_what_she_was_told(town: Town) -> None:
    it = await stopped(town)
    async with town.serving():
        told = await it.dana.sees("You get no new shifts for now", "2 late cancellations within 30 days")
        await it.dana.press(told, "My score")
        await it.dana.sees("Your score:")
        async with town.sessions.begin() as session:
            out = await keep_out(session, it.people["Mona"], it.driver_id, "twice", SAY, POLICY, town.now)
            assert isinstance(out, Decided)
        await it.dana.press(await it.dana.sees("You get no new shifts", "Reason: twice"), "How I stand")
        await it.dana.sees("How you stand", "You get no new shifts for now", "2 things went wrong")


TOLD = (
    PoolLost(2, 30),
    *(PoolDecided(becomes, "Mona Test", "why") for becomes in Becomes),
    StarsLost(3),
    StarGained(1, 4),
    BonusAhead(10, 4),
    DeliversTooLittle(80),
)


@pytest.mark.parametrize("notice", TOLD, ids=lambda notice: type(notice).__name__)
@pytest.mark.parametrize("language", ["en", "fr"])
def test_r10_6_whatever_is_told_of_his_standing_leads_to_why_and_to_his_score(notice: OfHealth, language: str) -> None:
    shown = screens.told(notice, Reader(language, TORONTO))
    assert [button.to for button in shown.keyboard[0]] == [Whys(0), OpenHealth()]
