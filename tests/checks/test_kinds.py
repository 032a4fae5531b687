"""Whatever people are told can be shown: a kind without its row in the edge's table fails only once it is sent."""

from bot.kinds import table_of_kinds
from domain.notices.kinds import RULES, Kind
from domain.policy import Policy


def test_every_kind_has_its_screen() -> None:
    assert set(table_of_kinds(Policy(), "Rollcall")) == set(Kind)
    assert set(RULES) <= set(Kind)
