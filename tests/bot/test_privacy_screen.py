"""R12.6: how long something is kept is said in the numbers by which it is removed."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from bot.reader import Reader
from bot.screens.privacy import forgotten, my_data, privacy
from bot.screens.screen import Document
from domain.db.models.words import UserRole
from domain.refusals import Refusal
from tests.domain.world import POLICY

READERS = [Reader(language, POLICY.zone) for language in ("en", "fr")]


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.language)
@pytest.mark.parametrize("role", list(UserRole))
def test_r12_6_the_numbers_are_the_policys(reader: Reader, role: UserRole) -> None:
    sms, invites, updates = timedelta(days=71), timedelta(days=72), timedelta(days=73)
    policy = replace(POLICY, keep_sms_for=sms, keep_invites_for=invites, keep_updates_for=updates)
    screen = privacy(role, policy, reader)
    assert [number in screen.html for number in ("71", "72", "73")] == [True] * 3
    assert screen.html != privacy(role, POLICY, reader).html and len(screen.html) < 4096
    assert screen.html.count("<b>") == (4 if role is UserRole.DRIVER else 3)


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.language)
def test_a_file_comes_without_buttons_or_a_press_would_replace_it(reader: Reader) -> None:
    screen = my_data(b"{}", date(2026, 11, 27), reader)
    assert screen.document == Document("rollcall-2026-11-27.json", b"{}")
    assert screen.keyboard == () and len(screen.html) <= 1024


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.language)
def test_r12_6_why_not_is_said(reader: Reader) -> None:
    why = (None, Refusal.STILL_EMPLOYED, Refusal.STILL_HAS_SHIFTS, Refusal.NOT_FOUND, Refusal.NOT_A_DRIVER)
    said = [forgotten(each, reader) for each in why]
    assert len(set(said)) == 4 and said[3] == said[4]
