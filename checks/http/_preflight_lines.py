"""The lines of the site's own web server that list which methods and header fields a script of
another site may use, and the edits that add one (Fetch standard, "CORS-preflight fetch")."""

import re
from collections.abc import Iterator
from dataclasses import replace

from checks.nginx import Nginx, file_line
from diagnose.model import Applicability, Claim, Evidence, Fix
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange
from diagnose.model.nginx import Directive
from diagnose.parsers.cors_messages import leaves_method_open
from diagnose.parsers.localized_cors import CHANGING_METHODS
from diagnose.parsers.request_fields import shown_preflight_method

_METHODS, _FIELDS = "Access-Control-Allow-Methods", "Access-Control-Allow-Headers"
#: What no permission is needed for ("CORS-safelisted method").
_SAFE = frozenset({"GET", "HEAD", "POST"})
#: A value that may stand between double quotes in every server's configuration.
_PLAIN = re.compile(r"[\w ,*-]{1,400}", re.ASCII)


@frozen(eq=False)
class ListingLine:
    """The line that lists what is permitted: its place and value, and the edit that adds to it."""

    place: str
    value: str
    fix: Fix | None


def refused_method(page: Exchange) -> str:
    """Return the method for which a preflight asks and that the answer does not permit; "" if it
    permits it. A "*" counts unless cookies are permitted."""
    method = shown_preflight_method(page.equivalent)
    allowed = {part.strip() for part in (page.header(_METHODS) or "").split(",")}
    has_cookies = (page.header("Access-Control-Allow-Credentials") or "").strip() == "true"
    is_permitted = method in _SAFE or method in allowed or ("*" in allowed and not has_cookies)
    return "" if not method or is_permitted else method


def lacking_methods(evidence: Evidence, page: Exchange) -> str:
    """Return the methods that a preflight's answer does not permit, with commas between them: the
    one for which it asked, or, where the message leaves the method open, all that change
    something."""
    symptom = evidence.target.symptom
    if symptom is None or not leaves_method_open(symptom.text):
        return refused_method(page)
    allowed = {part.strip() for part in (page.header(_METHODS) or "").split(",")}
    is_any = "*" in allowed and not refused_method(page)
    # Whoever names one of them has thought of what the page sends.
    return "" if is_any or allowed & {*CHANGING_METHODS} else ", ".join(CHANGING_METHODS)


def with_listing(evidence: Evidence, page: Exchange, claim: Claim) -> Claim:
    """Return the claim about a preflight with the line that lacks the header field or the method,
    and the edit that adds it there."""
    method = "" if claim.facts.get("field") else lacking_methods(evidence, page)
    name = str(claim.facts.get("name") or "") if claim.facts.get("field") else method
    is_preflight = page.method == "OPTIONS"
    line = _listing(evidence, page, _METHODS if method else _FIELDS, name) if name else None
    if not is_preflight or line is None:
        unlisted = method if is_preflight and not any(map(claim.facts.get, _OTHERS)) else ""
        return replace(claim, facts={**claim.facts, **_no_line(), "unlisted": unlisted})
    facts = {"unlisted": method, "list": line.value, "list_place": line.place}
    return replace(claim, facts={**claim.facts, **facts}, fix=line.fix or claim.fix)


_OTHERS = ("redirected", "failed", "missing", "other", "wildcard", "cookies", "field")


def _no_line() -> dict[str, object]:
    return dict.fromkeys(("list", "list_place"), "")


def _listing(evidence: Evidence, page: Exchange, field: str, name: str) -> ListingLine | None:
    values = [value for key, value in page.headers if key.lower() == field.lower()]
    if len(values) != 1 or not _PLAIN.fullmatch(f"{values[0]}, {name}"):
        return None
    value = f"{values[0]}, {name}" if values[0].strip() else name
    nginx = Nginx.of(evidence)
    lines = [line for line in _added(nginx, field) if line.args[1] == values[0]]
    if lines:
        return ListingLine(file_line(lines[0]), values[0], _nginx_fix(nginx, lines, value))
    # Imported late: most of these lines are nginx's.
    from checks.http._sent_fields import sent_field

    sent = sent_field(evidence, field, values)
    return ListingLine(sent.place, values[0], sent.with_value(value)) if sent else None


def _added(nginx: Nginx, field: str) -> Iterator[Directive]:
    """Yield the lines of nginx that add the field at the target's path, also those that count for
    some requests alone (`if`)."""
    from diagnose.parsers.nginx.config import children

    matches = nginx.location_matches(nginx.evidence.target.path)
    outer_blocks = (outer for match in matches for outer in match.blocks)
    blocks = (block for outer in outer_blocks for block in (outer, *children(outer, "if")))
    lines = (line for block in blocks for line in children(block, "add_header"))
    seen = set()
    for line in lines:
        is_field = len(line.args) > 1 and line.args[0].lower() == field.lower()
        if is_field and (place := (line.file, line.start)) not in seen:
            seen.add(place)
            yield line


def _nginx_fix(nginx: Nginx, lines: list[Directive], value: str) -> Fix | None:
    from checks.nginx._commands import reload_steps
    from checks.nginx._edits import Changes, config_edits
    from diagnose.parsers.nginx.edits import replace_directive

    changes: Changes = {}
    for line in lines:
        words = " ".join((line.name, line.args[0], f'"{value}"', *line.args[2:]))
        changes.setdefault(line.file, []).append(replace_directive(line, f"{words};"))
    edits = config_edits(nginx, changes)
    return Fix((*edits, *reload_steps(nginx)), Applicability.REVIEW) if edits else None
