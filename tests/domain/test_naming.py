"""R12.6: a name is what it is between two other words, not a part of one."""

import pytest

from domain.people.naming import Instead

INSTEAD = Instead(
    {"Ann Lee": "Former driver", "Mary Ann Lee": "Mary Ann Lee", "+14165550101": "", "J. R.": "Former driver"}
)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Ann Lee cancelled", "Former driver cancelled"),
        (
            "«\u00a0Ann Lee\u00a0», Ann Lee's, d’Ann Lee\u00a0:",
            "«\u00a0Former driver\u00a0», Former driver's, d’Former driver\u00a0:",
        ),
        ("Ann Leeson, Joann Lee, Ann Leé and Ann Lee2", "Ann Leeson, Joann Lee, Ann Leé and Ann Lee2"),
        ("Mary Ann Lee and Ann Lee", "Mary Ann Lee and Former driver"),
        ("ANN LEE, Ann  Lee", "ANN LEE, Ann  Lee"),
        ("J. R., and J. Rx", "Former driver, and J. Rx"),
        ("Call +14165550101, not +141655501012", "Call , not +141655501012"),
        ("", ""),
    ],
)
def test_r12_6_whole_names_and_numbers_only(text: str, left: str) -> None:
    assert INSTEAD.within(text) == left


def test_r12_6_wherever_json_has_texts() -> None:
    within = INSTEAD.within({"drivers": ["Ann Lee", "Ann Leeson"], "note": "x\nAnn Lee", "n": 3, "on": None})
    assert within == {"drivers": ["Former driver", "Ann Leeson"], "note": "x\nFormer driver", "n": 3, "on": None}
    assert Instead({}).within(["Ann Lee"]) == ["Ann Lee"]
