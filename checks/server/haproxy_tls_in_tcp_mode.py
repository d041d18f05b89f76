"""A frontend of HAProxy in mode tcp and the server behind it do not agree on TLS.

HAProxy passes the TLS of visitors on and adds TLS of its own (`ssl` at the server), or passes it on
to a port of plain HTTP; or it ends TLS (`ssl` at the bind) and sends plain HTTP to a port of TLS
(Configuration Manual, "ssl" in sections 5.1 and 5.2). The server was asked directly, with TLS and
without.
"""

import re
from collections.abc import Iterator, Sequence

from checks.server import line_text, manual_fix, reload_steps
from checks.server._haproxy import HaproxyView, haproxy_view, insert_word, place, replace
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Edit, Evidence, Fix, Severity, Subject
from diagnose.model.addresses import is_local_host
from diagnose.model.haproxy import HaproxyTry
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.tls import Handshake
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.haproxy.addresses import BackendServer, servers_of
from diagnose.parsers.haproxy.conditions import rules_of
from diagnose.parsers.haproxy.config import Line
from diagnose.parsers.http import wants_tls

#: Words of a "server" line that belong to its TLS, each with the value behind it.
_WITH_VALUE = frozenset({"verify", "verifyhost", "ca-file", "crt", "sni", "alpn", "check-sni"})
#: Words of a "bind" line that belong to its TLS.
_OF_BIND = frozenset({"crt", "crt-list", "alpn", "ca-file", "ciphers", "ciphersuites", "verify"})


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, HaproxyTry],
    explains=[
        "http.plain-to-tls-port",
        "http.server-error",
        "server.application-answers",
        "server.haproxy-no-server",
        "server.haproxy-sni-sample",
        "server.tls-off",
        "tls.*",
    ],
)
def haproxy_tls_in_tcp_mode(evidence: Evidence) -> Iterator[Claim]:
    haproxy, target = haproxy_view(evidence), evidence.target
    if haproxy is None or haproxy.proxies.frontend.mode != "tcp" or not target.uses_tls:
        return
    backend, visits = haproxy.proxies.backend, _failed_visits(evidence)
    servers = servers_of(backend) if backend else ()
    if not visits or len(servers) != 1 or servers[0].socket:
        return
    server = servers[0]
    tries = [
        attempt
        for attempt in haproxy.tries_for("page")
        if attempt.name == server.name and attempt.proxied == server.proxy_protocol
    ]
    fault = _fault(haproxy, server, tries)
    if not fault:
        return
    bind = haproxy.proxies.bind
    yield Claim(
        about=Subject(port=target.port),
        covers=(Subject(port=target.port), Subject(port=target.port, path=target.path)),
        because=(haproxy.view.server, *visits, *tries),
        facts={
            **haproxy.view.facts,
            **{reason: fault == reason for reason in ("twice", "to_plain", "to_tls")},
            "address": server.address,
            "place": place(server.line),
            "bind_place": place(bind),
            "by_name": _chooses_by_passed_name(haproxy),
        },
        fix=_fix(haproxy, server, fault),
    )


def _failed_visits(evidence: Evidence) -> tuple[Handshake | Exchange, ...]:
    """Return the handshakes of visitors that failed, or their pages without an answer, or with the
    answer of a port that wants TLS; () if one succeeded."""
    pages = page_exchanges(evidence)
    if pages:
        return tuple(pages) if all(page.failure or wants_tls(page) for page in pages) else ()
    visits = [
        visit
        for visit in evidence.of(Handshake)
        if visit.port == evidence.target.port and visit.is_browser_like
    ]
    return tuple(visits) if all(visit.failure and not visit.chain for visit in visits) else ()


def _fault(haproxy: HaproxyView, server: BackendServer, tries: Sequence[HaproxyTry]) -> str:
    """Return what is wrong, as the facts call it: TLS "twice", "to_plain" HTTP, "to_tls"; "" if the
    answers do not show it."""
    secure = any(attempt.status for attempt in tries if attempt.tls)
    # A port of TLS may say in plain HTTP that it wants TLS.
    plain = any(attempt.status not in {None, 400} for attempt in tries if not attempt.tls)
    if not haproxy.proxies.tls:
        if server.tls:
            return "twice" if secure else ""
        return "to_plain" if plain and not secure else ""
    return "to_tls" if secure and not plain and not server.tls else ""


def _chooses_by_passed_name(haproxy: HaproxyView) -> bool:
    """Return whether a rule reads the name in a handshake that is passed on: TLS was not to be
    ended here."""
    return any(
        criterion.is_own is False
        for rule in rules_of(haproxy.proxies.frontend)
        for term in rule.alternatives
        for literal in term
        for criterion in literal.criteria
    )


def _fix(haproxy: HaproxyView, server: BackendServer, fault: str) -> Fix:
    view, bind = haproxy.view, haproxy.proxies.bind
    edit = None
    if fault == "twice":
        edit = _without_tls(haproxy, server.line, _WITH_VALUE)
    elif fault == "to_tls" and _chooses_by_passed_name(haproxy):
        edit = _without_tls(haproxy, bind, _OF_BIND)
    elif fault == "to_tls" and is_local_host(server.host):
        edit = insert_word(view, server.line, "ssl verify none")
    if edit is None:
        return manual_fix(view, fault.replace("_", "-"))
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)


def _without_tls(haproxy: HaproxyView, line: Line, with_value: frozenset[str]) -> Edit | None:
    """Return an edit that takes the words of TLS away from a line; None if it has quotes or a
    comment."""
    text = line_text(haproxy.view, line.file, line.number)
    if re.search(r"[\"'\\#]", text) or tuple(text.split()) != line.words:
        return None
    kept: list[str] = []
    words = iter(line.words)
    for word in words:
        if word in with_value and len(kept) > 1:
            next(words, "")
        elif word != "ssl":
            kept.append(word)
    return replace(haproxy.view, line, " ".join(kept))
