"""nginx passes the page on under another path, and the application's cookie is for the path that
only the application knows (ngx_http_proxy_module, "proxy_cookie_path"; RFC 6265 section 5.1.4).

`location /shop-dev/ { proxy_pass http://app/shop/; }` and `Set-Cookie: …; Path=/shop`: the browser
never sends it back for /shop-dev/, and the login is lost with the next page.

Often only the answer to a login's POST sets the cookie, which no run sends. Words about the path of
a cookie, and a location that takes its own path away, make it likely; so do words about a login
that does not hold, and a location that puts another path in its place.
"""

import re
from collections.abc import Iterator

from checks.http import endpoint_subjects
from checks.http._cookies import lost_cookies, reported_lost_login
from checks.nginx import Nginx, file_line
from checks.nginx._edits import config_edit
from checks.nginx._location_edits import location_fix
from checks.upstream._comparisons import proxied_match
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
    merge_subjects,
)
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.locations import LocationMatch, location_pattern, proxy_pass_of

_PASSED_PATH = re.compile(r"https?://[^/\s$]+(/[^\s$?#]*)$")
#: Words about the path of a cookie, and a path that they name.
_TOLD_PATH = re.compile(
    r"(?i)(?:\bpath\b|路径|\bpfad|\bchemin\b|\bruta\b|\bcaminho\b|\bпут[ьи]|パス).{0,40}cookie"
    r"|cookie.{0,40}?(?:\bpath\b|路径|pfad|\bchemin\b|\bruta\b|\bcaminho\b|\bпут[ьи]|パス)"
)
_TOLD_VALUE = re.compile(r"(?i)\bpath\s{0,3}[=:]\s{0,3}[\"']?(/[\w./~-]{0,200})")
_PLAIN_PATH = re.compile(r"/[\w./~-]*")


@check(severity=Severity.WARNING, needs=[NginxConfig, Exchange])
def cookie_path(evidence: Evidence) -> Iterator[Claim]:
    nginx, path = Nginx.of(evidence), evidence.target.path_without_query
    match = proxied_match(nginx, path)
    directive = proxy_pass_of(match) if match else None
    prefixes = _prefixes(match, directive) if match and directive else None
    if match is None or directive is None or _changes_paths(match):
        return
    lost = lost_cookies(evidence, *prefixes) if prefixes else []
    if prefixes is None or not lost:
        yield from _reported_path(nginx, match, directive)
        return
    outer, inner = prefixes
    pages = tuple(dict.fromkeys(cookie.page for cookie in lost))
    subjects = endpoint_subjects(pages)
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*pages, *nginx.configs),
        location=nginx.location(directive),
        facts={
            "url": pages[0].url,
            "cookie": lost[0].name,
            "path": lost[0].path,
            "outer": outer,
            "inner": inner,
            "place": file_line(directive),
        },
        fix=_fix(nginx, match, directive, outer, inner),
    )


def _reported_path(nginx: Nginx, match: LocationMatch, directive: Directive) -> Iterator[Claim]:
    """Make the claim where the words are about a cookie's path and the location takes its own path
    away, or about a login that does not hold and it puts another path in its place, and no page
    that was seen sets a cookie."""
    symptom, pages = nginx.evidence.target.symptom, page_exchanges(nginx.evidence)
    prefixes = _prefixes(match, directive, is_root=True)
    if symptom is None or not pages or prefixes is None or prefixes[0] in {"", "/"}:
        return
    outer, inner = prefixes
    path = _TOLD_VALUE.search(symptom.text)
    fits = path is not None and f"{outer.rstrip('/')}/".startswith(f"{path[1].rstrip('/')}/")
    fits = fits or (path is not None and path[1].startswith(outer.rstrip("/")))
    is_set = any(page.header("Set-Cookie") for page in pages)
    is_of_path = not is_set and _TOLD_PATH.search(symptom.text) is not None
    confidence = Confidence.LIKELY if is_of_path else None
    if confidence is None and inner != "/":
        confidence = reported_lost_login(nginx.evidence)
    if fits or confidence is None:
        return
    subjects = endpoint_subjects(pages)
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*pages, *nginx.configs),
        confidence=confidence,
        location=nginx.location(directive),
        facts={
            "url": pages[0].url,
            "cookie": "",
            "path": path[1] if path else "",
            "outer": outer,
            "inner": inner,
            "place": file_line(directive),
        },
        fix=_fix(nginx, match, directive, outer, inner),
    )


def _prefixes(
    match: LocationMatch, directive: Directive, is_root: bool = False
) -> tuple[str, str] | None:
    """Return the path of the location, and the one that nginx puts in its place; None if both are
    the same, or are not plain, or if it is the root (unless `is_root`)."""
    pattern = location_pattern(match.block)
    passed = _PASSED_PATH.fullmatch(directive.args[0]) if directive.args else None
    if pattern is None or pattern.modifier not in {"", "^~"} or passed is None:
        return None
    outer, inner = pattern.text, passed[1]
    is_plain = _PLAIN_PATH.fullmatch(outer) and _PLAIN_PATH.fullmatch(inner)
    return (outer, inner) if is_plain and outer != inner and (is_root or inner != "/") else None


def _changes_paths(match: LocationMatch) -> bool:
    return any(
        directive.args[:1] != ("off",) for directive in match.directives("proxy_cookie_path")
    )


def _fix(nginx: Nginx, match: LocationMatch, directive: Directive, outer: str, inner: str) -> Fix:
    file = nginx.file(directive)
    old, new = inner.rstrip("/"), outer.rstrip("/") or "/"
    lines = [f"proxy_cookie_path {old} {new};" if old else f"proxy_cookie_path / {new}/;"]
    if new == "/":
        # nginx replaces the beginning alone, and the first line that fits counts: /old/a is /a.
        lines.insert(0, f"proxy_cookie_path {old}/ /;")
    change = edits.insert_after(file.text, directive, lines) if file else None
    edit = config_edit(nginx, file.path, change) if file and change else None
    if edit is None:
        return Fix((Manual("change-the-path", Where.SERVER),), Applicability.MANUAL)
    return location_fix(nginx, match, (edit,), sure=False)
