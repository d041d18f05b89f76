"""The application ends its response too early because nginx asks it for an upgrade with every
request (`proxy_set_header Connection "upgrade"`): it takes a page for a handshake (RFC 9110
section 7.8; https://github.com/iv-org/invidious/issues/604).

The application itself was asked in both ways: with `Connection: upgrade` it cuts the response, and
without it does not.
"""

from collections.abc import Iterator

from checks.http._bodies import body_subjects, page_bodies
from checks.nginx import Nginx, file_line
from checks.upstream._upgrade_edits import map_fix
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Severity, Subject
from diagnose.model.http import ResponseBody
from diagnose.model.nginx import NginxConfig
from diagnose.parsers.nginx.locations import proxy_pass_of, proxy_set_header_of


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig],
    needs_fault=[ResponseBody],
    explains=["http.body-cut", "upstream.response-cut", "upstream.upgrade-on-every-request"],
)
def upgrade_cuts_response(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    cut = [body for body in page_bodies(evidence, "upgrade") if body.end == "cut"]
    whole = [body for body in page_bodies(evidence, "application") if body.end != "cut"]
    visited = [
        body
        for request in ("target", "browser")
        for body in page_bodies(evidence, request)
        if body.end == "cut"
    ]
    if not cut or not whole or not visited or whole[0].received <= cut[0].received:
        return
    for match in nginx.location_matches(evidence.target.path):
        header = proxy_set_header_of(match, "Connection")
        if header is None or proxy_pass_of(match) is None:
            continue
        subjects, target = body_subjects(visited), evidence.target
        line = Subject(port=target.port, path=target.path, text=file_line(header))
        yield Claim(
            about=subjects[0],
            covers=(*subjects, line),
            because=(*visited, cut[0], whole[0], *nginx.configs),
            confidence=Confidence.CERTAIN,
            location=nginx.location(header),
            facts={
                "url": visited[0].url,
                "application": cut[0].url,
                "cut": cut[0].received,
                "whole": whole[0].received,
                "place": file_line(header),
            },
            fix=map_fix(nginx, match, header),
        )
        return
