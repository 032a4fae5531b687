"""What is drawn rather than written: plain facts, with the reader's words in them already, and how they look.

Whoever sends pictures has the facts only; `drawing.draw` makes a PNG of them, in another process.
"""

from bot.pictures.health_card import HealthCard
from bot.pictures.heat_map import DayMap, HeatMap
from bot.pictures.report_card import ReportCard

Picture = HeatMap | DayMap | HealthCard | ReportCard
