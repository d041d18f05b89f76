"""The braces of a condition of HAProxy hold an operator (`{ path /health && is_down }`). HAProxy
has one test in braces: the operator and what follows it are values with which it is compared
(Configuration Manual, section 7.2). So the rule takes other requests than it seems to, and answers
the page with an error or sends it to another application.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from checks.server import line_edit, manual_fix, reload_steps
from checks.server._backend_answers import refused_websockets
from checks.server._haproxy import HaproxyView, haproxy_view
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Evidence, Fix, Severity, Subject
from diagnose.model.http import Exchange, Upgrade, error_pages
from diagnose.model.web_servers import ServerFile, WebServer, WebServerConfig
from diagnose.parsers.haproxy.braces import repaired_lines
from diagnose.parsers.haproxy.view import TargetProxies, parsed, refusals, target_proxies

Place = tuple[str, int]


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig],
    explains=[
        "http.server-error", "server.application-answers", "server.haproxy-no-backend",
        "server.haproxy-rule-refuses", "server.haproxy-rule-shadowed", "server.own-answer",
        "server.page-missing", "websocket.no-location", "websocket.not-upgraded",
    ],
)  # fmt: skip
def haproxy_operator_in_braces(evidence: Evidence) -> Iterator[Claim]:
    target = evidence.target
    for path in dict.fromkeys((target.path, *target.websockets)):
        is_socket = path in target.websockets
        answers = refused_websockets(evidence, path) if is_socket else error_pages(evidence)
        haproxy = haproxy_view(evidence, path, is_socket) if answers else None
        if haproxy is None or haproxy.view.config is None:
            continue
        for place, text in repaired_lines(haproxy.view.config).items():
            if _decides(haproxy, haproxy.view.config, path, place, text, answers):
                yield _claim(haproxy, path, answers, place, text)
                return


def _decides(
    haproxy: HaproxyView,
    config: WebServerConfig,
    path: str,
    place: Place,
    text: str,
    answers: Sequence[Exchange | Upgrade],
) -> bool:
    """Return whether HAProxy would do something else with the request if a line were repaired, and
    whether it is this line that answers, or that chooses the backend now or then."""
    target = haproxy.view.evidence.target
    meant_config = replace(config, files=tuple(_with(file, place, text) for file in config.files))
    meant = target_proxies(parsed(meant_config), target, path, path in target.websockets)
    if meant is None:
        return False
    statuses = {answer.status for answer in answers}
    now, then = (_deciding(proxies, haproxy, path) for proxies in (haproxy.proxies, meant))
    if now == then:
        return False
    refusing, choosing, _ = now
    return any(
        (rule, status) == (place, answered) for rule, status, _ in refusing for answered in statuses
    ) or (not any(is_certain for _, _, is_certain in refusing) and place in {choosing, then[1]})


def _deciding(
    proxies: TargetProxies, haproxy: HaproxyView, path: str
) -> tuple[tuple[tuple[Place, int, bool], ...], Place | None, str]:
    """Return the rules that answer a path themselves, with their status and whether they do so for
    certain; the place of the rule that chooses the backend; and that backend."""
    rules = refusals(proxies, haproxy.view.evidence.target, path)
    chosen = proxies.selection
    return (
        tuple(((rule.line.file, rule.line.number), rule.status, rule.is_certain) for rule in rules),
        (chosen.line.file, chosen.line.number) if chosen else None,
        proxies.backend_name,
    )


def _with(file: ServerFile, place: Place, text: str) -> ServerFile:
    """Return a file with another line."""
    if file.path != place[0]:
        return file
    lines = file.text.split("\n")
    lines[place[1] - 1] = text
    return replace(file, text="\n".join(lines))


def _claim(
    haproxy: HaproxyView,
    path: str,
    answers: Sequence[Exchange | Upgrade],
    place: Place,
    text: str,
) -> Claim:
    view, status = haproxy.view, answers[0].status or 0
    own = Subject(port=view.evidence.target.port, path=path.partition("?")[0])
    is_socket = isinstance(answers[0], Upgrade)
    edit = line_edit(view, place[0], {place[1]: (text,)})
    file = view.config.file(place[0]) if view.config else None
    return Claim(
        about=own,
        covers=(own, *([] if is_socket else [Subject(port=own.port)])),
        because=(*answers, view.server),
        # What the condition was meant to be, only its owner knows.
        confidence=Confidence.LIKELY,
        severity=Severity.ERROR if is_socket or status >= 500 else Severity.WARNING,
        facts={
            **view.facts,
            "path": own.path,
            "status": status or "",
            "place": f"{place[0]}:{place[1]}",
            "line": file.text.split("\n")[place[1] - 1].strip() if file else "",
            "meant": text.strip(),
        },
        fix=Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
        if edit
        else manual_fix(view, "join-outside"),
    )
