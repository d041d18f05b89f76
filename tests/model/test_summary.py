"""Every kind of observation describes itself, in words that can be translated."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

from diagnose.model import Observation
from diagnose.model.marks import Mark
from diagnose.model.summary import (
    Phrase,
    answer_phrase,
    application_phrase,
    clauses,
    counted,
    phrase,
    remarked,
    socket_text,
)
from diagnose.model.upstream import UpstreamSocket
from diagnose.outputs.digest import words_text
from diagnose.recording.codec import observation_kinds
from tests.support.marked_values import filled
from tests.support.summaries import MODEL, phrase_calls, summary_text

KINDS = [kind for kind in observation_kinds().values() if kind is not Observation]
TEXTS: dict[Mark, Any] = dict.fromkeys(get_args(Mark), "x") | {
    "headers": (("Location", "x"),), "nginx-options": ("-c", "x"), "configuration": (),
}  # fmt: skip
#: Words of programs, protocols and configurations: the same in every language.
UNTRANSLATED = {
    "nginx -t", "nginx", "firewalld", "fail2ban", "SELinux", "HAProxy", "TLS", "GET", "Host",
    "Origin", "WebSocket", "X-Forwarded-Proto", "X-Forwarded-For", "/etc/resolv.conf", "(IPv",
    "pid", "(pid", "->", "rp_filter", "nf_conntrack_max", "nf_conntrack_count", ".service",
    "target", "on", "off", "text", "unix:", "GiB", "MiB", "Connection: close",
}  # fmt: skip
#: Values that a summary compares or looks for, and names of fields.
NOT_SHOWN = {
    "", "again", "application", "location", "stylesheet", "content-type", "nft", '{"rule": {',
    "-A", "tables", "check", "syn", "http", "https", "none", "removed", "added", "default",
    "manifest", "worker", "import", "image", "media", "wasm", "font", "frame",
    "CONTINUE", "name", "state", "path", "url", "place", "part", "value", "target", "protocol",
    "module", "script",
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_kind_has_its_own(kind: type[Observation]) -> None:
    assert "summary" in vars(kind)
    for lang in ("en", "zh"):
        subject, outcome = summary_text(filled(kind, TEXTS), lang)
        assert subject
        assert "\n" not in subject + outcome


@pytest.mark.parametrize("path", sorted(MODEL.glob("*.py")), ids=lambda path: path.stem)
def test_the_words_of_a_summary_can_be_translated(path: Path) -> None:
    """Words outside of a phrase would be English in every report."""
    if path.name == "summary.py":
        return
    tree = ast.parse(path.read_text("utf-8"))
    inside = {id(node) for call in phrase_calls(tree) for node in ast.walk(call)}
    words = {
        text
        for function in _describing(tree)
        for statement in function.body
        for node in ast.walk(statement)
        if isinstance(node, ast.Constant) and isinstance(text := node.value, str)
        if id(node) not in inside and re.search("[A-Za-z]{2}", text)
        if text != ast.get_docstring(function, clean=False)
    }
    assert {text for text in words if text.strip(" :;,\n") not in UNTRANSLATED | NOT_SHOWN} == set()


def _describing(tree: ast.Module) -> Iterator[ast.FunctionDef]:
    """The functions that return a summary or a part of one."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef) or node.returns is None:
            continue
        if re.search(r"\b(Summary|Words|Phrase)\b", ast.unparse(node.returns)):
            yield node


def test_a_phrase_is_a_literal() -> None:
    """A text that is put together cannot be found, and has no translation."""
    for path in MODEL.glob("*.py"):
        for call in phrase_calls(ast.parse(path.read_text("utf-8"))):
            assert isinstance(call.args[0], ast.Constant), f"{path.name}:{call.lineno}"


def test_without_an_outcome_it_is_empty() -> None:
    assert summary_text(UpstreamSocket(path="/run/app.sock")) == ("/run/app.sock", "")


def text(words: object) -> str:
    return words_text(words, "en")


def test_what_kinds_share() -> None:
    assert (socket_text("::1", 443), socket_text("192.0.2.1", 80)) == ("[::1]:443", "192.0.2.1:80")
    assert (text(answer_phrase(200)), text(answer_phrase(None))) == ("answers 200", "no answer")
    assert text(remarked("a.log", "", phrase("again"))) == "a.log (again)"
    assert remarked("a.log", "") == "a.log"
    assert text(clauses("a", "", "b", "c")) == "a; b; c"
    assert clauses("", ()) == ""


def test_a_number_chooses_its_form() -> None:
    assert counted("{count} line", "{count} lines", 1) == Phrase(
        "{count} line", {"count": 1}, "{count} lines"
    )
    assert [text(counted("{count} line", "{count} lines", n)) for n in (0, 1, 2)] == [
        "0 lines", "1 line", "2 lines",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("tried", "said"),
    [
        (("http://app:3000", "192.0.2.7", 3000, ""), "http://app:3000 at 192.0.2.7:3000"),
        (("http://192.0.2.7:3000", "192.0.2.7", 3000, ""), "http://192.0.2.7:3000"),
        (("app", "", 0, "/run/app.sock"), "app at unix:/run/app.sock"),
        (("app", "", 0, ""), "app"),
    ],
)
def test_where_an_application_was_tried(tried: tuple[str, str, int, str], said: str) -> None:
    assert text(application_phrase(*tried)) == f"application {said}"
