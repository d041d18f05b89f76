"""The field by which the application behind nginx learns the port of its visitors, as it was seen:
it was asked directly with each."""

from checks.nginx import Nginx
from checks.nginx._forwarded_ports import PORT, port_fix
from diagnose.model import Fix
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange
from diagnose.model.requests import ComparedRequest
from diagnose.parsers.redirects import drops_port
from diagnose.parsers.upstream_answers import reproduces
from diagnose.parsers.urls import parse_url

_FIELDS = (PORT, "X-Forwarded-Host")


@frozen(eq=False)
class PortField:
    """A field that nginx does not send. `requests` are nginx's own and that with the field."""

    requests: tuple[ComparedRequest, ...]
    fix: Fix | None

    @property
    def facts(self) -> dict[str, object]:
        last = self.requests[-1]
        return {"port_field": last.name, "port_value": last.value, "port_answer": last.location}


def port_field(nginx: Nginx, step: Exchange) -> PortField | None:
    """Return the field with which the application redirects to the visitors' port each time, and
    without it each time as visitors are redirected; None if there is none."""
    evidence, target = nginx.evidence, nginx.evidence.target
    if not drops_port(step) or step.url != target.url:
        return None
    requests = evidence.of(ComparedRequest)
    as_nginx = [request for request in requests if request.part == "none"]
    if len(as_nginx) < 2 or not all(reproduces(each, step) for each in as_nginx):
        return None
    for name in _FIELDS:
        port_requests = [
            request for request in requests if request.part == "field" and request.name == name
        ]
        places = {
            (url.host, url.port) if url else ()
            for url in (parse_url(t.location) for t in port_requests)
        }
        if len(port_requests) > 1 and places == {(target.host, target.port)}:
            path = target.path_without_query
            return PortField(
                (as_nginx[0], port_requests[0]), port_fix(nginx, path, name, port_requests[0].value)
            )
    return None
