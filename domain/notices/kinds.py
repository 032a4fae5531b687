"""The kinds of messages that a phone can show. The edge's table has a row for each."""

from enum import StrEnum


class Kind(StrEnum):
    HOME = "home"  # the home card; about: nothing
    WINDOW = "window"  # a manager's card of a window; about: the window
    OFFER = "offer"  # a driver's offer; about: the window
    WON = "won"  # in the inbox: the driver has the shift; about: the assignment
    ROUTE_UNFILLED = "route_unfilled"  # to the manager; about: the window
    LINK_MOVED = "link_moved"  # to the chat that was linked before; about: nothing
