"""A pasted message says that the site leads its visitors to its own name with another port, and the
given page answers: the program behind the web server makes its addresses of the port on which it
listens itself, in a redirect after a form, for example, that this run does not send.

Nothing answers visitors at that port, as it should be. It is likely where the port is the one to
which the web server passes on; a container's program listens on another one than its engine shows.
"""

from collections.abc import Iterator

from checks.http import endpoint_subjects
from checks.http._known_application import own_setting
from checks.nginx import Nginx, file_line
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
    merge_subjects,
)
from diagnose.model.addresses import is_loopback
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.server import Listeners
from diagnose.parsers.nginx import upstreams
from diagnose.parsers.reported_ports import reported_port


@frozen
class _Way:
    """Where the web server passes the page on to: the ports, and the line."""

    ports: tuple[int, ...]
    place: str


@check(severity=Severity.WARNING, needs=[Exchange], needs_message=True)
def own_port_told(evidence: Evidence) -> Iterator[Claim]:
    symptom, target = evidence.target.symptom, evidence.target
    pages = [page for page in page_exchanges(evidence) if 200 <= (page.status or 0) < 400]
    if symptom is None or symptom.kind != "wrong-address" or not pages:
        return
    port = reported_port(symptom.text, target.host, {target.port, 80, 443})
    way = _proxy_route(evidence) if port else None
    if port is None or way is None or _is_open(evidence, port):
        return
    subjects = endpoint_subjects(pages)
    from checks.upstream._own_remedy import with_own_remedy

    claim = Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=tuple(pages),
        confidence=Confidence.LIKELY if port in way.ports else Confidence.POSSIBLE,
        facts={
            "page": pages[0].url,
            "name": target.host,
            "port": port,
            "origin": target.origin,
            "own": port in way.ports,
            "place": way.place,
            "outer": target.port,
            **own_setting(evidence, "public_url"),
        },
        fix=Fix((Manual("own-address", Where.APPLICATION),), Applicability.MANUAL),
    )
    yield with_own_remedy(evidence, claim, "public_url")


def _proxy_route(evidence: Evidence) -> _Way | None:
    """Return where the page is passed on to; None if no program behind a web server is known."""
    nginx, target = Nginx.of(evidence), evidence.target
    for match in nginx.location_matches(target.path):
        proxy = upstreams.proxy_target_of(match, upstreams.request_variables(target))
        if proxy is not None:
            ports = tuple(endpoint.port for endpoint in proxy.endpoints if endpoint.port)
            return _Way(ports, file_line(proxy.directive))
    # Imported late: a site of nginx needs no other server's files.
    from checks.server import server_on_port
    from checks.server._backend_answers import route_to_application

    view = server_on_port(evidence)
    route = route_to_application(view) if view else None
    return _Way((route.port,), "") if route else None


def _is_open(evidence: Evidence, port: int) -> bool:
    """Return whether something on this server answers visitors at the port."""
    return any(
        socket.port == port and not is_loopback(socket.address)
        for listeners in evidence.good(Listeners)
        for socket in listeners.sockets
    )
