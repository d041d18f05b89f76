"""A `try_files` whose last parameter is the request's own path: nginx redirects the request inside
itself to it, although no such file exists, and so to the same location again
(ngx_http_core_module, "try_files")."""

from checks.nginx import Nginx
from checks.nginx._commands import reload_steps
from checks.nginx._edits import config_edit
from diagnose.model import Applicability, Fix
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx.edits import one_line, replace_directive

_OWN_PATHS = frozenset({"$uri", "$uri/", "$request_uri", "$document_uri", "$document_uri/"})


def own_fallback_fix(nginx: Nginx, fallback: Directive) -> Fix | None:
    """Let nginx answer 404 where no file exists; None for another `try_files`."""
    if len(fallback.args) < 2 or fallback.args[-1] not in _OWN_PATHS:
        return None
    file = nginx.file(fallback)
    if file is None:
        return None
    line = f"{one_line(file.text, fallback).removesuffix(';')} =404;"
    edit = config_edit(nginx, fallback.file, replace_directive(fallback, line))
    return Fix((edit, *reload_steps(nginx)), Applicability.REVIEW) if edit else None
