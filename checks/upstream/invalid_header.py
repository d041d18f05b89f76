"""The application's response has a header that nginx refuses: nginx answers 502 (error.log:
"upstream sent invalid header", "upstream sent duplicate header line", "upstream sent unknown
"Transfer-Encoding""), although browsers and curl accept such a response from the application.

Since 1.23.0 nginx refuses a second Transfer-Encoding or Content-Length, and since 1.21.1 spaces in
names (nginx.org, CHANGES).
"""

import shlex
from collections.abc import Iterator

from checks.nginx import Nginx
from checks.nginx._page_errors import failed_sockets, page_claim, page_directive, page_error
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity
from diagnose.model.http import Exchange
from diagnose.model.logs import LogLine
from diagnose.parsers.nginx import error_log
from diagnose.parsers.nginx.locations import PASS_DIRECTIVES
from diagnose.parsers.nginx.script_paths import script_request

#: ngx_http_upstream.c, ngx_http_proxy_module.c (1.26). A duplicate that is ignored is no fault. The
#: names in quotes, Content-Length and Transfer-Encoding, are hidden in a masked recording.
_INVALID = (
    r'upstream sent (?:(?P<invalid>invalid header: "(?P<line>[^"]*)")'
    r'|(?P<duplicate>duplicate header line: "(?P<second>[^"]*)"(?!.*", ignored while))'
    r'|(?P<coding>unknown "[^"]*": "(?P<codings>[^"]*)")'
    r'|(?P<length>invalid "[^"]*" header: "(?P<number>[^"]*)")'
    r'|(?P<both>"[^"]*" and "[^"]*" headers at the same time))'
)


@check(
    severity=Severity.ERROR,
    needs=[LogLine, Exchange],
    explains=[
        "http.server-error",
        "http.redirect-to-error",
        "upstream.none-live",
        "upstream.wrong-host-header",
        "websocket.not-upgraded",
    ],
)
def invalid_header(evidence: Evidence) -> Iterator[Claim]:
    error = page_error(evidence, _INVALID, {502})
    if error is None:
        return
    nginx, groups = Nginx.of(evidence), error.match.groupdict()
    named = (groups["line"], groups["second"], groups["codings"], groups["number"])
    header = next((text for text in named if text), "")
    gateway = error.line.upstream.partition("://")[0].lower()
    root = page_directive(nginx, "root") or page_directive(nginx, "alias")
    is_plain = root is not None and root.args and root.args[0].startswith("/")
    facts = {
        "header": header,
        # Their ports do not speak HTTP: curl gets no answer there.
        "gateway": gateway if gateway in {"fastcgi", "uwsgi", "scgi"} else "",
        "fastcgi": gateway == "fastcgi" and _direct_request(nginx, error.line),
        "status_line": bool(groups["invalid"]) and header.startswith("HTTP\\x20"),
        "markup": bool(groups["invalid"]) and header.startswith("<"),
        "folder": shlex.quote(root.args[0])
        if root and is_plain and "$" not in root.args[0]
        else "",
        "application": error_log.upstream_authority(error.line),
        **{
            kind: bool(groups[kind])
            for kind in ("invalid", "duplicate", "coding", "length", "both")
        },
    }
    directives = (
        directive
        for match in nginx.location_matches(evidence.target.path)
        for name in PASS_DIRECTIVES
        if (directive := match.directive(name))
    )
    yield page_claim(
        nginx,
        error,
        facts,
        "mend-the-header",
        next(directives, None),
        failed_sockets(evidence, {502}),
    )


def _direct_request(nginx: Nginx, line: LogLine) -> str:
    """Return the command that asks FastCGI for the page itself; "" where the script is unknown."""
    path = nginx.evidence.target.path
    query = path.partition("?")[2]
    socket = error_log.upstream_authority(line).removeprefix("unix:")
    for selected in nginx.answering_servers():
        if request := script_request(selected.server, path, nginx.start_folder):
            values = {
                "SCRIPT_FILENAME": request.script.path, "SCRIPT_NAME": request.uri,
                "REQUEST_URI": path, "REQUEST_METHOD": "GET", "QUERY_STRING": query,
            }  # fmt: skip
            words = [f"{name}={value}" for name, value in values.items()]
            return shlex.join(["env", *words, "cgi-fcgi", "-bind", "-connect", socket])
    return ""
