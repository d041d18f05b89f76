"""Apache has a handler that passes PHP files on to PHP-FPM, and the module that carries it out is
not loaded: Apache sends the source of the files (mod_proxy, "Access via Handler")."""

import re

from checks.server import reload_steps, server_on_port
from diagnose.model import Applicability, Evidence, Fix, server_commands

_MODULE = "proxy_fcgi"
_HANDLER = re.compile(r"(?im)^[ \t]*SetHandler[ \t]+[\"']?proxy:(?:unix:[^|\s]{1,300}\|)?fcgi:")


def module_fix(evidence: Evidence) -> Fix | None:
    """Return the fix that loads the module; None if another server is in front, if no handler
    needs it, or if it is loaded. Its command is Debian's."""
    view = server_on_port(evidence)
    if view is None or view.config is None or view.server.product != "apache":
        return None
    is_debian = view.server.config.startswith("/etc/apache2/")
    modules = view.config.modules
    if not is_debian or not modules or _MODULE in modules:
        return None
    if not any(_HANDLER.search(file.text) for file in view.config.files):
        return None
    load = server_commands.enable_apache_modules((_MODULE,))
    return Fix((load, *reload_steps(view.server)), Applicability.REVIEW)
