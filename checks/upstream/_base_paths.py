"""A program in a folder of the site that does not know the folder: what proves it, and the edit of
the web server that goes together with the program's own setting.

Most programs that have a base path want it in every request. Where the web server takes the folder
off the path, the program gets its setting, and the web server passes the path on whole.
"""

from checks.nginx import Nginx
from checks.upstream._setting_proofs import Proof, redirects_of, reported_proof
from diagnose.model import Applicability, Confidence, Edit, Evidence, Fix, Subject
from diagnose.model.applications import OwnSetting, ReadSetting
from diagnose.model.backends import BackendVisit
from diagnose.model.http import page_exchanges
from diagnose.model.pages import PageFileResponse
from diagnose.model.requests import ComparedRequest
from diagnose.parsers.urls import normalize_url, parse_url


def folder_proof(evidence: Evidence, setting: OwnSetting, read: ReadSetting) -> Proof | None:
    """Return the redirect, the file or the page by which the program does not know its folder."""
    folder, target = read.folder, evidence.target
    if not folder or (setting.stripped and not read.strips):
        return None
    if setting.means == "switch":
        return _own_page_missed(evidence, folder) if read.strips == setting.stripped else None
    for step, onward in redirects_of(evidence):
        url = parse_url(onward)
        is_own = url is not None and url.host == target.host and step.purpose == "target"
        if url and is_own and not f"{url.path}/".startswith(f"{folder}/"):
            words = f"{step.status} Location: {onward}"
            return Proof((step,), Confidence.LIKELY, step.url, words)
    for file in evidence.good(PageFileResponse):
        url = parse_url(file.url)
        is_missing = url is not None and url.host == target.host and file.shows_fault
        if url and is_missing and not url.path.startswith(f"{folder}/"):
            covers = (Subject(port=target.port, path=url.path),)
            words = str(file.status or "")
            return Proof((file,), Confidence.LIKELY, file.url, words, "", covers)
    return _missed_page(evidence, folder) or reported_proof(evidence, read)


def _missed_page(evidence: Evidence, folder: str) -> Proof | None:
    """Return the 404 of the folder's own page, of a program that has it without the folder."""
    bare = evidence.target.path_without_query.rstrip("/")
    pages = [page for page in page_exchanges(evidence) if page.status == 404]
    if bare != folder.rstrip("/") or not pages:
        return None
    visits = [
        visit
        for visit in evidence.good(BackendVisit)
        if visit.path in {"", "/"} and visit.succeeded and not visit.websocket
    ]
    asked = [
        request
        for request in evidence.good(ComparedRequest)
        if request.part == "path"
        and request.value in {"", "/"}
        and 200 <= (request.status or 999) < 400
    ]
    shown = (*visits[:1], *asked[:1])
    return Proof((*pages[:1], *shown), Confidence.LIKELY, pages[0].url, "404") if shown else None


def _own_page_missed(evidence: Evidence, folder: str) -> Proof | None:
    """Return the redirect of a page in the folder to itself: the application does not know its own
    page there."""
    for step, onward in redirects_of(evidence):
        url = parse_url(onward)
        is_within = url is not None and f"{url.path}/".startswith(f"{folder.rstrip('/')}/")
        if is_within and normalize_url(onward) == normalize_url(step.url):
            words = f"{step.status} Location: {step.header('Location')}"
            return Proof((step,), Confidence.LIKELY, step.url, words, "", (Subject(port=80),))
    return None


def wants_whole_path(setting: OwnSetting, read: ReadSetting) -> bool:
    """Return whether the web server takes the folder off a path that the program wants whole."""
    return setting.means == "base-path" and read.strips and not setting.stripped


def whole_path_fix(evidence: Evidence, own: Fix) -> Fix | None:
    """Return the remedy of the program's setting with the edit by which the web server passes the
    path on whole; None if one of both is not exact."""
    if own.applicability is Applicability.MANUAL:
        return None
    server = _nginx_fix(evidence) or _server_fix(evidence)
    if server is None or not any(isinstance(step, Edit) for step in server.steps):
        return None
    return Fix((*own.steps, *server.steps), Applicability.REVIEW)


def _nginx_fix(evidence: Evidence) -> Fix | None:
    from checks.nginx._edits import Changes, config_edits
    from checks.nginx._location_edits import location_fix, pass_whole_path
    from checks.upstream._comparisons import proxied_match

    nginx = Nginx.of(evidence)
    match = proxied_match(nginx, evidence.target.path_without_query)
    changes: Changes = {}
    if match is None or not pass_whole_path(match, changes):
        return None
    edits = config_edits(nginx, changes)
    return location_fix(nginx, match, edits, sure=False) if edits else None


def _server_fix(evidence: Evidence) -> Fix | None:
    from checks.server import server_on_port
    from checks.server._backend_answers import route_to_application
    from checks.server._whole_paths import whole_path_fix as server_fix

    view, path = server_on_port(evidence), evidence.target.path_without_query
    route = route_to_application(view, path) if view else None
    return server_fix(view, route, path) if view and route else None
