"""Caddy's `try_files` takes an application's requests: without a matcher it turns every path that
is no file into its last word, before `reverse_proxy` is asked (Caddyfile, "Directive order"). The
application's route then sees another path. So it does after a `rewrite` of what is `not file`. Or
`file_server` answers every path before the application's route is reached: it stands first in a
`route`, or in a `handle` without a matcher while `reverse_proxy` is in none.
"""

from collections.abc import Iterator

from checks.server import ServerView, manual_fix, place_text, reload_steps, server_on_port
from checks.server._backend_answers import refused_websockets
from checks.server._caddy_edits import files_apart_edit
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Evidence, Fix, Severity, Subject
from diagnose.model.http import Exchange, Upgrade, header
from diagnose.model.pages import PageFileResponse
from diagnose.model.server_rules import ServedFolder
from diagnose.model.web_servers import WebServer, WebServerConfig, WebSite

Answer = Exchange | Upgrade | PageFileResponse


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig],
    explains=[
        "server.other-application", "server.own-answer", "server.page-missing",
        "server.application-answers", "server.path-not-handled",
        "http.page-for-api", "http.page-file-missing", "http.page-file-type",
        "websocket.not-upgraded", "websocket.no-location",
    ],
)  # fmt: skip
def caddy_files_first(evidence: Evidence) -> Iterator[Claim]:
    view = server_on_port(evidence)
    if view is None or view.config is None:
        return
    groups: dict[str, list[tuple[ServedFolder, list[Answer]]]] = {}
    for folder in view.folders:
        if folder.bypassed and (answers := _answers(evidence, folder)):
            # One `try_files` that takes several paths is one fault.
            groups.setdefault(folder.fallback or folder.requested, []).append((folder, answers))
    for group in groups.values():
        yield _claim(view, group)


def _claim(view: ServerView, group: list[tuple[ServedFolder, list[Answer]]]) -> Claim:
    folder, port = group[0][0], view.evidence.target.port
    subjects = [Subject(port=port, path=each.requested) for each, _ in group]
    full = [
        Subject(port=port, path=answer.path)
        for _, answers in group
        for answer in answers
        if isinstance(answer, Upgrade)
    ]
    is_of_page = any(not isinstance(answer, Upgrade) for _, answers in group for answer in answers)
    site = view.answering_sites[0] if view.answering_sites else None
    answers = [answer for _, found in group for answer in found]
    is_own = view.evidence.target.path_without_query in {each.requested for each, _ in group}
    return Claim(
        about=subjects[0],
        covers=tuple(
            dict.fromkeys((*subjects, *full, *([Subject(port=port)] if is_of_page else [])))
        ),
        because=(view.server, *((view.config,) if view.config else ()), *answers),
        # Whether a file of this name is meant, nobody asked.
        confidence=Confidence.LIKELY,
        severity=Severity.ERROR
        if any(each.websocket for each, _ in group) or not is_own
        else Severity.WARNING,
        facts={
            **view.facts,
            "path": folder.requested,
            "fallback": folder.fallback,
            "application": folder.bypassed,
            "matcher": folder.matcher,
            "place": place_text(site.file, site.line) if site else "",
            "socket": folder.websocket,
            "order": not folder.fallback,
            "by_rewrite": folder.by_rewrite,
        },
        fix=_fix(view, site, folder),
    )


def _fix(view: ServerView, site: WebSite | None, folder: ServedFolder) -> Fix:
    """Return the remedy: a `handle` for the files, and one for each application."""
    if not folder.fallback:
        return manual_fix(view, "application-first")
    if folder.by_rewrite:
        # Imported late: few sites have such a line.
        from checks.server._caddy_rewrites import spared_edit

        edit = spared_edit(view, site, folder.requested) if site else None
        step = "spare"
    else:
        edit, step = files_apart_edit(view, site) if site else None, "separate"
    if edit is None:
        return manual_fix(view, step)
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)


def _answers(evidence: Evidence, folder: ServedFolder) -> list[Answer]:
    """Return the answers to the path that are a page of files, or none."""
    target = evidence.target
    if folder.websocket:
        named = [
            upgrade.path
            for upgrade in evidence.of(Upgrade)
            if upgrade.path.partition("?")[0] == folder.requested
        ]
        return [
            upgrade
            for path in dict.fromkeys(named)
            for upgrade in refused_websockets(evidence, path)
        ]
    own = f"{target.origin}{folder.requested}"
    responses: list[Exchange | PageFileResponse] = [
        page
        for page in evidence.good(Exchange)
        if page.is_page_of(target) or (page.purpose == "data" and page.url.partition("?")[0] == own)
    ]
    if target.path_without_query != folder.requested:
        responses = [response for response in responses if response.url.partition("?")[0] == own]
    responses += [
        file for file in evidence.good(PageFileResponse) if file.url.partition("?")[0] == own
    ]
    return [
        response
        for response in responses
        if response.status in {404, 405} or (folder.fallback and _is_html(response))
    ]


def _is_html(response: Exchange | PageFileResponse) -> bool:
    kind = header(response.headers, "Content-Type") or ""
    return response.status == 200 and kind.startswith("text/html")
