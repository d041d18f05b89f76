"""The PROXY protocol is spoken on one side of a connection only: HAProxy waits for its header
("accept-proxy") and visitors send none, or it sends the header ("send-proxy") to a server that does
not know it, or the server waits for it.

Each case has its control: the same request with the header, and without it. A request without it
that nobody answers in time is no refusal: the page may be slow, and what came with the header an
answer to a malformed request.
"""

from collections.abc import Iterator

from checks.server import reload_steps
from checks.server._haproxy import HaproxyView, haproxy_view, insert_word, place, without_words
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Edit,
    Evidence,
    Fix,
    Manual,
    Observation,
    Severity,
    Subject,
    Where,
)
from diagnose.model.haproxy import HaproxyTry
from diagnose.model.http import Exchange
from diagnose.model.tls import Handshake
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.haproxy.addresses import servers_of
from diagnose.parsers.haproxy.config import Line

#: Words of a "server" line that send the header.
_SENDS = ("send-proxy", "send-proxy-v2", "send-proxy-v2-ssl", "send-proxy-v2-ssl-cn")


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, HaproxyTry],
    explains=["server.application-answers", 
        "tls.*", "tcp.large-hello-lost", "http.server-error", "websocket.*",
    ],
)  # fmt: skip
def haproxy_proxy_protocol(evidence: Evidence) -> Iterator[Claim]:
    haproxy = haproxy_view(evidence)
    if haproxy is None:
        return
    bind = haproxy.proxies.bind
    front = _pair(haproxy.tries_for("front"))
    if front and "accept-proxy" in bind.words and _works(front[1]) and not _works(front[0]):
        visits = _failed_visits(evidence)
        if visits:
            edit = without_words(haproxy.view, bind, "accept-proxy")
            yield _claim(haproxy, "accepts", bind, (*visits, *front), edit, Applicability.REVIEW)
        return
    backend = haproxy.proxies.backend
    for server in servers_of(backend) if backend else ():
        own = tuple(attempt for attempt in haproxy.tries_for("page") if attempt.name == server.name)
        pair = _pair(own)
        refused = _refused_visits(evidence, *pair) if pair and server.proxy_protocol else ()
        if pair and refused:
            edit = without_words(haproxy.view, server.line, *_SENDS)
            yield _claim(haproxy, "sends", server.line, (*refused, *pair), edit)
            return
        visits = _failed_visits(evidence)
        if not pair or not visits or _works(pair[0]) is _works(pair[1]) or _is_late(pair[0]):
            continue
        if server.proxy_protocol and _works(pair[0]):
            edit = without_words(haproxy.view, server.line, *_SENDS)
            yield _claim(haproxy, "sends", server.line, (*visits, *pair), edit)
        elif not server.proxy_protocol and _works(pair[1]):
            edit = insert_word(haproxy.view, server.line, "send-proxy")
            yield _claim(haproxy, "expected", server.line, (*visits, *pair), edit)
        return


def _pair(attempts: tuple[HaproxyTry, ...]) -> tuple[HaproxyTry, HaproxyTry] | None:
    """Return the try without the header and the one with it."""
    plain = next((attempt for attempt in attempts if not attempt.proxied), None)
    proxied = next((attempt for attempt in attempts if attempt.proxied), None)
    return (plain, proxied) if plain and proxied else None


def _works(attempt: HaproxyTry) -> bool:
    """Return whether the page was answered; 400 is what a server answers to a header that it does
    not understand."""
    return attempt.status is not None and attempt.status != 400 and attempt.status < 500


def _refused_visits(
    evidence: Evidence, plain: HaproxyTry, proxied: HaproxyTry
) -> tuple[Exchange, ...]:
    """Return the pages that got the status of the request with the header, an error, where the same
    request without it got the page: a program may take the header for the request."""
    is_page = 200 <= (plain.status or 0) < 300 and (proxied.status or 0) >= 400
    return tuple(
        exchange
        for exchange in evidence.of(Exchange)
        if is_page
        and exchange.port == evidence.target.port
        and exchange.purpose == "target"
        and exchange.status == proxied.status
    )


def _is_late(attempt: HaproxyTry) -> bool:
    return attempt.failure is not None and attempt.failure.kind == "timeout"


def _failed_visits(evidence: Evidence) -> tuple[Observation, ...]:
    """Return the visits that failed: without a handshake, or with an answer that is no page."""
    port = evidence.target.port
    handshakes = (
        handshake
        for handshake in evidence.of(Handshake)
        if handshake.port == port
        and handshake.is_browser_like
        and handshake.failure
        and not handshake.chain
    )
    exchanges = (
        exchange
        for exchange in evidence.of(Exchange)
        if exchange.port == port
        and exchange.purpose == "target"
        and (exchange.failure or exchange.status in {400, 502, 503, 504})
    )
    return (*handshakes, *exchanges)


def _claim(
    haproxy: HaproxyView,
    side: str,
    line: Line,
    because: tuple[Observation, ...],
    edit: Edit | None,
    how: Applicability = Applicability.AUTOMATIC,
) -> Claim:
    port = haproxy.view.evidence.target.port
    steps = (edit,) if edit else (Manual(side, Where.SERVER),)
    return Claim(
        about=Subject(port=port, text=place(line)),
        covers=(Subject(port=port),),
        because=because,
        facts={
            **haproxy.view.facts,
            "place": place(line),
            "accepts": side == "accepts",
            "sends": side == "sends",
            "expected": side == "expected",
            "server_name": " ".join(line.words[1:3]),
        },
        fix=Fix(
            (*steps, *reload_steps(haproxy.view.server)), how if edit else Applicability.MANUAL
        ),
    )
