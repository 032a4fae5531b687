"""The menu of commands beside the text field. For show only: every action checks who acts (R12.4)."""

from bot.reader import Reader
from domain.db.models.words import UserRole


def menu(role: UserRole | None, reader: Reader) -> tuple[tuple[str, str], ...]:
    """Command and description, for one language; `role` None: somebody we don't know yet sees what drivers see."""
    _ = reader.gettext
    today = ("today", _("My day and what is open to me"))
    own = (("inbox", _("What I was told")), ("settings", _("Language, SMS, quiet hours")))
    privacy = ("privacy", _("What is recorded about me, and my data"))
    help_ = ("help", _("What I can do here"))
    if role is UserRole.MANAGER:
        return (
            ("shifts", _("Today's shifts, live")),
            ("coverage", _("A map of my routes, by day or week")),
            ("unfilled", _("Routes without a driver")),
            ("fill", _("Give a route to a driver")),
            ("emergency", _("Find a driver at once")),
            ("roster", _("The weekly rosters, and what if")),
            ("windows", _("What is offered, and who has bid")),
            ("close", _("Close a day, or put it back")),
            ("routes", _("My routes and their weekdays")),
            ("warehouses", _("My warehouses")),
            ("managers", _("Who manages a warehouse")),
            ("invite", _("Bring in a driver")),
            ("reviews", _("Absences to decide on")),
            ("appeals", _("What drivers appeal")),
            ("drivers", _("My drivers, who needs me first")),
            ("driver", _("One of my drivers: shifts, standing, time off")),
            ("report", _("How last week went, with a picture")),
            ("audit", _("What was done with a shift, a driver, a route")),
            ("message", _("Write to somebody")),
            ("today", _("My warehouses today")),
            *own,
            ("connect", _("The groups of my warehouses")),
            ("away", _("Others get my notices while I'm away")),
            privacy,
            help_,
        )
    shifts = (
        ("schedule", _("My shifts, week by week")),
        ("confirm", _("Confirm my shifts")),
        ("open", _("Open shifts and my bids")),
        ("health", _("My score and stars, what helps and hurts")),
        ("why", _("How I stand, and why")),
        ("calendar", _("My shifts in my own calendar")),
        ("preferences", _("Days and routes that I like to drive")),
    )
    return (today, *shifts, *own, privacy, help_)


def menu_of_groups(reader: Reader) -> tuple[tuple[str, str], ...]:
    """What is shown in groups: the rest works there, too, and is answered in one's own chat."""
    _ = reader.gettext
    return (
        ("connect", _("Connect this group to a warehouse")),
        ("disconnect", _("Tell nothing more here")),
    )
