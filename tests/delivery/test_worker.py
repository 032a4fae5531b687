"""R11: what is due arrives, once, in the right order, by the right way."""

from domain.db.models.words import DeliveryState
from tests.delivery.post import Post, until


async def test_r11_2_a_notice_arrives_once(post: Post) -> None:
    amara = await post.person(language="fr")
    note = await post.note(amara)
    async with post.working():
        await until(post.all_done)
    assert await post.chat(amara) == ["fr Hello"]
    row = await post.row(note)
    assert (row.state, row.attempt, row.lease_until, row.reason) == (DeliveryState.SENT, 1, None, None)
    assert row.message_id is not None
    assert row.chat_id == amara.chat_id
    assert row.sent_at is not None
