"""Lines of HAProxy and Caddy that refuse a method, and the edit that lets it pass.

HAProxy: `http-request deny`, `return` or `tarpit` whose condition is about the method
(Configuration Manual, section 7.4: METH_GET takes HEAD too). Caddy: a matcher with `method` or `not
method`, and `respond`, `error` or `abort` for it (Caddyfile, "Request Matchers").

A rule with a list of what is let in may have forgotten a method; one that names what it refuses was
meant so, and no edit is written for it.
"""

import re
from collections.abc import Sequence

from checks.server import ServerView, line_edit, line_text
from checks.server._agent_refusals import matcher_name, refusing_lines
from checks.server._caddy_lines import CaddyLine, own_lines
from checks.server._haproxy import haproxy_view
from diagnose.model import Edit
from diagnose.model.frozen import frozen
from diagnose.parsers.haproxy.conditions import Rule, refusing_rules_of
from diagnose.parsers.haproxy.view import refusals

#: A line of Caddy that compares the method, perhaps with its matcher's name before it.
_COMPARISON = re.compile(r"\s*(?:(@[\w-]{1,80})\s+)?(not\s+)?method\s+([A-Za-z \t]{1,200}?)\s*")


@frozen
class MethodRefusal:
    """A line that refuses a method, and the rule in words; `edit` lets the method pass."""

    rule: str
    status: int
    file: str
    line: int
    edit: Edit | None


def haproxy_refusal(view: ServerView, method: str) -> MethodRefusal | None:
    """Return the rule of HAProxy that surely refuses a method, and not GET."""
    haproxy = haproxy_view(view.evidence)
    if haproxy is None or haproxy.proxies.frontend.mode != "http":
        return None
    proxies, target = haproxy.proxies, view.evidence.target
    told, plain = (
        next((each for each in refusals(proxies, target, target.path, verb=verb)), None)
        for verb in (method, "GET")
    )
    if told is None or not told.is_certain or told.status < 400 or told == plain:
        return None
    line = told.line
    both = (proxies.frontend, proxies.backend)
    rules = (rule for proxy in both if proxy for rule in refusing_rules_of(proxy))
    rule = next((rule for rule in rules if rule.line == line), None)
    text = line_text(view, line.file, line.number).rstrip()
    edit = None
    if rule is not None and text and "#" not in text and (added := _exception(rule, method)):
        edit = line_edit(view, line.file, {line.number: (text + added,)})
    return MethodRefusal(" ".join(line.words), told.status, line.file, line.number, edit)


def _exception(rule: Rule, method: str) -> str:
    """Return what lets a method pass at the end of a condition that has a list of what is let in;
    "" if it has none."""
    criterion = f"{{ method {method} }}"
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


def caddy_refusal(view: ServerView, method: str) -> MethodRefusal | None:
    """Return the matcher of Caddy that takes a method and not GET, and whose requests a line
    refuses."""
    lines = list(own_lines(view))
    for line in lines:
        comparison = _COMPARISON.fullmatch(line.text[:400])
        matcher = matcher_name(line, comparison)
        if comparison is None or not matcher or not _is_alone(lines, line, comparison):
            continue
        if _takes(comparison, "GET") or not _takes(comparison, method):
            continue
        if refused := next(refusing_lines(lines, matcher, line.file), None):
            status, rule = refused
            words = f"{' '.join(line.text.split())}; {rule}"[:300]
            listed = {line.number: (f"{line.text.rstrip()} {method}",)}
            edit = line_edit(view, line.file, listed) if comparison[2] else None
            return MethodRefusal(words, status, line.file, line.number, edit)
    return None


def _takes(comparison: re.Match[str], method: str) -> bool:
    return (method in comparison[3].upper().split()) != bool(comparison[2])


def _is_alone(lines: Sequence[CaddyLine], own: CaddyLine, comparison: re.Match[str]) -> bool:
    """Return whether the matcher asks for nothing but the method: other lines narrow it."""
    return comparison[1] is not None or not any(
        each.text.strip() not in {"", "}"}
        for each in lines
        if each.file == own.file and each.heads == own.heads
        if 0 < abs(each.number - own.number) < 50
    )
