"""uwsgi_pass, fastcgi_pass or grpc_pass leads to an application that speaks HTTP/1: Gunicorn, Node,
Uvicorn, Tomcat. Visitors get its 400 or nginx's 502 (error.log: "upstream sent unsupported FastCGI
protocol version: 72", 72 is "H"; "upstream sent too large http2 frame: 4740180", which is "HTT").
It answers an HTTP request, which a server of the other protocols does not.
"""

from collections.abc import Iterator

from checks.nginx import Nginx
from checks.nginx._edits import Changes
from checks.nginx._location_edits import header_lines, sends_field
from checks.upstream import CONSEQUENCES, Backend, backend_log_lines, backends
from checks.upstream._claims import BackendFault, upstream_claim
from checks.upstream._edits import edit_fix
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.http import page_exchanges
from diagnose.model.logs import FailedRequests
from diagnose.model.nginx import NginxConfig
from diagnose.model.upstream import UpstreamTalk
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.upstreams import pass_directive_of

_LOG_PATTERN = (
    r"upstream sent unsupported FastCGI protocol version: 72|too large http2 frame: 4740180"
)
#: What the application learns of the visitor; the other protocols pass it on as parameters.
_VISITOR_FIELDS = {
    "Host": "$host",
    "X-Forwarded-For": "$proxy_add_x_forwarded_for",
    "X-Forwarded-Proto": "$scheme",
}
_NAMES = {"fastcgi": "FastCGI", "uwsgi": "uwsgi", "grpc": "gRPC"}


@check(
    severity=Severity.ERROR,
    needs=[UpstreamTalk, NginxConfig],
    explains=[*CONSEQUENCES, "upstream.closed-early", "upstream.timeout"],
)
def speaks_http(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    pages = tuple(
        page for page in page_exchanges(evidence) if page.failure or page.status in {400, 502, 504}
    )
    for backend in backends(nginx):
        scheme = backend.proxy_target.scheme
        talks = [talk for talk in backend.variants if talk.speaks == "http" and not talk.failure]
        failed = pages if evidence.target.path in backend.paths else ()
        logged = _logged_failures(evidence, backend)
        if scheme not in _NAMES or not talks or not (failed or logged):
            continue
        status = failed[0].status if failed else logged[0].status
        yield upstream_claim(
            nginx,
            BackendFault(
                backend,
                {"protocol": _NAMES[scheme], "status": status or ""},
                because=(
                    *failed,
                    *logged,
                    *talks,
                    *backend_log_lines(nginx, backend, _LOG_PATTERN),
                ),
                severity=Severity.ERROR if failed else None,
                ruled_out=("upstream.refused",),
            ),
            edit_fix(nginx, _changes(nginx, backend), "speak-http", sure=False),
        )


def _logged_failures(evidence: Evidence, backend: Backend) -> tuple[FailedRequests, ...]:
    """Return the requests of visitors to this application that nginx answered with 502."""
    return tuple(
        failure
        for failure in evidence.good(FailedRequests)
        if failure.server == "nginx" and failure.status == 502 and failure.path in backend.paths
    )


def _changes(nginx: Nginx, backend: Backend) -> Changes:
    """Replace the directive by proxy_pass, with the fields about the visitor that are not set."""
    changes: Changes = {}
    for match, target in zip(backend.location_matches, backend.proxy_targets, strict=True):
        directive = pass_directive_of(match)
        if directive is not target.directive or target.uri or target.has_variables:
            continue
        address = directive.args[0].rpartition("://")[2]
        missing = {
            name: text
            for name, text in _VISITOR_FIELDS.items()
            if not sends_field(nginx, match, name)
        }
        lines = [f"proxy_pass http://{address};", *header_lines(nginx, match, missing, changes)]
        file = nginx.file(directive)
        indent = edits.indentation(file.text, directive) if file else ""
        changes.setdefault(directive.file, []).append(
            edits.replace_directive(directive, f"\n{indent}".join(lines))
        )
    return changes
