"""What PostgreSQL reads for a statement: it is explained as it runs, with its own parameters, and undone."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.util import await_only

BIG = {  # tables that grow with the fleet or with the years
    *("assignments", "shifts", "assignment_terms", "incidents", "notifications", "deliveries", "audit_logs", "users"),
    *("bid_windows", "window_waves", "window_asks", "bids", "employments", "chat_links", "contact_settings", "routes"),
    *("driver_metrics", "driver_health_state", "driver_preferences", "route_completions", "heartbeats", "seen_updates"),
    *("bid_places", "driver_health_snapshots", "open_warehouses"),
}


FEW = 50  # rows: of a table with so few, reading all is the quickest way


@dataclass
class Reading:
    """Rows read of each big table, those that a filter threw away included; and which were read from end to end."""

    rows: Counter[str] = field(default_factory=Counter)
    scanned: set[str] = field(default_factory=set)
    statements: list[str] = field(default_factory=list)

    def add(self, plan: dict[str, Any]) -> None:
        table = plan.get("Relation Name")
        if table in BIG:
            thrown_away = sum(plan.get(f"Rows Removed by {how}", 0) for how in ("Filter", "Index Recheck"))
            read = round((plan["Actual Rows"] + thrown_away) * plan["Actual Loops"])
            self.rows[table] += read
            if plan["Node Type"] == "Seq Scan" and read > FEW:
                self.scanned.add(table)
        for part in plan.get("Plans", ()):
            self.add(part)


@contextmanager
def read_by(engine: AsyncEngine) -> Iterator[Reading]:
    """Adds up what all statements of this engine read; each runs once more, in a savepoint, to be looked at."""
    reading = Reading()

    def explain(connection: Any, _cursor: Any, statement: str, given: Any, _context: Any, many: bool) -> None:
        if statement.split(maxsplit=1)[0] not in ("SELECT", "WITH", "INSERT", "UPDATE", "DELETE"):
            return
        driver = connection.connection.driver_connection

        async def look() -> Any:
            await driver.execute("SAVEPOINT look")
            found = await driver.fetchval(
                f"EXPLAIN (ANALYZE, TIMING off, FORMAT json) {statement}", *(given[0] if many else given)
            )
            await driver.execute("ROLLBACK TO look")
            return found

        reading.statements.append(statement)
        for each in await_only(look()):
            reading.add(each["Plan"])

    event.listen(engine.sync_engine, "before_cursor_execute", explain)
    try:
        yield reading
    finally:
        event.remove(engine.sync_engine, "before_cursor_execute", explain)
