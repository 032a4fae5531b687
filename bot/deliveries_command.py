"""`rollcall deliveries list`, `retry` and `cancel`: what an operator types, and sees."""

from collections.abc import Awaitable, Callable
from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from bot import deliveries as shown
from bot import run
from bot.commanding import carried_out, for_one_command, in_database, instant_of
from domain.db.models.words import DeliveryState
from domain.notices import operators

commands = typer.Typer(help="Lists deliveries, sends them again, or cancels them.", no_args_is_help=True)


@commands.command("list")
def list_deliveries(
    state: Annotated[DeliveryState | None, typer.Option(help="Only those in this state.")] = None,
    level: Annotated[shown.Level | None, typer.Option(help="Only notices of this level.")] = None,
    person: Annotated[
        str | None, typer.Option(help="Only to this phone, or to people with this in their name.")
    ] = None,
    kind: Annotated[str | None, typer.Option(help="Only of this kind, like offer.")] = None,
    since: Annotated[str | None, typer.Option(help="Only since this instant, like 2026-11-24T07:00.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="The most to show.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="A line of JSON each, with ids in full.")] = False,
) -> None:
    """Shows what was or is to be sent to whom, the newest first, and what became of it."""
    settings = for_one_command()
    begin = instant_of(since, settings) if since else None
    urgency = level.urgency if level else None
    sought = operators.Sought(state, urgency, kind, person, begin, limit)
    rows = carried_out(in_database(settings, lambda session: operators.listed(session, sought)))
    if as_json:
        for line in shown.json_lines(rows):
            typer.echo(line)
    else:
        shown.table(rows, settings.timezone)


Ids = Annotated[list[str], typer.Argument(metavar="ID...", help="Ids, or how they begin.")]


@commands.command()
def retry(ids: Ids) -> None:
    """Puts deliveries that failed back into the queue; an SMS that may have left is looked up first."""
    _wish(lambda session: operators.retry(session, ids, run.utc_now()))


@commands.command()
def cancel(ids: Ids) -> None:
    """Takes deliveries that have not left out of the queue, for good."""
    _wish(lambda session: operators.cancel(session, ids, run.utc_now()))


def _wish(grant: Callable[[AsyncSession], Awaitable[list[operators.Done | operators.NotDone]]]) -> None:
    results = carried_out(in_database(for_one_command(), grant))
    for result in results:
        typer.echo(shown.told(result), err=isinstance(result, operators.NotDone))
    raise typer.Exit(1 if any(isinstance(result, operators.NotDone) for result in results) else 0)
