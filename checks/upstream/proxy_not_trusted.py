"""The application refuses a request that names the visitor's address (X-Forwarded-For), because it
does not trust the proxy that sent it.

Home Assistant answers "400: Bad Request" and logs "A request from a reverse proxy was received from
127.0.0.1, but your HTTP integration is not set-up for reverse proxies". The evidence is the
application itself: it serves the page without the field, and refuses it again with it. Only a 400
is judged: 401, 403 and 404 may be an access rule for the visitor's address. That the field alone
makes the difference shows nothing where another proxy stands between, which may add a second one
(`server.forwarded_field_twice`), or where nginx itself sends two.
"""

import re
from collections.abc import Iterator

from checks.http._known_application import own_setting
from checks.upstream._comparisons import CONSEQUENCES, comparison_claim, decided_by
from checks.upstream._own_remedy import with_own_remedy
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Where
from diagnose.model.backends import RepeatedFieldTrial
from diagnose.model.nginx import NginxConfig
from diagnose.model.program_logs import ProgramLine
from diagnose.model.requests import ComparedRequest, LoggedComparison
from diagnose.model.server import Listeners
from diagnose.model.web_servers import WebServer
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.nginx.locations import LocationMatch, proxy_pass_of, proxy_set_header_of
from diagnose.parsers.nginx.proxied_request import CLIENT_ADDRESS_FIELDS

_REFUSED = 400
#: Programs that pass requests on, and may add a field of their own.
_PROXIES = {
    "haproxy", "apache2", "httpd", "caddy", "traefik", "envoy", "varnishd", "squid", "lighttpd",
}  # fmt: skip


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig],
    needs_fault=[ComparedRequest, LoggedComparison],
    explains=CONSEQUENCES,
)
def proxy_not_trusted(evidence: Evidence) -> Iterator[Claim]:
    for nginx, match, change in decided_by(evidence, "field"):
        request = change.request
        if request.name.lower() not in CLIENT_ADDRESS_FIELDS or change.status != _REFUSED:
            continue
        if _is_sent_twice(match, request.name) or _has_proxy_between(evidence, request):
            continue
        directive = proxy_set_header_of(match, request.name) or proxy_pass_of(match)
        claim = comparison_claim(
            nginx,
            match,
            change,
            directive or match.block,
            {
                "proxy": _named_address(evidence, request.port)
                or _source_address(evidence, request),
                **own_setting(evidence, "trusted_proxy", of_frameworks=False),
            },
            Fix((Manual("trust-the-proxy", Where.APPLICATION),), Applicability.MANUAL),
        )
        yield with_own_remedy(evidence, claim, "trusted_proxy", of_frameworks=False)


def _is_sent_twice(match: LocationMatch, name: str) -> bool:
    lines = match.directives("proxy_set_header")
    return sum(line.args[:1] != () and line.args[0].lower() == name.lower() for line in lines) > 1


def _has_proxy_between(evidence: Evidence, request: ComparedRequest) -> bool:
    """Return whether what nginx asks is a proxy too. It is left out where the application behind
    was asked with the field once, and refused that."""
    trials = [trial for trial in evidence.good(RepeatedFieldTrial) if trial.port == request.port]
    if any(trial.once == _REFUSED for trial in trials):
        return False
    names = {
        listener.process
        for listeners in evidence.good(Listeners)
        for listener in listeners.on(request.port)
    }
    is_read = any(
        request.port in server.ports and not server.container for server in evidence.good(WebServer)
    )
    return is_read or not names.isdisjoint(_PROXIES)


#: What may be an address in a line of a log.
_ADDRESS = re.compile(r"(?<![\w.:])[0-9A-Fa-f:.]{3,45}(?![\w/])")
#: Programs that pass on what comes to the published port of a container.
_FORWARDERS = {"docker-proxy", "rootlessport", "rootlesskit", "slirp4netns", "pasta", "conmon"}


def _named_address(evidence: Evidence, port: int) -> str:
    """Return the address of the proxy as the application's own line about proxies names it; "" if
    it names none, or more than one."""
    for line in evidence.good(ProgramLine):
        if line.endpoint == str(port) and "proxy" in line.message.lower():
            words = {match[0].rstrip(".:") for match in _ADDRESS.finditer(line.message)}
            addresses = [word for word in words if is_address(word)]
            if len(addresses) == 1:
                return addresses[0]
    return ""


def _source_address(evidence: Evidence, request: ComparedRequest) -> str:
    """Return the address from which the application sees nginx, "" if that is unknown.

    A connection to a loopback address comes from a loopback address (RFC 1122 section 3.2.1.3). An
    application in a container sees its network's gateway in its place.
    """
    listeners = [each for every in evidence.good(Listeners) for each in every.on(request.port)]
    if any(listener.process in _FORWARDERS for listener in listeners):
        return ""
    address = request.address
    is_loopback = is_address(address) and (address.startswith("127.") or address == "::1")
    return ("::1" if address == "::1" else "127.0.0.1") if is_loopback else ""
