"""What a run sees comes in any order: the page before the server's files, or after them."""

import ast
from collections.abc import Iterator
from pathlib import Path

import diagnose.probes

FOLDER = Path(next(iter(diagnose.probes.__path__)))
#: Observations that come once, early or late, and on which probes decide.
ONCE = frozenset({"Exchange", "Listeners", "NginxConfig", "Page", "WebServerConfig"})
#: Where one of them is read and nothing waits for it: why it is there by then.
BEFORE = {
    ("inside/base_path_fields.py", "Exchange"): "a file of the page was tried after its answer",
    ("inside/base_path_fields.py", "Page"): "the file is one that the page names",
    ("inside/container_pages.py", "NginxConfig"): "its nginx was found by what is in front of it",
    ("inside/container_pages.py", "WebServerConfig"): "so it was behind another server",
    ("inside/logged_preflights.py", "Exchange"): "the log is read after the page was answered",
    ("inside/neighbour_applications.py", "Exchange"): "the page names what is looked for",
}


def _unawaited(path: Path) -> Iterator[tuple[str, str]]:
    """Yield what a module of probes reads although no probe of it waits for that."""
    tree = ast.parse(path.read_text("utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    reads = {
        argument.id
        for call in calls
        if isinstance(call.func, ast.Attribute) and call.func.attr == "observed"
        for argument in call.args
        if isinstance(argument, ast.Name)
    }
    probes = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "probe"]
    awaited = {
        keyword.value.id
        for call in probes
        for keyword in call.keywords
        if isinstance(keyword.value, ast.Name)
    }
    if awaited:
        name = path.relative_to(FOLDER).as_posix()
        yield from ((name, kind) for kind in sorted((reads - awaited) & ONCE))


def test_what_decides_is_waited_for() -> None:
    """A probe that reads what was observed so far, and then gives up, loses it in some runs: it has
    to start after it as well, or to need it."""
    unawaited = {each for path in sorted(FOLDER.rglob("*.py")) for each in _unawaited(path)}
    assert unawaited == set(BEFORE)
