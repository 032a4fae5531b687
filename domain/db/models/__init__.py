"""All tables, by subject. The fifteen given ones keep exactly their columns, types, defaults and names."""

from domain.db.models.bidding import Bid, BidWindow, CapOverride, WindowAsk, WindowWaves
from domain.db.models.health import DriverHealthSnapshot, DriverHealthState, DriverMetrics, RouteCompletions
from domain.db.models.people import (
    ChatLink,
    ContactSettings,
    DayDecline,
    DriverPreferences,
    Employment,
    Invite,
    OpenWarehouse,
    Route,
    TimeOff,
    User,
    Warehouse,
    WarehouseManager,
)
from domain.db.models.records import AuditLog, Delivery, DutyRun, Lease, Notification, Pace, SeenUpdate
from domain.db.models.work import Assignment, AssignmentTerms, Incident, Shift

__all__ = [
    "Assignment",
    "AssignmentTerms",
    "AuditLog",
    "Bid",
    "BidWindow",
    "CapOverride",
    "ChatLink",
    "ContactSettings",
    "DayDecline",
    "Delivery",
    "DriverHealthSnapshot",
    "DriverHealthState",
    "DriverMetrics",
    "DriverPreferences",
    "DutyRun",
    "Employment",
    "Incident",
    "Invite",
    "Lease",
    "Notification",
    "OpenWarehouse",
    "Pace",
    "Route",
    "RouteCompletions",
    "SeenUpdate",
    "Shift",
    "TimeOff",
    "User",
    "Warehouse",
    "WarehouseManager",
    "WindowAsk",
    "WindowWaves",
]
