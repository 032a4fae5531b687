"""The command line. Whatever goes wrong for a known reason is one plain sentence and an exit code."""

import json
import secrets
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console
from sqlalchemy.ext.asyncio import AsyncSession

from bot import about_people, checks, deliveries_command, importing, jobs, logs, run
from bot.commanding import carried_out, for_one_command, in_database, instant_of, local
from bot.delivery.worker import deliver_due
from bot.explaining import explained
from bot.migrate import migrate as bring_up
from bot.settings import Settings, load
from bot.wording import Words
from domain.db.engine import connect, sessions
from domain.importing.actions import Imported
from domain.notices import pausing
from domain.people import actions as people
from domain.people import linking
from domain.policy import Policy
from domain.refusals import Refusal, Refused

T = TypeVar("T")

cli = typer.Typer(
    help="Rollcall keeps delivery routes covered, by Telegram and SMS. Settings come from the environment or .env.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
cli.add_typer(deliveries_command.commands, name="deliveries")


@cli.command()
def serve() -> None:
    """Runs the whole bot in one process, with a database of its own if DATABASE_URL is unset."""
    _serve(load("TELEGRAM_BOT_TOKEN"), receives=True, works=True)


@cli.command()
def web() -> None:
    """Takes updates by webhook; run as many as wanted, beside `rollcall worker`."""
    _serve(load("DATABASE_URL", "TELEGRAM_BOT_TOKEN", "PUBLIC_URL"), receives=True, works=False)


@cli.command()
def worker() -> None:
    """Sends messages and does the duties by the clock, and polls for updates if PUBLIC_URL is unset."""
    _serve(load("DATABASE_URL", "TELEGRAM_BOT_TOKEN"), receives=False, works=True)


@cli.command()
def migrate() -> None:
    """Brings the database to the present shape; safe to run again."""
    settings = for_one_command()

    async def bring() -> None:
        async with run.database(settings) as url:
            await bring_up(url)

    carried_out(bring())
    typer.echo("The database has the present shape.")


@cli.command()
def create_manager(
    first: Annotated[str, typer.Argument(help="First name.")],
    last: Annotated[str, typer.Argument(help="Last name.")],
    phone: Annotated[str, typer.Argument(help="Phone number; Canadian unless written with +.")],
    warehouse: Annotated[str, typer.Option(help="Name of the warehouse to manage.")],
    address: Annotated[str | None, typer.Option(help="Its address, which creates it if there is none yet.")] = None,
) -> None:
    """Creates a manager and prints the invite link with which this person's Telegram is linked."""
    settings = for_one_command("TELEGRAM_BOT_TOKEN")

    async def create() -> str:
        async with run.core(settings) as rollcall, rollcall.edge.sessions.begin() as session:
            now, token = run.utc_now(), secrets.token_urlsafe(24)
            created = await people.create_manager(session, first, last, phone, warehouse, address, now)
            if isinstance(created, Refused):
                raise run.StartError(_refusals(phone, warehouse)[created.why])
            until = await linking.invite(session, created, token, None, settings.policy, now)
            link = f"https://t.me/{rollcall.app.bot.username}?start={token}"
            return f"Send this link to {first} {last}; it works once, until {local(until, settings)}:\n{link}"

    typer.echo(carried_out(create()))


def _refusals(phone: str, warehouse: str) -> dict[Refusal, str]:
    return {
        Refusal.BAD_NAME: "A manager needs a first name, a last name and a warehouse.",
        Refusal.BAD_PHONE: f"{phone} is not a phone number that Rollcall can use.",
        Refusal.PHONE_IS_A_DRIVERS: f"{phone} belongs to a driver already.",
        Refusal.NO_SUCH_WAREHOUSE: f"There is no warehouse {warehouse} yet: give --address to create it.",
    }


@cli.command("import")
def import_files(
    files: Annotated[
        list[Path], typer.Argument(help="CSV files of warehouses, routes, drivers; told by their columns.")
    ],
    manager: Annotated[str | None, typer.Option(help="Phone of the manager who answers for new warehouses.")] = None,
    links: Annotated[Path | None, typer.Option(help="A new file for the new drivers' one-time links.")] = None,
) -> None:
    """Imports warehouses, routes and drivers from CSV, all or nothing, and says what is wrong with which line."""
    settings, now = for_one_command(*(("TELEGRAM_BOT_TOKEN",) if links else ())), run.utc_now()
    policy = settings.policy

    async def bring_in(session: AsyncSession, username: str | None) -> Imported:
        done = await importing.import_files(session, files, manager, policy, now)
        if links is not None and username is not None:
            content = await importing.links_of(session, done.drivers, username, policy, now)
            about_people.write(links, content)
        return done

    async def with_links() -> Imported:
        async with run.core(settings) as rollcall, rollcall.edge.sessions.begin() as session:
            return await bring_in(session, rollcall.app.bot.username)

    work = with_links() if links else in_database(settings, lambda session: bring_in(session, None))
    done = carried_out(work)
    typer.echo(importing.told(done))


@cli.command()
def check() -> None:
    """Tests token, database, webhook, Twilio and time zone, and says what to do about each."""
    settings = for_one_command()
    findings = carried_out(checks.findings(settings))
    for finding in findings:
        typer.echo(f"{'ok   ' if finding.fine else 'WRONG'}  {finding.about}: {finding.says}")
    raise typer.Exit(0 if all(finding.fine for finding in findings) else 1)


@cli.command()
def pause() -> None:
    """Until `rollcall resume`, no duty runs and nothing is sent; what people do is still recorded."""
    settings = for_one_command()
    since = carried_out(in_database(settings, lambda session: pausing.pause(session, run.utc_now())))
    typer.echo(f"Paused since {local(since, settings)}. `rollcall resume` lets everything go on.")


@cli.command()
def resume() -> None:
    """Ends `rollcall pause`: what has become due meanwhile is done and sent, but for what has lost its point."""
    settings = for_one_command()
    since = carried_out(in_database(settings, pausing.resume))
    typer.echo(f"It goes on; it was paused since {local(since, settings)}." if since else "It was not paused.")


Who = Annotated[str, typer.Argument(metavar="NAME or PHONE", help="The whole name, or the phone number.")]


@cli.command()
def export_person(
    who: Who, to: Annotated[Path | None, typer.Option(help="A new file to write; default: print it.")] = None
) -> None:
    """Gives out all that is recorded about one person, as JSON."""
    settings = for_one_command()
    text = carried_out(in_database(settings, lambda session: about_people.export(session, who, run.utc_now())))
    if to is None:
        typer.echo(text, nl=False)
    else:
        about_people.write(to, text.encode())


@cli.command()
def anonymise_person(
    who: Who, yes: Annotated[bool, typer.Option("--yes", help="Do it; without, it says whom it would be.")] = False
) -> None:
    """Removes name, numbers and own words of a driver who has left, for good; what was driven stays."""
    settings = for_one_command()
    policy, now = settings.policy, run.utc_now()
    done = in_database(settings, lambda session: about_people.anonymise(session, who, policy, now, yes=yes))
    typer.echo(carried_out(done))


DUTIES = ", ".join(("deliveries", *jobs.table_of_duties(Words(Policy().zone), Policy())))


@cli.command()
def duty(
    name: Annotated[str, typer.Argument(help=f"One of: {DUTIES}.")],
    at: Annotated[str | None, typer.Option(help="As of this instant, like 2026-11-24T07:00; default: now.")] = None,
    future: Annotated[bool, typer.Option("--future", help="Allow an instant that is yet to come.")] = False,
) -> None:
    """Does at once what is due of one duty, and prints what it did as one line of JSON."""
    settings = for_one_command(*(("TELEGRAM_BOT_TOKEN",) if name == "deliveries" else ()))
    now = run.utc_now()
    instant = instant_of(at, settings) if at else now
    if instant > now and not future:
        raise run.StartError(f"{instant.isoformat()} is yet to come: add --future if that is meant.")
    typer.echo(json.dumps(carried_out(_do(name, settings, instant))))


async def _do(name: str, settings: Settings, instant: datetime) -> dict[str, Any]:
    duties = jobs.table_of_duties(Words(settings.timezone), settings.policy)
    if name == "deliveries":
        async with run.core(settings, lambda: instant) as rollcall:
            await _require_going(rollcall.edge.sessions, settings)
            return {"duty": name, "at": instant.isoformat()} | await deliver_due(rollcall.edge.mail)
    if name not in duties:
        raise run.StartError(f"There is no duty {name}; there are: {DUTIES}.")
    async with run.database(settings) as url:
        engine = connect(url, connections=0)
        await run.require_migrated(engine)
        await _require_going(sessions(engine), settings)
        done = await jobs.run_due(duties[name], sessions(engine), instant)
    return {"duty": name, "at": instant.isoformat()} | jobs.told(done)


async def _require_going(opened: jobs.Sessions, settings: Settings) -> None:
    async with opened() as session:
        if since := await pausing.paused_since(session):
            raise run.StartError(f"Paused since {local(since, settings)}: `rollcall resume` first.")


@cli.command()
def demo() -> None:
    """Runs the bot against a local Telegram and SMS network, with a made-up fleet and a page to try it all."""
    from sandbox import demo as sandbox_demo  # only the demo knows the sandbox

    settings = load()
    logs.configure(settings.log_level if "log_level" in settings.model_fields_set else "WARNING", settings.log_format)
    carried_out(sandbox_demo.run(settings.data_dir, settings.port))


@cli.command()
def simulate(
    drivers: Annotated[int, typer.Option(min=2, max=20_000, help="How many drivers the warehouse has.")] = 200,
    weeks: Annotated[
        int, typer.Option(min=1, max=520, help="How many weeks go by; each four are a month by themselves.")
    ] = 8,
    seed: Annotated[int, typer.Option(help="Of the dice: the same seed gives the same weeks.")] = 7,
) -> None:
    """Lets weeks of a made-up warehouse go by in minutes, mishaps included, and checks that all is as it must be."""
    from sandbox.simulate import months, running  # only this command and the demo know the sandbox

    console = Console()
    ran = carried_out(running.simulate(months.Terms(drivers, 7 * weeks, seed), console))
    if ran is None:
        raise typer.Exit(1)
    console.print(ran.page)


@cli.command()
def bench(
    sections: Annotated[
        list[str] | None,
        typer.Argument(
            help="Some of them, like roster; default: all but machine. A name that there is not lists them."
        ),
    ] = None,
) -> None:
    """Measures, each figure beside its floor, and prints one table; only where Rollcall's source is."""
    try:
        from bench import measuring  # only this command knows it, and an installed Rollcall has none
    except ModuleNotFoundError as fault:
        text = f"`rollcall bench` is for the source, after `make install` there; {fault.name} is missing here."
        raise run.StartError(text) from None
    carried_out(measuring.main(measuring.chosen(sections or [])))


def _serve(settings: Settings, *, receives: bool, works: bool) -> None:
    logs.configure(settings.log_level, settings.log_format)

    async def serving() -> None:
        async with run.serving(settings, receives=receives, works=works) as rollcall:
            await rollcall.wait()

    carried_out(serving())


def main() -> None:
    """The console script `rollcall`."""
    try:
        cli()
    except Exception as fault:
        lines, code = explained(fault)
        for line in lines:
            typer.echo(line, err=True)
        sys.exit(code)


if __name__ == "__main__":
    main()
