"""nginx cannot connect to the application from the address that `proxy_bind` names: the server does
not have it (EADDRNOTAVAIL, bind(2)). Every visitor gets 500 at once.

The address moved to another server or was written for it, or `proxy_bind $remote_addr transparent`
lacks the privileges (ngx_http_proxy_module).
"""

import re
from collections.abc import Iterator, Sequence

from checks.nginx import Nginx, file_line
from checks.nginx._edits import Changes
from checks.upstream import CONSEQUENCES, Backend, backend_log_lines, backends
from checks.upstream._claims import BackendFault, upstream_claim
from checks.upstream._edits import edit_fix
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Fix, Severity
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.logs import LogLine
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.parsers.nginx.edits import remove_directive

_FAILED = r"^bind\(([^)]{1,100})\) failed"


@check(severity=Severity.ERROR, needs=[LogLine, NginxConfig], explains=[*CONSEQUENCES])
def bind_failed(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    for backend in backends(nginx):
        lines = backend_log_lines(nginx, backend, _FAILED)
        pages = [page for page in page_exchanges(evidence) if (page.status or 0) >= 500]
        if lines and pages:
            yield _claim(nginx, backend, lines, pages)


def _claim(
    nginx: Nginx, backend: Backend, lines: tuple[LogLine, ...], pages: Sequence[Exchange]
) -> Claim:
    line = lines[-1]
    failed = re.match(_FAILED, line.text)
    directive = backend.location_matches[0].directive("proxy_bind")
    return upstream_claim(
        nginx,
        BackendFault(
            backend,
            {
                "status": pages[0].status or "",
                "address": failed[1] if failed else "",
                "message": line.text,
                "written": directive.text if directive else "",
                "line": file_line(directive) if directive else "",
                "transparent": directive is not None and "transparent" in directive.args[1:],
            },
            because=(*lines[-3:], *pages),
            # 500 is not among the statuses of an application that failed.
            severity=Severity.ERROR,
            directive=directive,
            ruled_out=("upstream.refused",),
        ),
        _fix(nginx, directive),
    )


def _fix(nginx: Nginx, directive: Directive | None) -> Fix:
    """Remove the address that the server does not have: nginx then takes the one that leads to the
    application. An address that is the visitor's (`transparent`) is meant, and stays."""
    changes: Changes = {}
    file = nginx.file(directive) if directive else None
    if directive and file and not any("$" in word for word in directive.args):
        changes[directive.file] = [remove_directive(file.text, directive)]
    return edit_fix(nginx, changes, "bind-to-an-own-address", sure=False)
