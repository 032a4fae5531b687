"""The main job, end to end, over HTTP: a route loses its driver in the morning and finds another."""

import asyncio
from typing import Any

import httpx

from sandbox.fleet import INVITE
from tests.story.phones import Phone, until


async def everyone(calls: httpx.AsyncClient) -> list[dict[str, Any]]:
    return list((await calls.get("/sandbox/people")).raise_for_status().json()["people"])


async def offered(calls: httpx.AsyncClient, people: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Who has an offer with a button to accept it, by person."""
    found = {}
    for person in people:
        if person["role"] != "driver" or person["telegram"] is None:
            continue
        for message in await Phone(calls, person["id"]).chat():
            labels = [button["text"] for row in message["keyboard"] or [] for button in row]
            if {"✅ Accept", "✅ Accepter"} & set(labels) and "R12" in message["text"]:
                found[person["id"]] = message
    return found


async def test_a_route_loses_its_driver_and_finds_another(calls: httpx.AsyncClient) -> None:
    people = await everyone(calls)
    assert len(people) == 64
    nadia = Phone(calls, "nadia-haddad")
    assert INVITE in (await nadia.sms())[0]["body"]

    await nadia.start(INVITE)
    await nadia.sees("Hello Nadia", "North", "1 of 12 routes has no driver")
    await nadia.send("/unfilled")
    listed = await nadia.sees("1 shift has no driver", "R12")
    await nadia.press(listed, "R12")
    slot = await nadia.sees("R12, North", "could be asked")
    await nadia.press(slot, "Emergency, +20%")
    card = await nadia.sees("R12, North", "drivers are being asked")
    assert "+20%" in card["text"]

    # Within seconds the first wave's phones show the offer, each in its owner's language; the rest get it by SMS.
    linked = [p for p in people if p["role"] == "driver" and p["telegram"] and not p["telegram"]["blocked"]]
    asked = int(card["text"].split("Asked: ")[1].split()[0])
    assert 10 <= asked <= 30

    async def all_told() -> dict[str, dict[str, Any]] | None:
        by_chat, by_sms = await offered(calls, linked), await told_by_sms()
        return by_chat if len(by_chat) + len(by_sms) == asked else None

    async def told_by_sms() -> list[str]:
        sent = (await calls.get("/sandbox/sms")).raise_for_status().json()["messages"]
        return [sms["to"] for sms in sent if "R12" in sms["body"]]

    offers = await until(all_told, "every driver asked is told")
    by_id = {person["id"]: person for person in people}
    for person_id, message in offers.items():
        french = by_id[person_id]["language"] == "fr"
        assert ("cherche un chauffeur" in message["text"]) is french
        assert ("needs a driver" in message["text"]) is not french
        assert ("+20\u00a0%" if french else "+20%") in message["text"]
    sms = await told_by_sms()
    without = {p["phone"] for p in people if p["role"] == "driver" and not p["telegram"]}
    blocked = {p["phone"] for p in people if p["telegram"] and p["telegram"]["blocked"]}
    assert set(sms) & without and set(sms) & blocked
    assert set(sms) <= without | blocked

    # Three drivers press Accept at the same moment.
    pressing = list(offers.items())[:3]
    answers = await asyncio.gather(*(Phone(calls, who).press(message, "✅ Accept") for who, message in pressing))
    said = [answer["text"] for answer in answers]
    won = [text for text in said if text.startswith(("It's yours", "C’est à vous"))]
    lost = [text for text in said if text.startswith(("Already taken", "Déjà pris"))]
    assert (len(won), len(lost)) == (1, 2), said
    winner = by_id[pressing[said.index(won[0])][0]]

    # On every other phone the offer turns into "taken", in place.
    for person_id, message in offers.items():
        phone = Phone(calls, person_id)
        text = "yours" if person_id == winner["id"] else "taken"
        french = {"yours": "C’est à vous", "taken": "est prise"}[text]
        english = {"yours": "It's yours", "taken": "is taken"}[text]
        shown = await phone.sees("R12", french if by_id[person_id]["language"] == "fr" else english)
        assert shown["message_id"] == message["message_id"]

    # The winner's home card shows the shift with its next step; the manager's card who has it.
    home = await Phone(calls, winner["id"]).sees("R12, North", "1200 Steeles Ave W")
    assert any(button["url"] for row in home["keyboard"] for button in row)
    done = await nadia.sees("R12, North is covered", winner["name"])
    assert done["message_id"] == card["message_id"]
    assert f"Asked: {asked} drivers" in done["text"]
    await nadia.send("/unfilled")
    covered = await nadia.sees("Every route from today on has a driver.")
    assert covered
