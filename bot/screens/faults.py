"""What a person reads when something went wrong that is no fault of his."""

from bot.reader import Reader
from bot.screens.screen import Screen, escape


def not_recorded(reader: Reader) -> str:
    """A press that had no effect since the database is away."""
    _ = reader.gettext
    return _("That wasn't recorded. Please press again.")


def paused(reader: Reader) -> str:
    """A press while nothing is sent: a line in its own answer, of at most 200 characters."""
    return reader.gettext(
        "Rollcall is paused for a while. What you enter is kept, and shown afterwards; "
        "what you wanted to read, please ask for again then."
    )


def failed(fault_id: str, reader: Reader) -> Screen:
    """A fault of ours; the id leads whoever looks into it to the line in the log."""
    _ = reader.gettext
    return Screen(
        _("Something went wrong on our side, and nothing was changed. Please try another way. (Fault {id})").format(
            id=escape(fault_id)
        )
    )
