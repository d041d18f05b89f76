"""nginx asks the application for an upgrade with every page: `Connection` is "upgrade" whatever the
visitor's request says. Some applications answer requests with a body (POST) with 400 then, while
pages and WebSockets work (https://yipin100.com/a/2-133599; "WebSocket proxying", nginx.org, sets it
by a map). Kestrel, the server of ASP.NET Core, is one of them: "Requests with 'Connection: Upgrade'
cannot have content in the request body". Nothing is sent that would show it, so this is a note;
after a message about a 400, while the page itself answers, it is a warning.

Where the page itself fails by it, the comparison of requests says so (upstream.wrong-header)."""

from collections.abc import Iterator

from checks.nginx import Nginx, file_line
from checks.nginx._edits import Changes
from checks.nginx._location_edits import upgrade_variable
from checks.upstream._edits import edit_fix
from diagnose.checking.registry import check
from diagnose.model import (
    Claim,
    Confidence,
    Evidence,
    Fix,
    Severity,
    Subject,
)
from diagnose.model.http import Exchange, Upgrade, page_exchanges
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.parsers.nginx.edits import replace_directive
from diagnose.parsers.nginx.locations import LocationMatch, proxy_pass_of, proxy_set_header_of
from diagnose.parsers.websocket_refusal import unknown_session


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
        is_reported = _reports_400(evidence)
        yield Claim(
            severity=Severity.WARNING if is_reported else None,
            confidence=Confidence.LIKELY if is_reported else Confidence.CERTAIN,
            about=Subject(port=evidence.target.port, path=path, text=file_line(header)),
            because=(*pages, *([nginx.config] if nginx.config else [])),
            location=nginx.location(header),
            facts={
                "path": path,
                "place": file_line(header),
                "url": pages[0].url,
                "reported": is_reported,
            },
            fix=_fix(nginx, match, header),
        )
        return


def _fix(nginx: Nginx, match: LocationMatch, header: Directive) -> Fix:
    """Let a map set the field: only a visitor's handshake is passed on as one then."""
    changes: Changes = {}
    if variable := upgrade_variable(nginx, match, changes):
        line = f"proxy_set_header Connection {variable};"
        changes.setdefault(header.file, []).append(replace_directive(header, line))
    return edit_fix(nginx, changes, "by-a-map", sure=False)


def _reports_400(evidence: Evidence) -> bool:
    """Return whether a message reports a 400, and not for a GET: it has no body. Where sessions of
    Engine.IO are lost between servers, the 400 is theirs."""
    symptom = evidence.target.symptom
    if any(unknown_session(upgrade) for upgrade in evidence.of(Upgrade)):
        return False
    is_400 = symptom is not None and symptom.kind == "status" and symptom.number == 400
    return is_400 and symptom is not None and not symptom.text.startswith("GET ")
