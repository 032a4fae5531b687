"""R11.8 in groups: 20 messages a minute to one, over all processes together, and nobody else waits for it."""

import uuid
from datetime import timedelta
from typing import Any

from sqlalchemy import insert, select

from bot.delivery.pace import GROUP_TURNS, Pace
from domain.db.models import Delivery, Warehouse, WarehouseGroup
from domain.db.models.words import Channel, DeliveryState, Urgency
from tests.delivery.post import Post, keeps_pace, until

CHAT = -4001


async def a_group(post: Post) -> uuid.UUID:
    """Connected by somebody; its chat has the bot in it."""
    amara = await post.person()
    await post.call("POST", "groups", {"title": "North crew", "members": [amara.slug]})
    await post.call("POST", "groups/north-crew/bot", {"person": amara.slug, "status": "member"})
    warehouse_id, group_id = uuid.uuid4(), uuid.uuid4()
    async with post.sessions.begin() as session:
        place = {"id": warehouse_id, "name": "North", "address": "1 Dock Rd"}
        await session.execute(insert(Warehouse).values(place | {"created_at": post.now(), "updated_at": post.now()}))
        group = {"id": group_id, "warehouse_id": warehouse_id, "chat_id": CHAT, "title": "North crew", "language": "en"}
        connected = {"connected_by": amara.id, "connected_at": post.now()}
        await session.execute(insert(WarehouseGroup).values(group | connected))
    return group_id


async def tell(post: Post, group_id: uuid.UUID, **given: Any) -> uuid.UUID:
    """Something that the group is to be told now."""
    row = {
        "id": uuid.uuid4(),
        "group_id": group_id,
        "channel": Channel.TELEGRAM,
        "kind": "manual",
        "about": uuid.uuid4(),
        "urgency": int(Urgency.URGENT),
        "level": int(Urgency.NORMAL),
        "state": DeliveryState.PENDING,
        "chat_id": CHAT,
        "due_at": post.now(),
        "created_at": post.now(),
    } | given
    async with post.sessions.begin() as session:
        await session.execute(insert(Delivery).values(row))
    return uuid.UUID(str(row["id"]))


async def test_r11_8_a_group_gets_19_a_minute_of_two_workers_and_nobody_waits_for_it(post: Post) -> None:
    group_id, jean = await a_group(post), await post.person()
    for _ in range(3):
        await tell(post, group_id)
    await post.note(jean, Urgency.NORMAL)
    begun = await post.watch_turns(key := f"chat:{CHAT}")
    async with post.working(), post.working():
        await until(post.all_done)
    sent = await post.requests("sendMessage")
    walls = [each["wall"] for each in sent if each["chat"] == "north-crew"]
    assert len(walls) == 3
    assert keeps_pace(walls, begun, 20 / 60)
    assert await post.least_apart(key) >= timedelta(seconds=60 / 20)
    [person] = [each["wall"] for each in sent if each["chat"] == jean.slug]
    assert person < walls[-1], "he stands behind them in the queue, and does not wait for their chat"


async def test_r11_8_replies_keep_the_groups_pace_too(post: Post) -> None:
    kept: Pace = post.mail().pace
    assert await kept.turn(CHAT)
    assert not await kept.turn(CHAT, timedelta(seconds=2)), "not within so few seconds"
    assert 60 / GROUP_TURNS <= 19.01
    assert await kept.turn(7) and await kept.turn(8), "other chats don't wait"


async def test_where_the_bot_is_not_any_more_the_group_ends(post: Post) -> None:
    group_id = await a_group(post)
    await post.call("POST", "groups/north-crew/bot", {"person": "p1001", "status": "kicked"})
    row = await tell(post, group_id)
    async with post.working():
        await until(lambda: post.is_past(row, DeliveryState.PENDING))
        await until(lambda: ended(post, group_id))
    assert (await post.row(row)).state is not DeliveryState.SENT
    assert await post.requests("create") == [], "never an SMS"


async def test_what_comes_after_an_upgrade_goes_to_the_new_chat(post: Post) -> None:
    group_id = await a_group(post)
    after = (await post.call("POST", "groups/north-crew/upgrade", {"person": "p1001"}))["chat_id"]
    row = await tell(post, group_id)
    async with post.working():
        await until(lambda: post.is_in(row, DeliveryState.SENT))
    assert (await post.row(row)).chat_id == after
    async with post.sessions() as session:
        assert await session.scalar(select(WarehouseGroup.chat_id)) == after


async def test_r11_3_what_has_no_point_any_more_is_not_said_and_at_night_it_does_not_ring(post: Post) -> None:
    group_id = await a_group(post)
    pointless = uuid.uuid4()
    post.board.pointless.add(pointless)
    lost = await tell(post, group_id, about=pointless)
    async with post.working():
        await until(lambda: post.is_in(lost, DeliveryState.CANCELLED))
    night = post.now().replace(hour=12) + timedelta(hours=14)
    await post.call("POST", "clock", {"set": night.isoformat()})
    row = await tell(post, group_id)
    async with post.working():
        await until(lambda: post.is_in(row, DeliveryState.SENT))
    [sent] = await post.requests("sendMessage")
    assert str(sent["params"]["disable_notification"]).lower() == "true"


async def ended(post: Post, group_id: uuid.UUID) -> bool:
    async with post.sessions() as session:
        of = select(WarehouseGroup.ended_at).where(WarehouseGroup.id == group_id)
        return await session.scalar(of) is not None
