"""What an operator's Prometheus reads at /metrics: counters of this process, and the figures of the database.

The database's figures are the same at every process: take one of them, not their sum.
"""

from collections.abc import Iterable
from itertools import product

from prometheus_client import REGISTRY, CollectorRegistry, Counter, disable_created_metrics, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from bot.delivery.outcomes import Accepted, Outcome, Sent
from bot.delivery.steps import Step
from domain.db.models.words import Channel, DeliveryState, Urgency
from domain.notices.operators import Queue, Standing

# Else each counter has a second series, which says when it began.
disable_created_metrics()  # type: ignore[no-untyped-call]  # the library has no types for this one call

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

SENT = Counter("rollcall_messages_sent_total", "New messages that a network took.", ["channel"])
FAILED = Counter("rollcall_deliveries_failed_total", "Deliveries that failed for good.", ["channel", "failure"])
ESCALATIONS = Counter("rollcall_escalations_total", "Telegram messages that went on by SMS.", ["level"])
RETRIES = Counter("rollcall_retries_total", "Attempts after which another one is to follow.", ["channel"])
HALTS = Counter("rollcall_halts_total", "Answers 429: everybody waits.", ["channel"])
SLOTS = Counter(
    "rollcall_pace_slots_total",
    "Turns taken: Telegram's messages, at most 27 a second; segments of SMS.",
    ["channel"],
)
DUTIES = Counter("rollcall_duty_items_total", "What the duties by the clock did.", ["duty", "outcome"])
UPDATES = Counter("rollcall_updates_total", "Updates from Telegram, by what became of them.", ["outcome"])
ALERTS = Counter("rollcall_operator_alerts_total", "What an operator was told to put right.", ["alert"])


def settled(channel: Channel, level: Urgency, before: DeliveryState, outcome: Outcome, step: Step) -> None:
    """Counts what came of an attempt, a callback, a look-up or waiting."""
    if isinstance(outcome, Sent | Accepted):
        SENT.labels(channel.value).inc()
    if step.pause is not None:
        RETRIES.labels(channel.value).inc()
    if step.state is before:
        return
    if step.state is DeliveryState.ESCALATED:
        ESCALATIONS.labels(level.name.lower()).inc()
    if step.state in (DeliveryState.FAILED, DeliveryState.UNDELIVERED):
        FAILED.labels(channel.value, step.failure.value if step.failure else "none").inc()


def duty(name: str, items: int, failed: int) -> None:
    """Counts what a duty did, and what of it failed."""
    for outcome, count in (("done", items - failed), ("failed", failed)):
        DUTIES.labels(name, outcome).inc(count)


def exposition(standing: Standing | None, budget: int | None) -> bytes:
    """Everything as text. `standing` None: the database is away; the counters are there all the same."""
    figures = CollectorRegistry()
    figures.register(_Figures(standing, budget))
    return generate_latest(REGISTRY) + generate_latest(figures)


class _Figures(Collector):
    def __init__(self, standing: Standing | None, budget: int | None) -> None:
        self._standing, self._budget = standing, budget

    def collect(self) -> Iterable[Metric]:
        up = self._standing is not None
        yield _one("rollcall_database_up", "Whether the database answers; 0: its figures are missing here.", up)
        if self._standing is None:
            return
        yield _one(
            "rollcall_paused", "1: an operator has paused everything, until `rollcall resume`.", self._standing.paused
        )
        yield from _by_queue(self._standing.queues)
        yield _one(
            "rollcall_sms_waiting_for_digest", "Normal notices that the next digest tells.", self._standing.for_digest
        )
        yield _one("rollcall_sms_unknown", "SMS of which nobody knows whether they left.", self._standing.unknown)
        yield _one(
            "rollcall_sms_segments_this_month", "Segments that have left since the 1st.", self._standing.segments
        )
        if self._budget is not None:
            yield _one("rollcall_sms_budget_segments", "SMS_MONTHLY_BUDGET.", self._budget)


def _by_queue(queues: Iterable[Queue]) -> Iterable[Metric]:
    """Each place in the queue has its figure, be it 0: what vanishes can't be watched."""
    found = {(queue.channel, queue.level): (queue.due, queue.later, queue.oldest_for) for queue in queues}
    described = {
        "rollcall_deliveries_queued": "Deliveries and redraws that are due.",
        "rollcall_deliveries_held": "Deliveries for a later time, as quiet hours have it.",
        "rollcall_deliveries_oldest_due_seconds": "For how long the oldest of those that are due has been it.",
    }
    for at, (name, documentation) in enumerate(described.items()):
        gauge = GaugeMetricFamily(name, documentation, labels=["channel", "level"])
        for channel, level in product(Channel, Urgency):
            gauge.add_metric([channel.value, level.name.lower()], found.get((channel, level), (0, 0, 0))[at])
        yield gauge


def _one(name: str, documentation: str, value: float) -> Metric:
    return GaugeMetricFamily(name, documentation, value=value)
