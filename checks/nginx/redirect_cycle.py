"""nginx redirects a request inside itself, from one path to another, until it gives up after ten
times and responds 500 (ngx_http_core_module, "rewrite or internal redirection cycle").

The usual reason is `try_files … /index.html` where no index.html exists: its last argument leads
back to the same location. No application is involved.
"""

import re
from collections.abc import Iterator

from checks.nginx import Nginx
from checks.nginx._page_errors import failed_sockets, page_claim, page_directive, page_error
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.http import Exchange
from diagnose.model.logs import LogLine

_CYCLE = (
    r"rewrite or internal redirection cycle while (?:internally redirecting to|processing) "
    r'"([^"]*)"'
)


@check(
    severity=Severity.ERROR,
    needs=[LogLine, Exchange],
    explains=[
        "http.server-error",
        "http.redirect-to-error",
        "http.no-redirect",
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
    facts = {
        "path": target,
        "file": f"{folder.rstrip('/')}{target}" if is_file else "",
        "folder": folder if is_file else "",
        "directive": decisive.name if decisive else "",
    }
    yield page_claim(
        nginx, error, facts, "end-the-cycle", decisive, failed_sockets(evidence, {500})
    )
