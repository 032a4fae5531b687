"""Who has no Telegram, or none that works, is asked and answers by SMS, over HTTP (R11.2, R11.5, R11.6)."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from domain.db.models import Delivery, SmsOptOut, User
from domain.db.models.words import Channel, DeliveryState
from domain.notices.kinds import Kind
from sandbox.fleet import INVITE
from tests.story.phones import Phone, until

UNLINKED, FRENCH = "chloe-roy", "omar-hassan"


@pytest.fixture
async def nadia(calls: httpx.AsyncClient) -> Phone:
    """The manager of North."""
    nadia = Phone(calls, "nadia-haddad")
    await nadia.start(INVITE)
    await nadia.sees("Hello Nadia")
    return nadia


async def emergency(nadia: Phone) -> dict[str, Any]:
    """Drivers are asked for R12; her card of it."""
    await nadia.send("/emergency R12")
    slot = await nadia.sees("R12, North", "could be asked")
    await nadia.press(slot, "Emergency")
    return await nadia.sees("R12, North", "drivers are being asked")


def code_in(sms: dict[str, Any], word: str) -> str:
    return str(sms["body"].split(f"{word} ")[1][:3])


async def forward(calls: httpx.AsyncClient, by: timedelta) -> None:
    (await calls.post("/sandbox/clock", json={"forward": by.total_seconds()})).raise_for_status()


@pytest.mark.parametrize(
    ("person", "word", "asks", "confirms", "again", "name"),
    [
        (UNLINKED, "TAKE", "R12 at North needs a driver", "It's yours: R12", "You have it already: R12", "Chloé Roy"),
        (
            FRENCH,
            "PRENDRE",
            "R12 à North cherche un chauffeur",
            "R12 à North est à vous",
            "Vous avez déjà R12",
            "Omar Hassan",
        ),
    ],
)
async def test_r11_6_a_shift_is_offered_and_taken_by_sms(
    sessions: async_sessionmaker[AsyncSession],
    calls: httpx.AsyncClient,
    nadia: Phone,
    person: str,
    word: str,
    asks: str,
    confirms: str,
    again: str,
    name: str,
) -> None:
    driver = Phone(calls, person)
    if person == FRENCH:
        (await calls.patch(f"/sandbox/people/{person}", json={"blocked": True})).raise_for_status()
    card = await emergency(nadia)
    offer = await driver.reads(asks, f"{word} ")
    assert offer["segments"] == 1
    await driver.text(f"{word.lower()} {code_in(offer, word)}")
    await driver.reads(confirms, "1200 Steeles Ave W")
    done = await nadia.sees("R12, North is covered", name)
    assert done["message_id"] == card["message_id"]

    async def delivered() -> bool:
        async with sessions() as session:
            told = select(Delivery.state).join(User, User.id == Delivery.user_id)
            told = told.where(User.phone == offer["to"], Delivery.channel == Channel.SMS, Delivery.kind == Kind.OFFER)
            return (await session.scalar(told)) == DeliveryState.DELIVERED

    await until(delivered, "Twilio's report of the offer is recorded")
    asked = (await calls.get("/sandbox/requests")).json()["requests"]
    assert {each["method"] for each in asked if each["network"] == "sms"} == {"create"}, "nothing was looked up"
    webhook = (await calls.get("/sandbox/sms/webhook")).json()
    assert webhook["url"].endswith("/twilio/sms#rc=3&rp=all")
    assert webhook["last_error"] is None

    await driver.text(f"{word} {code_in(offer, word)}")
    await driver.reads(again, "1200 Steeles Ave W")


async def test_r11_5_stop_is_shown_to_the_manager_and_start_ends_it(
    sessions: async_sessionmaker[AsyncSession], calls: httpx.AsyncClient, nadia: Phone
) -> None:
    chloe = Phone(calls, UNLINKED)
    await emergency(nadia)
    await chloe.reads("R12 at North needs a driver")
    await chloe.text("Stop")
    await chloe.reads("You have successfully been unsubscribed")
    await forward(calls, timedelta(minutes=45))  # a normal message waits for eight o'clock
    await nadia.sees("Chloé Roy gets no SMS any more", "call when it matters")
    await nadia.send("/message Chloe: call me")
    preview = await nadia.sees("To Chloé Roy", "call me")
    await nadia.press(preview, "Urgent")
    await nadia.sees("Your urgent message", "not delivered: has texted STOP")
    assert "unsubscribed" in (await chloe.sms())[-1]["body"]
    await chloe.text("START")
    await chloe.reads("You have successfully been re-subscribed")

    async def texted_again() -> bool:
        async with sessions() as session:
            return await session.scalar(select(SmsOptOut.phone)) is None

    await until(texted_again, "Rollcall knows that she takes SMS again")
    await nadia.send("/message Chloe: call me now")
    preview = await nadia.sees("To Chloé Roy", "call me now")
    await nadia.press(preview, "Urgent")
    await chloe.reads("from Nadia Haddad", "call me now")


async def test_r11_6_nonsense_is_helped_once(calls: httpx.AsyncClient) -> None:
    chloe = Phone(calls, UNLINKED)
    await chloe.text("what is this?")
    await chloe.reads("wasn't understood", "HELP")
    await chloe.text("🙂 <b>&")
    await chloe.text("Take")
    await chloe.reads("nothing is open to you")
    await chloe.text("Info")
    await chloe.reads("TAKE + code takes a shift")
    assert [sms["body"].split(": ")[1][:7] for sms in await chloe.sms() if sms["from"] == "company"] == [
        "sorry, ",
        "nothing",
        "TAKE + ",
    ]


async def test_r12_2_strangers_are_not_answered(calls: httpx.AsyncClient) -> None:
    body = {"name": "Stranger", "phone": "+14165559999", "telegram": None}
    (await calls.post("/sandbox/people", json=body)).raise_for_status()
    stranger, chloe = Phone(calls, "stranger"), Phone(calls, UNLINKED)
    for text in ("hello", "TAKE ABC", "HELP"):
        await stranger.text(text)
    await chloe.text("HELP")
    await chloe.reads("Rollcall")
    assert {sms["from"] for sms in await stranger.sms()} == {"person"}


async def test_r12_4_who_does_not_sign_as_twilio_does_changes_nothing(calls: httpx.AsyncClient, nadia: Phone) -> None:
    chloe = Phone(calls, UNLINKED)
    await emergency(nadia)
    offer = await chloe.reads("R12 at North needs a driver")
    url = (await calls.get("/sandbox/sms/webhook")).json()["url"].partition("#")[0]
    form = {"MessageSid": "SM" + "1" * 32, "From": offer["to"], "Body": f"TAKE {code_in(offer, 'TAKE')}"}
    for headers in ({}, {"X-Twilio-Signature": "Zm9yZ2Vk"}):
        assert (await calls.post(url, data=form, headers=headers)).status_code == 403
    report = {"MessageSid": offer["sid"], "MessageStatus": "failed", "ErrorCode": "30005"}
    assert (await calls.post(url.replace("/sms", "/status"), data=report)).status_code == 403
    await nadia.sees("R12, North", "drivers are being asked")


async def test_r11_2_cut_telegram_off_and_sms_takes_over(calls: httpx.AsyncClient, nadia: Phone) -> None:
    await emergency(nadia)
    amara = Phone(calls, "amara-osei")
    await amara.sees("R12", "needs a driver")
    assert await amara.sms() == []
    (await calls.post("/sandbox/faults", json={"network": "telegram", "kind": "down"})).raise_for_status()
    await forward(calls, timedelta(minutes=5))
    offer = await amara.reads("R12 at North needs a driver", "TAKE ")
    await amara.text(f"TAKE {code_in(offer, 'TAKE')}")
    await amara.reads("It's yours: R12 at North")
    (await calls.delete("/sandbox/faults")).raise_for_status()
    await nadia.sees("R12, North is covered", "Amara Osei took it at 07:2")
