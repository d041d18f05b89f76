"""HAProxy ends TLS in mode tcp and offers HTTP/2 on its own: it passes the bytes on, and
the application behind it speaks HTTP/1.1 only (Configuration Manual, section 5.1, "alpn"). Browsers
choose HTTP/2 and get no page; programs without HTTP/2 get one.
"""

from collections.abc import Iterator
from itertools import pairwise

from checks.server import manual_fix, reload_steps
from checks.server._haproxy import HaproxyView, haproxy_view, place, replace
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Edit, Evidence, Fix, Severity, Subject
from diagnose.model.http import BrowserVisit
from diagnose.model.web_servers import WebServer, WebServerConfig


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, BrowserVisit],
    explains=["http.http2-broken", "server.application-answers", "http.server-error"],
)
def haproxy_h2_in_tcp_mode(evidence: Evidence) -> Iterator[Claim]:
    haproxy, port = haproxy_view(evidence), evidence.target.port
    visits = [
        visit
        for visit in evidence.of(BrowserVisit)
        if visit.port == port and visit.alpn == "h2" and visit.failure is not None
    ]
    if haproxy is None or not visits or haproxy.proxies.frontend.mode != "tcp":
        return
    offered = _offered(haproxy)
    if not haproxy.proxies.tls or "h2" not in offered:
        return
    bind = haproxy.proxies.bind
    yield Claim(
        about=Subject(port=port),
        covers=(Subject(port=port),),
        because=(haproxy.view.server, *visits),
        facts={**haproxy.view.facts, "place": place(bind), "alpn": ",".join(offered)},
        fix=_fix(haproxy, offered),
    )


def _offered(haproxy: HaproxyView) -> tuple[str, ...]:
    """Return the protocols of "alpn" on the bind line."""
    words = haproxy.proxies.bind.words
    values = (value for word, value in pairwise(words) if word == "alpn")
    return tuple(next(values, "").split(",")) if "alpn" in words else ()


def _fix(haproxy: HaproxyView, offered: tuple[str, ...]) -> Fix:
    view, bind = haproxy.view, haproxy.proxies.bind
    other_protocols = ",".join(protocol for protocol in offered if protocol != "h2") or "http/1.1"
    words = [other_protocols if word == ",".join(offered) else word for word in bind.words]
    # A quoted or escaped word would be lost.
    plain = not any(set(word) & set("\"'\\ #") for word in bind.words)
    edit: Edit | None = replace(view, bind, " ".join(words)) if plain else None
    if edit is None:
        return manual_fix(view, "offer-http-1")
    return Fix((edit, *reload_steps(view.server)), Applicability.AUTOMATIC)
