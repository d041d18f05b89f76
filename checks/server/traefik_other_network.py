"""Traefik in a container gets no answer from the container of the application, because it looks for
it in a network in which it is not itself ("Traefik & Docker", `traefik.docker.network`). The
networks of an engine are closed to each other: a connection ends with a timeout, and Traefik
answers 504.

If the two have a network in common, and others, Traefik takes the one that is chosen by a label or
the provider, or any of them.
"""

import shlex
from collections.abc import Iterator, Sequence

from checks.listener._compose_edits import compose_fix, network_change
from checks.listener._containers import compose_command
from checks.server import server_on_port
from checks.upstream._containers import NAMELESS
from diagnose.checking.registry import check
from diagnose.model import (
    Claim,
    Confidence,
    Evidence,
    Fix,
    Severity,
    Subject,
)
from diagnose.model.backends import BackendVisit
from diagnose.model.containers import Container, Containers, NginxContainer
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.traefik import Router, TraefikState
from diagnose.model.web_servers import WebServer

#: What Traefik answers if a connection ends with a timeout, or has no route.
_TIMEOUT, _UNREACHED = 504, {502, 504}


@check(
    severity=Severity.ERROR,
    needs=[WebServer, TraefikState, NginxContainer, Exchange],
    explains=[
        "http.server-error",
        "server.application-answers",
        "server.application-silent",
        "server.application-down",
        "server.backend-not-reached",
        "server.failed-behind",
        "websocket.not-upgraded",
    ],
)
def traefik_other_network(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_on_port(evidence), evidence.target
    state = next(iter(evidence.good(TraefikState)), None)
    own = next(iter(evidence.good(NginxContainer)), None)
    pages = [page for page in page_exchanges(evidence) if _is_unreached(evidence, page)]
    if view is None or state is None or own is None or view.server.product != "traefik":
        return
    router = _router(state, target.port)
    if router is None or not pages or "host" in {*own.networks, *router.networks}:
        return
    reason = _reason(router, own.networks, pages[0].status in {_TIMEOUT, None})
    if not reason:
        return
    shared = [network for network in router.networks if network in own.networks]
    application = next(
        (
            container
            for containers in evidence.good(Containers)
            for container in containers.running
            if container.name == router.container
        ),
        None,
    )
    network = own.networks[0]
    subject = Subject(port=target.port, path=target.path)
    yield Claim(
        about=subject,
        covers=(subject, Subject(port=target.port)),
        because=(state, own, view.server, *pages, *evidence.good(Containers)),
        # The status may be the application's own: no connection was tried from Traefik's network.
        confidence=Confidence.LIKELY,
        facts={
            **view.facts,
            "status": pages[0].status or "",
            "waits": pages[0].status is None,
            "router": router.name,
            "application": router.container,
            "networks": router.networks,
            "own_networks": own.networks,
            "network": router.network,
            "shared": shared[0] if shared else network,
            "apart": reason == "apart",
            "chosen": reason == "chosen",
            "any": reason == "any",
            "unknown_network": bool(router.network) and router.network not in router.networks,
            "connect": shlex.join((own.engine, "network", "connect", network, router.container)),
            "recreate": compose_command(application, "up", "-d") if application else "",
        },
        fix=_chosen_fix(evidence, router, shared) or _fix(evidence, application, network, reason),
    )


def _is_unreached(evidence: Evidence, page: Exchange) -> bool:
    """Return whether Traefik does not reach the application: it says so, or visitors wait, and the
    application answers at its address in Traefik's network. Traefik waits for a connection longer
    than they do ("forwardingTimeouts.dialTimeout", 30 s)."""
    if page.failure is None:
        return page.status in _UNREACHED
    visits = evidence.good(BackendVisit)
    answers = any((visit.status or 500) < 500 and not visit.websocket for visit in visits)
    return page.failure.kind == "timeout" and answers


def _chosen_fix(evidence: Evidence, router: Router, shared: Sequence[str]) -> Fix | None:
    """Name the only network in which both are."""
    if len(shared) != 1:
        return None
    # Imported late: only a finding needs it.
    from checks.server._traefik_labels import labels_fix

    return labels_fix(evidence, router.container, {"traefik.docker.network": shared[0]})


def _fix(evidence: Evidence, application: Container | None, network: str, reason: str) -> Fix:
    """Give the application's container Traefik's network. Traefik looks for containers that are
    started, so that this one is made anew."""
    if reason != "apart" or application is None or network in NAMELESS:
        return compose_fix(evidence, reason)
    return compose_fix(evidence, reason, network_change(application, network))


def _router(state: TraefikState, port: int) -> Router | None:
    """Return the router of a container that takes the page on the port's entry point; None if there
    is none, or several that may."""
    names = {point.name for point in state.points if point.port == port}
    taking = [
        router
        for router in state.routers
        if router.status == "enabled"
        and names & {*router.entry_points}
        and router.takes is not False
    ]
    is_sure = len(taking) == 1 and taking[0].takes and taking[0].container and taking[0].networks
    return taking[0] if is_sure else None


def _reason(router: Router, own: tuple[str, ...], is_timeout: bool) -> str:
    """Return why Traefik looks for the container in another network, "" if it does not."""
    if not own:
        return ""
    if not set(own) & set(router.networks):
        return "apart"
    if not is_timeout or set(router.networks) <= set(own):
        return ""
    if router.network in router.networks:
        return "" if router.network in own else "chosen"
    return "any"
