"""Visitors get "TRAEFIK DEFAULT CERT": Traefik has no certificate for the name, and makes one of
its own, which nobody trusts ("Default Certificate"). Its subject is proof; why it has none is known
from its routers only."""

from collections.abc import Iterator

from checks.server import ServerView, manual_fix, server_view
from checks.server._traefik_edits import DEFAULT_CERTIFICATE, Correction, router_edit
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Edit, Evidence, Fix, Manual, Severity, Where
from diagnose.model.tls import Handshake, served_certificates
from diagnose.model.traefik import Router, TraefikState

_REASONS = ("no_resolver", "unknown_resolver", "not_issued", "no_router")


@check(
    severity=Severity.ERROR,
    needs=[Handshake],
    explains=["certificate.*", "http.hsts-traps-visitors"],
)
def traefik_default_certificate(evidence: Evidence) -> Iterator[Claim]:
    view, port = server_view(evidence), evidence.target.port
    state = next(iter(evidence.good(TraefikState)), None)
    reason, router = _reason(state, port) if state else ("", "")
    step = reason.replace("_", "-") or "look"
    for served in served_certificates(evidence, lambda handshake: handshake.port == port):
        if DEFAULT_CERTIFICATE not in served.leaf.subject:
            continue
        fix = Fix((Manual(step, Where.SERVER),), Applicability.MANUAL)
        named = (
            next((each for each in state.routers if each.name == router), None) if state else None
        )
        own = _corrections(state, named, reason) if state and named else ()
        edit = _edit(view, state, named, own) if view and state and named else None
        yield Claim(
            about=served.subject,
            covers=served.subjects,
            because=(*served.handshakes, *((state,) if state else ())),
            facts={
                "name": evidence.target.host,
                "router": router,
                "resolver": _resolver(state, router),
                **dict.fromkeys(_REASONS, False),
                **({reason: True} if reason else {}),
                "setting": own[0].setting(named) if own and named else "",
            },
            fix=(Fix((edit,), Applicability.REVIEW) if edit else None)
            or (manual_fix(view, step) if view and view.server.product == "traefik" else fix),
        )


def _corrections(state: TraefikState, router: Router, reason: str) -> tuple[Correction, ...]:
    """Return how the only resolver of the static configuration may be written into the router: as
    the whole of `tls`, or in the place of another name. Which of several, a person knows."""
    if len(state.resolvers) != 1:
        return ()
    only = state.resolvers[0]
    whole = Correction("tls", "{}", f"{{certResolver: {only}}}")
    if reason == "no_resolver":
        return (whole,)
    if reason != "unknown_resolver" or not router.resolver:
        return ()
    old = router.resolver
    return (whole, Correction("certResolver", old, only), Correction("tls", old, only))


def _edit(
    view: ServerView, state: TraefikState, router: Router, own: tuple[Correction, ...]
) -> Edit | None:
    edits = (router_edit(view, state, router, each) for each in own)
    return next((edit for edit in edits if edit), None)


def _reason(state: TraefikState, port: int) -> tuple[str, str]:
    """Return why Traefik has no certificate for the name, and the router that should have one; ""
    if that is not known."""
    point = next((point for point in state.points if point.port == port), None)
    if point is None:
        return "", ""
    own = [
        router
        for router in state.routers
        if router.has_name and not router.filtered and point.name in router.entry_points
    ]
    if not own:
        return ("no_router", "") if state.complete else ("", "")
    resolver = own[0].resolver or point.resolver
    if not resolver:
        return "no_resolver", own[0].name
    # Resolvers of the environment are not known.
    is_known = not state.resolvers or resolver in state.resolvers
    return ("not_issued" if is_known else "unknown_resolver"), own[0].name


def _resolver(state: TraefikState | None, name: str) -> str:
    routers = state.routers if state else ()
    return next((router.resolver for router in routers if router.name == name), "")
