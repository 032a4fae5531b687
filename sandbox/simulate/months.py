"""What a run is to be, and its months.

Weeks go by in months of four, side by side: what hangs together in a warehouse (rolling 30 days, reviews of 14 days)
is in each of them, and they do not have to share a processor. A month begins anew, with dice of its own, in autumn and
in spring by turns, so that a long run sees both of the clock's changes.
"""

from dataclasses import dataclass
from datetime import date
from itertools import count, cycle
from random import Random
from typing import Final

DAYS: Final = 28
BEGINS: Final = (date(2026, 10, 26), date(2027, 3, 8))  # Mondays; on the Sunday the clocks change


@dataclass(frozen=True, slots=True)
class Month:
    """One of a run, or what is left of one: by its own seed and nothing else."""

    number: int
    begins: date
    days: int
    drivers: int
    seed: int
    unruly: float = 1.0


@dataclass(frozen=True, slots=True)
class Terms:
    """What a run is to be: the same terms, the same run."""

    drivers: int = 200
    days: int = 56
    seed: int = 7

    @property
    def weeks(self) -> int:
        """Those begun."""
        return -(-self.days // 7)

    @property
    def months(self) -> list[Month]:
        """The last one may be shorter."""
        left = range(self.days, 0, -DAYS)
        return [
            Month(number, begins, min(days, DAYS), self.drivers, Random(f"{self.seed}:month:{number}").getrandbits(32))
            for number, begins, days in zip(count(1), cycle(BEGINS), left, strict=False)
        ]

    @property
    def command(self) -> str:
        """What repeats the run."""
        return f"rollcall simulate --drivers {self.drivers} --weeks {self.weeks} --seed {self.seed}"
