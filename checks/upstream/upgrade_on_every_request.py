"""nginx asks the application for an upgrade with every page: `Connection` is "upgrade" whatever the
visitor's request says. Some applications answer requests with a body (POST) with 400 then, while
pages and WebSockets work (https://yipin100.com/a/2-133599; "WebSocket proxying", nginx.org, sets it
by a map). Kestrel, the server of ASP.NET Core, is one of them: "Requests with 'Connection: Upgrade'
cannot have content in the request body". Nothing is sent that would show it, so this is a note;
after a message about a 400, while the page itself answers, it is a warning, and where Kestrel's
answers to POST are 400 by nginx's log.

Where the page itself fails by it, the comparison of requests says so (upstream.wrong-header)."""

import re
from collections.abc import Iterator

from checks.nginx import Nginx, file_line
from diagnose.checking.registry import check
from diagnose.model import (
    Claim,
    Confidence,
    Evidence,
    Severity,
    Subject,
)
from diagnose.model.applications import KnownApplication
from diagnose.model.http import Exchange, Upgrade, page_exchanges
from diagnose.model.logs import FailedRequests
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.model.server import Listeners
from diagnose.parsers.nginx.locations import LocationMatch, proxy_pass_of, proxy_set_header_of
from diagnose.parsers.nginx.upstreams import proxy_target_of, request_variables
from diagnose.parsers.websocket_refusal import unknown_session


@check(
    severity=Severity.NOTE,
    needs=[NginxConfig, Exchange],
    explains=["nginx.other-requests-failed"],
)
def upgrade_on_every_request(evidence: Evidence) -> Iterator[Claim]:
    nginx, path = Nginx.of(evidence), evidence.target.path
    is_reported = _reports_400(evidence)
    logged = _logged_400(evidence, nginx)
    # What takes a POST alone answers a GET with 405, or with 404.
    answered = {*range(200, 400), *((404, 405) if is_reported or logged else ())}
    pages = [page for page in page_exchanges(evidence) if page.status in answered]
    # A path that is asked for as a WebSocket may well be one for nothing else.
    if not pages or path in evidence.target.websockets:
        return
    for match in nginx.location_matches(path):
        header = proxy_set_header_of(match, "Connection")
        words = [argument.lower() for argument in header.args[1:]] if header else []
        if header is None or words != ["upgrade"] or proxy_pass_of(match) is None:
            continue
        # Imported late: most sites set the field by a map.
        from checks.upstream._upgrade_edits import map_fix

        failures = [failure for failure in logged if _has_header(nginx, failure.path, header)]
        if not is_reported and not (failures and _is_of_dotnet(evidence, match)):
            failures = []
        is_seen = is_reported or bool(failures)
        if not is_seen and _asks_for_nothing(match) and _is_unconcerned(evidence, match):
            return
        port = evidence.target.port
        yield Claim(
            severity=Severity.WARNING if is_seen else None,
            confidence=Confidence.LIKELY if is_seen else Confidence.CERTAIN,
            about=Subject(port=port, path=path, text=file_line(header)),
            covers=tuple(Subject(port=port, path=failure.path) for failure in failures),
            because=(*pages, *failures, *nginx.configs),
            location=nginx.location(header),
            facts={
                "path": path,
                "place": file_line(header),
                "url": pages[0].url,
                "reported": is_reported,
                "logged": f"{failures[0].method} {failures[0].path}" if failures else "",
                "log": failures[0].file if failures else "",
            },
            fix=map_fix(nginx, match, header),
        )
        return


#: Methods of requests with a body.
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


def _logged_400(evidence: Evidence, nginx: Nginx) -> tuple[FailedRequests, ...]:
    """Return the requests of visitors with a body that got 400, by nginx's log."""
    # Imported late: a healthy site's log has none.
    if not any(evidence.of(FailedRequests)):
        return ()
    from checks.nginx._failed_requests import current_failures

    failures = current_failures(nginx.evidence, {400})
    return tuple(
        failure
        for failure in failures
        if failure.method in _WITH_BODY and not failure.forms_accepted
    )


def _has_header(nginx: Nginx, path: str, header: Directive) -> bool:
    """Return whether a path is served with the same line."""
    matches = nginx.location_matches(path)
    return any(proxy_set_header_of(match, "Connection") is header for match in matches)


#: A message about a GET of a path.
_GET = re.compile(r"GET (?:https?:/)?/")


#: Programs whose HTTP server upgrades only what has the field Upgrade too, and takes any other
#: request as it is: Node.js (`http`, event "upgrade"), Cowboy and Bandit, Puma, gunicorn, uvicorn.
#: The guides of Socket.IO, Phoenix, Immich and NodeBB write the line for every request.
_UNCONCERNED = frozenset(
    ("node", "MainThread", "node-MainThread", "next-server", "beam.smp", "puma", "gunicorn",
     "uvicorn")
)  # fmt: skip


#: What listens in place of a program in a container.
_FORWARDERS = frozenset(("docker-proxy", "rootlessport", "rootlesskit", "pasta"))
#: Applications that run in Node.js, by their files in diagnose/applications.
_OF_NODE = frozenset(
    ("code-server", "directus", "etherpad", "foundry-vtt", "ghost", "growi", "hedgedoc", "homepage",
     "immich", "kibana", "librechat", "linkwarden", "n8n", "node-red", "nodebb", "outline",
     "overleaf", "peertube", "planka", "rocketchat", "strapi", "uptime-kuma", "wekan", "wiki-js",
     "zigbee2mqtt")
)  # fmt: skip


def _is_unconcerned(evidence: Evidence, match: LocationMatch) -> bool:
    """Return whether the program is known to take such a request: by its name, or in a container by
    its page."""
    programs = _programs(evidence, match)
    if programs & _UNCONCERNED:
        return True
    return (
        bool(programs)
        and programs <= _FORWARDERS
        and any(application.id in _OF_NODE for application in evidence.of(KnownApplication))
    )


def _asks_for_nothing(match: LocationMatch) -> bool:
    """Return whether nginx sends the field Upgrade with a visitor's handshake alone."""
    header = proxy_set_header_of(match, "Upgrade")
    return header is not None and header.args[1:] == ("$http_upgrade",)


def _is_of_dotnet(evidence: Evidence, match: LocationMatch) -> bool:
    """Return whether the application runs in .NET, whose server refuses each request with a body
    that asks for an upgrade: of others a 400 may be about what is in the form."""
    return "dotnet" in _programs(evidence, match)


def _programs(evidence: Evidence, match: LocationMatch) -> set[str]:
    """Return the names of the programs that listen on the ports to which a location passes."""
    target = proxy_target_of(match, request_variables(evidence.target))
    ports = {endpoint.port for endpoint in target.endpoints} if target else set()
    return {
        listener.process
        for listeners in evidence.good(Listeners)
        for listener in listeners.sockets
        if listener.process and listener.port in ports
    }


def _reports_400(evidence: Evidence) -> bool:
    """Return whether a message reports a 400, and not for a GET: it has no body. Where sessions of
    Engine.IO are lost between servers, the 400 is theirs."""
    symptom = evidence.target.symptom
    if any(unknown_session(upgrade) for upgrade in evidence.of(Upgrade)):
        return False
    is_400 = symptom is not None and symptom.kind == "status" and symptom.number == 400
    return is_400 and symptom is not None and _GET.match(symptom.text) is None
