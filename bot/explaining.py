"""What an operator is told of a fault: one plain sentence for what is known to go wrong, and an exit code."""

import errno
import os

import asyncpg
import structlog
from telegram.error import InvalidToken

from bot import run
from bot.embedded_postgres import EmbeddedPostgresError
from bot.faults import fault_id, is_passing
from bot.settings import SettingsError
from bot.web import PortTakenError
from migrations import ViolatingRows

log = structlog.get_logger(__name__)

FAILED = 1
BADLY_SET = 2  # the settings, or the command line, are to be put right


def explained(fault: Exception) -> tuple[list[str], int]:
    """The lines to print and the exit code. What nobody foresaw goes to the log, with the id that is printed."""
    if isinstance(fault, SettingsError):
        return fault.lines, BADLY_SET
    if isinstance(fault, run.StartError | PortTakenError | EmbeddedPostgresError | ViolatingRows):
        return [str(fault)], FAILED
    if isinstance(fault, InvalidToken):
        return ["Telegram refuses the token: compare TELEGRAM_BOT_TOKEN with @BotFather's."], FAILED
    if isinstance(fault, OSError) and fault.errno in (errno.EADDRINUSE, errno.EACCES):
        return [f"The port can't be used ({os.strerror(fault.errno)}): set PORT to another one."], FAILED
    if (about_database := database_fault(fault)) is not None:
        return [about_database], FAILED
    known_as = fault_id()
    log.critical("stopped by a fault", fault_id=known_as, exc_info=fault)
    return [f"Rollcall stopped by a fault of its own ({known_as}); the log has the rest."], FAILED


def database_fault(fault: BaseException) -> str | None:
    """What is the matter with the database; None where it is something else."""
    match getattr(fault, "orig", None) or fault:
        case asyncpg.InvalidAuthorizationSpecificationError():  # InvalidPasswordError, too
            return "The database refuses the user or the password in DATABASE_URL."
        case asyncpg.InvalidCatalogNameError():
            return "The database server has no database of the name in DATABASE_URL: create it first."
        case asyncpg.LockNotAvailableError():
            return "Another program holds a table; try again when it is done."
        case OSError() as unreachable if is_passing(fault):
            why = unreachable.strerror or "no answer"
            return f"The database can't be reached ({why}): does it run, and is DATABASE_URL right?"
    if is_passing(fault):
        return "The database can't be reached: does it run, and is DATABASE_URL right?"
    return None
