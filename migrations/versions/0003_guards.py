"""What may exist only once, held by the database itself (R2.1, R6.1, R6.4, R11.1).

A database of another program may hold rows that break these rules. They are all named before anything is changed:
what should become of them, only a person can say.
"""

from typing import NamedTuple

import sqlalchemy as sa
from alembic import op

from migrations import ViolatingRows

revision = "0003"
down_revision = "0002"


class Guard(NamedTuple):
    name: str
    table: str
    columns: tuple[str, ...]
    where: str | None
    says: str


GUARDS = (
    Guard(
        *("uniq_assignments_live_slot", "assignments", ("route_id", "date"), "status <> 'cancelled'"),
        "a route has more than one live assignment on a date",
    ),
    Guard(
        *("uniq_assignments_live_driver", "assignments", ("user_id", "date"), "status <> 'cancelled'"),
        "a driver has more than one live assignment on a date",
    ),
    Guard(
        *("uniq_bid_windows_open", "bid_windows", ("assignment_id",), "status = 'open'"),
        "an assignment has more than one open window",
    ),
    Guard(
        *("uniq_bids_pending", "bids", ("assignment_id", "user_id"), "status = 'pending'"),
        "a driver has more than one pending bid on an assignment",
    ),
    Guard(
        *("uniq_notifications_dedupe", "notifications", ("(data ->> 'dedupe')",), None),
        "notifications share a dedupe key",
    ),
)


def upgrade() -> None:
    if faults := [fault for guard in GUARDS for fault in violations(guard)]:
        raise ViolatingRows(
            "Nothing was changed: these rows break a rule that the database is to hold from now on. "
            "Resolve each (cancel or close all but one) and migrate again.\n" + "\n".join(faults)
        )
    for guard in GUARDS:
        op.create_index(
            guard.name,
            guard.table,
            [sa.text(column) for column in guard.columns],
            unique=True,
            postgresql_where=sa.text(guard.where) if guard.where else None,
        )


def violations(guard: Guard) -> list[str]:
    """One line for each group of rows that can't stand together, with their ids."""
    columns = ", ".join(guard.columns)
    filled = " AND ".join(f"{column} IS NOT NULL" for column in guard.columns)  # nulls are equal to nothing
    groups = op.get_bind().scalars(
        sa.text(
            f"SELECT string_agg(id::text, ', ' ORDER BY id) FROM {guard.table} "  # noqa: S608
            f"WHERE {guard.where or 'true'} AND {filled} GROUP BY {columns} HAVING count(*) > 1 ORDER BY 1"
        )
    )
    return [f"{guard.table}: {guard.says}: {ids}" for ids in groups]
