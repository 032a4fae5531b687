"""Which histories of an assignment are legal (R2.3)."""

from hypothesis import given
from hypothesis import strategies as st

from domain.db.models.words import AssignmentStatus as Status
from sandbox.simulate.histories import LEGAL, Step, judged


@st.composite
def walks(draw: st.DrawFn) -> tuple[str, list[Step]]:
    """From nothing, or from where another program has put it, by legal steps; in any order."""
    at: str | None = draw(st.sampled_from([None, Status.SCHEDULED, Status.UNFILLED]))
    steps: list[Step] = []
    while onward := sorted({after for before, after in LEGAL if before == at}):
        if at is not None and draw(st.booleans()):
            break
        after = draw(st.sampled_from(onward))
        steps.append((at, after))
        at = after
    assert at is not None
    return at, draw(st.permutations(steps))


@given(walks())
def test_r2_3_a_legal_way_is_legal_in_whatever_order_it_is_told(walk: tuple[str, list[Step]]) -> None:
    status, steps = walk
    assert judged(status, steps) is None


@given(walks(), st.data())
def test_r2_3_a_step_that_is_missing_is_missed(walk: tuple[str, list[Step]], data: st.DataObject) -> None:
    """But for a first one: another program may have written that."""
    status, steps = walk
    later = [step for step in steps if step[0] is not None]
    first = {after for before, after in steps if before is None}
    if later and first:
        steps.remove(data.draw(st.sampled_from(later)))
        assert judged(status, steps) is not None


def test_r2_3_what_is_over_stays_over() -> None:
    assert judged(Status.SCHEDULED, [(Status.CANCELLED, Status.SCHEDULED)]) == "cancelled became scheduled"
    assert judged(Status.ACTIVE, [(Status.COMPLETED, Status.ACTIVE)]) is not None
    assert judged(Status.COMPLETED, []) is not None
