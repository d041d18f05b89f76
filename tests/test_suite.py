"""What holds for every test: its result says nothing of how busy the machine is."""

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support.effort import ALL

ROOT = Path(__file__).parent
#: Where the suite's own settings are made.
HOME = {ROOT / "conftest.py", ROOT / "support" / "effort.py", Path(__file__)}
MODULES = sorted(set(ROOT.rglob("*.py")) - HOME)
#: Those of the module; the clock of an event loop is a test's own.
CLOCKS = {f"time.{name}" for name in ("monotonic", "perf_counter", "time", "process_time")}


def calls(tree: ast.AST) -> set[str]:
    """The names of all that is called."""
    return {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}


def elapsed(node: ast.AST) -> bool:
    """A time that was taken: a clock less an earlier reading of it."""
    return any(
        isinstance(part, ast.BinOp) and isinstance(part.op, ast.Sub) and calls(part) & CLOCKS
        for part in ast.walk(node)
    )


#: What stands at the top of the tree.
TOP = {
    *(".ci", ".containerignore", ".gitignore", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE"),
    *("Makefile", "README.md", "README.zh.md", "checks", "constraints.txt", "diagnose", "docs"),
    *("packaging", "pyproject.toml", "screenshots", "tests"),
}


@pytest.mark.skipif(not (ROOT.parent / ".git").exists(), reason="no repository is here")
def test_nothing_else_is_at_the_top() -> None:
    argv = ["git", "-c", "safe.directory=*", "-C", str(ROOT.parent), "ls-files"]
    result = subprocess.run(argv, capture_output=True, text=True, check=True)
    assert {path.partition("/")[0] for path in result.stdout.splitlines()} == TOP


def test_hypothesis_has_no_clock() -> None:
    profile = settings.default
    assert profile is not None
    assert profile.deadline is None
    assert HealthCheck.too_slow in profile.suppress_health_check
    assert profile.derandomize is not ALL


def modules_with(*words: str) -> Iterator[tuple[Path, ast.Module]]:
    """The modules that hold one of these words, parsed."""
    for path in MODULES:
        source = path.read_text("utf-8")
        if any(word in source for word in words):
            yield path, ast.parse(source)


def test_no_module_has_time_limits_or_health_checks_of_its_own() -> None:
    own = [
        f"{path.relative_to(ROOT).as_posix()}:{node.lineno}"
        for path, tree in modules_with("settings(")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("settings")
        if {"deadline", "suppress_health_check"} & {keyword.arg for keyword in node.keywords}
    ]
    assert own == []


def test_no_test_takes_a_time() -> None:
    timed = [
        f"{path.relative_to(ROOT).as_posix()}:{node.lineno}"
        for path, tree in modules_with(*CLOCKS)
        for node in ast.walk(tree)
        if isinstance(node, ast.stmt) and elapsed(node)
        if isinstance(node, ast.Assert) or path.name.startswith("test_")
    ]
    assert timed == []
