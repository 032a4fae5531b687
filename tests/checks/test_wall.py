"""The wall: the domain knows nothing of the edge, and only the edge reads a clock or commits (ARCHITECTURE)."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
OUTSIDE = {"bot", "sandbox", "telegram", "twilio", "apscheduler", "starlette", "httpx", "aiohttp", "os", "structlog"}
CLOCKS = {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today"), ("time", "time")}
EDGE_ONLY = {"commit", "begin", "rollback", "AsyncEngine", "async_sessionmaker"}
CONNECTS = ROOT / "domain" / "db" / "engine.py"  # gives the edge what it opens transactions with
BRACKETS = re.compile(r"\s*(BEGIN|START TRANSACTION|COMMIT|ROLLBACK|ABORT)\b")


def modules() -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted((ROOT / "domain").rglob("*.py")):
        yield path, ast.parse(path.read_text())


def test_domain_imports_nothing_of_the_edge() -> None:
    for path, module in modules():
        for node in ast.walk(module):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not {name.split(".")[0] for name in names} & OUTSIDE, f"{path}:{getattr(node, 'lineno', 0)}"


def test_r1_6_domain_reads_no_clock() -> None:
    for path, module in modules():
        for node in ast.walk(module):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                assert (node.value.id, node.attr) not in CLOCKS, f"{path}:{node.lineno}"


def test_r2_5_nothing_but_the_edge_commits() -> None:
    """Neither by a call, nor by handing the method on, nor by its name, nor in SQL."""
    for path, module in modules():
        if path == CONNECTS:
            continue
        for node in ast.walk(module):
            match node:
                case ast.Attribute(attr=said) | ast.Name(id=said) | ast.alias(name=said):
                    assert said not in EDGE_ONLY, f"{path}:{node.lineno}"
                case ast.Constant(value=str(said)):
                    assert not BRACKETS.match(said), f"{path}:{node.lineno}"


def test_nothing_of_the_product_knows_its_sandbox_but_the_command_that_starts_it() -> None:
    for path in (ROOT / "bot").rglob("*.py"):
        if path.name == "__main__.py":
            continue
        assert "sandbox" not in path.read_text().replace("outside the sandbox", ""), path
