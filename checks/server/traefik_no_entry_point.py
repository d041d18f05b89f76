"""Traefik runs and has no entry point for the port that visitors ask, although a router names one
that is not there, its container publishes the port, or an option that it does not read has it:
Traefik takes its static configuration from a file, the command line or the environment, the first
of these that is there ("Configuration Introduction").
"""

from collections.abc import Iterator

from checks.listener import listeners_on
from checks.server import ServerView
from checks.server._traefik_static_edits import entry_point_fix
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Severity, Subject
from diagnose.model.containers import NginxContainer
from diagnose.model.http import page_exchanges
from diagnose.model.tls import Handshake
from diagnose.model.traefik import TraefikState
from diagnose.model.web_servers import WebServer, WebServerConfig

_USUAL_NAMES = {80: "web", 443: "websecure"}


@check(
    severity=Severity.ERROR,
    needs=[WebServer, TraefikState],
    explains=[
        "listener.missing", "listener.container-unpublished", "tcp.refused", "tls.*",
        "http.port-closed", "server.port-not-served", "websocket.*",
    ],
)  # fmt: skip
def traefik_no_entry_point(evidence: Evidence) -> Iterator[Claim]:
    view, port = _view(evidence), evidence.target.port
    state = next(iter(evidence.good(TraefikState)), None)
    if view is None or state is None:
        return
    own = next(
        (
            nginx_container
            for nginx_container in evidence.good(NginxContainer)
            if not nginx_container.own_network
        ),
        None,
    )
    inner = own.inner_port(port) if own else port
    # Of a container the ports are those that it publishes.
    is_held = own is None and port in view.server.ports
    is_there = is_held or any(point.port == inner for point in state.points)
    is_published = own is not None and any(mapping.port == port for mapping in own.ports)
    if not state.points or is_there or _is_answered(evidence):
        return
    # A port of the server that the container has not, and another program has, is not Traefik's.
    if not is_published and (own is not None or listeners_on(evidence, port)):
        return
    named, ignored = _named(state), _ignored(state, inner)
    if not (is_published or named or ignored):
        return
    name = ignored.partition(".")[2].partition(".")[0] or named or _USUAL_NAMES.get(port, "")
    name = name or f"port{port}"
    is_taken = name in {point.name for point in state.points}
    address = f":{inner}"
    yield Claim(
        about=Subject(port=port),
        covers=(Subject(port=port),),
        because=(state, view.server),
        confidence=Confidence.CERTAIN if is_published or ignored else Confidence.LIKELY,
        facts={
            **view.facts,
            "point": name,
            "address": address,
            "points": tuple(f"{point.name} :{point.port}" for point in state.points),
            "named": named,
            "ignored": ignored,
            "static": state.path,
        },
        fix=entry_point_fix(view, state, own, "" if is_taken else name, address),
    )


def _view(evidence: Evidence) -> ServerView | None:
    """Return the view of the Traefik that runs. The engine's own program has the port that a
    container publishes."""
    servers = [
        web_server for web_server in evidence.good(WebServer) if web_server.product == "traefik"
    ]
    configs = (config for config in evidence.good(WebServerConfig) if config.product == "traefik")
    if len(servers) != 1 or not servers[0].pid or servers[0].foreign:
        return None
    return ServerView(evidence, servers[0], next(configs, None), None)


def _is_answered(evidence: Evidence) -> bool:
    """Return whether visitors get an answer on the port: something in front of Traefik has it."""
    port = evidence.target.port
    shakes = any(shake.chain for shake in evidence.good(Handshake) if shake.port == port)
    return shakes or any(page.status is not None for page in page_exchanges(evidence))


def _named(state: TraefikState) -> str:
    """Return the only entry point that routers of the site name and that is not there; "" if there
    is none, or several."""
    known = {point.name for point in state.points}
    own = [router for router in state.routers if router.has_name] or state.routers
    names = {name for router in own for name in router.entry_points} - known
    return names.pop() if len(names) == 1 else ""


def _ignored(state: TraefikState, port: int) -> str:
    """Return the option that has the port and that Traefik does not read; "" if there is none."""
    return next((each for each in state.ignored if each.endswith(f":{port}")), "")
