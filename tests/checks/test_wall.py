"""The wall: the domain knows nothing of the edge, and only the edge reads a clock or commits (ARCHITECTURE)."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
OUTSIDE = {"bot", "sandbox", "telegram", "twilio", "apscheduler", "starlette", "httpx", "aiohttp", "os", "structlog"}
CLOCKS = {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today"), ("time", "time")}
EDGE_ONLY = {"commit", "begin", "rollback"}


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
    for path, module in modules():
        for node in ast.walk(module):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                assert node.func.attr not in EDGE_ONLY, f"{path}:{node.lineno}"


def test_nothing_of_the_product_knows_its_sandbox_but_the_command_that_starts_it() -> None:
    for path in (ROOT / "bot").rglob("*.py"):
        if path.name == "__main__.py":
            continue
        assert "sandbox" not in path.read_text().replace("outside the sandbox", ""), path
