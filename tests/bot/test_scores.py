"""What is shown of a score adds up."""

from hypothesis import given
from hypothesis import strategies as st

from bot.screens.scores import adding_up


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_parts_add_up_to_the_sum_as_it_is_shown(parts: list[float]) -> None:
    shown = adding_up(parts)
    assert round(sum(shown), 2) == round(round(sum(part * 100 for part in parts)) / 100, 2)
    assert all(abs(one - part) < 0.0100001 for one, part in zip(shown, parts, strict=True))


def test_parts_that_round_down_are_made_to_fit() -> None:
    assert adding_up([0.384, 0.2985, 0.1677]) == [0.38, 0.3, 0.17]
