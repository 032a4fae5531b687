"""The figures as one table."""

from collections.abc import Iterator
from dataclasses import dataclass

from rich.table import Table

from bench.emergencies import Wave
from bench.load import percentiles
from bench.presses import A_SECOND, Figures
from domain.policy import Policy

Row = tuple[str, str, str, str]

SHARE_GOAL = 8  # at least one eighth of the floor's rate
CPU_GOAL_MS = 7
MEMORY_GOAL_MB = 250


@dataclass(frozen=True, slots=True)
class Memory:
    """Resident megabytes of `serve`, without a database of its own."""

    idle: float
    after: float
    updates: int


def table(figures: list[Figures], waves: list[Wave], memory: Memory) -> Table:
    """figure | this run | floor or goal | ratio of the two."""
    shown = Table(title="Rollcall, measured over HTTP and a PostgreSQL that syncs to disk")
    for name in ("figure", "this run", "floor or goal", "ratio"):
        shown.add_column(name, justify="left" if name == "figure" else "right")
    for each in figures:
        _section(shown, each.name, _update(each))
    _section(shown, "Emergency", _emergency(waves))
    _section(shown, "Memory of serve", _memory(memory))
    return shown


def _section(shown: Table, title: str, rows: Iterator[Row]) -> None:
    shown.add_section()
    shown.add_row(f"[bold]{title}[/bold]")
    for row in rows:
        shown.add_row(*row)


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


def _of(measured: float, goal: float) -> str:
    return f"{measured / goal:.2f}"
