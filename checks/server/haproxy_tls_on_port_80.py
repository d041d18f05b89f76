"""The bind line of port 80 has `ssl`: HAProxy waits for a TLS handshake where browsers speak plain
HTTP, and closes the connection without an answer.
"""

from collections.abc import Iterator

from checks.server import manual_fix, reload_steps
from checks.server._haproxy import HaproxyView, haproxy_view, place, replace
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Severity, Subject
from diagnose.model.http import Exchange
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.haproxy.addresses import sockets_of
from diagnose.parsers.haproxy.config import Line

_HTTP_PORT = 80
#: Words of a bind line that have nothing to do with TLS, and those of them that take a value.
_KEPT = {"accept-proxy", "defer-accept", "transparent", "v4v6", "v6only", "tfo"}
_KEPT_WITH_VALUE = {"name", "interface", "maxconn", "id", "backlog", "mss", "process", "thread"}


@check(
    severity=Severity.WARNING,
    needs=[WebServer, WebServerConfig, Exchange],
    explains=["http.server-error", "http.no-redirect"],
)
def haproxy_tls_on_port_80(evidence: Evidence) -> Iterator[Claim]:
    haproxy, target = haproxy_view(evidence), evidence.target
    cut = [
        exchange
        for exchange in evidence.of(Exchange)
        if exchange.port == _HTTP_PORT
        and exchange.url.startswith("http:")
        and exchange.failure is not None
    ]
    if haproxy is None or not cut or target.port not in {_HTTP_PORT, 443}:
        return
    line = next(
        (
            line
            for frontend in haproxy.proxies.config.frontends
            for socket, line in sockets_of(frontend)
            if socket.port == _HTTP_PORT and socket.tls
        ),
        None,
    )
    if line is None:
        return
    yield Claim(
        about=Subject(port=_HTTP_PORT),
        covers=(Subject(port=_HTTP_PORT),),
        because=(*cut, haproxy.view.server),
        facts={**haproxy.view.facts, "place": place(line), "bind": line.words[1]},
        severity=Severity.ERROR if target.port == _HTTP_PORT else None,
        fix=_fix(haproxy, line),
    )


def _fix(haproxy: HaproxyView, line: Line) -> Fix:
    """Write the line without TLS, if it has this port alone."""
    words, kept = line.words, list(line.words[:2])
    for index, word in enumerate(words[2:], start=2):
        if word in _KEPT:
            kept.append(word)
        elif word in _KEPT_WITH_VALUE and index + 1 < len(words):
            kept += words[index : index + 2]
    is_alone = words[1].endswith(f":{_HTTP_PORT}") and "," not in words[1]
    is_plain = not set("".join(kept)) & set(" \t\"'\\#$")
    edit = replace(haproxy.view, line, " ".join(kept)) if is_alone and is_plain else None
    if edit is None:
        return manual_fix(haproxy.view, "without-tls")
    return Fix((edit, *reload_steps(haproxy.view.server)), Applicability.REVIEW)
