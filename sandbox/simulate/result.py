"""What a run has come to: a digest of all that it leaves in its database, and one page of figures."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from statistics import median
from typing import Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from domain.db.sql import sql
from sandbox.simulate.months import Terms
from sandbox.simulate.world import Violated, World

_NAMES: Final = text(
    "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY relname"
)
_ROWS: Final = """SELECT md5(string_agg(row::text, '\n' ORDER BY row::text COLLATE "C")) FROM {} AS row"""


async def _tables(session: AsyncSession) -> list[str]:
    """Every table, and what is in it, to the last id and instant: the same seed leaves the same."""
    names = (await session.scalars(_NAMES)).all()
    return [f"{name} {await session.scalar(text(_ROWS.format(name)))}" for name in names]


def digest(lines: Iterable[str]) -> str:
    """One short word for all of them."""
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


_COUNTS: Final = sql(
    """
    SELECT
        count(DISTINCT (a.route_id, a.date)) AS "slots",
        count(*) FILTER (WHERE a.user_id IS NOT NULL) AS "shifts given to somebody",
        count(*) FILTER (WHERE a.confirmed_at IS NOT NULL) AS "… confirmed",
        count(*) FILTER (WHERE s.completed_at IS NOT NULL) AS "… completed",
        (SELECT count(*) FROM incidents WHERE kind = 'auto_drop') AS "dropped, unconfirmed",
        (SELECT count(*) FROM incidents WHERE kind = 'early_cancel') AS "cancelled early",
        (SELECT count(*) FROM incidents WHERE kind = 'late_cancel') AS "cancelled late",
        (SELECT count(*) FROM incidents WHERE kind = 'protected_absence') AS "cancelled with cause",
        (SELECT count(*) FROM incidents WHERE kind = 'no_show') AS "no-shows",
        (SELECT count(*) FROM bid_windows) AS "windows opened",
        (SELECT count(*) FROM bid_windows WHERE status = 'resolved') AS "… through which a slot found a driver",
        (SELECT count(*) FROM audit_logs WHERE entity_type = 'bid' AND action = 'placed') AS "bids placed",
        (SELECT count(*) FROM audit_logs WHERE action = 'bid_assign') AS "windows awarded to a bidder",
        (SELECT count(*) FROM audit_logs WHERE action = 'mode_changed' AND changes -> 'after' ->> 'mode' = 'instant')
            AS "… became instant",
        (SELECT count(*) FROM roster_runs WHERE carried_out_at IS NOT NULL) AS "weeks given out by a roster",
        (SELECT count(*) FROM audit_logs WHERE action = 'roster_assign') AS "slots filled by a roster",
        (SELECT count(*) FROM audit_logs WHERE action = 'manual_assign') AS "slots filled by hand",
        (SELECT count(*) FROM audit_logs WHERE action = 'given_away') AS "shifts given away",
        (SELECT count(*) FROM audit_logs WHERE action = 'restored') AS "shifts that came back to who had lost them",
        (SELECT count(*) FROM appeals) AS "appeals",
        (SELECT count(*) FROM appeals WHERE granted) AS "… granted",
        (SELECT count(*) FROM hard_stops) AS "drivers stopped",
        (SELECT count(*) FROM hard_stops WHERE reinstated) AS "… reinstated by a manager",
        (SELECT count(*) FROM flag_episodes) AS "drivers flagged",
        (SELECT count(*) FROM deliveries WHERE channel = 'telegram') AS "messages by Telegram",
        (SELECT count(*) FROM sms_attempts WHERE status IS DISTINCT FROM 'refused') AS "SMS"
    FROM assignments a LEFT JOIN shifts s ON s.assignment_id = a.id
    """
)
_FILLS: Final = sql(
    """
    SELECT extract(epoch FROM a.confirmed_at - w.opens_at)::float
    FROM bid_windows w JOIN assignments a ON a.id = w.assignment_id
    WHERE w.mode = 'emergency' AND w.status = 'resolved' AND a.confirmed_at IS NOT NULL ORDER BY 1
    """
)


@dataclass(frozen=True, slots=True)
class Result:
    """What has come of a month, or of several: whatever is counted, by its words, and how long each
    emergency took, in seconds."""

    digest: str
    counts: dict[str, int]
    fills: list[float]
    faults: dict[str, int]
    accidents: dict[str, int]
    steps: int
    checks: int

    @property
    def figures(self) -> dict[str, str]:
        """All of it in words."""
        filled = str(timedelta(seconds=round(median(self.fills)))) if self.fills else "-"
        return {
            **{words: f"{count:,}" for words, count in self.counts.items()},
            "emergencies filled, half of them within": filled,
            "faults of the networks": _counted(self.faults),
            "accidents of ours": _counted(self.accidents),
            "invariants checked": f"{self.checks:,} times, after {self.steps:,} steps",
        }


async def result_of(world: World) -> Result:
    """Read off the database and the world, as they are now."""
    async with world.town.rollcall.edge.sessions() as session:
        lines = await _tables(session)
        counts = dict((await session.execute(_COUNTS)).mappings().one())
        fills = list(await session.scalars(_FILLS))
    accidents = world.town.happened + world.crew.slipped
    counts["updates brought"] = accidents.pop("updates", 0)
    return Result(digest(lines), counts, fills, dict(world.sky.injected), dict(accidents), world.steps, world.checks)


def together(months: Sequence[Result]) -> Result:
    """All that came of them, in their order."""
    return Result(
        digest=digest(month.digest for month in months),
        counts=_sum(month.counts for month in months),
        fills=[fill for month in months for fill in month.fills],
        faults=_sum(month.faults for month in months),
        accidents=_sum(month.accidents for month in months),
        steps=sum(month.steps for month in months),
        checks=sum(month.checks for month in months),
    )


def _sum(several: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for counts in several:
        total.update(counts)
    return dict(total)


def _counted(counts: Mapping[str, int]) -> str:
    return f"{sum(counts.values()):,}: " + ", ".join(f"{words} {count}" for words, count in sorted(counts.items()))


def page(terms: Terms, result: Result, seconds: float) -> RenderableType:
    """One page, for a run at whose end everything held."""
    title = f"{terms.drivers} drivers, {terms.days} days, seed {terms.seed}"
    table = Table(title=title, show_header=False, box=None, title_justify="left", title_style="bold")
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    for words, value in result.figures.items():
        table.add_row(words, value)
    table.add_row("took", f"{seconds:.0f} s, {seconds / terms.days:.1f} s a day")
    table.add_row("digest", result.digest)
    return Group(table, Text("Everything held that must."))


def complaint(violated: Violated) -> str:
    """What does not hold, and where."""
    lines = [f"after step {violated.step}, at {violated.at.isoformat()}, something does not hold."]
    for each in violated.broken:
        lines.append(f"{each.invariant.rule}: {each.invariant.words}")
        lines += [f"    {line}" for line in each.found[:10]]
        if len(each.found) > 10:
            lines.append(f"    … and {len(each.found) - 10} more")
    lines += [f"A fault of ours: {line}" for line in violated.complaints[:5]]
    return "\n".join(lines)
