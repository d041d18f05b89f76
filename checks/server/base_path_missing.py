"""The application behind Apache, Caddy or HAProxy is in a sub-folder of the site and does not know
that: its page asks for files at the root of the site, or redirects there, where nobody has them.

The evidence is the application itself: asked directly, it has what is missing.
"""

from collections.abc import Iterator

from checks.http import _page_files
from checks.http._missing_slashes import files_beside
from checks.server import ServerView, place_text, server_on_port
from checks.server._backend_answers import route_to_application, visit_of
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Observation,
    Severity,
    Subject,
    Where,
)
from diagnose.model.backends import BackendVisit
from diagnose.model.http import Exchange
from diagnose.model.web_servers import SiteRoute, WebServer, WebServerConfig
from diagnose.parsers.urls import path_of
from diagnose.parsers.web_sites import inner_path, takes


@check(
    severity=Severity.WARNING,
    needs=[WebServer, WebServerConfig, BackendVisit],
    explains=[
        "http.page-file-missing", "http.page-file-type", "http.redirect-to-error",
        "http.base-path-missing", "server.other-application", "server.own-answer",
    ],
)  # fmt: skip
def base_path_missing(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_on_port(evidence), evidence.target
    if view is None:
        return
    route = route_to_application(view)
    if route is None or not route.path.strip("/"):
        return
    for url, missing, severity, is_file in _missing(evidence):
        path = path_of(url)
        visit = visit_of(evidence, route, path, path, websocket=False) if path else None
        if is_file and url in files_beside(evidence):
            continue  # a base path changes no relative name: http.base-path-missing
        if visit is None or visit.status != 200 or takes(route.path, path):
            continue
        from checks.http._known_application import own_setting
        from checks.server._prefix_fields import helping_trials, prefix_fix

        page = f"{target.origin}{target.path}"
        trials = helping_trials(evidence, page) if is_file else ()
        from checks.upstream._own_remedy import with_own_remedy

        claim = Claim(
            about=Subject(port=target.port, path=target.path_without_query),
            covers=(Subject(port=target.port, path=path), Subject(port=target.port)),
            because=(*missing, visit, *trials, view.server),
            severity=severity,
            confidence=Confidence.LIKELY,
            facts={
                **_facts(view),
                "page": page,
                "url": url,
                "path": path,
                "prefix": route.path.rstrip("/"),
                "target": route.target,
                "place": place_text(route.file, route.line),
                "file": is_file,
                "field": trials[1].field if trials else "",
                **own_setting(evidence, "base_path", "public_url"),
            },
            fix=(prefix_fix(view, route, trials[1]) if trials else None)
            or (_folders_fix(evidence, route, path) if is_file else None)
            or Fix((Manual("tell-the-base-path", Where.APPLICATION),), Applicability.MANUAL),
        )
        yield with_own_remedy(evidence, claim, "base_path", "public_url", only_read=True)
        return


def _folders_fix(evidence: Evidence, route: SiteRoute, path: str) -> Fix | None:
    """Return the edit that brings the folders of the missing files from the application, which has
    them at its root, and the step of a person; None if the route keeps its path."""
    prefix = route.path.rstrip("/")
    if inner_path(route, f"{prefix}{path}") != path:
        return None
    # Imported late: only a finding needs it.
    from checks.server._folder_files import folder_files_fix

    return folder_files_fix(evidence, prefix, "tell-the-base-path")


def _facts(view: ServerView) -> dict[str, object]:
    return {**view.facts, view.server.product: True}


def _missing(
    evidence: Evidence,
) -> Iterator[tuple[str, tuple[Observation, ...], Severity, bool]]:
    """Yield what visitors of the page do not get: the URL, what shows it, how much it matters, and
    whether it is a file of the page."""
    refused = _page_files.refused_files(evidence)
    urls = [file.response.url for file in refused]
    for file in refused:
        severity = _page_files.severity(file.page, urls)
        yield file.response.url, (file.page, file.response), severity, True
    own = {
        exchange.url: exchange
        for exchange in evidence.good(Exchange)
        if exchange.purpose == "target"
    }
    for exchange in evidence.good(Exchange):
        if exchange.status == 404 and exchange.redirected_from in own:
            yield exchange.url, (own[exchange.redirected_from], exchange), Severity.ERROR, False
