"""HAProxy or Caddy permits another site by lines of its own, and passes the preflight (OPTIONS) on
to an application that refuses it: 405, 404, or a login, which a preflight never carries (Fetch
standard, "CORS protocol"). The server then answers it by itself, with the fields that it has."""

import re
from collections.abc import Mapping

from checks.http._preflight_answers import (
    ALLOW_HEADERS,
    ALLOW_METHODS,
    ALLOW_ORIGIN,
    METHODS,
    USUAL_FIELDS,
    caddy_matcher,
    haproxy_answer,
)
from checks.server import (
    ServerView,
    indentation,
    line_edit,
    line_text,
    reload_steps,
    server_on_port,
)
from checks.server._caddy_edits import siblings
from checks.server._haproxy import HaproxyView, haproxy_view
from diagnose.model import Applicability, Edit, Evidence, Fix
from diagnose.model.http import Exchange
from diagnose.parsers.request_fields import UNKNOWN_ORIGIN

#: What an application answers that knows no preflight. 403 may be meant for the site that asks.
_UNKNOWN = {400, 401, 404, 405, 501}
_PREFIX = "access-control-"
_PLAIN = re.compile(r"[\w./:*, -]{1,400}")
_CADDY_LINE = re.compile(r"\s*header\s+(?:/\S{1,200}\s+|\*\s+)?(Access-Control-[\w-]{1,40})\s+(.+)")
#: Directives that take a request before `respond` does (Caddyfile Directives, "Directive order").
_BEFORE_RESPOND = {
    "handle", "handle_path", "route", "import", "respond", "redir", "forward_auth", "basic_auth",
    "basicauth",
}  # fmt: skip


def preflight_fix(evidence: Evidence, page: Exchange, origin: str) -> Fix | None:
    """Return the fix with which HAProxy or Caddy answers the preflight; None where no line of its
    own permits the site that asks, or where the answer may be meant."""
    if page.method != "OPTIONS" or page.status not in _UNKNOWN or not origin:
        return None
    haproxy = haproxy_view(evidence, evidence.target.path)
    if haproxy is not None:
        view, edit = haproxy.view, _haproxy_edit(haproxy, origin)
        return _fix(view, edit)
    caddy = server_on_port(evidence)
    if caddy is None or caddy.server.product != "caddy":
        return None
    return _fix(caddy, _caddy_edit(caddy, origin))


def _fix(view: ServerView, edit: Edit | None) -> Fix | None:
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW) if edit else None


def _fields(written: Mapping[str, str], origin: str) -> dict[str, str]:
    """Return the fields of the answer with their values, from those that are written; {} if they do
    not permit the site, or if a value is no plain text."""
    by_name = {name.lower(): value for name, value in written.items()}
    permitted = by_name.get(ALLOW_ORIGIN.lower(), "")
    # Without an origin in the message, the written one is meant.
    is_meant = origin == UNKNOWN_ORIGIN and permitted.startswith(("https://", "http://"))
    if permitted not in {origin, "*"} and not is_meant:
        return {}
    fields = {ALLOW_METHODS: METHODS, ALLOW_HEADERS: ", ".join(USUAL_FIELDS), **written}
    return fields if all(map(_PLAIN.fullmatch, fields.values())) else {}


def _haproxy_edit(haproxy: HaproxyView, origin: str) -> Edit | None:
    """Answer above the first line that writes such a field, and above a password of the section:
    `http-response` lines do not count for an answer of HAProxy's own, so the fields stand in it."""
    proxies = haproxy.proxies
    for proxy in (proxies.frontend, *([proxies.backend] if proxies.backend else [])):
        lines = [
            line
            for line in proxy.own("http-response", "set-header")
            if len(line.words) == 4 and line.words[2].lower().startswith(_PREFIX)
        ]
        fields = _fields({line.words[2]: line.words[3] for line in lines}, origin)
        if not fields or proxy.mode != "http":
            continue
        passwords = [
            line for line in proxy.own("http-request", "auth") if line.file == lines[0].file
        ]
        first = min((lines[0], *passwords), key=lambda line: line.number)
        text = line_text(haproxy.view, first.file, first.number)
        rule = f"{indentation(text)}{haproxy_answer(fields)}"
        return line_edit(haproxy.view, first.file, {first.number: (rule, text)})
    return None


def _caddy_edit(view: ServerView, origin: str) -> Edit | None:
    """Answer by `respond`, which comes before `reverse_proxy` and gets the fields of `header`."""
    sites = view.answering_sites
    if len(sites) != 1 or not sites[0].end:
        return None
    (site,) = sites
    rows = [line_text(view, site.file, number) for number in range(site.line, site.end + 1)]
    own = siblings(rows, 2) if len(rows) > 2 else []
    names = {word for place in own for word in rows[place - 1].split()[:1]}
    written = {
        place: match for place in own if (match := _CADDY_LINE.fullmatch(rows[place - 1][:600]))
    }
    values = {match[1]: match[2].strip().strip('"') for match in written.values()}
    fields = _fields(values, origin)
    if not fields or names & _BEFORE_RESPOND or any("@preflight" in row for row in rows):
        return None
    first = min(written)
    indent = indentation(rows[first - 1])
    step = "\t" if "\t" in indent or not indent else "    "
    missing = [name for name in fields if name.lower() not in {key.lower() for key in values}]
    added = (
        *caddy_matcher(indent=indent, step=step),
        *(f'{indent}header @preflight {name} "{fields[name]}"' for name in missing),
        f"{indent}respond @preflight 204",
    )
    return line_edit(view, site.file, {site.line + first - 1: (*added, rows[first - 1])})
