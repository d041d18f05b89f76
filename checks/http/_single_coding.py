"""Lines by which Apache does not compress what is compressed already: a file that a cache wrote, or
the answer of a program. mod_deflate passes on what has `no-gzip` in its environment
(https://httpd.apache.org/docs/2.4/mod/mod_deflate.html#enable)."""

from checks.server import reload_steps, server_on_port
from checks.server._backend_answers import route_to_application
from checks.server._scoped_fields import inserted_edit
from diagnose.model import Applicability, Evidence, Fix

_FILES = ('<FilesMatch "\\.gz$">', "    SetEnv no-gzip 1", "</FilesMatch>")
_SITE = ("SetEnv no-gzip 1",)


def single_coding_fix(evidence: Evidence, path: str) -> Fix | None:
    """Return the fix for a body that is compressed twice; None if Apache does not compress there,
    or if a person has to write the lines."""
    view = server_on_port(evidence)
    if view is None or view.server.product != "apache" or view.config is None:
        return None
    if "deflate" not in view.config.modules:
        return None
    edit = inserted_edit(view, _SITE if route_to_application(view, path) else _FILES)
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW) if edit else None
