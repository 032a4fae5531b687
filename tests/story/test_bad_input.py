"""Whatever a person sends gets an answer that says what is wrong and shows the next step (PRODUCT, bad input)."""

import uuid

import httpx

from bot.callbacks.bidding import Accept, NotToday
from bot.callbacks.coverage import Emergency, Slot, Unfilled
from bot.callbacks.windows import AskCapped
from sandbox.fleet import INVITE
from tests.story.phones import Phone

DRIVER, FRENCH_DRIVER, SOUTH_MANAGER = "kwame-mensah", "tariq-aziz", "marc-andre-gagnon"


async def test_nonsense_is_answered_in_the_readers_language(calls: httpx.AsyncClient) -> None:
    texts = [("send", {"text": "<b>hello & bye"}), ("send", {"text": "/nosuchcommand"})]
    for person, words in ((DRIVER, "I didn't understand"), (FRENCH_DRIVER, "je n’ai pas compris")):
        phone = Phone(calls, person)
        for call, body in (*texts, ("sticker", {}), ("photo", {})):
            seen = len(await phone.chat(deleted=True))
            (await calls.post(f"/sandbox/people/{person}/{call}", json=body)).raise_for_status()
            answer = await phone.sees(words, after=seen)
            assert answer["keyboard"], "and the next step"


async def test_a_manager_has_no_shifts_of_his_own(calls: httpx.AsyncClient) -> None:
    marc = Phone(calls, SOUTH_MANAGER)
    for command in ("/schedule", "/confirm"):
        seen = len(await marc.chat(deleted=True))
        await marc.send(command)
        await marc.sees("C’est pour les chauffeurs", after=seen)


async def test_r12_2_strangers_learn_nothing(calls: httpx.AsyncClient) -> None:
    body = {"name": "Stranger", "phone": "+14165559999", "language": "fr"}
    (await calls.post("/sandbox/people", json=body)).raise_for_status()
    stranger = Phone(calls, "stranger")
    await stranger.start()
    await stranger.sees("lien d’invitation")
    for text in ("/today", "/unfilled", "/emergency R12", "/help", "R12", "/start nonsense"):
        seen = len(await stranger.chat(deleted=True))
        await stranger.send(text)
        answer = await stranger.sees("lien", after=seen)
        assert "North" not in answer["text"]
        assert not answer["keyboard"]
    welcome = await stranger.sees("lien d’invitation")
    answer_to_press = await stranger.press_data(welcome, Accept(uuid.uuid4()).pack())
    assert answer_to_press["answered"]


async def test_r12_2_an_invite_works_once(calls: httpx.AsyncClient) -> None:
    nadia, driver = Phone(calls, "nadia-haddad"), Phone(calls, DRIVER)
    await driver.start(INVITE)  # somebody who is linked already, with another's link
    await driver.sees("linked to another person already")
    await nadia.start(INVITE)
    await nadia.sees("Hello Nadia")
    seen = len(await nadia.chat(deleted=True))
    await nadia.start(INVITE)  # pressed again
    await nadia.sees("Hello Nadia", after=seen)
    body = {"name": "Somebody Else", "phone": "+14165559998"}
    (await calls.post("/sandbox/people", json=body)).raise_for_status()
    other = Phone(calls, "somebody-else")
    await other.start(INVITE)
    await other.sees("This link doesn't work any more")


async def test_r6_2_for_a_day_that_is_over_nobody_can_be_asked(calls: httpx.AsyncClient) -> None:
    nadia = Phone(calls, "nadia-haddad")
    await nadia.start(INVITE)
    await nadia.send("/unfilled")
    listed = await nadia.sees("1 shift has no driver", "R12")
    (await calls.post("/sandbox/clock", json={"forward": 86400})).raise_for_status()
    await nadia.press_data(listed, listed["keyboard"][0][0]["data"])
    over = await nadia.sees("That day is over.")
    assert [button["text"] for row in over["keyboard"] for button in row] == ["🔎 Uncovered routes", "🏠 Home"]


async def test_r12_3_and_r12_4_forged_buttons_do_nothing(calls: httpx.AsyncClient) -> None:
    nadia, driver, south = Phone(calls, "nadia-haddad"), Phone(calls, DRIVER), Phone(calls, SOUTH_MANAGER)
    await nadia.start(INVITE)
    await nadia.send("/unfilled")
    listed = await nadia.sees("1 shift has no driver", "R12")
    data = listed["keyboard"][0][0]["data"]
    slot = Slot.parse(data)

    # The manager of another warehouse: not found, and nothing of it is shown.
    home = await south.sees("Bonjour Marc-André")
    for forged in (data, Emergency(slot.assignment_id, 20, 0).pack(), AskCapped(slot.assignment_id).pack()):
        await south.press_data(home, forged)
    await south.sees("Je ne trouve pas cela dans vos entrepôts")
    assert not [message for message in await south.chat() if "R12" in message["text"]]

    # A driver presses a manager's buttons.
    card = await driver.sees("Hello Kwame")
    for forged in (data, Emergency(slot.assignment_id, 20, 0).pack(), Unfilled(0).pack()):
        await driver.press_data(card, forged)
        card = await driver.sees("That is for managers")

    # Data that no button of ours has, or about nothing.
    for forged in (
        "",
        "take",
        "take:xyz",
        "take:" + "A" * 22,
        "em:::",
        "é" * 30,
        Accept(uuid.uuid4()).pack(),
        "unf:-9",
        "unf:9999999",
    ):
        if forged:
            answer = await driver.press_data(card, forged)
            assert answer["answered"], forged
    await driver.press_data(card, NotToday(uuid.uuid4()).pack())

    # A bonus beyond what may be offered.
    answer = await nadia.press_data(listed, Emergency(slot.assignment_id, 101, 0).pack())
    assert "0 to 100" in answer["text"]
    await nadia.sees("R12, North", "No driver.")  # still open, and nobody was asked
    assert not [message for message in await driver.chat() if "needs a driver" in message["text"]]


async def test_a_commands_argument_may_be_anything(calls: httpx.AsyncClient) -> None:
    nadia = Phone(calls, "nadia-haddad")
    await nadia.start(INVITE)
    await nadia.send("/emergency <R99> & co")
    await nadia.sees("No uncovered route of yours is called “<R99> & co”")
    await nadia.send("/emergency r12")
    await nadia.sees("R12, North", "could be asked")
    await nadia.writes("/today", "Hello Nadia")
