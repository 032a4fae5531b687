"""A transaction-mode pooler, as simple as can be: a client has a server's connection for one transaction only.

Like the poolers that are in use it greets clients itself and gives each a process id of its own making; like the plain
ones it knows nothing of prepared statements.
"""

import asyncio
import contextlib
import os
import secrets
import socket
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass

import asyncpg

SSL_REQUEST = 80877103
ROLLBACK = b"Q" + struct.pack("!I", 13) + b"ROLLBACK\0"


@dataclass(eq=False)
class Client:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    server: "Server | None" = None


@dataclass(eq=False)
class Server:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    client: Client | None = None


@contextlib.asynccontextmanager
async def transaction_pooler(url: str, connections: int) -> AsyncIterator[int]:
    """The port of a pooler with so many connections to the database of `url`."""
    free: asyncio.Queue[Server] = asyncio.Queue()
    logins = [await asyncpg.connect(url) for _ in range(connections)]
    pumps = [asyncio.create_task(pump(await taken_over(login), free)) for login in logins]

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            await greet(reader, writer)
            await forward(Client(reader, writer), free)
        writer.close()

    door = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield door.sockets[0].getsockname()[1]
    door.close()
    for each in pumps:
        each.cancel()
    await asyncio.gather(*pumps, return_exceptions=True)
    for login in logins:
        login.terminate()


async def taken_over(login: asyncpg.Connection) -> Server:
    """A connection that asyncpg has logged in, and from then on leaves alone."""
    login._transport.pause_reading()
    number = os.dup(login._transport.get_extra_info("socket").fileno())
    return Server(*await asyncio.open_connection(sock=socket.socket(fileno=number)))


async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        length, code = struct.unpack("!II", await reader.readexactly(8))
        await reader.readexactly(length - 8)
        if code != SSL_REQUEST:
            break
        writer.write(b"N")
    bodies = [(b"R", struct.pack("!I", 0)), (b"K", secrets.token_bytes(8)), (b"Z", b"I")]
    bodies[1:1] = [(b"S", b"server_version\0" + b"18.0\0"), (b"S", b"client_encoding\0UTF8\0")]
    for kind, body in bodies:
        writer.write(kind + struct.pack("!I", len(body) + 4) + body)


async def forward(client: Client, free: asyncio.Queue[Server]) -> None:
    """What the client says goes to the connection that it has; if it has none, to the next that is free."""
    try:
        while (message := await read(client.reader))[:1] != b"X":
            if client.server is None:
                client.server = await free.get()
                client.server.client = client
            client.server.writer.write(message)
    finally:
        if client.server:  # gone within a transaction
            client.server.writer.write(ROLLBACK)


async def pump(server: Server, free: asyncio.Queue[Server]) -> None:
    """What the server says goes to its client, until no transaction is open."""
    free.put_nowait(server)
    try:
        while True:
            message = await read(server.reader)
            client = server.client
            assert client
            client.writer.write(message)
            if message[:1] == b"Z" and message[-1:] == b"I":
                client.server, server.client = None, None
                free.put_nowait(server)
    finally:
        server.writer.close()


async def read(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readexactly(5)
    return head + await reader.readexactly(int.from_bytes(head[1:]) - 4)
