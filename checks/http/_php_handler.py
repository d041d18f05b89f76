"""Apache has a handler that passes PHP files on to PHP-FPM, and the module that carries it out is
not loaded: Apache sends the source of the files (mod_proxy, "Access via Handler"). The address of
the server's only PHP-FPM."""

import re

from checks.server import reload_steps, server_on_port
from checks.server._apache_modules import loading_steps
from diagnose.model import Applicability, Evidence, Fix
from diagnose.model.server import Listeners
from diagnose.model.summary import socket_text
from diagnose.parsers.urls import is_loopback_host

_MODULE = "proxy_fcgi"
_HANDLER = re.compile(r"(?im)^[ \t]*SetHandler[ \t]+[\"']?proxy:(?:unix:[^|\s]{1,300}\|)?fcgi:")


def module_fix(evidence: Evidence) -> Fix | None:
    """Return the fix that loads the module; None if another server is in front, if no handler
    needs it, or if it is loaded."""
    view = server_on_port(evidence)
    if view is None or view.config is None or view.server.product != "apache":
        return None
    modules = view.config.modules
    if not modules or _MODULE in modules:
        return None
    if not any(_HANDLER.search(file.text) for file in view.config.files):
        return None
    load = loading_steps(view, (_MODULE,))
    return Fix((*load, *reload_steps(view.server)), Applicability.REVIEW) if load else None


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
