"""nginx redirects a request inside itself, from one path to another, until it gives up after ten
times and responds 500 (ngx_http_core_module, "rewrite or internal redirection cycle").

The usual reason is `try_files … /index.html` where no index.html exists: its last argument leads
back to the same location. No application is involved. Where the page is in another folder, to which
`alias` or another `root` leads, that is printed: a location for a prefix (`location /app/`) whose
`root` has no folder of that name, or whose own line was made a comment, a `root` that names the
project, a name with a wrong letter. The page of `location /` is never meant for a prefix.
"""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import replace

from checks.nginx import Nginx
from checks.nginx._failed_requests import current_failures
from checks.nginx._near_edits import commented_line, fallback_page_fix
from checks.nginx._page_errors import (
    PageError,
    failed_sockets,
    page_claim,
    page_directive,
    page_error,
)
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity, Subject
from diagnose.model.files import PageFileAccess
from diagnose.model.http import Exchange
from diagnose.model.logs import LogLine

_CYCLE = (
    r"rewrite or internal redirection cycle while (?:internally redirecting to|processing"
    r'|redirect to named location) "([^"]*)"'
)


@check(
    severity=Severity.ERROR,
    needs=[LogLine, Exchange],
    explains=[
        "http.server-error",
        "http.redirect-to-error",
        "http.no-redirect",
        "nginx.other-requests-failed",
        "websocket.not-upgraded",
    ],
)
def redirect_cycle(evidence: Evidence) -> Iterator[Claim]:
    error = page_error(evidence, _CYCLE, {500})
    if error is None:
        return
    nginx = Nginx.of(evidence)
    root = page_directive(nginx, "root")
    fallback = page_directive(nginx, "try_files")
    decisive = fallback or page_directive(nginx, "error_page") or page_directive(nginx, "rewrite")
    folder = root.args[0] if root and root.args and "$" not in root.args[0] else ""
    target = error.match[1]
    # The query of the fallback may be written as variables: "/index.php$is_args$args".
    fallback_uri = re.split(r"[?$]", fallback.args[-1])[0] if fallback and fallback.args else ""
    is_file = bool(folder) and fallback_uri == target
    access = _access(evidence, error)
    file = f"{folder.rstrip('/')}{target}" if is_file else ""
    facts = {
        "path": target,
        "file": access.path if access else file,
        "folder": folder if file or access else "",
        "directive": decisive.name if decisive else "",
        "elsewhere": access.elsewhere if access else "",
        "commented": _commented(nginx, access, target) if access else "",
        "script": _script(nginx, target) if is_file and access is None else "",
    }
    # Imported late: few sites have such a cycle.
    from checks.nginx._own_rewrites import own_rewrite, own_rewrite_fix
    from checks.nginx._script_cycles import script_cycle, script_cycle_fix

    is_open = not file and access is None
    cycle = script_cycle(nginx, target) if is_open else None
    own = own_rewrite(nginx, target) if is_open and cycle is None else None
    facts |= {
        "cycling": cycle.script if cycle else "",
        "php": cycle.php.block.text if cycle else "",
    }
    facts["front"] = _front(access)
    facts["rewrite"] = own.directive.text if own else ""
    facts["below"] = own.folder if own else ""
    facts["owner"] = own.match.block.text if own else ""
    decisive = own.directive if own else cycle.php.block if cycle else decisive
    sockets = failed_sockets(evidence, {500})
    claim = page_claim(nginx, error, facts, "end-the-cycle", decisive, sockets)
    claim = replace(claim, covers=(*claim.covers, *_other_paths(nginx, target)))
    if access is None:
        fix = own_rewrite_fix(nginx, own) if own else None
        fix = script_cycle_fix(nginx, cycle) if cycle else fix
        if fix is None and fallback is not None:
            from checks.nginx._own_fallbacks import own_fallback_fix

            fix = own_fallback_fix(nginx, fallback)
        yield replace(claim, fix=fix or claim.fix)
        return
    match = next(iter(nginx.location_matches(target)), None)
    if name := _front(access):
        from checks.nginx._front_edits import front_fix

        fix = front_fix(nginx, target, name)
    else:
        fix = fallback_page_fix(nginx, match, access, target) if match else None
    yield replace(claim, because=(*claim.because, access), fix=fix or claim.fix)


def _front(access: PageFileAccess | None) -> str:
    """Return the name of the page or script that the folder has in the place of the missing one."""
    is_front = access is not None and access.mistake == "front"
    return posixpath.basename(access.elsewhere) if access and is_front else ""


def _script(nginx: Nginx, target: str) -> str:
    """Return the index of PHP beside the page that is missing, if the site's index is one: what is
    no file is meant for it."""
    index = page_directive(nginx, "index")
    names = index.args if index else ()
    is_first = next((name for name in names if name.startswith("index.")), "") == "index.php"
    return (
        f"{target.removesuffix('.html')}.php" if is_first and target.endswith("/index.html") else ""
    )


def _other_paths(nginx: Nginx, target: str) -> Iterator[Subject]:
    """Yield the other paths of the same location that nginx's log has with the same status."""
    match = next(iter(nginx.location_matches(target)), None)
    for failure in current_failures(nginx.evidence, {500}) if match else ():
        other = next(iter(nginx.location_matches(failure.path)), None)
        if other and match and other.block is match.block:
            yield Subject(port=nginx.evidence.target.port, path=failure.path)


def _commented(nginx: Nginx, access: PageFileAccess, target: str) -> str:
    """Return the line in a comment that leads to the page."""
    match = next(iter(nginx.location_matches(target)), None)
    line = commented_line(nginx, match, target, access.elsewhere) if match else None
    is_meant = line is not None and access.mistake == "commented"
    return line.text if line and is_meant else ""


def _access(evidence: Evidence, error: PageError) -> PageFileAccess | None:
    """Return where the page is not to which `try_files` leads, and where it is."""
    urls = {response.url for response in error.exchanges if isinstance(response, Exchange)}
    accesses = (access for access in evidence.good(PageFileAccess) if access.elsewhere)
    return next((access for access in accesses if access.url in urls), None)
