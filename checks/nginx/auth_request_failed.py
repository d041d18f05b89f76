"""nginx asks another address whether a visitor may pass (ngx_http_auth_request_module), and that
address responds with something other than 2xx, 401 or 403: the visitor gets 500, although the page
itself works.
"""

from collections.abc import Iterator

from checks.nginx import Nginx
from checks.nginx._page_errors import failed_sockets, page_claim, page_directive, page_error
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.http import Exchange
from diagnose.model.logs import LogLine

_UNEXPECTED = r"auth request unexpected status: (\d{3})"


@check(
    severity=Severity.ERROR,
    needs=[LogLine, Exchange],
    explains=["http.server-error", "http.redirect-to-error", "websocket.not-upgraded"],
)
def auth_request_failed(evidence: Evidence) -> Iterator[Claim]:
    error = page_error(evidence, _UNEXPECTED, {500})
    if error is None:
        return
    nginx = Nginx.of(evidence)
    directive = page_directive(nginx, "auth_request")
    facts = {
        "auth_status": error.match[1],
        "uri": directive.args[0] if directive and directive.args else "",
        "redirect": error.match[1].startswith("3"),
        "missing": error.match[1] == "404",
        "gateway": error.match[1] in {"500", "502", "503", "504"},
    }
    yield page_claim(
        nginx, error, facts, "repair-the-answer", directive, failed_sockets(evidence, {500})
    )
