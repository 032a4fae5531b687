"""A manager whose invite link has expired gets another one in the chat (R12.2, R12.5). English and French."""

import pytest

from domain.db.models import ContactSettings
from domain.people.queries import linked_chat
from tests.bot.test_people_pages import labels
from tests.bot.test_stop_pages import _phone
from tests.bot.town import Town
from tests.domain.world import Fleet


@pytest.mark.parametrize(
    ("language", "button", "toast", "link", "already", "add"),
    [
        (
            "en",
            "🔗 New link for Max Test",
            "A new link for Max Test: forward the next message.",
            "Hello Max!",
            "Max Test manages it already.",
            "Add a manager",
        ),
        (
            "fr",
            "🔗 Nouveau lien pour Max Test",
            "Un nouveau lien pour Max Test\u00a0: transférez le prochain message.",
            "Bonjour Max",
            "Max Test le gère déjà.",
            "Ajouter",
        ),
    ],
)
async def test_r12_2_who_has_never_opened_his_link_gets_another(
    town: Town, language: str, button: str, toast: str, link: str, already: str, add: str
) -> None:
    async with town.sessions.begin() as session:
        fleet = Fleet(session, town.now)
        mona, sue = await fleet.manager("Mona"), await fleet.manager("Sue")
        max_ = await fleet.manager("Max", linked=False)
        await fleet.warehouse("North", mona, max_, sue)
        await fleet.put(ContactSettings, {"user_id": mona.id, "language": language})
        chat = await linked_chat(session, mona.id)
    phone = await _phone(town, mona, chat, language)
    async with town.serving():
        listed = await phone.writes("/managers", "North")
        assert [label for label in labels(listed) if "🔗" in label] == [button]
        assert (await phone.press(listed, button))["text"] == toast
        message = await phone.sees(link)
        assert "?start=" in message["text"]
        await phone.press(listed, button)
        assert len([each for each in await phone.chat() if "?start=" in each["text"]]) == 1, "pressed twice it is one"
        await phone.press(listed, add)
        await phone.writes(f"Max Test {max_.phone}", already)
