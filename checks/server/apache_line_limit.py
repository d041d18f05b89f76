"""Apache refuses addresses that are longer than its limit (`LimitRequestLine`, 8190 bytes): 414, by
its log. Of several virtual hosts of one address the first has the say, so the line stands outside
of them (core, "LimitRequestLine").
"""

from collections.abc import Iterator

from checks.server import place_text, server_on_port
from checks.server._request_limits import limit_fix, limit_lines
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Severity, Subject
from diagnose.model.logs import FailedRequests
from diagnose.model.web_servers import WebServer, WebServerConfig

_NAME, _DEFAULT, _WANTED = "LimitRequestLine", 8190, 32768
#: URI Too Long (RFC 9110 section 15.5.15).
_TOO_LONG = 414


@check(
    severity=Severity.WARNING,
    needs=[WebServer, WebServerConfig, FailedRequests],
    explains=["server.other-requests-failed"],
)
def apache_line_limit(evidence: Evidence) -> Iterator[Claim]:
    view = server_on_port(evidence)
    if view is None or view.config is None or view.server.product != "apache":
        return
    failure = next(
        (
            failure
            for failure in evidence.good(FailedRequests)
            if failure.server == "apache" and failure.status == _TOO_LONG and failure.has_query
        ),
        None,
    )
    lines = limit_lines(view, _NAME)
    limit = min((value for *_, value in lines), default=_DEFAULT)
    if failure is None or limit >= _WANTED:
        return
    subject = Subject(port=evidence.target.port, path=failure.path)
    yield Claim(
        about=subject,
        covers=(subject,),
        because=(failure, view.config, view.server),
        # The application behind Apache may answer so as well.
        confidence=Confidence.LIKELY,
        facts={
            **view.facts,
            "url": evidence.target.origin + failure.path,
            "times": failure.times,
            "log": failure.file,
            "limit": limit,
            "place": place_text(*lines[0][:2]) if lines else "",
            "wanted": _WANTED,
        },
        fix=limit_fix(view, _NAME, _WANTED, lines),
    )
