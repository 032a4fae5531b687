"""docs/deliveries.md draws what the code does."""

from pathlib import Path

from bot.delivery.drawing import document

PAGE = Path(__file__).parents[2] / "docs" / "deliveries.md"


def test_the_drawing_is_what_the_code_does() -> None:
    assert PAGE.read_text() == document(), "run: python -m bot.delivery.drawing > docs/deliveries.md"
