"""The port responds to a ClientHello in HTTP, or responds to plain HTTP only: there is no TLS
("wrong version number", ERR_SSL_PROTOCOL_ERROR).

Often a page opens the port of its application itself (Laravel Reverb on 8080), and nginx passes the
same requests on to that port: then the address without the port is right. Where a port was given
and no scheme, https was only assumed: a port that speaks plain HTTP may be meant so.
"""

import re
from collections.abc import Iterator

from checks.nginx import Nginx, file_line
from checks.tls import FailureGroup, answers_without_tls, failure_groups
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Target,
    Where,
)
from diagnose.model.server import Listeners
from diagnose.model.tls import Handshake, speaks_plain_http
from diagnose.parsers.nginx import upstreams
from diagnose.parsers.nginx.locations import match_location
from diagnose.parsers.nginx.server_blocks import Server, answering_servers
from diagnose.parsers.urls import is_loopback_host

#: The port of http (IANA's registry, RFC 9110 section 4.2.1): plain HTTP is right there, and an
#: address with this port and https or wss is wrong.
HTTP_PORT, HTTPS_PORT = 80, 443
#: An address with one of these, and without a scheme, names the port of plain HTTP, or of TLS.
_KNOWN_PORTS = (HTTP_PORT, HTTPS_PORT, 8443)

#: A redirect to https at another port: fields with the port that was asked for ($http_host,
#: %{HTTP_HOST}) lead to the same one.
_TO_HTTPS = re.compile(
    r"https://(?:[a-z0-9.-]{1,253}|\$host|\$server_name|\{host\}|%\{SERVER_NAME\})(?::443)?"
    r"(?:/|\$|\{|%|\Z)",
    re.IGNORECASE,
)


@check(severity=Severity.ERROR, needs=[Handshake], needs_fault=[Handshake])
def plain_http(evidence: Evidence) -> Iterator[Claim]:
    for group in failure_groups(evidence, "plain-http"):
        place, instead = _way_through_nginx(evidence, group.subject.port)
        assumed = is_scheme_assumed(evidence.target) and not place
        is_meant = not assumed and is_meant_for_http(evidence, group.subject.port)
        is_refused = _is_plain_request_refused(group)
        yield Claim(
            about=group.subject,
            covers=group.subjects,
            because=group.handshakes,
            severity=Severity.WARNING if assumed else None,
            confidence=Confidence.LIKELY if is_refused else Confidence.CERTAIN,
            facts={
                **group.facts,
                "received": next(
                    handshake.received for handshake in group.handshakes if handshake.received
                ),
                "http_port": is_meant,
                "refused": is_refused,
                "assumed": assumed,
                "path": evidence.target.path if assumed else "",
                "java": _is_java(evidence, group),
                "place": place,
                "instead": instead,
            },
            fix=Fix((_step(is_meant, bool(place), assumed),), Applicability.MANUAL),
        )


def _is_plain_request_refused(group: FailureGroup) -> bool:
    """Return whether a plain request got no answer of HTTP, or only that it is a bad one: then the
    bytes of another program, such as a PROXY header, may stand before those of the client."""
    plain = [control for control in group.controls if control.variant == "plain"]
    return bool(plain) and not any(
        speaks_plain_http(control) or answers_without_tls(control) for control in plain
    )


def is_scheme_assumed(target: Target) -> bool:
    """Return whether the user gave a port and no scheme, and the port does not say which it is."""
    is_page = target.symptom is None and not target.is_websocket and not target.websockets
    return is_page and "://" not in target.input and target.port not in _KNOWN_PORTS


def is_meant_for_http(evidence: Evidence, port: int | None) -> bool:
    """Return whether a port has plain HTTP on purpose: it is 80, or the web server only sends its
    visitors to https from there, and names no certificate. With TLS there they would get an
    error."""
    if port in {HTTP_PORT, HTTPS_PORT} or port != evidence.target.port:
        return port == HTTP_PORT
    nginx = Nginx.of(evidence)
    if blocks := [selected.server for selected in nginx.selected_servers()]:
        return all(map(_sends_to_https, blocks))
    # Imported late: few targets have a port that speaks no TLS.
    from checks.server import server_view
    from diagnose.parsers.web_sites import redirect_of

    view = server_view(evidence)
    sites = view.answering_sites if view and view.config else ()
    redirects = [redirect_of(site, evidence.target.path) for site in sites if not site.files]
    return 0 < len(redirects) == len(sites) and all(
        redirect is not None and _TO_HTTPS.match(redirect.target) for redirect in redirects
    )


def _sends_to_https(server: Server) -> bool:
    answer = server.directive("return")
    return (
        answer is not None
        and not server.directive("ssl_certificate")
        and bool(_TO_HTTPS.match(answer.args[-1] if answer.args else ""))
    )


def _is_java(evidence: Evidence, group: FailureGroup) -> bool:
    """Return whether the program on the port is one in Java (Spring Boot, Tomcat)."""
    listeners = evidence.good(Listeners)
    holders = [holder for listing in listeners for holder in listing.on(group.visits[0].port)]
    answers = (handshake.received for handshake in group.handshakes)
    return any((holder.process or "").startswith(("java", "jsvc")) for holder in holders) or any(
        "Apache Tomcat" in answer for answer in answers
    )


def _way_through_nginx(evidence: Evidence, port: int | None) -> tuple[str, str]:
    """Return the line by which nginx, on the port of https, passes the target on to this port, and
    the address that leads there; "" twice if there is none."""
    nginx, target = Nginx.of(evidence), evidence.target
    if nginx.config is None or nginx.is_refused or port in {None, HTTP_PORT, HTTPS_PORT}:
        return "", ""
    path = target.websockets[0] if target.websockets else target.path
    for socket, server in answering_servers(nginx.config.main, target.host, HTTPS_PORT):
        match = match_location(server, path.partition("?")[0])
        variables = upstreams.route_variables(target, match, path)
        passed = upstreams.proxy_target_of(match, variables)
        is_there = passed is not None and any(
            endpoint.port == port and is_loopback_host(endpoint.host)
            for endpoint in passed.endpoints
        )
        if socket.ssl and passed is not None and is_there and not passed.secure:
            scheme = "wss" if target.is_websocket or target.websockets else "https"
            return file_line(passed.directive), f"{scheme}://{target.host}{path.partition('?')[0]}"
    return "", ""


def _step(is_meant: bool, is_proxied: bool, is_assumed: bool) -> Manual:
    if is_meant:
        return Manual("other-port", Where.APPLICATION)
    if is_proxied:
        return Manual("through-nginx", Where.APPLICATION)
    if is_assumed:
        return Manual("use-http", Where.CLIENT)
    return Manual("add-ssl", Where.SERVER)
