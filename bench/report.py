"""The figures as one table."""

import statistics
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rich.table import Table

from bench.deliveries import COUNTED, Cost, Deliveries, Drained
from bench.emergencies import Wave
from bench.growth import FINISHED, Growth
from bench.load import percentiles
from bench.presses import A_SECOND, Figures
from bench.statements import Counted
from domain.policy import Policy

Row = tuple[str, str, str, str]

SHARE_GOAL = 8  # at least one eighth of the floor's rate
CPU_GOAL_MS = 7
MEMORY_GOAL_MB = 250
PACE_GOAL = 26  # messages a second at least, as long as there are any
PACE_MOST = 30  # in any second: Telegram's own limit
OVERTAKES_MS = 200
HALF_MS, MOST_MS = 50, 500  # from the commit to the network, of the 50th and the 99th percentile
GROWTH_MOST = 1.5  # times as long


@dataclass(frozen=True, slots=True)
class Memory:
    """Resident megabytes of `serve`, without a database of its own."""

    idle: float
    after: float
    updates: int


@dataclass(frozen=True, slots=True)
class Section:
    """Some rows under a title."""

    title: str
    rows: Iterator[Row]


def table(sections: Iterable[Section]) -> Table:
    """figure | this run | floor or goal | ratio of the two."""
    shown = Table(title="Rollcall, measured over HTTP and a PostgreSQL that syncs to disk")
    for name in ("figure", "this run", "floor or goal", "ratio"):
        shown.add_column(name, justify="left" if name == "figure" else "right")
    for section in sections:
        shown.add_section()
        shown.add_row(f"[bold]{section.title}[/bold]")
        for row in section.rows:
            shown.add_row(*row)
    return shown


def of_presses(figures: list[Figures]) -> list[Section]:
    return [Section(each.name, _update(each)) for each in figures]


def of_emergencies(waves: list[Wave]) -> list[Section]:
    return [Section("Emergency", _emergency(waves))]


def of_memory(memory: Memory) -> list[Section]:
    return [Section("Memory of serve", _memory(memory))]


def of_deliveries(deliveries: Deliveries, growth: list[Growth]) -> list[Section]:
    _, many = FINISHED
    return [
        *(Section(f"A backlog, {_workers(each.workers)}", _drained(each)) for each in deliveries.drained),
        Section("A delivery alone, one worker", _alone(deliveries.alone)),
        Section("A delivery's cost, one worker without pace", _cost(deliveries.cost)),
        Section(f"With {many:,} finished, the disk aside", _growth(growth)),
    ]


def _update(each: Figures) -> Iterator[Row]:
    share = each.floor_a_second / each.rate.a_second
    yield (
        "updates a second, one web process",
        f"{each.rate.a_second:.0f}",
        f"bare SQL {each.floor_a_second:.0f}",
        f"1/{share:.1f} (goal 1/{SHARE_GOAL})",
    )
    yield (
        "processor time of the bot",
        f"{each.rate.cpu_ms:.1f} ms",
        f"goal < {CPU_GOAL_MS} ms",
        _of(each.rate.cpu_ms, CPU_GOAL_MS),
    )
    yield (
        "statements, and BEGIN, COMMIT",
        f"{each.statements.statements} + {each.statements.brackets}",
        f"bare SQL {each.floor_statements.statements} + {each.floor_statements.brackets}",
        _of(each.statements.statements, each.floor_statements.statements),
    )
    answer = "" if each.name.startswith("/") else " + 1 in the answer"
    yield "calls to Telegram", f"{each.rate.calls:g}{answer}", "", ""
    taken = [one for one in each.evenly if one is not None]
    if len(taken) < len(each.evenly):
        yield f"too much at {A_SECOND:.0f}/s: not taken in time", f"{len(each.evenly) - len(taken)}", "", ""
    for what, seconds in (
        ("committed and answered", [one.taken_for for one in taken]),
        ("shown as well", [one.shown_for for one in taken]),
    ):
        half, most = percentiles(seconds)
        yield f"{what}, at {A_SECOND:.0f}/s: p50, p99", f"{half:.0f}, {most:.0f} ms", "", ""


def _emergency(waves: list[Wave]) -> Iterator[Row]:
    pace = Policy().wave_size / 28
    small = waves[0]
    for wave in waves:
        fleet = f"{wave.drivers:,} drivers"
        yield f"{fleet}: press to commit", f"{1000 * wave.committed_for:.0f} ms", "", ""
        yield (
            f"{fleet}: press to first, last of {wave.asked} offers",
            f"{wave.first_for:.2f}, {wave.last_for:.2f} s",
            f"pace alone {pace:.2f} s",
            _of(wave.last_for, pace),
        )
        yield (
            f"{fleet}: statements",
            str(wave.statements),
            f"{small.drivers} drivers {small.statements}",
            _of(wave.statements, small.statements),
        )


def _memory(memory: Memory) -> Iterator[Row]:
    for when, megabytes in (("at rest", memory.idle), (f"after {memory.updates:,} updates", memory.after)):
        yield when, f"{megabytes:.0f} MB", f"goal < {MEMORY_GOAL_MB} MB", _of(megabytes, MEMORY_GOAL_MB)


def _drained(each: Drained) -> Iterator[Row]:
    yield "messages a second", f"{each.a_second:.1f}", f"goal >= {PACE_GOAL}", _of(each.a_second, PACE_GOAL)
    yield (
        "most in any second",
        f"{each.most_in_a_second}",
        f"goal <= {PACE_MOST}",
        _of(each.most_in_a_second, PACE_MOST),
    )
    half, most = 1000 * statistics.median(each.overtook), 1000 * max(each.overtook)
    yield (
        f"{len(each.overtook)} urgent, commit to network: p50, most",
        f"{half:.0f}, {most:.0f} ms",
        f"goal < {OVERTAKES_MS} ms",
        _of(most, OVERTAKES_MS),
    )


def _alone(seconds: list[float]) -> Iterator[Row]:
    half, most = percentiles(seconds)
    for name, took, goal in (("p50", half, HALF_MS), ("p99", most, MOST_MS)):
        yield f"{len(seconds)} times, commit to network: {name}", f"{took:.0f} ms", f"goal < {goal} ms", _of(took, goal)


def _cost(cost: Cost) -> Iterator[Row]:
    yield (
        "deliveries a second",
        f"{cost.a_second:.0f}",
        f"claim and done, bare SQL {cost.floor_a_second:.0f}",
        f"1/{cost.floor_a_second / cost.a_second:.1f}",
    )
    yield "processor time of the worker", f"{cost.cpu_ms:.1f} ms", "", ""
    yield (
        "statements, and BEGIN, COMMIT",
        _a_delivery(cost.statements),
        f"bare SQL {_a_delivery(cost.floor_statements)}",
        _of(cost.statements.statements, cost.floor_statements.statements),
    )


def _a_delivery(counted: Counted) -> str:
    return f"{counted.statements / COUNTED:.1f} + {counted.brackets / COUNTED:.1f}"


def _growth(growth: list[Growth]) -> Iterator[Row]:
    for each in growth:
        yield (
            each.name,
            f"{each.many:.2f} ms",
            f"with {FINISHED[0]:,} {each.few:.2f} ms",
            f"{_of(each.many, each.few)} (goal < {GROWTH_MOST})",
        )


def _workers(count: int) -> str:
    return "one worker" if count == 1 else f"{count} workers"


def _of(measured: float, goal: float) -> str:
    return f"{measured / goal:.2f}"
