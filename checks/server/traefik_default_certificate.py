"""Visitors get "TRAEFIK DEFAULT CERT": Traefik has no certificate for the name, and makes one of
its own, which nobody trusts ("Default Certificate"). Its subject is proof; why it has none is known
from its routers only."""

from collections.abc import Iterator

from checks.server import ServerView, manual_fix, place_text, server_view
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Edit,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
    commands,
)
from diagnose.model.nginx import CertificateFile, KeyFile
from diagnose.model.tls import Handshake, served_certificates
from diagnose.model.traefik import (
    DEFAULT_CERTIFICATE,
    CertificateStore,
    Router,
    TraefikState,
)
from diagnose.model.web_servers import SiteFile
from diagnose.parsers.hostnames import covers

_REASONS = (
    "no_resolver", "unknown_resolver", "not_issued", "no_router", "store_open", "file_missing",
)  # fmt: skip


@check(
    severity=Severity.ERROR,
    needs=[Handshake],
    explains=["certificate.*", "http.hsts-traps-visitors"],
)
def traefik_default_certificate(evidence: Evidence) -> Iterator[Claim]:
    view, port = server_view(evidence), evidence.target.port
    state = next(iter(evidence.good(TraefikState)), None)
    reason, router = _reason(state, port) if state else ("", "")
    if reason == "no_router" and view and _is_written(view):
        reason = ""  # Traefik refused the file, and why is not known
    missing = _missing_file(view) if view and reason == "no_resolver" else None
    if missing:
        reason = "file_missing"
    store = _open_store(state, router) if reason == "not_issued" else None
    if store:
        reason = "store_open"
    step = reason.replace("_", "-") or "look"
    for served in served_certificates(evidence, lambda handshake: handshake.port == port):
        if DEFAULT_CERTIFICATE not in served.leaf.subject:
            continue
        fix = Fix((Manual(step, Where.SERVER),), Applicability.MANUAL)
        named = (
            next((each for each in state.routers if each.name == router), None) if state else None
        )
        setting, edit = _resolver_line(view, state, named, reason)
        labels = _labels(evidence, named, setting)
        stored = _stored_fix(view) if view and missing else None
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
                "setting": setting,
                "none_defined": state is not None and not state.resolvers,
                "static": state.path if state else "",
                "store": store.path if store else "",
                "mode": f"{store.mode:o}" if store else "",
                "missing": missing.path if missing else "",
                "place": place_text(missing.file, missing.line) if missing else "",
            },
            fix=stored
            or (Fix((edit,), Applicability.REVIEW) if edit else labels)
            or (_closing_fix(view, store) if view and store else None)
            or (manual_fix(view, step) if view and view.server.product == "traefik" else fix),
        )


def _missing_file(view: ServerView) -> SiteFile | None:
    """Return a certificate or key that Traefik's dynamic files name, and that is not there, where
    no other certificate is for the name."""
    files: tuple[CertificateFile | KeyFile, ...] = (
        *view.evidence.of(CertificateFile),
        *view.evidence.of(KeyFile),
    )
    gone = {file.path for file in files if file.failure and file.failure.kind == "missing"}
    own = [file for site in view.answering_sites for file in site.files]
    is_covered = any(
        covers(view.evidence.target.host, file.chain[0].dns_names, ())
        for file in view.evidence.good(CertificateFile)
        if file.chain and file.path in {each.path for each in own}
    )
    return None if is_covered else next((file for file in own if file.path in gone), None)


def _stored_fix(view: ServerView) -> Fix | None:
    """Name the pair that lies on the server. Traefik reads the changed file by itself."""
    # Imported late: a healthy site has another certificate.
    from checks.server._certificate_lines import stored_pair_edit

    replacements = (stored_pair_edit(view, site) for site in view.answering_sites if site.files)
    edit, stored = next((replacement for replacement in replacements if replacement), (None, None))
    return Fix((edit,), stored.applicability) if edit and stored else None


def _open_store(state: TraefikState | None, router: str) -> CertificateStore | None:
    """Return the file of the router's resolver that others than its owner may use."""
    resolver = _resolver(state, router)
    if state is None:
        return None
    names = {resolver} if resolver else {point.resolver for point in state.points} - {""}
    return next(
        (store for store in state.stores if store.is_open and store.resolver in names), None
    )


def _closing_fix(view: ServerView, store: CertificateStore) -> Fix | None:
    """Close the file, and start Traefik again: it looks at its resolvers at its start only."""
    # Imported late: a healthy site has another certificate.
    from diagnose.checking.container_fixes import nginx_container

    server, own = view.server, nginx_container(view.evidence)
    closing = commands.chmod("600", store.path, before=store.mode or 0)
    if server.product == "traefik" and own and own.engine and own.name:
        again = commands.restart_container(own.engine, own.name)
        return Fix((closing, again), Applicability.REVIEW)
    if server.product != "traefik" or not server.unit or server.container or server.foreign:
        return None
    return Fix((closing, commands.restart_service(server.unit)), Applicability.REVIEW)


def _is_written(view: ServerView) -> bool:
    # Imported late: a healthy site has another certificate.
    from checks.server._traefik_files import is_written

    return is_written(view)


def _resolver_line(
    view: ServerView | None, state: TraefikState | None, router: Router | None, reason: str
) -> tuple[str, Edit | None]:
    """Return the line with the only resolver that there is, and its edit."""
    if state is None or router is None:
        return "", None
    # Imported late: a healthy site has another certificate.
    from checks.server._traefik_edits import resolver_corrections, router_edit

    own = resolver_corrections(state, router, reason)
    edits = (router_edit(view, state, router, each) for each in own if view)
    return (own[0].setting(router) if own else ""), next((edit for edit in edits if edit), None)


def _labels(evidence: Evidence, router: Router | None, setting: str) -> Fix | None:
    """Return the remedy that writes the resolver into the labels of the router's container."""
    if router is None or not router.container or not setting:
        return None
    # Imported late: a healthy site has another certificate.
    from checks.server._traefik_labels import labels_fix

    name, _, value = setting.partition("=")
    return labels_fix(evidence, router.container, {name: value})


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
    # The static configuration is read from one place alone: the one that has the entry points has
    # the resolvers too ("Configuration Introduction").
    is_known = resolver in state.resolvers
    return ("not_issued" if is_known else "unknown_resolver"), own[0].name


def _resolver(state: TraefikState | None, name: str) -> str:
    routers = state.routers if state else ()
    return next((router.resolver for router in routers if router.name == name), "")
