"""What operators look at: /healthz, /metrics, and where they are."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from time import monotonic
from typing import Any
from uuid import uuid4

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import insert, select, text
from starlette.applications import Starlette

from bot import metrics
from bot.delivery.outcomes import Edited, Outcome, Sent, Unanswered, Unreachable, Unsure
from bot.delivery.steps import Step
from bot.jobs import Clockwork, Duty
from bot.pulse import Pulse
from bot.run import Rollcall, serving
from bot.web import STILL_MOST, for_operators
from domain.db.models import ChatLink, Delivery, SmsMonth
from domain.db.models.words import Channel, DeliveryState, Failure, Urgency
from domain.notices.operators import _QUEUES, _REST
from domain.policy import Policy
from tests.bot.conftest import Line
from tests.bot.town import Town, command, take_effect
from tests.story.phones import until

Samples = dict[tuple[str, ...], float]


def operators_of(rollcall: Rollcall, *parts: asyncio.Task[None], pulse: Pulse | None = None) -> httpx.AsyncClient:
    edge = rollcall.edge
    routes = for_operators(edge.sessions, parts, pulse or Pulse(), edge.policy, edge.now)
    return httpx.AsyncClient(transport=httpx.ASGITransport(Starlette(routes=routes)), base_url="http://bot", timeout=30)


@pytest.fixture
async def rollcall(town: Town) -> AsyncIterator[Rollcall]:
    async with town.core() as rollcall:
        yield rollcall


async def test_health_tells_of_the_database_without_failing(town: Town, line: Line) -> None:
    async with town.core(database_url=line.url) as rollcall, operators_of(rollcall) as http:
        assert (await http.get("/healthz")).json() == {"alive": True, "database": "reachable"}
        await line.cut()
        answer = await http.get("/healthz")
        assert (answer.status_code, answer.json()) == (200, {"alive": True, "database": "unreachable"})


async def test_health_answers_within_two_seconds_though_the_database_is_silent(town: Town, line: Line) -> None:
    """What was asked on an open connection that says nothing can't even be taken back quickly."""
    async with town.core(database_url=line.url) as rollcall, operators_of(rollcall) as http:
        assert (await http.get("/healthz")).json()["database"] == "reachable"
        line.flows.clear()
        for _ in range(2):
            begun = monotonic()
            answer = await http.get("/healthz")
            assert monotonic() - begun < 2
            assert (answer.status_code, answer.json()) == (200, {"alive": True, "database": "unreachable"})
        assert figures((await http.get("/metrics")).text)[("rollcall_database_up",)] == 0
        line.flows.set()
        assert (await http.get("/healthz")).json()["database"] == "reachable"


async def test_health_fails_where_a_part_has_died(rollcall: Rollcall) -> None:
    dead = asyncio.create_task(asyncio.sleep(0), name="the delivery")
    await dead
    async with operators_of(rollcall, dead) as http:
        answer = await http.get("/healthz")
    assert (answer.status_code, answer.json()["alive"]) == (503, False)
    assert answer.json()["why"] == "the delivery has ended"


async def test_health_fails_where_the_delivery_stands_still(
    rollcall: Rollcall, monkeypatch: pytest.MonkeyPatch
) -> None:
    pulse, loops = Pulse(), (object(), object())
    clock = 1000.0
    monkeypatch.setattr("bot.pulse.monotonic", lambda: clock)
    for loop in loops:
        pulse.beat(loop)
    async with operators_of(rollcall, pulse=pulse) as http:
        clock += STILL_MOST
        assert (await http.get("/healthz")).status_code == 200
        clock += 1
        pulse.beat(loops[0])  # the other one is stuck
        answer = await http.get("/healthz")
        assert (answer.status_code, answer.json()["why"]) == (503, "deliveries have stood still for 61 s")
        pulse.beat(loops[1])
        assert (await http.get("/healthz")).status_code == 200


async def test_what_stands_still_while_the_database_is_away_waits_for_it(
    town: Town, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    pulse, clock = Pulse(), 1000.0
    monkeypatch.setattr("bot.pulse.monotonic", lambda: clock)
    pulse.beat(pulse)
    clock += 10 * STILL_MOST
    async with town.core(database_url=line.url) as rollcall, operators_of(rollcall, pulse=pulse) as http:
        await line.cut()
        assert (await http.get("/healthz")).status_code == 200
        await line.mend()
        assert (await http.get("/healthz")).status_code == 503


@pytest.mark.parametrize(
    ("receives", "works", "port", "listens"),
    [(True, True, False, True), (True, False, False, True), (False, True, False, False), (False, True, True, True)],
)
async def test_it_is_looked_at_on_port(town: Town, receives: bool, works: bool, port: bool, listens: bool) -> None:
    """`serve` and `web` always listen, also when polling; `worker` where PORT was set."""
    settings = town.settings() if port else town.settings().model_copy()
    if not port:
        settings.model_fields_set.discard("port")  # 0 all the same: other tests are at work on 8080
    async with serving(settings, lambda: town.now, receives=receives, works=works) as rollcall:
        assert (rollcall.port is not None) is listens
        if rollcall.port is not None:
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{rollcall.port}", trust_env=False) as http:
                assert (await http.get("/healthz")).json() == {"alive": True, "database": "reachable"}
                assert (await http.get("/metrics")).headers["content-type"].startswith("text/plain; version=0.0.4")


def figures(exposed: str) -> Samples:
    """Each sample by its name and the values of its labels; every family has a help text."""
    found: Samples = {}
    for family in text_string_to_metric_families(exposed):
        assert family.documentation, family.name
        for sample in family.samples:
            found[(sample.name, *sample.labels.values())] = sample.value
    return found


async def test_metrics_while_messages_go_out(town: Town) -> None:
    """Scraped and parsed as Prometheus does; counters count what has happened since the first scrape."""
    driver = await town.driver()
    async with town.serving() as rollcall, httpx.AsyncClient(trust_env=False) as http:

        async def scraped() -> Samples:
            return figures((await http.get(f"http://127.0.0.1:{rollcall.port}/metrics")).raise_for_status().text)

        before = await scraped()
        command(rollcall, "effect", take_effect)
        ids = [await notice(town, driver.person) for _ in range(3)]
        await driver.send("/today")
        await driver.sees("Hello Amara")
        await until(lambda: ended(town, ids), "all are done with")
        after = await scraped()
    gained = {key: value - before.get(key, 0) for key, value in after.items()}
    assert gained[("rollcall_messages_sent_total", "telegram")] >= 1  # the home card
    assert gained[("rollcall_deliveries_failed_total", "telegram", "refused")] == 3  # of a kind that nobody knows
    assert gained[("rollcall_pace_slots_total", "telegram")] >= 1
    assert gained[("rollcall_updates_total", "done")] == 1
    assert after[("rollcall_deliveries_queued", "telegram", "urgent")] == 0
    assert after[("rollcall_database_up",)] == 1


def test_each_step_is_counted_once() -> None:
    """A redraw of what has gone on by SMS, or a report on what had failed, is no second escalation or failure."""

    def counted(before: DeliveryState, outcome: Outcome, step: Step) -> Samples:
        earlier = figures(metrics.exposition(None, None).decode())
        metrics.settled(Channel.TELEGRAM, Urgency.URGENT, before, outcome, step)
        later = figures(metrics.exposition(None, None).decode())
        changed = {key: value - earlier.get(key, 0) for key, value in later.items() if key[0].startswith("rollcall")}
        return {key: value for key, value in changed.items() if value}

    escalated, failed = Step(DeliveryState.ESCALATED), Step(DeliveryState.FAILED, "blocked", Failure.BLOCKED)
    assert counted(DeliveryState.SENT, Unanswered(), escalated) == {("rollcall_escalations_total", "urgent"): 1}
    assert counted(DeliveryState.ESCALATED, Edited(), escalated) == {}
    by_class = ("rollcall_deliveries_failed_total", "telegram", "blocked")
    assert counted(DeliveryState.SENDING, Unreachable("blocked"), failed) == {by_class: 1}
    assert counted(DeliveryState.FAILED, Unreachable("blocked"), failed) == {}
    again = Step(DeliveryState.PENDING, pause=timedelta(seconds=1))
    assert counted(DeliveryState.SENDING, Unsure("500"), again) == {("rollcall_retries_total", "telegram"): 1}
    sent = Step(DeliveryState.SENT)
    assert counted(DeliveryState.SENDING, Sent(7), sent) == {("rollcall_messages_sent_total", "telegram"): 1}
    assert counted(DeliveryState.SENT, Edited(), sent) == {}


async def test_what_duties_did_and_failed_at_is_counted(town: Town) -> None:
    items = iter(("done", ZeroDivisionError(), "done", None))

    async def item(*_: object) -> object:
        if isinstance(result := next(items), Exception):
            raise result
        return result

    before = figures(metrics.exposition(None, None).decode())
    await Clockwork({"weeding": Duty(item)}, town.sessions, Policy(), lambda: town.now).tick("weeding")
    after = figures(metrics.exposition(None, None).decode())
    done, failed = (("rollcall_duty_items_total", "weeding", outcome) for outcome in ("done", "failed"))
    assert (after[done] - before.get(done, 0), after[failed] - before.get(failed, 0)) == (2, 1)


async def notice(town: Town, person: str) -> Any:
    """A notice of a kind that no screen is known of."""
    id_, chat_id = uuid4(), int(person.split("-")[1])
    async with town.sessions.begin() as session:
        user_id = await session.scalar(select(ChatLink.user_id).where(ChatLink.chat_id == chat_id))
        values: dict[str, Any] = {"user_id": user_id, "channel": Channel.TELEGRAM, "kind": "unheard-of", "urgency": 1}
        values |= {"state": DeliveryState.PENDING, "due_at": town.now, "created_at": town.now}
        await session.execute(insert(Delivery).values(id=id_, **values))
    return id_


async def ended(town: Town, ids: list[Any]) -> bool:
    async with town.sessions() as session:
        rows = await session.scalars(select(Delivery.state).where(Delivery.id.in_(ids)))
        return set(rows) == {DeliveryState.FAILED}


async def test_the_databases_figures(town: Town, rollcall: Rollcall) -> None:
    driver = await town.driver()
    chat_id = int(driver.person.split("-")[1])
    now = town.now
    sms = {"channel": Channel.SMS}
    rows: list[dict[str, Any]] = [
        {"urgency": Urgency.URGENT, "due_at": now - timedelta(seconds=90)},
        {"urgency": Urgency.URGENT, "due_at": now - timedelta(seconds=30)},
        {"urgency": Urgency.IMPORTANT, "due_at": now + timedelta(hours=1)},  # held
        {"urgency": Urgency.TIDYING, "due_at": now, "state": DeliveryState.SENT},  # a redraw
        {"urgency": Urgency.NORMAL, "due_at": None, "state": DeliveryState.SENT},  # done with
        sms | {"urgency": Urgency.IMPORTANT, "due_at": now - timedelta(seconds=5)},
        sms | {"urgency": Urgency.URGENT, "due_at": now, "state": DeliveryState.SENT},  # asked after, not sent
        sms | {"urgency": Urgency.URGENT, "due_at": now, "state": DeliveryState.UNKNOWN},
        sms | {"urgency": Urgency.URGENT, "due_at": None, "state": DeliveryState.UNKNOWN},
        *[sms | {"urgency": Urgency.NORMAL, "due_at": None}] * 3,  # for the digest
    ]
    async with town.sessions.begin() as session:
        user_id = await session.scalar(select(ChatLink.user_id).where(ChatLink.chat_id == chat_id))
        common = {"user_id": user_id, "channel": Channel.TELEGRAM, "kind": "offer", "state": DeliveryState.PENDING}
        await session.execute(insert(Delivery), [common | {"created_at": now} | row for row in rows])
        await session.execute(insert(SmsMonth).values(month=now.date().replace(day=1), segments=41))
    async with operators_of(rollcall) as http:
        found = figures((await http.get("/metrics")).text)

    def queue(what: str) -> dict[tuple[str, ...], float]:
        return {key[1:]: value for key, value in found.items() if key[0] == f"rollcall_deliveries_{what}" and value}

    assert queue("queued") == {("telegram", "urgent"): 2, ("telegram", "tidying"): 1, ("sms", "important"): 1}
    assert queue("held") == {("telegram", "important"): 1}
    assert queue("oldest_due_seconds") == {("telegram", "urgent"): 90, ("sms", "important"): 5}
    assert found[("rollcall_deliveries_queued", "sms", "normal")] == 0  # what is not there is 0, not absent
    rest = ("sms_waiting_for_digest", "sms_unknown", "sms_segments_this_month")
    assert [found[(f"rollcall_{name}",)] for name in rest] == [3, 2, 41]


async def test_the_figures_never_read_through_what_was_ever_sent(town: Town, rollcall: Rollcall) -> None:
    await town.driver()
    many = """
        INSERT INTO deliveries (user_id, channel, kind, urgency, state, created_at)
        SELECT (SELECT id FROM users LIMIT 1), c, 'offer', 0, 'sent', now() FROM generate_series(1, 20000),
               unnest(ARRAY['sms', 'telegram']) c
    """
    async with town.sessions() as session:
        await session.execute(text(many))
        await session.execute(text("ANALYZE deliveries"))
        for statement in (_QUEUES, _REST):
            given = {"now": town.now} if statement is _QUEUES else {"month": town.now.date()}
            plan = await session.scalars(text(f"EXPLAIN {statement.text}").bindparams(**given))
            assert "Seq Scan on deliveries" not in "\n".join(plan.all())
        await session.rollback()
