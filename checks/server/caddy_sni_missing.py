"""Caddy answers 502 because the application ends the TLS handshake: it chooses its site by the name
in the handshake (SNI). Caddy sends the host of `reverse_proxy`, and none if that is an address. The
Host field of the request is not the name in TLS; that is `tls_server_name`.

The evidence are two handshakes: with the host of reverse_proxy none is completed, with the name of
the site one is.
"""

import re
from collections.abc import Iterator

from checks.server import (
    ServerView,
    file_rows,
    indentation,
    line_edit,
    manual_fix,
    pages_with_status,
    place_text,
    reload_steps,
    server_view,
)
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Edit, Evidence, Fix, Severity, Subject
from diagnose.model.backends import BackendHandshake
from diagnose.model.http import Exchange
from diagnose.model.web_servers import SiteRoute, WebServer, WebServerConfig
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.web_sites import route_of

_PROXY = re.compile(r"\s*reverse_proxy\s[^{}]*")
_TRANSPORT = re.compile(r"\s*transport\s+http\s*\{\s*")


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, BackendHandshake, Exchange],
    explains=["http.server-error", "server.application-answers", "websocket.*"],
)
def caddy_sni_missing(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_view(evidence), evidence.target
    pages = pages_with_status(evidence, 502)
    if view is None or view.server.product != "caddy" or not pages:
        return
    chosen = (route_of(site, target.path_without_query) for site in view.answering_sites)
    routes = [route for route in chosen if route and route.scheme == "https" and route.host]
    for route in routes[:1]:
        refused = _handshake(evidence, route, route.host)
        handshakes = (_handshake(evidence, route, name) for name in (target.host, route.sent_host))
        completed = next(
            (handshake for handshake in handshakes if handshake and _is_completed(handshake)), None
        )
        if route.server_name or refused is None or completed is None:
            continue
        if refused.plain or _is_completed(refused):
            continue
        yield Claim(
            about=Subject(port=target.port, text=route.target),
            covers=(Subject(port=target.port), Subject(port=80)),
            because=(refused, completed, view.server, *pages),
            facts={
                **view.facts,
                "target": route.target,
                "endpoint": f"{route.host}:{route.port}",
                "place": place_text(route.file, route.line),
                "wanted": completed.server_name,
                "no_name": is_address(route.host),
                "command": completed.equivalent,
            },
            fix=_fix(view, completed.server_name),
        )


def _is_completed(handshake: BackendHandshake) -> bool:
    return handshake.verify_code is not None


def _handshake(evidence: Evidence, route: SiteRoute, name: str) -> BackendHandshake | None:
    return next(
        (
            handshake
            for handshake in evidence.of(BackendHandshake)
            if (handshake.target, handshake.server_name) == (route.target, name)
        ),
        None,
    )


def _fix(view: ServerView, name: str) -> Fix:
    edit = _edit(view, name)
    if edit is None:
        return manual_fix(view, "send-the-name")
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)


def _edit(view: ServerView, name: str) -> Edit | None:
    """Write the name at the only reverse_proxy, into its `transport http` if it has one."""
    lines = [
        (file.path, number, line)
        for file in (view.config.files if view.config else ())
        for number, line in enumerate(file_rows(view, file), 1)
    ]
    proxies = [each for each in lines if re.match(r"\s*reverse_proxy\b", each[2])]
    transports = [each for each in lines if re.match(r"\s*transport\b", each[2])]
    if len(proxies) != 1 or len(transports) > 1:
        return None
    path, number, line = (transports or proxies)[0]
    indent = indentation(line)
    if transports:
        if not _TRANSPORT.fullmatch(line):
            return None
        return line_edit(view, path, {number: (line, f"{indent}\ttls_server_name {name}")})
    opened = line.rstrip().removesuffix("{").rstrip()
    if not _PROXY.fullmatch(opened) or "#" in line or line.endswith("\\"):
        return None
    block = (f"{indent}\ttransport http {{", f"{indent}\t\ttls_server_name {name}", f"{indent}\t}}")
    end = () if line.rstrip().endswith("{") else (f"{indent}}}",)
    return line_edit(view, path, {number: (f"{opened} {{", *block, *end)})
