"""Caddy has the site, and none of its routes to an application takes the path. Caddy then answers
200 with an empty body, or from its files: with 404, or with the page of `try_files`. A WebSocket is
not opened. Apache answers 404 for a path without the slash with which its <Location> or ProxyPass
ends. A path matcher without "*" is that path alone, and "/a/*" does not match "/a" (Caddyfile,
"Path matchers").

What files answer may be meant so, unless a matcher misses the path by its end, or by one letter.
"""

from collections.abc import Collection, Iterator, Sequence

from checks.http import exchanges_by_purpose, shown_pages
from checks.server import (
    ServerView,
    file_rows,
    manual_fix,
    place_text,
    reload_steps,
    server_on_port,
)
from checks.server._backend_answers import websocket_paths, websocket_severity
from checks.server._caddy_edits import file_server_edit, lacks_file_server
from checks.server._near_routes import (
    Answer,
    NearRoute,
    answers_of_files,
    inner_root,
    is_passed_on,
    matcher_edit,
    near_route,
)
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Evidence, Fix, Severity, Subject
from diagnose.model.http import Exchange, Upgrade, header
from diagnose.model.pages import PageFileResponse
from diagnose.model.web_servers import WebServer, WebServerConfig, WebSite
from diagnose.parsers.urls import parse_url, path_of
from diagnose.parsers.web_sites import may_take, route_of


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig],
    explains=[
        "http.last-slash",
        "server.own-answer",
        "server.application-answers",
        "websocket.not-upgraded",
        "websocket.no-location",
        "http.blank-page",
        "http.page-for-api",
        "http.page-file-missing",
        "http.page-file-type",
        "server.page-missing",
        "server.rule-refuses",
    ],
)
def path_not_handled(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_on_port(evidence), evidence.target
    if view is None or view.config is None or view.server.product not in {"caddy", "apache"}:
        return
    if len(view.answering_sites) != 1:
        return
    (site,) = view.answering_sites
    if view.server.product == "apache":
        yield from _without_slash(view, site)
        return
    paths: set[str] = set()
    websockets = websocket_paths(evidence)
    ends = _blank_ends(evidence)
    for path in dict.fromkeys((target.path_without_query, *websockets, *ends)):
        is_websocket = path in websockets
        own = path.partition("?")[0]
        failed = [*_failed(evidence, path, 200), *ends.get(path, ())]
        is_blank = any(isinstance(answer, Exchange) for answer in failed)
        near = near_route(site, own) or (inner_root(view, site, own) if is_blank else None)
        near = near or (_root_route(site) if is_blank and own != "/" else None)
        missed_conditions = _missed_conditions(view, own, is_websocket)
        # What an application answers has a type.
        is_untyped = not any(header(answer.headers, "Content-Type") for answer in failed)
        is_nobodys = is_untyped and _nothing_answers(view, own, is_websocket)
        is_taken_by = is_passed_on(site, own) and not (missed_conditions or is_nobodys)
        if is_websocket and not _may_handle(site, own):
            # Nothing at all answers: 200 is Caddy's own.
            is_blank = is_blank or any(answer.status == 200 for answer in failed)
        is_of_files = is_websocket and _answers_with_files(site, own)
        reasons = (near, is_blank, missed_conditions, is_of_files)
        if not near and not is_websocket and _is_answered_with_nothing(view, site, own):
            continue
        if failed and any(reasons) and not is_taken_by:
            paths.add(path)
            yield _claim(view, site, path, failed, near, missed_conditions)
    yield from _empty_files(view, site)
    yield from _near_misses(view, site, paths)


def _blank_ends(evidence: Evidence) -> dict[str, list[Exchange]]:
    """Return the empty pages to which the target redirects, by their paths: the application sends
    visitors to its login, and nobody passes that on."""
    ends: dict[str, list[Exchange]] = {}
    for page in shown_pages(evidence):
        is_empty = page.status == 200 and page.header("Content-Length") == "0"
        if page.purpose == "redirect" and is_empty and not page.header("Content-Type"):
            ends.setdefault(path_of(page.url).partition("?")[0], []).append(page)
    return ends


def _is_answered_with_nothing(view: ServerView, site: WebSite, path: str) -> bool:
    """Return whether the site has an empty block for a path: it takes notice, and says nothing."""
    file = view.config.file(site.file) if view.config else None
    lines = file_rows(view, file)[site.line : site.end] if file else []
    return any(
        words[:1] in (["handle"], ["handle_path"], ["route"])
        and words[1:] in ([path, "{"], [path, "{", "}"], [f"{path}*", "{"], [f"{path}*", "{", "}"])
        and (words[-1] == "}" or after.strip() == "}")
        for words, after in zip(map(str.split, lines), [*lines[1:], ""], strict=False)
    )


def _without_slash(view: ServerView, site: WebSite) -> Iterator[Claim]:
    """Make the claims for the paths of Apache's that lack the slash of a route."""
    target = view.evidence.target
    for path in dict.fromkeys((target.path_without_query, *target.websockets)):
        failed, near = _failed(view.evidence, path, 404), near_route(site, path)
        is_taken_by = is_passed_on(site, path)
        if failed and near and near.route.path == f"{path}/" and not is_taken_by:
            yield _claim(view, site, path, failed, near, "")


def _near_misses(view: ServerView, site: WebSite, claimed: Collection[str]) -> Iterator[Claim]:
    """Make the claims for what the site's files answer, where a matcher nearly takes the path: the
    first path of each matcher."""
    matchers: set[str] = set()
    for path, answer in answers_of_files(view):
        near = near_route(site, path)
        if near is None or path in claimed or near.matcher in matchers:
            continue
        if not is_passed_on(site, path) and _may_handle(site, path):
            matchers.add(near.matcher)
            yield _claim(view, site, path, [answer], near, "")


def _answers_with_files(site: WebSite, path: str) -> bool:
    """Return whether files answer a WebSocket: Caddy's own answer that is known takes it."""
    route = route_of(site, path, True)
    return bool(site.root) and route is not None and not route.target


def _empty_files(view: ServerView, site: WebSite) -> Iterator[Claim]:
    """Make the claim for a page whose own files come empty: the route of its application is for
    the path "/" alone, or for another folder, and no route at all takes the file."""
    root = _root_route(site)
    for path, answer in _empty_answers(view):
        is_nobodys = _nothing_answers(view, path, False)
        is_missed = not is_passed_on(site, path) and (root or not _may_handle(site, path))
        if is_nobodys or is_missed:
            yield _claim(view, site, path, [answer], root, "")
            return


def _root_route(site: WebSite) -> NearRoute | None:
    """Return the first route to an application if it is for the path "/" alone."""
    exact = next((route for route in site.routes if route.target and route.exact), None)
    is_root = exact is not None and exact.path == "/" and not exact.pattern
    return NearRoute(exact, "/", "*") if exact and is_root else None


def _empty_answers(view: ServerView) -> Iterator[tuple[str, Answer]]:
    """Yield the files of the page that come empty and without a type, and such data."""
    answers: list[PageFileResponse | Exchange] = [*view.evidence.good(PageFileResponse)]
    answers += exchanges_by_purpose(view.evidence, "data")
    for answer in answers:
        url = parse_url(answer.url)
        is_empty = answer.status == 200 and header(answer.headers, "Content-Length") == "0"
        if url is not None and is_empty and not header(answer.headers, "Content-Type"):
            yield url.path.partition("?")[0], answer


def _may_handle(site: WebSite, path: str) -> bool:
    """Return whether a route takes a path, or may do so; True if no route is known."""
    return not site.routes or any(may_take(route, path) for route in site.routes)


def _claim(
    view: ServerView,
    site: WebSite,
    path: str,
    failed: Sequence[Answer],
    near: NearRoute | None,
    conditions: str,
) -> Claim:
    is_apache = view.server.product == "apache"
    route = near.route if near else None
    place = place_text(route.file, route.line) if route else place_text(site.file, site.line)
    own, plain_path = Subject(port=view.evidence.target.port, path=path), path.partition("?")[0]
    is_page = not any(isinstance(answer, Upgrade) for answer in failed)
    is_blank = is_page and all(_is_blank(answer) for answer in failed)
    is_of_files = (
        not near and not conditions and not is_page and _answers_with_files(site, plain_path)
    )
    return Claim(
        about=own,
        # The empty page itself is known by its address and port.
        covers=(own, Subject(port=own.port)) if is_page and not is_apache else (own,),
        because=(view.server, *((view.config,) if view.config else ()), *failed),
        confidence=Confidence.LIKELY
        if is_of_files or (near and near.mistyped) or (is_page and not is_blank and not is_apache)
        else Confidence.CERTAIN,
        facts={
            **view.facts,
            "path": plain_path,
            "place": place,
            "matcher": "" if near is None else near.route.path if is_apache else near.matcher,
            "wider": near.wider if near else f"{plain_path}*" if is_of_files else "",
            "prefix": near.route.path if near else "",
            "mistyped": bool(near and near.mistyped),
            "apache": is_apache,
            "missed": "" if near else conditions,
            "blank": is_blank and not is_apache,
            "socket": not is_page,
            "shell": is_page and not is_blank and failed[0].status == 200,
            "missing": is_page and failed[0].status == 404 and not is_apache,
            "application": _application(site) if is_of_files else "",
            "folder": site.root
            if not near and not conditions and _lacks_file_server(view, site)
            else "",
        },
        severity=_severity(view, site, path, near, conditions),
        fix=_fix(view, site, near, conditions, is_of_files),
    )


def _is_blank(answer: Answer) -> bool:
    return (
        answer.status == 200
        and not (isinstance(answer, Exchange) and answer.body)
        and not (isinstance(answer, PageFileResponse) and answer.is_html)
    )


def _application(site: WebSite) -> str:
    """Return the first application of the site, as `reverse_proxy` names it."""
    targets = (route.target for route in site.routes if route.target and route.scheme == "http")
    return next(targets, "127.0.0.1:PORT").removeprefix("http://")


def _fix(
    view: ServerView, site: WebSite, near: NearRoute | None, conditions: str, is_of_files: bool
) -> Fix:
    if near is None:
        if not (conditions or is_of_files) and _lacks_file_server(view, site):
            edit = file_server_edit(view, site)
            if edit is None:
                return manual_fix(view, "serve-the-files")
            return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
        return manual_fix(view, "match" if conditions else "add-socket" if is_of_files else "add")
    if view.server.product == "apache":
        return manual_fix(view, "slash")
    edit = matcher_edit(view, site, near)
    if edit is None:
        return manual_fix(view, "widen")
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)


def _nothing_answers(view: ServerView, path: str, websocket: bool) -> bool:
    """Return whether Caddy's routes were followed to the end, and none answers for certain."""
    return any(
        (rule.path, rule.websocket, rule.rule, rule.condition) == (path, websocket, "", "")
        for rule in view.rules
        if rule.is_certain
    )


def _lacks_file_server(view: ServerView, site: WebSite) -> bool:
    """Return whether the site names a folder, and nothing serves it."""
    return bool(site.root) and (not site.routes or lacks_file_server(view, site))


def _severity(
    view: ServerView, site: WebSite, path: str, near: NearRoute | None, conditions: str
) -> Severity | None:
    """A site for WebSockets alone needs no page, and an API none at its root."""
    if view.server.product == "caddy" and not near and _lacks_file_server(view, site):
        return Severity.WARNING
    if near:
        is_mild = view.server.product == "apache" or near.mistyped
        return Severity.WARNING if is_mild else None
    if path in websocket_paths(view.evidence):
        return websocket_severity(view.evidence)
    has_socket = any(upgrade.accepted for upgrade in view.evidence.good(Upgrade))
    is_meant = has_socket or (path == "/" and not conditions)
    return Severity.NOTE if is_meant else Severity.WARNING


def _missed_conditions(view: ServerView, path: str, websocket: bool) -> str:
    """Return the conditions of the routes that hold an application and do not take this request,
    if Caddy's routes were followed to the end and none answers; "" otherwise."""
    return next(
        (
            rule.condition
            for rule in view.rules
            if (rule.path, rule.websocket, rule.rule) == (path, websocket, "") and rule.is_certain
        ),
        "",
    )


def _failed(evidence: Evidence, path: str, status: int) -> list[Exchange | Upgrade]:
    """Return the pages of the path that nobody gave (404, or 200 and empty), and its refused
    WebSockets."""
    port, target = evidence.target.port, evidence.target
    pages = [
        exchange
        for exchange in evidence.good(Exchange)
        if exchange.is_page_of(target) and exchange.method == "GET"
        if path == target.path_without_query and exchange.status == status
        if status == 404 or not exchange.body
    ]
    upgrades = [
        upgrade
        for upgrade in evidence.good(Upgrade)
        if upgrade.path == path and upgrade.port == port and not upgrade.accepted
        if upgrade.status in {200, 404, 405}
    ]
    return [*pages, *upgrades]
