"""The page is a folder without an index file, and nginx does not list folders: it responds 403
(ngx_http_index_module, ngx_http_autoindex_module: "directory index of … is forbidden").

It is a warning: an address of an interface may be meant to have no page. It is an error where
`root` names a project and the index file is in its public folder (Laravel and Symfony: public,
builds: dist, build). Where `try_files $uri $uri/ /index.php` has found a folder, the application
does not get its own route of that name.
"""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import replace

from checks.nginx import Nginx
from checks.nginx._commands import reload_steps
from checks.nginx._edits import config_edit
from checks.nginx._page_errors import page_claim, page_directive, page_error
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Severity
from diagnose.model.files import PageFileAccess
from diagnose.model.http import Exchange
from diagnose.model.logs import LogLine
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx import edits

_NO_INDEX = r'directory index of "([^"]*)" is forbidden'


@check(severity=Severity.WARNING, needs=[LogLine, Exchange])
def index_missing(evidence: Evidence) -> Iterator[Claim]:
    error = page_error(evidence, _NO_INDEX, {403})
    if error is None:
        return
    nginx = Nginx.of(evidence)
    root, index = page_directive(nginx, "root"), page_directive(nginx, "index")
    folder = posixpath.normpath(error.match[1])
    access = next(
        (
            access
            for access in evidence.good(PageFileAccess)
            if access.mistake == "below" and posixpath.normpath(access.path) == folder
        ),
        None,
    )
    facts = {
        "folder": folder,
        "names": index.args if index else ("index.html",),
        "below": access.elsewhere if access else "",
        "public": posixpath.dirname(access.elsewhere) if access else "",
        "route": "" if access else _route(nginx),
    }
    claim = page_claim(nginx, error, facts, "add-index", root)
    if access is None:
        yield claim
        return
    fix = _fix(nginx, root, access) if root else None
    yield replace(
        claim,
        severity=Severity.ERROR,
        because=(*claim.because, access),
        fix=fix or claim.fix,
    )


def _route(nginx: Nginx) -> str:
    """Return where try_files would lead the path if the folder were not there: the front controller
    of an application, "" if there is none. The front page is no such path."""
    try_files = page_directive(nginx, "try_files")
    arguments = try_files.args if try_files else ()
    fallback = re.split(r"[?$]", arguments[-1])[0] if arguments else ""
    is_folder = "$uri/" in arguments[:-1] and nginx.evidence.target.path != "/"
    return fallback if is_folder and fallback.startswith("/") else ""


def _fix(nginx: Nginx, root: Directive, access: PageFileAccess) -> Fix | None:
    """Let `root` name the public folder. What is meant, its owner knows."""
    if posixpath.normpath(root.args[0]) != posixpath.normpath(access.path):
        return None
    change = edits.replace_directive(root, f"root {posixpath.dirname(access.elsewhere)};")
    edit = config_edit(nginx, root.file, change)
    return Fix((edit, *reload_steps(nginx)), Applicability.REVIEW) if edit else None
