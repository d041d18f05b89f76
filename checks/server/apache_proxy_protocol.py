"""`RemoteIPProxyProtocol On`: Apache first waits for the header of the PROXY protocol, which a
balancer sends before the visitor's data. Without it Apache closes the connection, before TLS begins
and without a line in its log. One virtual host switches it on for all of its address and port
(mod_remoteip, "RemoteIPProxyProtocol").

Behind a balancer that sends the header this is right. So it is a fault only where every connection
of this run was cut.
"""

from collections.abc import Iterator, Sequence

from checks.server import (
    ServerView,
    line_edit,
    manual_fix,
    place_text,
    reload_steps,
    server_on_port,
)
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Observation,
    Severity,
    Subject,
)
from diagnose.model.http import page_exchanges
from diagnose.model.tls import Handshake
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.apache.config import Directive, parse

_CUT_KINDS = {"reset", "closed"}
#: Sections whose lines count as if they stood around them.
_TRANSPARENT = {"ifmodule", "ifdefine", "ifversion"}


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig],
    needs_fault=[Handshake],
    explains=["tls.reset", "tls.closed", "tls.handshake-failed", "http.server-error"],
)
def apache_proxy_protocol(evidence: Evidence) -> Iterator[Claim]:
    view, port = server_on_port(evidence), evidence.target.port
    if view is None or view.config is None or view.server.product != "apache":
        return
    cut = _cut_connections(evidence)
    lines = _lines(view) if cut else []
    if not lines:
        return
    places = tuple(dict.fromkeys(place_text(line.file, line.line) for line in lines))
    yield Claim(
        about=Subject(port=port, text=places[0]),
        covers=(Subject(port=port),),
        because=(view.config, view.server, *cut),
        facts={**view.facts, "place": places[0], "places": places, "port": port},
        confidence=Confidence.LIKELY,
        fix=_fix(view, lines),
    )


def _lines(view: ServerView) -> list[Directive]:
    """Return the lines that switch it on for the target's port."""
    port = view.evidence.target.port
    hosts = {
        (site.file, site.line)
        for site in (view.config.sites if view.config else ())
        if site.listens_on(port)
    }
    files = view.config.files if view.config else ()
    return [
        line
        for file in files
        for line, host in _switches(parse(file.text, file.path))
        if host is None or (host.file, host.line) in hosts
    ]


def _switches(
    directives: Sequence[Directive], host: Directive | None = None
) -> Iterator[tuple[Directive, Directive | None]]:
    for directive in directives:
        if directive.name == "remoteipproxyprotocol":
            if directive.args and directive.args[0].lower() == "on":
                yield directive, host
        elif directive.block is not None and directive.name == "virtualhost":
            yield from _switches(directive.block, directive)
        elif directive.block is not None and directive.name in _TRANSPARENT:
            yield from _switches(directive.block, host)


def _cut_connections(evidence: Evidence) -> tuple[Observation, ...]:
    """Return the connections that were cut; () if one was not: something sends the header then."""
    port = evidence.target.port
    handshakes = [
        handshake
        for handshake in evidence.of(Handshake)
        if handshake.port == port and handshake.is_browser_like
    ]
    exchanges = page_exchanges(evidence)
    is_served = any(visit.protocol and not visit.failure for visit in handshakes) or any(
        exchange.status for exchange in exchanges
    )
    visits: tuple[Observation, ...] = (*handshakes, *exchanges)
    return tuple(
        visit
        for visit in visits
        if not is_served and visit.failure and visit.failure.kind in _CUT_KINDS
    )


def _fix(view: ServerView, lines: Sequence[Directive]) -> Fix:
    changes: dict[str, dict[int, tuple[str, ...]]] = {}
    for line in lines:
        changes.setdefault(line.file, {})[line.line] = ()
    edits = [line_edit(view, file, rows) for file, rows in changes.items()]
    steps = tuple(edit for edit in edits if edit)
    if len(steps) != len(changes):
        return manual_fix(view, "switch-off")
    return Fix((*steps, *reload_steps(view.server)), Applicability.REVIEW)
