"""`python -m sandbox --port 8081`: the network alone."""

import argparse
import asyncio
from contextlib import suppress

from sandbox.clock import SandboxClock
from sandbox.server import create_app, running


async def serve(host: str, port: int, *, unlimited: bool) -> None:
    """Runs until it is interrupted."""
    app = create_app(SandboxClock(), limits=None) if unlimited else create_app(SandboxClock())
    async with running(app, host, port) as sandbox:
        print(f"The sandbox listens on {sandbox.url}/ with the bot token {sandbox.settings.token}")  # noqa: T201
        await asyncio.Event().wait()


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="A local Telegram and SMS network.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8081)
    parser.add_argument("--unlimited", action="store_true", help="lift Telegram's rates")
    given = parser.parse_args()
    with suppress(KeyboardInterrupt):
        asyncio.run(serve(given.host, given.port, unlimited=given.unlimited))


if __name__ == "__main__":
    main()
