"""nginx asks the application for an upgrade with every page: `Connection` is "upgrade" whatever the
visitor's request says. Some applications answer requests with a body (POST) with 400 then, while
pages and WebSockets work (https://yipin100.com/a/2-133599; "WebSocket proxying", nginx.org, sets it
by a map). Nothing is sent that would show it, so this is a note.

Where the page itself fails by it, the comparison of requests says so (upstream.wrong-header)."""

from collections.abc import Iterator

from checks.nginx import Nginx, file_line
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Subject, Where
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.nginx import NginxConfig
from diagnose.parsers.nginx.locations import proxy_pass_of, proxy_set_header_of


@check(severity=Severity.NOTE, needs=[NginxConfig, Exchange])
def upgrade_on_every_request(evidence: Evidence) -> Iterator[Claim]:
    nginx, path = Nginx.of(evidence), evidence.target.path
    pages = [page for page in page_exchanges(evidence) if page.status and page.status < 400]
    # A path that is asked for as a WebSocket may well be one for nothing else.
    if not pages or path in evidence.target.websockets:
        return
    for match in nginx.location_matches(path):
        header = proxy_set_header_of(match, "Connection")
        words = [argument.lower() for argument in header.args[1:]] if header else []
        if header is None or words != ["upgrade"] or proxy_pass_of(match) is None:
            continue
        yield Claim(
            about=Subject(port=evidence.target.port, path=path, text=file_line(header)),
            because=(*pages, *([nginx.config] if nginx.config else [])),
            location=nginx.location(header),
            facts={"path": path, "place": file_line(header), "url": pages[0].url},
            fix=Fix((Manual("by-a-map", Where.SERVER),), Applicability.MANUAL),
        )
        return
