"""A frontend in mode tcp chooses the backend by the name in the TLS handshake (req.ssl_sni) and
does not wait for the handshake ("tcp-request inspect-delay"). If the first packet has not arrived
yet, there is no name, and the default backend gets the connection: sometimes (Configuration Manual,
section 4.2, "tcp-request content").
"""

from collections.abc import Iterator

from checks.server import reload_steps
from checks.server._haproxy import haproxy_view, insert_after, place
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.haproxy import HandshakeSeries
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.haproxy.view import TargetProxies


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig],
    explains=[
        "server.application-answers",
        "tls.*",
        "certificate.*",
        "tcp.large-hello-lost",
        "http.*",
        "websocket.*",
    ],
)
def haproxy_sni_too_early(evidence: Evidence) -> Iterator[Claim]:
    haproxy = haproxy_view(evidence)
    rule = haproxy.proxies.sni_too_early if haproxy else None
    if haproxy is None or rule is None or _is_same(haproxy.proxies):
        return
    view, target = haproxy.view, evidence.target
    series = [
        handshake_series
        for handshake_series in evidence.good(HandshakeSeries)
        if handshake_series.port == target.port
    ]
    answers = [certificate for handshakes in series for certificate in handshakes.certificates]
    differ = len(set(answers)) > 1
    waits = (
        "tcp-request inspect-delay 5s",
        "tcp-request content accept if { req.ssl_hello_type 1 }",
    )
    edit = insert_after(view, haproxy.proxies.bind, *waits)
    steps = (edit,) if edit else (Manual("wait", Where.SERVER),)
    highest_count = max(map(answers.count, set(answers)), default=0)
    yield Claim(
        about=Subject(port=target.port, text=place(rule)),
        covers=(Subject(port=target.port), Subject()),
        because=(view.server, *((view.config,) if view.config else ()), *series),
        facts={
            **view.facts,
            "place": place(rule),
            "differ": differ,
            "number": len(answers),
            "other": len(answers) - highest_count,
            "none": answers.count(""),
            "default": next(
                (line.words[1] for line in haproxy.proxies.frontend.own("default_backend")), ""
            ),
        },
        # That nothing differed in a few handshakes does not mean that it never does; and several
        # servers of one backend may have certificates of their own.
        confidence=Confidence.CERTAIN
        if differ and not _is_balanced(haproxy.proxies)
        else Confidence.LIKELY,
        severity=None if differ else Severity.WARNING,
        fix=Fix(
            (*steps, *reload_steps(view.server)),
            Applicability.AUTOMATIC if edit else Applicability.MANUAL,
        ),
    )


def _is_same(proxies: TargetProxies) -> bool:
    """Return whether a connection without a name gets the target's backend as well."""
    default = proxies.frontend.setting("default_backend")
    return bool(proxies.backend and default and default.words[1:2] == (proxies.backend.name,))


def _is_balanced(proxies: TargetProxies) -> bool:
    return proxies.backend is not None and len(proxies.backend.own("server")) > 1
