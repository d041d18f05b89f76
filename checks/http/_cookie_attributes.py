"""The lines of the site's web server that change attributes of cookies, and the edits of nginx's
(ngx_http_proxy_module, proxy_cookie_flags, since 1.19.3)."""

import re
from collections.abc import Iterator, Sequence

from checks.nginx import Nginx, file_line
from checks.nginx._commands import reload_steps
from checks.nginx._edits import Changes, config_edits
from diagnose.model import Applicability, Command, Edit, Evidence, Fix, Manual
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange
from diagnose.model.logs import FailedRequests
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import version_number
from diagnose.parsers.nginx.directive_versions import SINCE
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.sanitize import clean
from diagnose.parsers.set_cookie import CookieRefusal

_FLAGS, _PATH = "proxy_cookie_flags", "proxy_cookie_path"
_NAME = re.compile(r"[\w.-]{1,100}", re.ASCII)
_HTTP_ONLY = re.compile(r"(?i)\bhttponly\b")
_SAME_SITE = re.compile(r"(?i)samesite=(lax|strict|none)")
#: A path that proxy_cookie_path leaves as it is, before the attributes that it adds.
_KEPT = re.compile(r"(/|\$[01])\s*;")
#: A line of Apache, Caddy or HAProxy that changes a cookie.
_LINE = re.compile(r"(?im)^[ \t]*(?!#)[^\n]{0,200}\bset-cookie\b[^\n]{0,300}\bhttponly\b")
#: Statuses with which a request is refused whose cookie or token did not come.
REFUSED = frozenset({400, 401, 403, 419, 422})


@frozen(eq=False)
class CookieLine:
    """A line by which a web server adds HttpOnly to a cookie: its text, its place, the edit of
    nginx that leaves a cookie out of it (None if a person writes it)."""

    text: str
    place: str
    fix: Fix | None = None


def http_only_line(evidence: Evidence, name: str, path: str) -> CookieLine | None:
    """Return the line by which the web server adds HttpOnly to this cookie; None if none does."""
    nginx = Nginx.of(evidence)
    match = next(iter(nginx.location_matches(path)), None)
    line = next((each for each in _hiding(match, name)), None) if match else None
    if line is not None:
        text = clean(line.text, 200)
        return CookieLine(text, file_line(line), _exempting_fix(nginx, line, name))
    # Imported late: nginx is the most frequent.
    from checks.server import file_rows, place_text, server_on_port

    view = server_on_port(evidence)
    if view is None or view.config is None:
        return None
    lines = [
        CookieLine(clean(text.strip(), 200), place_text(file.path, number))
        for file in view.config.files
        for number, text in enumerate(file_rows(view, file), 1)
        if _LINE.match(text) and f"!{name}" not in text
    ]
    return lines[0] if len(lines) == 1 else None


def refused_requests(evidence: Evidence) -> tuple[FailedRequests, ...]:
    """Return the requests of the site's own pages that were refused as without their cookie, by the
    log of a web server."""
    return tuple(
        failure
        for failure in evidence.good(FailedRequests)
        if failure.is_from_page and failure.status in REFUSED and not failure.forms_accepted
    )


def set_cookies(evidence: Evidence) -> Iterator[tuple[Exchange, str]]:
    """Yield the cookies of the pages of this run, each as its field has it."""
    for page in evidence.good(Exchange):
        if page.is_of_visit:
            yield from (
                (page, value) for name, value in page.headers if name.lower() == "set-cookie"
            )


def flags_fix(nginx: Nginx, match: LocationMatch, names: Sequence[str], flags: str) -> Fix | None:
    """Return the edit after which nginx sends these cookies with these flags; None if it is too old
    or cannot be edited. A level with such a line inherits none, so the inherited are repeated."""
    from checks.nginx._location_edits import insert_lines, location_fix

    if not _has_flags(nginx) or not all(map(_NAME.fullmatch, names)):
        return None
    inherited = []
    for line in match.directives(_FLAGS):
        file = nginx.file(line)
        if file is None or line in (match.block.block or ()):
            return None
        inherited.append(edits.one_line(file.text, line))
    changes: Changes = {}
    insert_lines(
        nginx, match, [*(f"{_FLAGS} {name} {flags};" for name in names), *inherited], changes
    )
    file_edits = config_edits(nginx, changes)
    return location_fix(nginx, match, file_edits, sure=False) if file_edits else None


def correcting_commands(
    nginx: Nginx,
    match: LocationMatch,
    reason: CookieRefusal,
    names: Sequence[str],
    domain: str,
) -> tuple[Command | Edit, ...]:
    """Return the edit by which nginx gives cookies the attributes without which browsers refuse
    them; () where it cannot."""
    from checks.nginx._commands import chosen_edits
    from checks.nginx._location_edits import setting_edits

    if reason == "domain":
        line, host = "proxy_cookie_domain", nginx.evidence.target.host
        # Of a cookie that only a message names the Domain is not known: each one is replaced.
        written = domain or "~.+"
        is_plain = not domain or re.fullmatch(r"[\w.-]{1,253}", domain) is not None
        is_free = is_plain and not match.directives(line)
        edited = setting_edits(nginx, match, {line: f"{written} {host}"}) if is_free else ()
        return chosen_edits(nginx, edited)
    flags = {"same-site": "secure", "cross-site": "secure samesite=none"}.get(reason)
    fix = flags_fix(nginx, match, names, flags) if flags else None
    return tuple(step for step in fix.steps if not isinstance(step, Manual)) if fix else ()


def _hiding(match: LocationMatch, name: str) -> Iterator[Directive]:
    """Yield the line of nginx that adds HttpOnly to the cookie: of several flags the first that
    matches counts."""
    for line in match.directives(_FLAGS):
        written = line.args[0] if line.args else ""
        if _is_of(written, name):
            if any(flag.lower() == "httponly" for flag in line.args[1:]):
                yield line
            return
    yield from (
        line
        for line in match.directives(_PATH)
        if len(line.args) > 1 and _HTTP_ONLY.search(line.args[1])
    )


def _is_of(written: str, name: str) -> bool:
    if written in {"~", "~*"} or not written.startswith("~"):
        return written.startswith("~") or written == name
    try:
        return re.search(written.lstrip("~*")[:200], name, re.IGNORECASE) is not None
    except re.error:
        return False


def _exempting_fix(nginx: Nginx, line: Directive, name: str) -> Fix | None:
    if not _has_flags(nginx) or not _NAME.fullmatch(name):
        return None
    file = nginx.file(line)
    if line.name == _FLAGS:
        others = [flag for flag in line.args[1:] if flag.lower() != "httponly"]
        own = f"{_FLAGS} {name} {' '.join(('nohttponly', *others))};"
        kept = edits.one_line(file.text, line) if file and line.args[0] != name else ""
    else:
        same_site = _SAME_SITE.search(line.args[1])
        others = ["secure"] if re.search(r"(?i)\bsecure\b", line.args[1]) else []
        others += [f"samesite={same_site[1].lower()}"] if same_site else []
        own = f"{_FLAGS} {name} {' '.join(('nohttponly', *others))};"
        is_kept = _KEPT.match(line.args[1]) and (line.args[0] == "/" or line.args[0][:1] == "~")
        if not is_kept:
            return None
        kept = f"{_FLAGS} ~ {' '.join(('httponly', *others))};"
    changes: Changes = {line.file: [edits.replace_directive(line, f"{own} {kept}".strip())]}
    file_edits = config_edits(nginx, changes)
    return Fix((*file_edits, *reload_steps(nginx)), Applicability.REVIEW) if file_edits else None


def _has_flags(nginx: Nginx) -> bool:
    version = version_number(nginx.build.version) if nginx.build else None
    return version is not None and version >= SINCE[_FLAGS]
