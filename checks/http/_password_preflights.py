"""A password of Apache, Caddy or HAProxy refuses the preflight (OPTIONS), which never carries one
(Fetch standard, "CORS-preflight fetch"). The edit lets preflights alone pass without it: what they
ask for stays behind the password."""

import re
from collections.abc import Mapping

from checks.http._preflight_answers import ALLOW_ORIGIN, IS_PREFLIGHT, caddy_matcher
from checks.server import (
    ServerView,
    indentation,
    line_edit,
    line_text,
    reload_steps,
    server_on_port,
)
from checks.server._haproxy import HaproxyView, haproxy_view
from checks.server._rules import decisive_rule
from diagnose.model import Applicability, Edit, Evidence, Fix
from diagnose.model.http import Exchange

#: Without a matcher, or for every path; an algorithm of the passwords may follow.
_CADDY = re.compile(
    r"(\s*)(basic_?auth)(?:\s+\*)?((?:\s+(?:bcrypt|argon2id)(?:\s+\S{1,80})?)?\s*\{\s*)"
)
_APACHE = re.compile(r"(?i)(\s*)Require\s+(?:valid-user|(?:user|group)\s+[\w. @-]{1,200})\s*")
_APACHE_REQUIRE = re.compile(r"(?i)\s*</?Require|\s*(?:Require|Satisfy|Order|Deny|Allow)\s")
_SECTION = re.compile(r"\s*</?\w")
_APACHE_LINE = (
    "Require expr \"%{REQUEST_METHOD} == 'OPTIONS' && -n %{HTTP:Access-Control-Request-Method}\""
)
#: HAProxy's own page (errors/401, http_err_msgs): an application has another one.
_HAPROXY_PAGE = "You need a valid user and password"
#: Without a matcher, in Caddy's lines for other sites, and what comes before `respond` does.
_PASSWORD = re.compile(r"(\s*basic_?auth)\s*(\{.*)")
_BEFORE_RESPOND = re.compile(r"\s*(?:handle|handle_path|route)\b")
#: The name of the matcher for all that a password is asked of.
_OTHERS = "no_preflight"


def password_fix(evidence: Evidence, page: Exchange) -> Fix | None:
    """Return the fix with which the server asks no preflight for its password; None where another
    program refuses it, or where the line has conditions that a person has to read."""
    if page.method != "OPTIONS" or page.status != 401:
        return None
    haproxy = haproxy_view(evidence, evidence.target.path)
    view = haproxy.view if haproxy else server_on_port(evidence)
    if view is None:
        return None
    if haproxy:
        edit = _of_haproxy(haproxy) if _HAPROXY_PAGE in page.body else None
    else:
        edit = _of_rule(view)
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW) if edit else None


def permitted_fix(view: ServerView, lines: Mapping[int, str], origin: str) -> Fix | None:
    """Ask no password of a preflight of a site that Caddy's own lines permit: Caddy answers it
    itself. What a password protects stays protected. `lines` are those of the only site."""
    asking = {n: match for n, line in lines.items() if (match := _PASSWORD.fullmatch(line))}
    text = "\n".join(lines.values())
    permits = re.search(rf"{ALLOW_ORIGIN}\s+\"?(?:\*|{re.escape(origin)})", text) is not None
    if len(asking) != 1 or not permits or "@preflight" in text or _passes_on(view):
        return None
    ((number, match),) = asking.items()
    margin = indentation(lines[number])
    added = (
        *caddy_matcher(indent=margin),
        *caddy_matcher(indent=margin, name=_OTHERS),
        f"{margin}respond @preflight 204",
        f"{match[1]} @{_OTHERS} {match[2]}",
    )
    edit = line_edit(view, view.answering_sites[0].file, {number: added})
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW) if edit else None


def _passes_on(view: ServerView) -> bool:
    """Return whether the site, or what it imports, has lines that would answer a preflight before
    `respond` does: without the password that they are behind."""
    from checks.server._caddy_lines import own_lines

    return any(_BEFORE_RESPOND.match(line.text) for line in own_lines(view))


def _of_rule(view: ServerView) -> Edit | None:
    rule = decisive_rule(view, view.evidence.target.path_without_query, False, 401)
    if rule is None:
        return None
    row = line_text(view, rule.file, rule.line)[:600]
    if view.server.product == "apache":
        return _of_apache(view, rule.file, rule.line)
    match = _CADDY.fullmatch(row) if view.server.product == "caddy" else None
    if match is None:
        return None
    indent, name, remainder = match.groups()
    step = "\t" if "\t" in indent or not indent else "    "
    rows = (
        *caddy_matcher(indent=indent, step=step, name=_OTHERS),
        f"{indent}{name} @{_OTHERS}{remainder.rstrip()}",
    )
    return line_edit(view, rule.file, {rule.line: rows})


def _of_apache(view: ServerView, path: str, number: int) -> Edit | None:
    """Add a second `Require` beside the only one of its section: one of them is enough
    (mod_authz_core, "Require")."""
    file = view.config.file(path) if view.config else None
    rows = file.text.split("\n") if file else []
    if not 0 < number <= len(rows):
        return None
    above, below = rows[: number - 1][::-1], rows[number:]
    section = [*_until_section(above), *_until_section(below)]
    if not _APACHE.fullmatch(rows[number - 1][:300]) or any(map(_APACHE_REQUIRE.match, section)):
        return None
    row = rows[number - 1]
    return line_edit(view, path, {number: (row, indentation(row) + _APACHE_LINE)})


def _until_section(rows: list[str]) -> list[str]:
    """Return the rows up to the first that begins or ends a section, with that one."""
    end = next((place for place, row in enumerate(rows) if _SECTION.match(row)), len(rows))
    return rows[: end + 1]


def _of_haproxy(haproxy: HaproxyView) -> Edit | None:
    """Add the condition to the only `http-request auth` of the frontend and its backend."""
    proxies = haproxy.proxies
    lines = [
        line
        for proxy in (proxies.frontend, *([proxies.backend] if proxies.backend else []))
        for line in proxy.own("http-request", "auth")
    ]
    if len(lines) != 1:
        return None
    (line,) = lines
    row = line_text(haproxy.view, line.file, line.number).rstrip()
    if "#" in row or "unless" not in line.words:
        return None
    return line_edit(haproxy.view, line.file, {line.number: (f"{row} || {IS_PREFLIGHT}",)})
