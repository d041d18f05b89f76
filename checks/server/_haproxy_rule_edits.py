"""Why a rule of HAProxy does not choose its backend for a path, and the edit that lets it: the rule
is missing, comes too late, or one part of its condition is not true."""

import difflib
import re

from checks.server import indentation, line_edit, line_text
from checks.server._haproxy import HaproxyView, place, rule_moved_before
from checks.server._haproxy_conditions import literals
from checks.server._haproxy_narrowed_rules import narrowed_rule
from diagnose.model import Edit
from diagnose.model.frozen import frozen
from diagnose.parsers.haproxy.conditions import Rule, holds, rules_of
from diagnose.parsers.haproxy.config import Line
from diagnose.parsers.haproxy.criteria import Criterion
from diagnose.parsers.haproxy.dynamic_backends import dynamic_backend
from diagnose.parsers.haproxy.other_backends import (
    FalseLiteral,
    OtherBackend,
    false_literal,
    is_named_after,
)
from diagnose.parsers.haproxy.view import path_to_backends, situation_of

#: How much alike (0 to 1) the beginning of a path and a value are of which one is misspelt.
_ALIKE = 0.75

_NO_FACTS: dict[str, object] = {
    "absent": False, "later": False, "negated": False, "extra": False, "exact": False,
    "misspelt": False, "pattern": False, "taken": False, "swapped": False,
    "twice": False, "either": False, "beginning": False,
    "literal": "", "excluded": "",
    "value": "", "right": "", "fetch": "", "line_place": "",
}  # fmt: skip


@frozen
class Correction:
    """What keeps a rule from its backend, as facts, and the edit; None if a person has to write
    it."""

    facts: dict[str, object]
    edit: Edit | None = None


def correction_of(
    haproxy: HaproxyView, other: OtherBackend, path: str, websocket: bool
) -> Correction:
    """Return the smallest change of the frontend that sends a path to another backend."""
    own = path.partition("?")[0]
    if not websocket and (correction := _of_wide_rule(haproxy, other, own)):
        return correction
    for rule in other.rules:
        if correction := _of_rule(haproxy, rule, own, websocket):
            return correction
    selection = haproxy.proxies.selection
    if not other.rules and selection and selection.rule and haproxy.has_default(other.name):
        return _of_taking_rule(haproxy, selection.rule)
    if own == "/":
        # A rule for every path would take those of all other backends.
        return _of_start_page(haproxy, other)
    text = _new_rule(other.name, own)
    return Correction({**_NO_FACTS, "absent": True, "right": text}, _inserted(haproxy, text))


def _of_start_page(haproxy: HaproxyView, other: OtherBackend) -> Correction:
    """The start page goes to another backend: the default, or that of the site's name by a rule or
    a row of a map, has another's name."""
    selection, target = haproxy.proxies.selection, haproxy.view.evidence.target
    line = selection.line if selection else None
    facts = {**_NO_FACTS, "swapped": True, "line_place": place(line) if line else ""}
    dynamic = dynamic_backend(line) if line else None
    rows = haproxy.proxies.frontend.maps.get(dynamic.file, "") if dynamic else ""
    if selection is None or line is None:
        return Correction(facts)
    if selection.rule is None:
        return Correction(facts, _replaced(haproxy, line, selection.backend, other.name))
    if dynamic is None:
        edit = None
        if line.words[1:2] == (selection.backend,) and is_named_after(other.name, target):
            edit = _replaced(haproxy, line, selection.backend, other.name)
        return Correction(facts, edit)
    for number, row in enumerate(rows.split("\n"), 1):
        own = Line(tuple(row.split()), dynamic.file, number)
        if own.words == (target.host.lower(), selection.backend):
            edit = _replaced(haproxy, own, selection.backend, other.name)
            return Correction({**facts, "line_place": place(own)}, edit)
    return Correction(facts)


def _of_rule(haproxy: HaproxyView, rule: Rule, path: str, websocket: bool) -> Correction | None:
    proxies, target = haproxy.proxies, haproxy.view.evidence.target
    situation = situation_of(rules_of(proxies.frontend), target, proxies.tls)
    inner = path_to_backends(proxies.frontend, target, proxies.tls, path)
    facts = {**_NO_FACTS, "line_place": place(rule.line)}
    if holds(rule, situation, inner) and proxies.selection:
        edit = rule_moved_before(haproxy, proxies.selection.line, rule.line)
        return Correction({**facts, "later": True}, edit)
    false = false_literal(proxies, target, path, rule, websocket)
    texts = literals(rule.line.words[_start(rule.line) :]) if false else None
    if false is None or not texts or len(texts) != len(rule.alternatives[0]):
        return None
    text = texts[false.index]
    facts["literal"] = text.removeprefix("!") if false.literal.negated else text
    if false.literal.negated:
        texts[false.index] = text.removeprefix("!")
        return Correction({**facts, "negated": True}, _rewritten(haproxy, rule.line, texts))
    if all(criterion.subject == "path" for criterion in false.literal.criteria):
        return _of_path(haproxy, rule.line, false, text, inner, facts)
    del texts[false.index]
    if not texts:
        return None
    return Correction({**facts, "extra": True}, _rewritten(haproxy, rule.line, texts))


def _of_wide_rule(haproxy: HaproxyView, other: OtherBackend, path: str) -> Correction | None:
    """A rule takes more paths than it was written for."""
    selection = haproxy.proxies.selection
    rule = selection.rule if selection else None
    narrowed = narrowed_rule(haproxy, rule, path, other.name) if rule else None
    if narrowed is None:
        return None
    facts = {
        **_NO_FACTS,
        narrowed.fault: True,
        "literal": narrowed.literal,
        "line_place": narrowed.place,
    }
    return Correction(facts, narrowed.edit)


def _of_taking_rule(haproxy: HaproxyView, rule: Rule) -> Correction:
    """A rule takes what the default backend should get: perhaps its condition is negated."""
    facts = {**_NO_FACTS, "taken": True, "line_place": place(rule.line)}
    texts = literals(rule.line.words[_start(rule.line) :]) or []
    negated = [index for index, text in enumerate(texts) if text.startswith("!")]
    if len(negated) != 1 or "or" in texts or rule.negated:
        return Correction(facts)
    text = texts[negated[0]].removeprefix("!")
    texts[negated[0]] = text
    return Correction({**facts, "excluded": text}, _rewritten(haproxy, rule.line, texts))


def _start(line: Line) -> int:
    return line.words.index("if") + 1 if "if" in line.words else len(line.words)


def _rewritten(haproxy: HaproxyView, line: Line, texts: list[str]) -> Edit | None:
    own = line_text(haproxy.view, line.file, line.number)
    indent = indentation(own)
    words = " ".join([*line.words[: _start(line)], *texts])
    return line_edit(haproxy.view, line.file, {line.number: (f"{indent}{words}",)}) if own else None


def _of_path(
    haproxy: HaproxyView,
    rule: Line,
    false: FalseLiteral,
    text: str,
    path: str,
    facts: dict[str, object],
) -> Correction | None:
    """The comparison of the path: of the whole path in place of its beginning, or misspelt."""
    for criterion in false.literal.criteria:
        for value in criterion.values:
            line = _line_of(haproxy, rule, text, value)
            own = {**facts, "value": value, "line_place": place(line)}
            fetch = {"str": "path", "end": "path_end"}.get(criterion.method, "")
            if fetch and _is_above(value, path):
                edit = _replaced(haproxy, line, fetch, "path_beg")
                own["fetch"] = fetch
                return Correction({**own, "exact": True}, edit)
            if right := _right(criterion, value, path):
                edit = _replaced(haproxy, line, value, right)
                return Correction({**own, "misspelt": True, "right": right}, edit)
            if criterion.method == "reg":
                edit = _inserted(haproxy, _new_rule(rule.words[1], path))
                return Correction({**own, "pattern": True}, edit)
    return None


def _is_above(value: str, path: str) -> bool:
    return bool(value.strip("/")) and path.startswith(f"{value.rstrip('/')}/")


def _right(criterion: Criterion, value: str, path: str) -> str:
    """Return the beginning of a path of which a value is a misspelling, "" if it is none."""
    if criterion.method not in {"str", "beg"} or not value.startswith("/"):
        return ""
    count = value.strip("/").count("/") + 1
    segments = path.strip("/").split("/")[:count]
    right = f"/{'/'.join(segments)}" + ("/" if value.endswith("/") else "")
    ratio = difflib.SequenceMatcher(None, value[:300].lower(), right[:300].lower()).ratio()
    is_taken = path.startswith(right) if criterion.method == "beg" else path == right
    return right if right != value and is_taken and ratio >= _ALIKE else ""


def _line_of(haproxy: HaproxyView, rule: Line, text: str, value: str) -> Line:
    """Return the line that compares the path with a value: the ACL's, or the rule itself."""
    acls = haproxy.proxies.frontend.own("acl")
    own = (line for line in acls if line.words[1:2] == (text,) and value in line.words[3:])
    return next(own, rule)


def _replaced(haproxy: HaproxyView, line: Line, old: str, new: str) -> Edit | None:
    text = line_text(haproxy.view, line.file, line.number)
    pattern = rf"(?<=\s){re.escape(old)}(?=\s|$)"
    if len(re.findall(pattern, text)) != 1:
        return None
    changed = re.sub(pattern, lambda _: new, text)
    return line_edit(haproxy.view, line.file, {line.number: (changed,)})


def _new_rule(backend: str, path: str) -> str:
    return f"use_backend {backend} if {{ path_beg {_beginning(path)} }}"


def _beginning(path: str) -> str:
    """Return the first segment of a path, with the slash behind it if there is one."""
    first, slash, _ = path.lstrip("/").partition("/")
    return f"/{first}{slash}"


def _inserted(haproxy: HaproxyView, text: str) -> Edit | None:
    """Write a rule above the first one of the frontend: the first that is true decides."""
    frontend = haproxy.proxies.frontend
    lines = [*frontend.own("use_backend"), *frontend.own("default_backend")]
    if not re.fullmatch(r"[\w{}./ -]+", text) or not lines:
        return None
    line = lines[0]
    own = line_text(haproxy.view, line.file, line.number)
    indent = indentation(own)
    return (
        line_edit(haproxy.view, line.file, {line.number: (f"{indent}{text}", own)}) if own else None
    )
