"""HAProxy compares the whole Host field with a name, and some clients write the port behind it
(`Host: shop.example.com:443`, RFC 9110 section 7.2): federation of Matrix, programs for scripts,
health checks. No rule is true for them, so that they get 503, or the application of other names.

Browsers leave out the port of the scheme: their pages work. So it is told only of a message.
"""

import re
from collections.abc import Iterator

from checks.server import line_edit, line_text, manual_fix, reload_steps
from checks.server._haproxy import HaproxyView, haproxy_view, place
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Evidence, Fix, Severity, Subject
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.haproxy.config import Line
from diagnose.parsers.haproxy.view import backend_with_port

#: A fetch of the whole field in an ACL that compares it as it is.
_FETCH = re.compile(r"(?<![\w.])((?:req\.)?f?hdr(?:_end)?\(host\))(?=\s)", re.IGNORECASE)
#: Statuses of HAProxy itself, or of an application for other names.
_STATUSES = {400, 403, 404, 421, 503}


@check(
    severity=Severity.WARNING,
    needs=[WebServer, WebServerConfig, Exchange],
    needs_message=True,
)
def haproxy_host_with_port(evidence: Evidence) -> Iterator[Claim]:
    target, haproxy = evidence.target, haproxy_view(evidence)
    pages = [page for page in page_exchanges(evidence) if (page.status or 500) < 400]
    symptom = target.symptom
    if haproxy is None or haproxy.proxies.selection is None or symptom is None or not pages:
        return
    is_written = f"{target.host}:{target.port}" in symptom.text
    is_status = symptom.kind == "status" and symptom.number in _STATUSES
    if not is_status or not (is_written or symptom.number == 503):
        return
    other = backend_with_port(haproxy.proxies, target)
    lines = _lines(haproxy)
    if other is None or other == haproxy.proxies.backend_name or not lines:
        return
    own = Subject(port=target.port)
    yield Claim(
        about=own,
        covers=(own, Subject(port=target.port, path=target.path.partition("?")[0])),
        because=(*pages, haproxy.view.server),
        # How the client of the message writes the field, this run does not see.
        confidence=Confidence.LIKELY if is_written else Confidence.POSSIBLE,
        facts={
            **haproxy.view.facts,
            "host": f"{target.host}:{target.port}",
            "place": place(lines[0]),
            "backend": haproxy.proxies.backend_name,
            "other": other,
        },
        fix=_fix(haproxy, lines),
    )


def _lines(haproxy: HaproxyView) -> tuple[Line, ...]:
    """Return the lines of the frontend that compare the whole field with a name."""
    frontend = haproxy.proxies.frontend
    return tuple(
        line
        for line in (*frontend.own("acl"), *frontend.own("use_backend"))
        if _FETCH.search(line_text(haproxy.view, line.file, line.number))
    )


def _fix(haproxy: HaproxyView, lines: tuple[Line, ...]) -> Fix:
    """Compare what stands before the colon."""
    changes = {
        line.number: (
            _FETCH.sub(r"\1,field(1,:)", line_text(haproxy.view, line.file, line.number)),
        )
        for line in lines
        if line.file == lines[0].file
    }
    edit = line_edit(haproxy.view, lines[0].file, changes)
    if edit is None:
        return manual_fix(haproxy.view, "without-port")
    return Fix((edit, *reload_steps(haproxy.view.server)), Applicability.REVIEW)
