"""Lines of Apache, HAProxy and Caddy that refuse a method, and the edit that lets it pass.

Apache: <Limit> and <LimitExcept> (core). HAProxy: `http-request deny`, `return` or `tarpit` whose
condition is about the method (Configuration Manual, section 7.4: METH_GET takes HEAD too). Caddy: a
matcher with `method` or `not method`, and `respond`, `error` or `abort` for it (Caddyfile, "Request
Matchers").

A rule with a list of what is let in may have forgotten a method; one that names what it refuses was
meant so, and no edit is written for it.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from checks.server import ServerView, line_edit, line_text
from checks.server._agent_refusals import matcher_name, refusing_lines
from checks.server._caddy_lines import CaddyLine, own_lines
from checks.server._haproxy import haproxy_view
from checks.server._reported_requests import plain_request, refusing_rule
from diagnose.model import Edit
from diagnose.model.frozen import frozen
from diagnose.model.server_rules import AnsweringRule
from diagnose.parsers.haproxy.conditions import Rule, refusing_rules_of
from diagnose.parsers.haproxy.view import refusals

#: A line of Caddy that compares the method, perhaps with its matcher's name before it.
_COMPARISON = re.compile(r"\s*(?:(@[\w-]{1,80})\s+)?(not\s+)?method\s+([A-Za-z \t]{1,200}?)\s*")
_LIMIT = re.compile(r"(?i)(\s*<Limit(?:Except)?\s)([A-Z \t]{1,200}?)\s*>\s*")
#: A condition with the methods that a RewriteRule spares (mod_rewrite, "RewriteCond").
_CONDITION = re.compile(r"(?i)\s*RewriteCond\s")
_SPARED = re.compile(
    r"(?i)(\s*RewriteCond\s+\"?%\{REQUEST_METHOD\}\"?\s+\"?!\^?\(?(?:\?:)?)"
    r"([A-Z]{3,20}(?:\|[A-Z]{3,20}){1,12})(\)?\$?\"?(?:\s+\[NC\])?\s*)"
)
_SECTION = re.compile(r"(?i)\s*<(?:Directory|Location|Files|VirtualHost)")
_END = re.compile(r"(?i)\s*</(?:Directory|Location|Files|VirtualHost)")
#: Blocks of Caddy of which a request gets into one.
_BLOCKS = frozenset({"handle", "handle_path", "route"})
#: Maximum number of lines of a section that are read.
_MAX_LINES = 60


@frozen
class MethodRefusal:
    """A line that refuses a method, and the rule in words; `edit` lets the method pass."""

    rule: str
    status: int
    file: str
    line: int
    edit: Edit | None


def method_refusal(view: ServerView, methods: Sequence[str], path: str) -> MethodRefusal | None:
    """Return the line that surely refuses the first of these methods at a path, and not GET. Its
    edit lets all of them pass."""
    match view.server.product:
        case "apache":
            return _apache_refusal(view, methods, path)
        case "haproxy":
            return _haproxy_refusal(view, methods, path)
        case "caddy":
            return _caddy_refusal(view, methods, path.partition("?")[0])
    return None


def _apache_refusal(view: ServerView, methods: Sequence[str], path: str) -> MethodRefusal | None:
    request = plain_request(view)
    if request is None:
        return None
    plain = replace(request, path=path.partition("?")[0])
    rule = refusing_rule(view, plain, replace(plain, method=methods[0]))
    if rule is None:
        return None
    edit = _with_methods(view, rule, methods)
    return MethodRefusal(rule.rule, rule.status, rule.file, rule.line, edit)


def _with_methods(view: ServerView, rule: AnsweringRule, methods: Sequence[str]) -> Edit | None:
    """Return the edit that adds the methods to the lists of the section: <Limit> says who may use
    them, and <LimitExcept> does not refuse them."""
    if condition := _listed_condition(view, rule, methods):
        return line_edit(view, rule.file, condition)
    changes: dict[int, tuple[str, ...]] = {}
    for step in (-1, 1):
        number = rule.line
        for _ in range(_MAX_LINES):
            text = line_text(view, rule.file, number)
            if number < 1 or _SECTION.match(text) or _END.match(text):
                break
            limit = _LIMIT.fullmatch(text[:400])
            listed = limit[2].upper().split() if limit else []
            if limit and (added := [name for name in methods if name not in listed]):
                changes[number] = (f"{limit[1]}{' '.join((limit[2].strip(), *added))}>",)
            number += step
    has_exception = any("except" in lines[0].lower() for lines in changes.values())
    return line_edit(view, rule.file, changes) if has_exception else None


def _listed_condition(
    view: ServerView, rule: AnsweringRule, methods: Sequence[str]
) -> dict[int, tuple[str, ...]]:
    """Return the line above a RewriteRule that lists the methods which it spares, with these as
    well; nothing where another condition stands there."""
    number = rule.line - 1
    text = line_text(view, rule.file, number)
    listed = _SPARED.fullmatch(text[:400])
    is_alone = not _CONDITION.match(line_text(view, rule.file, number - 1))
    if listed is None or not is_alone:
        return {}
    added = "|".join(name for name in methods if name not in listed[2].upper().split("|"))
    return {number: (f"{listed[1]}{listed[2]}|{added}{listed[3]}",)} if added else {}


def _haproxy_refusal(view: ServerView, methods: Sequence[str], path: str) -> MethodRefusal | None:
    """Return the rule of HAProxy that surely refuses a method, and not GET."""
    haproxy = haproxy_view(view.evidence)
    if haproxy is None or haproxy.proxies.frontend.mode != "http":
        return None
    proxies, target = haproxy.proxies, view.evidence.target
    told, plain = (
        next((refusal for refusal in refusals(proxies, target, path, verb=verb)), None)
        for verb in (methods[0], "GET")
    )
    if told is None or not told.is_certain or told.status < 400 or told == plain:
        return None
    line = told.line
    both = (proxies.frontend, proxies.backend)
    rules = (rule for proxy in both if proxy for rule in refusing_rules_of(proxy))
    rule = next((rule for rule in rules if rule.line == line), None)
    text = line_text(view, line.file, line.number).rstrip()
    edit = None
    if rule is not None and text and "#" not in text and (added := _exception(rule, methods)):
        edit = line_edit(view, line.file, {line.number: (text + added,)})
    return MethodRefusal(" ".join(line.words), told.status, line.file, line.number, edit)


def _exception(rule: Rule, methods: Sequence[str]) -> str:
    """Return what lets methods pass at the end of a condition that has a list of what is let in;
    "" if it has none."""
    criterion = f"{{ method {' '.join(methods)} }}"
    literals = [literal for term in rule.alternatives for literal in term]
    has_list = any(
        each.subject == "method" and literal.negated != rule.negated
        for literal in literals
        for each in literal.criteria
    )
    if not has_list:
        return ""
    if rule.negated:
        return f" || {criterion}"
    return f" !{criterion}" if len(rule.alternatives) == 1 else ""


def _caddy_refusal(view: ServerView, methods: Sequence[str], path: str) -> MethodRefusal | None:
    """Return the matcher of Caddy that takes a method and not GET, and whose requests a line
    refuses."""
    lines = list(own_lines(view))
    for line in lines:
        comparison = _COMPARISON.fullmatch(line.text[:400])
        matcher = matcher_name(line, comparison)
        if comparison is None or not matcher or not _is_alone(lines, line, comparison):
            continue
        if _takes(comparison, "GET") or not _takes(comparison, methods[0]):
            continue
        if not _gets_path(lines, line, matcher, path):
            continue
        if refused := next(refusing_lines(lines, matcher, line.file), None):
            status, rule = refused
            words = f"{' '.join(line.text.split())}; {rule}"[:300]
            listed = {line.number: (f"{line.text.rstrip()} {' '.join(methods)}",)}
            edit = line_edit(view, line.file, listed) if comparison[2] else None
            return MethodRefusal(words, status, line.file, line.number, edit)
    return None


def _takes(comparison: re.Match[str], method: str) -> bool:
    return (method in comparison[3].upper().split()) != bool(comparison[2])


def _is_alone(lines: Sequence[CaddyLine], own: CaddyLine, comparison: re.Match[str]) -> bool:
    """Return whether the matcher asks for nothing but the method: other lines narrow it."""
    return comparison[1] is not None or not any(
        line.text.strip() not in {"", "}"}
        for line in lines
        if line.file == own.file and line.heads == own.heads
        if 0 < abs(line.number - own.number) < 50
    )


def _gets_path(lines: Sequence[CaddyLine], own: CaddyLine, matcher: str, path: str) -> bool:
    """Return whether a request for a path comes to the lines of a matcher: the blocks around take
    it, and no block beside them has it first. Blocks with a path stand first, and each block stands
    before `respond` (Caddyfile Directives, "Directive order", "Sorting algorithm")."""
    open_blocks: list[tuple[int, list[str]]] = []
    around: list[tuple[int, list[str]]] = []
    chosen: dict[int, list[list[str]]] = {}
    for line in lines if own.heads else ():
        words = line.text.split()
        if line.file != own.file:
            continue
        if line.number == own.number:
            around = [block for block in open_blocks if block[1][0] != matcher]
        if words[-1:] == ["{"]:
            if words[0] in _BLOCKS:
                parent = open_blocks[-1][0] if open_blocks else 0
                chosen.setdefault(parent, []).append(words[1:-1])
            open_blocks.append((line.number, words))
        elif words == ["}"]:
            open_blocks = open_blocks[:-1]
    choosing = [words[1:-1] for _, words in around if words[0] in _BLOCKS]
    if not all(_takes_path(words, path) for words in choosing):
        return False
    if any(words[0] == "route" for _, words in around):
        return True
    beside = chosen.get(around[-1][0], []) if around else []
    others = [words for words in beside if words[:1] != [matcher]]
    is_block = len(others) < len(beside)
    return not any((_takes_path(words, path) if words else not is_block) for words in others)


def _takes_path(words: Sequence[str], path: str) -> bool:
    """Return whether a block with this matcher surely takes a path."""
    # Imported late: few requests are refused by their method.
    from diagnose.parsers.caddy.passes import takes_path

    return not words or (words[0].startswith("/") and takes_path(words[0], path.lower()))
