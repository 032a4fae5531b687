"""Facts → PNG, by matplotlib's objects alone: pyplot would keep every figure, and ask the machine for a screen."""

import warnings
from io import BytesIO
from typing import Any, Final

from bot.pictures import Picture
from bot.pictures.health_card import HealthCard
from bot.pictures.heat_map import HeatMap
from bot.pictures.report_card import ReportCard

QUICKLY: Final = 3  # half the time of the usual 6, and a tenth more to send


def draw(picture: Picture) -> bytes:
    """The picture as a PNG. For another process: who only names this function has no matplotlib loaded."""
    from bot.pictures.health_card_sheet import health_card_sheet
    from bot.pictures.heat_map_sheet import heat_map_sheet
    from bot.pictures.report_card_sheet import report_card_sheet

    png = BytesIO()
    with warnings.catch_warnings(action="ignore"):  # of letters that the font has not: they become boxes
        match picture:
            case HeatMap():
                sheet = heat_map_sheet(picture)
            case HealthCard():
                sheet = health_card_sheet(picture)
            case ReportCard():
                sheet = report_card_sheet(picture)
        canvas: Any = sheet.canvas
        canvas.print_png(png, pil_kwargs={"compress_level": QUICKLY})
    return png.getvalue()
