"""A small company as the rules see it: plain values, no database. What is pressed in it, see `model`."""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

TORONTO = ZoneInfo("America/Toronto")
MONDAY = datetime(2026, 11, 23, 7, 20, tzinfo=TORONTO)
THURSDAY, SATURDAY = date(2026, 11, 26), date(2026, 11, 28)
DAYS = {"R1": THURSDAY, "R2": THURSDAY, "R3": SATURDAY}
SLOTS = tuple(DAYS)
DATES = (THURSDAY, SATURDAY)
MANAGERS = ("Mona", "Omar")


@dataclass(frozen=True, slots=True)
class Record:
    """A driver's, as it is when he comes into the story."""

    cap: int
    completion: float
    completed: int
    prefers: tuple[str, ...] = ()
    driven: dict[str, int] = field(default_factory=dict)  # how often each route


# The best has room for two; Cid and Dee are alike but for their caps.
DRIVERS = {
    "Ann": Record(2, 0.95, 10, prefers=("R1",)),
    "Ben": Record(1, 0.9, 10, driven={"R3": 10}),
    "Cid": Record(4, 0.8, 10),
    "Dee": Record(1, 0.8, 10),
}


def at(on: date, hour: int) -> datetime:
    return datetime.combine(on, time(hour), TORONTO)


@dataclass(frozen=True, slots=True)
class Row:
    """A slot's assignment. `won`: by a bid, in a competitive window (R6.4)."""

    status: str
    driver: str | None = None
    confirmed: bool = False
    by: str | None = None
    assigned_at: datetime | None = None
    won: bool = False


@dataclass(frozen=True, slots=True)
class Window:
    """`row`: which of the slot's it is for. `next_at`: when the next drivers are asked."""

    row: int
    mode: str
    closes_at: datetime
    next_at: datetime
    status: str = "open"
    winner: str | None = None
    asked: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Bid:
    slot: str
    row: int
    driver: str
    at: datetime
    status: str = "pending"


@dataclass(frozen=True, slots=True)
class GiveAway:
    row: int
    giver: str
    taker: str | None = None


@dataclass
class State:
    """All that can be seen of it."""

    rows: dict[str, list[Row]]
    windows: dict[str, list[Window]]
    caps: dict[str, int]
    bids: list[Bid] = field(default_factory=list)
    given: dict[str, list[GiveAway]] = field(default_factory=lambda: {slot: [] for slot in SLOTS})
    declined: set[tuple[str, date]] = field(default_factory=set)
    left: set[tuple[str, str]] = field(default_factory=set)
    closed: set[date] = field(default_factory=set)
    flagged: set[str] = field(default_factory=set)
    stopped: set[str] = field(default_factory=set)
    late: Counter[str] = field(default_factory=Counter)
    counted: Counter[tuple[str, str]] = field(default_factory=Counter)
    told: Counter[tuple[str, str]] = field(default_factory=Counter)

    def copy(self) -> "State":
        return State(
            {slot: rows[:] for slot, rows in self.rows.items()},
            {slot: windows[:] for slot, windows in self.windows.items()},
            dict(self.caps),
            self.bids[:],
            {slot: given[:] for slot, given in self.given.items()},
            set(self.declined),
            set(self.left),
            set(self.closed),
            set(self.flagged),
            set(self.stopped),
            Counter(self.late),
            Counter(self.counted),
            Counter(self.told),
        )

    # -- looked at

    def open_window(self, slot: str) -> int | None:
        return next((n for n, each in enumerate(self.windows[slot]) if each.status == "open"), None)

    def pending(self, slot: str) -> list[Bid]:
        return [bid for bid in self.bids if bid.slot == slot and bid.status == "pending"]

    def held(self, driver: str) -> list[str]:
        """The slots that are his; they all lie in one week."""
        return [slot for slot, rows in self.rows.items() if (rows[-1].status, rows[-1].driver) == ("scheduled", driver)]

    def score(self, driver: str, slot: str) -> float:
        """R6.4; attendance by R9.1."""
        record = DRIVERS[driver]
        attendance = record.completed / (record.completed + self.late[driver])
        familiar = min(record.driven.get(slot, 0) / 20, 1)
        return 0.4 * record.completion + 0.3 * familiar + 0.2 * attendance + 0.1 * (slot in record.prefers)

    def grounds(self, driver: str, slot: str) -> set[str]:
        """What keeps him from the slot (R6.3)."""
        held = self.held(driver)
        applies = {
            "flagged": driver in self.flagged,
            "out_of_pool": driver in self.stopped,
            "left_this_slot": (driver, slot) in self.left,
            "busy": any(DAYS[each] == DAYS[slot] for each in held),
            "at_cap": len(held) >= self.caps[driver],
        }
        return {why for why, it_does in applies.items() if it_does}

    def best_bidder(self, slot: str) -> str | None:
        """R6.4, R6.5: by score, then fewer shifts that week, then the earlier bid; the first who still may."""
        ranked = sorted(
            self.pending(slot), key=lambda bid: (-self.score(bid.driver, slot), len(self.held(bid.driver)), bid.at)
        )
        return next((bid.driver for bid in ranked if not self.grounds(bid.driver, slot)), None)

    # -- changed

    def set_row(self, slot: str, number: int, **changes: Any) -> None:
        self.rows[slot][number] = replace(self.rows[slot][number], **changes)

    def set_window(self, slot: str, number: int, **changes: Any) -> None:
        self.windows[slot][number] = replace(self.windows[slot][number], **changes)

    def tell(self, kind: str, *people: str) -> None:
        self.told.update((person, kind) for person in people)

    def view(self) -> dict[str, Any]:
        """What is compared with the database."""
        return {
            "rows": {slot: [(r.status, r.driver, r.confirmed, r.by) for r in rows] for slot, rows in self.rows.items()},
            "windows": {
                slot: [(w.mode, w.status, w.closes_at, w.winner, sorted(w.asked)) for w in windows]
                for slot, windows in self.windows.items()
            },
            "bids": Counter((bid.slot, bid.driver, bid.status) for bid in self.bids),
            "given": {slot: [(g.giver, g.taker) for g in given] for slot, given in self.given.items()},
            "declined": self.declined,
            "stopped": self.stopped,
            "caps": self.caps,
            "flagged": self.flagged,
            "counted": +self.counted,
            "told": +self.told,
        }


def company() -> State:
    """Monday at 7:20: Thursday's R1 has no window yet, R2 has one, and Ben has Saturday's R3."""
    return State(
        rows={
            "R1": [Row("unfilled")],
            "R2": [Row("unfilled")],
            "R3": [Row("scheduled", "Ben", True, "algorithm", MONDAY - timedelta(days=9))],
        },
        windows={"R1": [], "R2": [Window(0, "competitive", at(THURSDAY, 7) - timedelta(hours=24), MONDAY)], "R3": []},
        caps={name: record.cap for name, record in DRIVERS.items()},
    )
