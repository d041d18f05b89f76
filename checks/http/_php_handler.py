"""Apache has a handler that passes PHP files on to PHP-FPM, and the module that carries it out is
not loaded, or it has no handler at all: Apache sends the source of the files (mod_proxy, "Access
via Handler"). The address of the server's only PHP-FPM."""

import re

from checks.server import ServerView, file_rows, line_edit, reload_steps, server_on_port
from checks.server._apache_modules import loading_steps
from checks.server._apache_overrides import added_lines
from checks.upstream._unix_sockets import php_sockets
from diagnose.model import Applicability, Evidence, Fix
from diagnose.model.server import Listeners
from diagnose.model.summary import socket_text
from diagnose.model.upstream import UnixListeners
from diagnose.parsers.urls import is_loopback_host

_MODULE = "proxy_fcgi"
#: A handler with a socket, and without the protocol that is spoken there.
_SOCKET_ALONE = re.compile(
    r"""(?i)([ \t]*SetHandler[ \t]+)["']?(proxy:unix:[^|\s"']{1,300}?)/?\|?["']?[ \t]*"""
)
_HANDLER = re.compile(r"(?im)^[ \t]*SetHandler[ \t]+[\"']?proxy:(?:unix:[^|\s]{1,300}\|)?fcgi:")

#: What runs scripts in another way, or keeps them from running in a folder.
_OTHER_HANDLER = re.compile(
    r"(?im)^[ \t]*(?:(?:Set|Add|Remove)Handler[ \t].{0,200}(?:php|none|default-handler)|"
    r"ProxyPassMatch[ \t].{0,200}fcgi:|Action[ \t].{0,200}php|php_(?:admin_)?flag[ \t]+engine)"
)


def module_fix(evidence: Evidence) -> Fix | None:
    """Return the fix that loads the module; None if another server is in front, if no handler
    needs it, or if it is loaded."""
    view = server_on_port(evidence)
    if view is None or view.config is None or view.server.product != "apache":
        return None
    modules = view.config.modules
    if fix := _socket_alone_fix(view):
        return fix
    if not modules or _MODULE in modules:
        return None
    if not any(_HANDLER.search(file.text) for file in view.config.files):
        return None
    load = loading_steps(view, (_MODULE,))
    return Fix((*load, *reload_steps(view.server)), Applicability.REVIEW) if load else None


def _sockets_alone(view: ServerView) -> list[tuple[str, int, str]]:
    """Return the file, the number and the text of the handlers that name a socket alone."""
    return [
        (file.path, number, row)
        for file in (view.config.files if view.config else ())
        for number, row in enumerate(file_rows(view, file), 1)
        if _SOCKET_ALONE.fullmatch(row)
    ]


def names_socket_alone(evidence: Evidence) -> bool:
    """Return whether Apache has the port, and a handler that names a socket alone."""
    view = server_on_port(evidence)
    is_apache = view is not None and view.server.product == "apache"
    return view is not None and is_apache and bool(_sockets_alone(view))


def _socket_alone_fix(view: ServerView) -> Fix | None:
    """Return the fix that writes the protocol behind the socket of the only handler which has none
    ("|fcgi://localhost"): Apache takes it for no handler and sends the source, or answers 500."""
    places, load = _sockets_alone(view), loading_steps(view, (_MODULE,))
    if len(places) != 1 or load is None:
        return None
    path, number, row = places[0]
    match = _SOCKET_ALONE.fullmatch(row)
    new = match.expand(r'\1"\2|fcgi://localhost"') if match else row
    edit = line_edit(view, path, {number: (new,)})
    if edit is None:
        return None
    return Fix((*load, edit, *reload_steps(view.server)), Applicability.REVIEW)


def added_handler_fix(evidence: Evidence, address: str) -> Fix | None:
    """Return the fix that adds a handler for PHP to the site, with the server's only PHP-FPM, at
    this address or at its Unix socket. None where it is not the only one, or where the files of
    Apache have another handler: one that keeps the scripts of a folder from running would be
    overridden. A person confirms that this PHP-FPM is the site's."""
    view = server_on_port(evidence)
    if view is None or view.config is None or view.server.product != "apache":
        return None
    modules, sites = view.config.modules, view.answering_sites
    has_module = not modules or any(name.startswith("php") for name in modules)
    has_other = any(_OTHER_HANDLER.search(file.text) for file in view.config.files)
    target = f"fcgi://{address}" if address else _socket_target(evidence)
    if has_module or has_other or not target or len(sites) != 1 or view.server.container:
        return None
    load = () if _MODULE in modules else loading_steps(view, (_MODULE,))
    section = ('<FilesMatch "\\.php$">', f'    SetHandler "proxy:{target}"', "</FilesMatch>")
    edit = added_lines(view, sites[0], section)
    if edit is None or load is None:
        return None
    return Fix((*load, edit, *reload_steps(view.server)), Applicability.REVIEW)


def _socket_target(evidence: Evidence) -> str:
    """Return the only Unix socket of PHP-FPM, as a handler names it; "" for none or several."""
    sockets = {
        socket
        for listening in evidence.good(UnixListeners)
        for socket in php_sockets(listening.sockets)
    }
    return f"unix:{sockets.pop()}|fcgi://localhost" if len(sockets) == 1 else ""


def php_address(evidence: Evidence) -> str:
    """Return the address at which the server's only PHP-FPM listens, "127.0.0.1:9000"; "" where it
    has a Unix socket, or several listen."""
    addresses = {
        socket_text(socket.address, socket.port)
        for listeners in evidence.good(Listeners)
        for socket in listeners.sockets
        if (socket.process or "").startswith("php-fpm") and is_loopback_host(socket.address)
    }
    return addresses.pop() if len(addresses) == 1 else ""
