"""Every check that asks what a pasted message says is among those that answer such a message."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import checks
from diagnose.checking.registry import check_modules, load_check
from diagnose.checking.symptom_table import SymptomRow, is_listed, symptom_table

FOLDER = Path(next(iter(checks.__path__)))
#: Kinds of words with which a WebSocket's failure is told: a claim that rests on them says so.
MARKED = {"websocket.upgrade-headers-missing", "server.websocket-not-passed"}
#: What the message keeps silent, or calls a note a note, for the check's own reasons.
SILENCED = {("upstream.form-not-sent", "csrf")}


#: A module that compares the kind of the message; the others need no parsing.
COMPARES = re.compile(r"symptom\s*\.\s*kind\b")


def told_kinds(source: str) -> set[str]:
    """The kinds with which a module compares that of the message."""
    if not COMPARES.search(source):
        return set()
    tree = ast.parse(source)
    sets = {
        target.id: texts(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }
    return {
        kind
        for node in ast.walk(tree)
        if isinstance(node, ast.Compare) and ast.unparse(node.left).endswith("symptom.kind")
        if isinstance(node.ops[0], ast.Eq | ast.In)
        for value in node.comparators
        for kind in (sets.get(value.id, set()) if isinstance(value, ast.Name) else texts(value))
    }


def texts(node: ast.AST) -> set[str]:
    return {
        each.value
        for each in ast.walk(node)
        if isinstance(each, ast.Constant) and isinstance(each.value, str)
    }


def rows(kind: str) -> list[SymptomRow]:
    """The rows of a kind; for a status those of each number, for the module knows its own."""
    table = symptom_table()
    own = [table[kind]] if kind in table else []
    return own + [row for name, row in table.items() if kind == "status" and "status-" in name]


def pairs() -> Iterator[tuple[str, str]]:
    for check_id in check_modules():
        layer, _, name = check_id.partition(".")
        source = (FOLDER / layer / f"{name.replace('-', '_')}.py").read_text("utf-8")
        yield from ((check_id, kind) for kind in sorted(told_kinds(source)))


@pytest.mark.parametrize(("check_id", "kind"), [*pairs()])
def test_a_check_that_the_words_make_likely_answers_them(check_id: str, kind: str) -> None:
    check = load_check(check_id)
    listed = [(*row.shown, *row.possible, *row.timed) for row in rows(kind)]
    is_leading = kind == "status" and bool({"http.*", "http.server-error"} & {*check.explains})
    assert (
        (check_id, kind) in SILENCED
        or check.needs_message
        or is_leading
        or any(is_listed(check_id, each) for each in listed)
    )


def test_claims_that_rest_on_words_about_a_websocket_say_so() -> None:
    users = {
        check_id
        for check_id in check_modules()
        for layer, _, name in [check_id.partition(".")]
        if "reported_paths(" in (FOLDER / layer / f"{name.replace('-', '_')}.py").read_text("utf-8")
    }
    assert users == MARKED
    for check_id in users:
        layer, _, name = check_id.partition(".")
        source = (FOLDER / layer / f"{name.replace('-', '_')}.py").read_text("utf-8")
        assert "is_reported=is_reported" in source
