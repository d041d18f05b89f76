"""Edits by which Apache, HAProxy or Caddy write https into the redirects of an application (nginx
has `proxy_redirect`)."""

import re

from checks.server import ServerView, indentation, line_edit, line_text
from checks.server._haproxy import haproxy_view, insert_after
from checks.server._scheme_lines import steps_with_headers
from diagnose.model import Edit, Step
from diagnose.model.web_servers import SiteRoute

#: A name that needs no other mark than that of its dots in a regular expression.
_PLAIN_NAME = re.compile(r"[\w.-]{1,253}", re.ASCII)
_CADDY_PROXY = re.compile(r"(\s*)(reverse_proxy\s[^{}#\\]*?)\s*(\{?)\s*")


def location_steps(view: ServerView, route: SiteRoute, authority: str) -> tuple[Step, ...]:
    """Return the steps that write https into each redirect of the route's application to http at
    this host and port, without those that load them; () if it takes a person."""
    name, _, port = authority.partition(":")
    if not _PLAIN_NAME.fullmatch(name) or (port and not port.isdigit()):
        return ()
    pattern, origin = "^http://" + authority.replace(".", r"\."), view.evidence.target.origin
    if view.server.product == "apache":
        line = line_text(view, route.file, route.line)
        added = f"{indentation(line)}Header edit Location {pattern}/ {origin}/"
        edit = line_edit(view, route.file, {route.line: (added, line)}) if line.strip() else None
        return steps_with_headers(view, edit)
    edit = (
        _haproxy_edit(view, pattern, origin)
        if view.server.product == "haproxy"
        else _caddy_edit(view, route, f"header_down Location {pattern}/ {origin}/")
    )
    return (edit,) if edit else ()


def _haproxy_edit(view: ServerView, pattern: str, origin: str) -> Edit | None:
    haproxy = haproxy_view(view.evidence)
    if haproxy is None or not haproxy.proxies.tls or haproxy.proxies.frontend.mode != "http":
        return None
    rule = rf"http-response replace-header Location {pattern}/(.*) {origin}/\1 if {{ ssl_fc }}"
    return insert_after(view, haproxy.proxies.bind, rule)


def _caddy_edit(view: ServerView, route: SiteRoute, added: str) -> Edit | None:
    """Return the edit of the reverse_proxy at the route's line, which gets a block if it has
    none."""
    line = line_text(view, route.file, route.line)
    match = _CADDY_PROXY.fullmatch(line)
    if match is None:
        return None
    indent, directive, has_block = match.groups()
    end = () if has_block else (f"{indent}}}",)
    lines = (f"{indent}{directive} {{", f"{indent}\t{added}", *end)
    return line_edit(view, route.file, {route.line: lines})
