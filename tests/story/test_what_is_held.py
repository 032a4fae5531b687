"""What whoever tries the demo finds held against its drivers: reasons, an appeal, a manager's list (R10.6)."""

import httpx

from tests.story.phones import Phone
from tests.story.test_late_and_missed import clock
from tests.story.test_late_and_missed import nadia as nadia
from tests.story.test_working_day import labels


async def test_r9_2_hana_is_flagged_and_reads_why_and_nadia_sees_her_first(
    calls: httpx.AsyncClient, nadia: Phone
) -> None:
    hana = Phone(calls, "hana-sato")
    await hana.sees("Hello Hana")
    await clock(calls, 8)
    warned = await hana.sees("You have completed", "too few", "new ones again")
    assert "⚖️ Appeal" in labels(warned)
    listed = await hana.writes("/why", "You get no new shifts for now", "things went wrong")
    assert [label for label in labels(listed) if label.startswith("🚩")] == ["🚩 Flag for attendance"]
    await hana.press(listed, "Flag for attendance")
    await hana.sees("Flag for attendance", "The rule", "The way back", "You can appeal until")
    drivers = await nadia.writes("/drivers", "👥", "drivers")
    assert "Hana Sato" in labels(drivers)[0] and "flagged" in labels(drivers)[0]


async def test_r10_6_yusuf_has_cancelled_late_and_can_appeal_it(calls: httpx.AsyncClient, nadia: Phone) -> None:
    await clock(calls, 8)
    yusuf = Phone(calls, "yusuf-demir")
    await yusuf.sees("Hello Yusuf")
    listed = await yusuf.writes("/why", "You can get new shifts", "1 thing went wrong")
    await yusuf.press(listed, "Late cancellation")
    why = await yusuf.sees("You cancelled on", "What it costs", "You can appeal until")
    await yusuf.press(why, "Appeal")
    await yusuf.sees("Why should it not count?")
    sure = await yusuf.writes("My daughter was ill.", "Send this appeal?")
    await yusuf.press(sure, "Send it")
    asked = await nadia.sees("Yusuf Demir appeals", "My daughter was ill.")
    await nadia.press(asked, "Excuse it")
    await nadia.writes("Get well soon.", "has excused it: Get well soon.")
    await yusuf.sees("It doesn't count any more", "Get well soon.")
