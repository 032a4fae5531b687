"""R2, R5.5, R6, R7: whatever is pressed and falls due, one after the other and at once, ends as by the rules.

These are in `machine` once more, in plain Python. `rollcall bench machine` tries many more.
"""

from tests.races.machine.play import explore

EXAMPLES, STEPS = 300, 5


def test_filling_shifts_ends_as_by_the_rules(database_url: str) -> None:
    tally = explore(database_url, range(EXAMPLES), STEPS)
    assert tally.examples == EXAMPLES and tally.at_once > EXAMPLES
