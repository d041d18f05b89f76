"""Lines of Apache that permit other sites in its good answers alone: `Header set` leaves out the
answers that Apache makes itself, as the 401 of a password, a 404 and a 503 (mod_headers, "Header":
`always`). A password refuses the preflight too, which never carries one (Fetch standard)."""

import re

from checks.http._preflight_answers import REWRITE_ENGINE, apache_rules
from checks.server import (
    indentation,
    line_edit,
    line_text,
    reload_steps,
    server_on_port,
)
from checks.server._apache_modules import loading_steps
from diagnose.model import Applicability, Evidence, Fix, Step
from diagnose.model.http import Exchange
from diagnose.parsers.http import proxy_page

_LINE = re.compile(
    r"(?i)\s*Header\s+(?:onsuccess\s+)?(?:set|add|merge|append)\s+"
    r"(?P<rest>\"?(?P<name>Access-Control-[\w-]{1,40})\"?\s+(?P<value>\"[^\"]{0,400}\"|\S{1,400}).*)"
)
_ORIGIN = "access-control-allow-origin"


def apache_cors_fix(evidence: Evidence, page: Exchange, origin: str) -> Fix | None:
    """Return the fix with which Apache's lines for other sites count for an answer of its own, and
    a preflight needs no password; None where it is no answer of its own, or has no such lines."""
    view = server_on_port(evidence)
    if view is None or view.server.product != "apache" or len(view.answering_sites) != 1:
        return None
    if not proxy_page(page.body).lower().startswith("apache") or (page.status or 0) < 400:
        return None
    site = view.answering_sites[0]
    lines = {number: line_text(view, site.file, number) for number in range(site.line, site.end)}
    rows = {number: match for number, line in lines.items() if (match := _LINE.fullmatch(line))}
    if not any(_permits(match, origin) for match in rows.values()):
        return None
    changes: dict[int, tuple[str, ...]] = {}
    for number, match in rows.items():
        margin = indentation(lines[number])
        # Of both kinds an answer of an application would have the field twice.
        changes[number] = (
            f"{margin}Header onsuccess unset {match['name']}",
            f"{margin}Header always set {match['rest']}",
        )
    if page.method == "OPTIONS":
        first = min(changes)
        has_engine = any(re.match(r"(?i)\s*RewriteEngine\s+on\b", line) for line in lines.values())
        # A rule that stands in a section is of that folder, and comes after the password.
        if page.status not in {401, 403} or _is_in_section(lines, first):
            return None
        margin = indentation(lines[first])
        rules = (*(() if has_engine else (REWRITE_ENGINE,)), *apache_rules())
        changes[first] = (*(f"{margin}{rule}" for rule in rules), *changes[first])
    edit = line_edit(view, site.file, changes)
    modules: tuple[Step, ...] | None = ()
    if page.method == "OPTIONS":
        modules = loading_steps(view, ("rewrite",))
    if edit is None or modules is None:
        return None
    return Fix((*modules, edit, *reload_steps(view.server)), Applicability.REVIEW)


def _permits(match: re.Match[str], origin: str) -> bool:
    value = match["value"].strip('"')
    return match["name"].lower() == _ORIGIN and (value in {"*", origin} or "%{" in value)


def _is_in_section(lines: dict[int, str], number: int) -> bool:
    before = [line for each, line in lines.items() if each < number]
    opened = sum(bool(re.match(r"\s*<[A-Za-z]", line)) for line in before)
    return opened - sum(bool(re.match(r"\s*</", line)) for line in before) > 1
