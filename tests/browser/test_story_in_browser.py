"""The main job as a person plays it in the sandbox's page, on a laptop and on a phone."""

import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, Page, async_playwright, expect

from sandbox.demo import Demo, demo

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
PICTURES = os.environ.get("PICTURES")  # a folder: what the pages look like is kept there
PATIENCE_FOR = 60_000  # milliseconds

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")
expect.set_options(timeout=PATIENCE_FOR)


@pytest.fixture
async def running_demo(database_url: str) -> AsyncIterator[Demo]:
    async with demo(database_url) as running:
        yield running


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


@pytest.fixture
async def page(browser: Browser, running_demo: Demo) -> AsyncIterator[Page]:
    page = await browser.new_page(viewport={"width": 1440, "height": 900})
    faults: list[str] = []
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    await page.goto(running_demo.sandbox.url)
    yield page
    assert faults == []


def phone(page: Page, person: str) -> Locator:
    return page.get_by_test_id(f"phone-{person}")


def bubble(page: Page, person: str, text: str) -> Locator:
    return phone(page, person).get_by_test_id("bubble").filter(has_text=text).last


async def say(page: Page, person: str, text: str) -> None:
    box = page.get_by_test_id(f"phone-{person}-input")
    await box.fill(text)
    await box.press("Enter")


async def picture(page: Page, name: str) -> None:
    if PICTURES:
        await page.screenshot(path=Path(PICTURES) / f"{name}.png")


async def test_the_story_on_a_laptop(page: Page) -> None:
    await page.get_by_test_id("person-nadia-haddad").click()
    await phone(page, "nadia-haddad").get_by_test_id("tab-sms").click()
    await phone(page, "nadia-haddad").get_by_text("t.me/rollcall_bot").click()
    await phone(page, "nadia-haddad").get_by_test_id("start").click()
    await expect(bubble(page, "nadia-haddad", "Hello Nadia")).to_contain_text("1 of 12 routes has no driver")
    await picture(page, "1-linked")

    await say(page, "nadia-haddad", "/unfilled")
    await bubble(page, "nadia-haddad", "1 shift has no driver").get_by_role("button", name="R12").click()
    card = bubble(page, "nadia-haddad", "could be asked")
    await expect(card).to_be_visible()
    await picture(page, "2-slot")
    await card.get_by_role("button", name="Emergency").click()
    await expect(bubble(page, "nadia-haddad", "drivers are being asked")).to_contain_text("Asked:")

    await expect(page.locator("#feed .entries").get_by_text("R12").nth(4)).to_be_attached()
    await page.locator("[data-show=drivers]").click()
    offers = page.locator("button[data-callback]", has_text="Accept")
    await expect(offers).not_to_have_count(0)
    await expect(offers.first).to_be_visible()
    await picture(page, "3-offered")
    taken = await offers.count()
    await offers.first.click()
    mine = (
        page.get_by_test_id("bubble")
        .filter(has_text="It's yours")
        .or_(page.get_by_test_id("bubble").filter(has_text="C’est à vous"))
    )
    await expect(mine.first).to_be_visible()
    others = (
        page.get_by_test_id("bubble")
        .filter(has_text="is taken")
        .or_(page.get_by_test_id("bubble").filter(has_text="est prise"))
    )
    await expect(others).to_have_count(taken - 1)
    await expect(bubble(page, "nadia-haddad", "R12, North is covered")).to_contain_text("took it at 07:2")
    await picture(page, "4-covered")


async def test_no_key_is_wider_than_its_phone(page: Page, running_demo: Demo) -> None:
    await page.get_by_test_id("person-luc-tremblay").click()
    sandbox = running_demo.sandbox
    luc = await (await page.request.get(f"{sandbox.url}/sandbox/people/luc-tremblay")).json()
    keys = {"inline_keyboard": [[{"text": "word " * 20, "callback_data": "x"}]]}
    message = {"chat_id": luc["telegram"]["user_id"], "text": "Which one?", "reply_markup": keys}
    await page.request.post(f"{sandbox.url}/bot{sandbox.settings.token}/sendMessage", data=message)
    key = await bubble(page, "luc-tremblay", "Which one?").get_by_role("button").bounding_box()
    whole = await phone(page, "luc-tremblay").bounding_box()
    assert key is not None and whole is not None and key["x"] + key["width"] <= whole["x"] + whole["width"]


async def test_an_offer_is_taken_by_sms(page: Page, running_demo: Demo) -> None:
    for person in ("elise-fortin", "chloe-roy"):
        await page.get_by_test_id(f"person-{person}").click()
    await say(page, "elise-fortin", "/emergency R12")
    await bubble(page, "elise-fortin", "sollicité").get_by_role("button", name="Urgence").click()
    offer = bubble(page, "chloe-roy", "R12 at North needs a driver")
    code = (await offer.inner_text()).split("TAKE ")[1][:3]
    box = page.get_by_test_id("phone-chloe-roy-sms-input")
    await box.fill("what?\nis this")
    await box.press("Enter")
    await expect(bubble(page, "chloe-roy", "wasn't understood")).to_be_visible()
    await expect(box).to_be_focused()
    await expect(box).to_have_value("")
    await box.fill(f"take {code}")
    await phone(page, "chloe-roy").get_by_role("button", name="Send").click()
    await expect(bubble(page, "chloe-roy", "It's yours")).to_be_in_viewport()
    await expect(phone(page, "chloe-roy").locator(".mine")).to_have_count(2)
    await expect(bubble(page, "elise-fortin", "Chloé Roy")).to_be_visible()
    await picture(page, "6-by-sms")


async def test_sms_on_a_phone(browser: Browser, running_demo: Demo) -> None:
    page = await browser.new_page(viewport={"width": 390, "height": 844}, color_scheme="dark", has_touch=True)
    await page.goto(running_demo.sandbox.url)
    await page.get_by_role("button", name="Close the story").click()
    await page.get_by_test_id("person-chloe-roy").click()
    box = page.get_by_test_id("phone-chloe-roy-sms-input")
    await box.fill("x" * 1601)
    await box.press("Enter")
    await expect(page.get_by_test_id("toast")).to_contain_text("at most 1600 characters")
    await expect(box).to_have_value("x" * 1601)
    answers = {"Help": "TAKE + code takes a shift", "Stop": "been unsubscribed", "START": "been re-subscribed"}
    for text, answer in answers.items():
        await box.fill(text)
        await box.press("Enter")
        await expect(bubble(page, "chloe-roy", answer)).to_be_in_viewport()
    await expect(box).to_be_in_viewport()
    await picture(page, "7-sms-on-a-phone")


async def test_the_page_on_a_phone(browser: Browser, running_demo: Demo) -> None:
    page = await browser.new_page(viewport={"width": 390, "height": 844}, color_scheme="dark", has_touch=True)
    await page.goto(running_demo.sandbox.url)
    await page.get_by_role("button", name="Close the story").click()
    await page.get_by_test_id("person-tariq-aziz").click()
    await say(page, "tariq-aziz", "nonsense")
    await expect(bubble(page, "tariq-aziz", "je n’ai pas compris")).to_be_visible()
    await picture(page, "5-phone")
