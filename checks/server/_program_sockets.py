"""What lets a server use the Unix socket of its application: the owner in the pool of PHP-FPM, the
socket's group, or the name of the socket that PHP-FPM has (mod_proxy, "Access via Handler")."""

import posixpath
import re

from checks.server import ServerView, file_rows, line_edit, line_text, reload_steps
from checks.upstream._unix_sockets import (
    group_command,
    is_named_pool,
    other_php_sockets,
)
from diagnose.model import Applicability, Edit, Fix
from diagnose.model.applications import ReadSetting
from diagnose.model.upstream import Permissions, UpstreamSocket
from diagnose.model.web_servers import SiteRoute

#: Most lines with the socket that are changed.
_MAX_LINES = 20


def opening_fix(view: ServerView, socket: UpstreamSocket, blocker: Permissions) -> Fix | None:
    """Return the fix that gives the server's user a right on a socket; None if a person has to.
    A reload is enough for a new group with Apache alone, whose new processes ask for their groups:
    HAProxy has none but its own (haproxy.c, set_identity()), Caddy those with which it started."""
    owner = next((read for read in view.evidence.good(ReadSetting) if read.topic == "socket"), None)
    if owner is not None and blocker.path == socket.path:
        # Imported late: few sockets are closed.
        from checks.upstream._setting_fixes import setting_fix

        return setting_fix((owner,), "let-it-in")
    command = group_command(socket) if view.server.product == "apache" else None
    return Fix((command, *reload_steps(view.server)), Applicability.REVIEW) if command else None


def other_socket(view: ServerView, path: str) -> str:
    """Return the only socket of PHP-FPM on which a program listens, where nobody listens on the
    one that the server's files name; "" if another pool may be meant."""
    sockets = view.evidence.of(UpstreamSocket)
    socket = next((each for each in sockets if each.path == path), None)
    others = other_php_sockets(path, socket.listening) if socket else ()
    if len(others) != 1:
        return ""
    is_same_name = posixpath.basename(others[0]) == posixpath.basename(path)
    return "" if is_named_pool(path) and not is_same_name else others[0]


def other_socket_fix(view: ServerView, path: str) -> Fix | None:
    """Return the edits that write the socket on which PHP-FPM listens, in all lines of the server's
    files that name the missing one; None if it is not known, or too many lines do."""
    other = other_socket(view, path)
    named = re.compile(rf"unix:{re.escape(path)}(?=[|\"'\s]|$)")
    edits, number_of_lines = list[Edit](), 0
    for file in view.config.files if other and view.config else ():
        changes = {
            number: (named.sub(lambda _: f"unix:{other}", row),)
            for number, row in enumerate(file_rows(view, file), 1)
            if named.search(row[:2000]) and not row.lstrip().startswith("#")
        }
        edit = line_edit(view, file.path, changes) if changes else None
        number_of_lines += len(changes)
        edits += [edit] if edit else []
    if not edits or number_of_lines > _MAX_LINES:
        return None
    # It may be another version of PHP.
    return Fix((*edits, *reload_steps(view.server)), Applicability.REVIEW)


def port_handler_edit(view: ServerView, route: SiteRoute, socket: str) -> Edit | None:
    """Return the edit that writes a socket into the handlers of a site that name a port."""
    file = view.config.file(route.file) if view.config else None
    named = re.compile(
        rf"(?i)(\s*SetHandler\s+[\"']?proxy:){re.escape(route.target)}(?=[/\"'\s]|$)"
    )
    changes: dict[int, tuple[str, ...]] = {
        number: (named.sub(lambda match: f"{match[1]}unix:{socket}|fcgi://localhost", row),)
        for number, row in enumerate(file_rows(view, file) if file else (), 1)
        if named.match(row[:2000])
    }
    changes = changes or _handler_for_pass(view, route, socket)
    is_plain = re.fullmatch(r"/[\w./-]{1,200}", socket)
    if not is_plain or not 0 < len(changes) <= _MAX_LINES:
        return None
    return line_edit(view, route.file, changes)


def _handler_for_pass(
    view: ServerView, route: SiteRoute, socket: str
) -> dict[int, tuple[str, ...]]:
    """Return the change that puts a handler in the place of a ProxyPassMatch that gives the scripts
    of the site's own folder to a port: mod_proxy builds no path of a socket from an expression."""
    text = line_text(view, route.file, route.line)
    match = _SCRIPTS_PASSED.fullmatch(text)
    roots = {site.root.rstrip("/") for site in view.answering_sites}
    if match is None or {match[2].rstrip("/")} != roots:
        return {}
    handler = f'SetHandler "proxy:unix:{socket}|fcgi://localhost"'
    margin = match[1]
    lines = (f'{margin}<FilesMatch "\\.php$">', f"{margin}    {handler}", f"{margin}</FilesMatch>")
    return {route.line: lines}


#: The line of Apache's examples that passes all scripts on (mod_proxy_fcgi, "Examples").
_SCRIPTS_PASSED = re.compile(
    r"(\s*)ProxyPassMatch\s+\"?\^/(?:\(\.\*\\\.php(?:\(/\.\*\)\?)?\)|\.\*\\\.php(?:\(/\.\*\)\?)?)\$?\"?\s+"
    r"\"?fcgi://[\w.:\[\]-]{1,100}(/[\w./-]{1,300}?)(?:/?\$[01])?\"?\s*",
    re.IGNORECASE,
)
