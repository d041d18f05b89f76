"""The edits by which a web server keeps no connections to an application, or ends them before the
application does; and whether it does so already."""

import re

from checks.nginx import Nginx
from checks.nginx._commands import reload_steps as nginx_reload
from checks.nginx._edits import config_edits
from checks.server import ServerView, indentation, line_edit, line_text, reload_steps
from checks.server._caddy_proxy_lines import transport_edit
from checks.server._haproxy import haproxy_view, insert_after
from diagnose.model import Applicability, Edit, Fix
from diagnose.model.nginx import Directive
from diagnose.model.web_servers import SiteRoute
from diagnose.parsers.haproxy.config import Line
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import children, seconds

APACHE_LINE = "SetEnv proxy-nokeepalive 1"
HAPROXY_LINE = "option http-server-close"
#: Words of the configurations that keep no connections, or end them early.
_DONE = {
    "apache": re.compile(r"proxy-nokeepalive|\bdisablereuse=on|\bttl=\d|\benablereuse=off", re.I),
    "haproxy": re.compile(r"http-server-close|httpclose|\bhttp-reuse\s+never|pool-purge-delay"),
    "caddy": re.compile(r"\bkeepalive\b"),
}


def is_done(view: ServerView) -> bool:
    """Return whether the configuration of a server has such a line already."""
    pattern = _DONE.get(view.server.product)
    files = view.config.files if view.config else ()
    return pattern is None or any(
        pattern.search(row.partition("#")[0]) for file in files for row in file.text.split("\n")
    )


def server_fix(view: ServerView, route: SiteRoute, idle: int) -> Fix | None:
    """Return the edit of Apache, HAProxy or Caddy; None if the line is written in another way."""
    edit: Edit | None = None
    match view.server.product:
        case "apache":
            text = line_text(view, route.file, route.line)
            if re.match(r"\s*(ProxyPass|ProxyPassMatch|RewriteRule)\s", text, re.I):
                lines = (f"{indentation(text)}{APACHE_LINE}", text)
                edit = line_edit(view, route.file, {route.line: lines})
        case "haproxy":
            haproxy = haproxy_view(view.evidence)
            backend = haproxy.proxies.backend if haproxy else None
            if backend is not None and backend.section.line:
                first = Line((backend.section.kind,), backend.section.file, backend.section.line)
                edit = insert_after(view, first, HAPROXY_LINE)
        case "caddy":
            value = f"{idle - 1}s" if idle > 1 else "off"
            edit = transport_edit(view, route, f"keepalive {value}")
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW) if edit else None


def closes_first(group: Directive, idle: int) -> bool:
    """Return whether nginx ends a connection that nobody uses before the application does."""
    lines = children(group, "keepalive_timeout")
    limit = seconds(lines[-1].args[0]) if lines and lines[-1].args else None
    return bool(idle) and limit is not None and limit < idle


def group_fix(nginx: Nginx, group: Directive, idle: int) -> Fix | None:
    """Return the edit of nginx's group: no `keepalive`, or a shorter time than the
    application's."""
    lines, own = children(group, "keepalive"), children(group, "keepalive_timeout")
    file = nginx.file(group)
    if file is None or not lines or lines[-1].file != group.file:
        return None
    text = f"keepalive_timeout {idle - 1}s;"
    if idle <= 1:
        change = edits.remove_directive(file.text, lines[-1])
    elif own:
        change = edits.replace_directive(own[-1], text)
    else:
        change = edits.insert_after(file.text, lines[-1], [text])
    file_edits = config_edits(nginx, {file.path: [change]})
    return Fix((*file_edits, *nginx_reload(nginx)), Applicability.REVIEW) if file_edits else None
