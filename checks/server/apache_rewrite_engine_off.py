"""A virtual host of Apache's has rewrite rules and no `RewriteEngine on`: the rules do nothing, and
Apache says nothing about them (mod_rewrite). A WebSocket is not passed on, or a page is refused
that such a rule would have passed on or led elsewhere.

Rules that are not needed are no fault: a path that visitors do not get has to be one that a rule
takes. A virtual host that says `RewriteEngine off` means it.
"""

from collections.abc import Iterator

from checks.server import ServerView, place_text, reload_steps, server_on_port
from checks.server._backend_answers import refused_websockets, websocket_paths
from checks.server._idle_rewrites import IdleRule, engine_edit, idle_rules
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Evidence, Fix, Severity, Subject
from diagnose.model.http import Exchange, Upgrade, page_exchanges
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.stray_pages import shows_no_site


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig],
    explains=[
        "http.not-the-site",
        "server.apache-path-misspelt",
        "server.other-requests-failed",
        "server.own-answer",
        "server.page-missing",
        "server.path-not-handled",
        "server.websocket-not-passed",
        "websocket.*",
    ],
)
def apache_rewrite_engine_off(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_on_port(evidence), evidence.target
    if view is None or view.config is None or view.server.product != "apache":
        return
    sites = view.answering_sites
    failures = list(_failures(evidence)) if len(sites) == 1 else []
    rules = idle_rules(view, sites[0]) if failures else ()
    lost = [
        (rule, path, answers)
        for path, answers, is_websocket in failures
        for rule in rules
        if rule.takes(path.partition("?")[0]) and (rule.is_proxy or not is_websocket)
    ]
    if not lost:
        return
    rule, path, _ = lost[0]
    paths = tuple(dict.fromkeys(path for _, path, _ in lost))
    edit = engine_edit(view, sites[0], rule)
    yield Claim(
        about=Subject(port=target.port, path=path),
        covers=tuple(Subject(port=target.port, path=each) for each in _with_plain(paths)),
        because=(
            view.config,
            view.server,
            *(answer for _, _, answers in lost for answer in answers),
        ),
        facts={
            **view.facts,
            "paths": paths,
            "place": place_text(sites[0].file, rule.line),
            "target": rule.target,
            "proxy": rule.is_proxy,
        },
        # The conditions of the rule were not evaluated, and a reload may not have happened yet.
        confidence=_confidence(view, rule),
        fix=Fix((*([edit] if edit else []), *reload_steps(view.server)), Applicability.REVIEW),
    )


def _confidence(view: ServerView, rule: IdleRule) -> Confidence:
    is_loaded = view.config is not None and view.config.loaded is not False
    return Confidence.CERTAIN if is_loaded and rule.is_proxy else Confidence.LIKELY


def _with_plain(paths: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each for path in paths for each in (path, path.partition("?")[0])))


def _failures(
    evidence: Evidence,
) -> Iterator[tuple[str, tuple[Exchange | Upgrade, ...], bool]]:
    """Yield the paths that visitors do not get, with what they got; True for a WebSocket."""
    for path in websocket_paths(evidence):
        if refused := refused_websockets(evidence, path):
            yield path, tuple(refused), True
    pages = page_exchanges(evidence)
    if pages and all(shows_no_site(page.status, page.body) for page in pages):
        yield evidence.target.path, tuple(pages), False
