"""`listen … proxy_protocol`: nginx expects the PROXY protocol header, which a load balancer sends
before the visitor's data. Without it nginx closes the connection (error.log: "broken header … while
reading PROXY protocol").

Behind a load balancer that is correct. So it is a fault only if a visitor's connection was cut, and
not where a run on the server went past the load balancer, or visitors came with the header.
"""

from collections.abc import Iterator

from checks.nginx import Nginx, SelectedServer, file_line
from checks.nginx._commands import reload_steps
from checks.nginx._edits import config_edit
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Edit,
    Evidence,
    Fix,
    Observation,
    Severity,
    Subject,
)
from diagnose.model.http import page_exchanges
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.model.tls import Handshake
from diagnose.parsers.nginx import edits

_CUT_KINDS = {"reset", "closed"}


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig],
    explains=["tls.reset", "tls.closed", "tls.handshake-failed", "http.server-error"],
)
def proxy_protocol(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    selected_servers = nginx.selected_servers()
    directives = [
        directive
        for selected_server in selected_servers
        for directive in header_listens(selected_server)
    ]
    symptoms = cut_connections(evidence)
    if (
        not directives
        or not symptoms
        or len(selected_servers) > len([a for a in selected_servers if header_listens(a)])
    ):
        return
    # Imported late: few ports expect the header.
    from checks.nginx._bypassed_fronts import bypassed_front, has_visitors

    if bypassed_front(nginx) or has_visitors(evidence):
        return
    port, directive = evidence.target.port, directives[0]
    yield Claim(
        about=Subject(port=port, text=file_line(directive)),
        covers=(Subject(port=port),),
        because=(*nginx.configs, *symptoms),
        facts={
            "place": file_line(directive),
            "places": tuple(dict.fromkeys(map(file_line, directives))),
            "listen": " ".join(("listen", *directive.args)),
            "port": port,
        },
        confidence=Confidence.LIKELY,
        location=nginx.location(directive),
        fix=Fix((*_edits(nginx, directives), *reload_steps(nginx)), Applicability.REVIEW),
    )


def header_listens(selected_server: SelectedServer) -> list[Directive]:
    """Return the `listen` directives of the socket with proxy_protocol. One is enough, because it
    is a property of the socket."""
    return [
        listen.directive
        for server in selected_server.socket.servers
        for listen in server.listens
        if (listen.address, listen.port)
        == (selected_server.socket.address, selected_server.socket.port)
        and listen.directive
        and "proxy_protocol" in listen.directive.args[1:]
    ]


def cut_connections(evidence: Evidence) -> tuple[Observation, ...]:
    """Return the connections that were cut; empty if one succeeded, because then something sends
    the header."""
    port = evidence.target.port
    handshakes = [
        handshake
        for handshake in evidence.of(Handshake)
        if handshake.port == port and handshake.is_browser_like
    ]
    exchanges = page_exchanges(evidence)
    if any(handshake.protocol and not handshake.failure for handshake in handshakes) or any(
        exchange.status for exchange in exchanges
    ):
        return ()
    return tuple(
        observation
        for observation in (*handshakes, *exchanges)
        if observation.failure and observation.failure.kind in _CUT_KINDS
    )


def _edits(nginx: Nginx, directives: list[Directive]) -> Iterator[Edit]:
    changes: dict[str, dict[int, edits.TextEdit]] = {}
    for directive in directives:
        arguments = " ".join(
            ("listen", *(argument for argument in directive.args if argument != "proxy_protocol"))
        )
        changes.setdefault(directive.file, {})[directive.start] = edits.replace_directive(
            directive, f"{arguments};"
        )
    for path, file_changes in changes.items():
        if edit := config_edit(nginx, path, *file_changes.values()):
            yield edit
