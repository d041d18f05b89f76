"""Traefik itself answers "404 page not found": no router takes the request. The router for the name
has an error, is on another entry point, takes no TLS or TLS alone, or its rule has another path
("Routers", "EntryPoints"). Or Traefik passes over the container whose labels have the router.

Certain if Traefik's API said it; files may be older than what runs.
"""

import re
from collections.abc import Iterator

from checks.listener._containers import compose_command
from checks.listener._health_checks import health_facts, health_fix
from checks.server import ServerView, manual_fix, pages_with_status, server_view
from checks.server._traefik_corrections import Correction
from checks.server._traefik_edits import correction, major_version, router_edit
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Evidence, Fix, Severity, Subject
from diagnose.model.containers import Container, Containers
from diagnose.model.http import Exchange
from diagnose.model.traefik import EntryPoint, Router, TraefikState
from diagnose.model.web_servers import WebServer
from diagnose.parsers.server_request import requests_of
from diagnose.parsers.traefik.rule_errors import corrected_rule
from diagnose.parsers.traefik.rules import rule_holds

#: The body of Go's http.NotFound, which Traefik answers.
BODY = re.compile(r"\A(?:\*\*\* )?404 page not found\s{0,9}\Z")

_NOWHERE = re.compile(r'(service|middleware) "([^"@]{1,200})@file" does not exist')

#: Reasons, the nearest to a working router first.
_REASONS = (
    *("errors", "old_pattern", "plain", "tls_only", "entry_point"),
    *("unhealthy", "not_enabled", "stopped", "other_path", "no_name"),
)


@check(
    severity=Severity.ERROR,
    needs=[WebServer, TraefikState, Exchange],
    explains=["server.application-answers", "server.page-missing", "websocket.no-location",
              "websocket.not-upgraded", "server.traefik-default-certificate"],
)  # fmt: skip
def traefik_no_router(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_view(evidence), evidence.target
    state = next(iter(evidence.good(TraefikState)), None)
    pages = [page for page in pages_with_status(evidence, 404) if BODY.match(page.body)]
    if view is None or state is None or not pages or view.server.product != "traefik":
        return
    point = next((point for point in state.points if point.port == target.port), None)
    if point is None or (
        not state.complete and not any(router.has_name for router in state.routers)
    ):
        return
    reasons = [(_reason(view, router, point), router) for router in state.routers]
    if any(reason in {"", "unknown"} for reason, _ in reasons):
        return
    near = sorted(
        (each for each in reasons if each[1].has_name or each[0] == "old_pattern"), key=_rank
    )
    reason, router = near[0] if near else ("no_name", None)
    is_static, folder = _is_static(view, router), "" if router else _file_for_folder(view)
    if router is None and not is_static and _is_written(view):
        return  # Traefik refused the file, and why is not known
    own = correction(view, state, router, point, reason) if router else None
    subject = Subject(port=target.port, path=target.path)
    yield Claim(
        about=subject,
        covers=(subject, Subject(port=target.port)),
        because=(state, view.server, *pages),
        confidence=Confidence.CERTAIN if state.is_running else Confidence.LIKELY,
        severity=Severity.WARNING if reason == "other_path" else None,
        facts={
            **view.facts,
            "path": target.path,
            "router": router.name if router else "",
            "rule": router.rule if router else "",
            "message": router.errors[0] if router and router.errors else "",
            "own_points": router.entry_points if router else (),
            "point": point.name,
            "file": state.path,
            "container": router.container if router else "",
            **dict.fromkeys(_REASONS, False),
            reason: True,
            "setting": own.setting(router) if own and router else "",
            "before": own.before if own else "",
            "further": own.further.setting(router) if own and own.further and router else "",
            "recreate": _recreate(evidence, router) if router else "",
            **_health_facts(evidence, router, reason),
            "in_static": is_static and not folder,
            "folder": folder,
        },
        fix=_read(view)
        if folder
        else _moved(view)
        if is_static
        else _fix(view, state, router, own, reason),
    )


def _fix(
    view: ServerView,
    state: TraefikState,
    router: Router | None,
    own: Correction | None,
    reason: str,
) -> Fix:
    if router and (fix := _labels(view, router, own, reason)):
        return fix
    if (sick := _unhealthy(view.evidence, router, reason)) and (
        fix := health_fix(view.evidence, sick)
    ):
        return fix
    if router is None or own is None:
        return manual_fix(view, reason.replace("_", "-"))
    if edit := router_edit(view, state, router, own):
        # A name that is only like the one that is written may be another service.
        sure = Applicability.AUTOMATIC if own.is_sure else Applicability.REVIEW
        return Fix((edit,), sure)
    return manual_fix(view, "write-label" if router.container else "write-setting")


def _labels(view: ServerView, router: Router, own: Correction | None, reason: str) -> Fix | None:
    """Return the remedy that writes the labels of the router's container."""
    if not router.container or (own is None and reason != "not_enabled"):
        return None
    # Imported late: only a finding needs it.
    from checks.server._traefik_labels import labels_fix

    corrections = [each for each in (own, own and own.further) if each]
    pairs = (each.setting(router).partition("=")[::2] for each in corrections)
    labels = {"traefik.enable": "true"} if own is None else dict(pairs)
    return labels_fix(view.evidence, router.container, labels)


def _unhealthy(evidence: Evidence, router: Router | None, reason: str) -> Container | None:
    """Return the router's container, whose health check fails; None if that is not the reason."""
    name = router.container if router and reason == "unhealthy" else ""
    running = (each for item in evidence.good(Containers) for each in item.running)
    return next((each for each in running if name and each.name == name), None)


def _health_facts(evidence: Evidence, router: Router | None, reason: str) -> dict[str, object]:
    return health_facts(evidence, _unhealthy(evidence, router, reason))


def _is_static(view: ServerView, router: Router | None) -> bool:
    """Return whether what is missing stands in the static file, from which Traefik does not take
    it: the router for the name, or what the router names."""
    if view.config is None or not any("http:" in file.text for file in view.config.files):
        return False
    # Imported late: only a finding needs it.
    from checks.server._traefik_static import is_defined, static_sections

    sections = static_sections(view)
    if router is None:
        own = rf"\bHost\([^)]{{0,300}}`{re.escape(view.evidence.target.host)}`"
        return any(re.search(own, row) for row in sections.get("routers", ()))
    match = _NOWHERE.search("".join(router.errors[:1]))
    return match is not None and is_defined(sections, f"{match[1]}s", match[2])


def _moved(view: ServerView) -> Fix:
    from checks.server._traefik_static import moved_edit

    edit = moved_edit(view)
    return Fix((edit,), Applicability.REVIEW) if edit else manual_fix(view, "not-dynamic")


def _file_for_folder(view: ServerView) -> str:
    """Return the file that Traefik is to read as a folder: it reads none, and starts without it."""
    # Imported late: only a finding needs it.
    from checks.server._traefik_static import file_for_folder

    return file_for_folder(view)


def _read(view: ServerView) -> Fix:
    from checks.server._traefik_static import filename_fix

    return filename_fix(view) or manual_fix(view, "no-folder")


def _is_written(view: ServerView) -> bool:
    # Imported late: only a finding needs it.
    from checks.server._traefik_files import is_written

    return is_written(view)


def _recreate(evidence: Evidence, router: Router) -> str:
    """Return the command that makes the router's container again; labels stay as they were made."""
    return next(
        (
            compose_command(container, "up", "-d")
            for containers in evidence.good(Containers)
            for container in containers.running
            if container.name == router.container
        ),
        "docker compose up -d",
    )


def _is_old_pattern(view: ServerView, router: Router) -> bool:
    """Return whether the rule has patterns of version 2, which version 3 takes as they stand, and
    would take the page as it was meant."""
    if "{" not in router.rule or router.takes is not False or router.status == "disabled":
        return False
    major, target = major_version(view), view.evidence.target
    meant = corrected_rule(router.rule, major) if major else ""
    return bool(meant) and rule_holds(meant, next(requests_of(target)), major) is True


def _rank(pair: tuple[str, Router]) -> int:
    return _REASONS.index(pair[0])


def _reason(view: ServerView, router: Router, point: EntryPoint) -> str:
    """Return why a router does not take the page, "" if it does, "unknown" if it may."""
    tls = view.evidence.target.uses_tls
    if _is_old_pattern(view, router):
        return "old_pattern"
    if not router.has_name and router.takes is False:
        return "no_name"
    if router.filtered:
        return router.filtered if router.has_name else "no_name"
    has_tls = router.tls or point.tls
    if router.status == "disabled":
        return "errors"
    if point.name not in router.entry_points:
        return "entry_point"
    if has_tls is not tls:
        return "plain" if tls else "tls_only"
    if router.takes is False:
        return "other_path"
    return "" if router.takes else "unknown"
