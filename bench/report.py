"""The figures as one table."""

import statistics
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rich.table import Table

from bench.deliveries import COUNTED, Cost, Deliveries, Drained
from bench.duties import MISSING, Due, Idle
from bench.duties import Figures as Duties
from bench.emergencies import Wave
from bench.filling import Figure
from bench.growth import FINISHED, Growth
from bench.load import percentiles
from bench.machine import Explored
from bench.pictures import Drawn
from bench.presses import A_SECOND, Figures
from bench.roster import Coverage, Rostered
from bench.standing import Standing
from bench.statements import Counted
from domain.policy import Policy
from sandbox.simulate.months import Terms
from sandbox.simulate.running import Ran

Row = tuple[str, str, str, str]

SHARE_GOAL = 8  # at least one eighth of the floor's rate
CPU_GOAL_MS = 7
MEMORY_GOAL_MB = 250
PACE_GOAL = 26  # messages a second at least, as long as there are any
PACE_MOST = 30  # in any second: Telegram's own limit
OVERTAKES_MS = 200
HALF_MS, MOST_MS = 50, 500  # from the commit to the network, of the 50th and the 99th percentile
GROWTH_MOST = 1.5  # times as long
NINE_GOAL = 5  # seconds
SIMULATE_GOAL = 600  # seconds
ROSTER_GOALS = {2_000: 3, 20_000: 45}  # seconds, by drivers
ROSTER_GOAL_MB = 2_000
PAUSE_GOAL_MS = 100
PICTURE_GOAL_MS = 300
HEALTH_GOALS = {2_000: 0.98}  # seconds, by drivers
IDLE_GOAL = 5  # per cent of one processor, bot and database together


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


def of_duties(figures: Duties) -> list[Section]:
    fleet = f"{figures.drivers:,} drivers, {figures.live:,} live assignments"
    return [
        Section(f"Duties, nothing due: {fleet}", _idle(figures.idle)),
        Section(f"Nine o'clock: {figures.today:,} shifts, {MISSING} missing", _nine(figures)),
        Section("Duties, much due", _due(figures.due)),
    ]


def of_filling(figures: list[Figure]) -> list[Section]:
    return [Section("Filling, all drivers of one warehouse", _filling(figures))]


def of_standing(standing: list[Standing]) -> list[Section]:
    return [
        Section(f"Standing, {each.drivers:,} drivers, {each.assignments:,} assignments", _standing(each))
        for each in standing
    ]


def of_rosters(rostered: list[Rostered]) -> list[Section]:
    sizes = (f"A roster, {each.drivers:,} drivers on {each.routes:,} routes" for each in rostered)
    return [Section(size, _roster(each)) for size, each in zip(sizes, rostered, strict=True)]


def of_pictures(drawn: Drawn) -> list[Section]:
    return [Section(f"A heat map of {drawn.routes} routes, in processor time", _pictures(drawn))]


def of_simulation(terms: Terms, ran: Ran) -> list[Section]:
    return [Section(f"rollcall simulate, {terms.drivers} drivers for {terms.weeks} weeks", _simulation(terms, ran))]


def of_machine(explored: Explored) -> list[Section]:
    return [Section("Filling shifts, as by a model of the rules", _machine(explored))]


def _machine(explored: Explored) -> Iterator[Row]:
    tally = explored.tally
    yield "examples, and steps", f"{tally.examples:,}, {tally.steps:,}", "", ""
    yield "  of these several things at once", f"{tally.at_once:,}", "", ""
    yield "differences from the model", "0", "goal 0", ""
    yield "all of it", f"{explored.took_for:.0f} s", "", ""
    for act in sorted({act for act, _ in tally.said}):
        answers = {said: times for (of, said), times in sorted(tally.said.items()) if of == act}
        yield f"{act}: " + ", ".join(f"{said} {times:,}" for said, times in answers.items()), "", "", ""


def _roster(each: Rostered) -> Iterator[Row]:
    parts, took_for = each.parts, each.started_for + each.made_for + each.told_for
    took, goal = f"{took_for:.2f} s", ROSTER_GOALS.get(each.drivers)
    if goal is None:
        yield "made and told", took, "", ""
    else:
        yield "made and told", took, f"goal < {goal} s", _of(took_for, goal)
    for what, seconds in (
        ("the other process started", each.started_for),
        ("loaded", parts.loaded_for),
        ("solved", parts.solved_for),
        ("written", parts.written_for),
        ("told: a message for everybody", each.told_for),
    ):
        yield f"  {what}", f"{seconds:.2f} s", "", ""
    pause, size = 1000 * each.paused_for, parts.megabytes
    yield "the event loop's longest pause", f"{pause:.0f} ms", f"goal < {PAUSE_GOAL_MS} ms", _of(pause, PAUSE_GOAL_MS)
    yield "the other process", f"{size:.0f} MB", f"goal < {ROSTER_GOAL_MB:,} MB", _of(size, ROSTER_GOAL_MB)
    yield from _covered(each.coverage)
    solved_for, coverage = each.anywhere
    yield "where all prefer any of the routes: solved", f"{solved_for:.2f} s", "", ""
    yield from _covered(coverage)


def _covered(coverage: Coverage) -> Iterator[Row]:
    filled = f"{coverage.filled:,}"
    yield f"  filled of {coverage.slots:,}", filled, f"proven {coverage.most:,}", _of(coverage.filled, coverage.most)
    yield "  the same", filled, f"greedy rule {coverage.greedy:,}", _of(coverage.filled, coverage.greedy)


def _pictures(drawn: Drawn) -> Iterator[Row]:
    took, empty = 1000 * drawn.picture, 1000 * drawn.empty
    yield "drawn", f"{took:.0f} ms", f"goal < {PICTURE_GOAL_MS} ms", _of(took, PICTURE_GOAL_MS)
    yield "an empty sheet of its size", f"{empty:.0f} ms", "", f"× {took / empty:.1f}"


def _simulation(terms: Terms, ran: Ran) -> Iterator[Row]:
    yield ("all of it", f"{ran.seconds:.0f} s", f"goal < {SIMULATE_GOAL} s", _of(ran.seconds, SIMULATE_GOAL))
    day, goal = ran.seconds / terms.days, SIMULATE_GOAL / terms.days
    yield "a simulated day", f"{day:.1f} s", f"goal < {goal:.1f} s", _of(day, goal)
    figures = ran.result.figures
    for words in ("shifts given to somebody", "updates brought", "messages by Telegram", "SMS"):
        yield words, figures[words], "", ""
    yield "steps, and invariants checked", f"{ran.result.steps:,}, {ran.result.checks:,}", "", ""
    yield "digest, the same for the same seed", ran.result.digest, "", ""


def _filling(figures: list[Figure]) -> Iterator[Row]:
    for each in figures:
        took, bare = f"{1000 * each.took_for:.0f} ms", f"bare SQL {1000 * each.floor_for:.0f} ms"
        yield each.name, took, bare, _of(each.took_for, each.floor_for)
        mine, its = each.statements, each.floor_statements
        yield (
            "  statements, and BEGIN, COMMIT",
            f"{mine.statements} + {mine.brackets}",
            f"bare SQL {its.statements} + {its.brackets}",
            _of(mine.statements, its.statements),
        )


def _standing(each: Standing) -> Iterator[Row]:
    if (goal := HEALTH_GOALS.get(each.drivers)) is not None:
        yield "health of all, every night", f"{each.daily:.2f} s", f"goal < {goal} s", _of(each.daily, goal)
    yield from _filling(each.duties)


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


def _idle(idle: Idle) -> Iterator[Row]:
    asked = sum(each.statements for each in idle.statements.values())
    yield f"statements a second, {len(idle.statements)} duties", str(asked), "", ""
    most = max(idle.statements, key=lambda name: idle.statements[name].statements)
    yield "the most of one duty", f"{idle.statements[most].statements} ({most})", "", ""
    share = (idle.cpu_ms + idle.server_ms) / 10
    yield "processor time a second, bot", f"{idle.cpu_ms:.1f} ms", "", ""
    yield "processor time a second, database", f"{idle.server_ms:.1f} ms", "", ""
    yield "together, of one processor", f"{share:.1f} %", f"goal < {IDLE_GOAL} %", _of(share, IDLE_GOAL)


def _nine(figures: Duties) -> Iterator[Row]:
    nine, (one, wave) = figures.nine, figures.floor_items
    took, floor = nine.missed_for + nine.told_for, nine.floor_missed_for + nine.floor_told_for
    yield "no-shows and first waves, one process", f"{took:.2f} s", f"goal < {NINE_GOAL} s", _of(took, NINE_GOAL)
    yield "the same", f"{took:.2f} s", f"bare SQL {floor:.2f} s", _of(took, floor)
    for what, seconds, bare in (
        (f"{MISSING} no-shows: incident, hard stop, slot, window", nine.missed_for, nine.floor_missed_for),
        (f"{MISSING} first waves: {nine.asked:,} drivers asked", nine.told_for, nine.floor_told_for),
    ):
        yield what, f"{seconds:.2f} s", f"bare SQL {bare:.2f} s", _of(seconds, bare)
    for each in figures.due:
        if (bare_statements := {"no-show": one, "waves": wave}.get(each.name)) is not None:
            mine = each.statements.statements / each.items
            yield (
                f"{each.name}: statements an item",
                f"{mine:.1f}",
                f"bare SQL {bare_statements.statements}",
                _of(mine, bare_statements.statements),
            )


def _due(due: list[Due]) -> Iterator[Row]:
    for each in due:
        asked, took = each.statements.statements, f"{1000 * each.took_for:.0f} ms"
        if each.batch:
            yield f"{each.name}: {each.items:,} people or rows", took, f"{asked} statements in all", ""
        else:
            yield f"{each.name}: {each.items} one by one", took, f"{asked / each.items:.1f} statements each", ""


def _workers(count: int) -> str:
    return "one worker" if count == 1 else f"{count} workers"


def _of(measured: float, goal: float) -> str:
    return f"{measured / goal:.2f}"
