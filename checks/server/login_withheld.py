"""Apache, Caddy or HAProxy takes the visitors' login from every request before the application gets
it: `RequestHeader unset Authorization`, `header_up -Cookie`, `http-request del-header Cookie`.

Such lines belong to a cache of public files, and were copied to the application itself. They are
judged by their symptom: by the log, browsers get 401 for what pages of the site ask for, again and
again and nobody anything else; or the target's own page is answered with 401.
"""

from collections.abc import Iterator

from checks.nginx._failed_requests import current_failures
from checks.server import (
    ServerView,
    line_edit,
    manual_fix,
    pages_with_status,
    place_text,
    reload_steps,
    server_on_port,
)
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Observation,
    Severity,
    Subject,
)
from diagnose.model.http import Exchange
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.token_fields import refuses_unknown
from diagnose.parsers.withheld_logins import WithholdingLine, withholding_line

#: The status of an application that does not know who asks (RFC 9110 section 15.5.2).
_UNKNOWN_PERSON = 401


@check(
    severity=Severity.WARNING,
    needs=[WebServer, WebServerConfig, Exchange],
    explains=[
        "server.other-requests-failed", "server.own-answer", "server.application-answers",
        "upstream.own-answer",
    ],
)  # fmt: skip
def login_withheld(evidence: Evidence) -> Iterator[Claim]:
    view = server_on_port(evidence)
    if view is None or view.config is None:
        return
    refused: dict[WithholdingLine, list[tuple[str, Observation]]] = {}
    for path, observation in _refused(view):
        if line := withholding_line(view.config, evidence.target, path):
            refused.setdefault(line, []).append((path, observation))
    for line, requests in refused.items():
        paths = list(dict.fromkeys(path for path, _ in requests))
        subjects = tuple(Subject(port=evidence.target.port, path=path) for path in paths)
        yield Claim(
            about=subjects[0],
            covers=subjects,
            because=(*(observation for _, observation in requests), view.config, view.server),
            # The application may look for its login in another place than this field.
            confidence=Confidence.LIKELY,
            severity=_severity(evidence, line, [observation for _, observation in requests]),
            facts={
                **view.facts,
                "url": evidence.target.origin + paths[0],
                "others": tuple(paths[1:]),
                "line": line.text,
                "place": place_text(line.file, line.number),
                "field": line.field,
            },
            fix=_fix(view, line),
        )


def _refused(view: ServerView) -> Iterator[tuple[str, Observation]]:
    """Yield the paths at which the application does not know who asks."""
    evidence = view.evidence
    for page in pages_with_status(evidence, _UNKNOWN_PERSON):
        # A server that asks for a password of its own says so.
        if not page.asks_for_password:
            yield evidence.target.path_without_query, page
    for failure in current_failures(evidence, {_UNKNOWN_PERSON}, view.server.product):
        if failure.is_from_page and not failure.lost_user:
            yield failure.path, failure


def _severity(
    evidence: Evidence, line: WithholdingLine, observations: list[Observation]
) -> Severity | None:
    """Nobody complains, and only this run's own request shows it: it sends no login, so that 401
    is its right answer. An interface that was asked about, and has no form to sign in, takes a
    token in Authorization."""
    pages = [observation for observation in observations if isinstance(observation, Exchange)]
    is_own = len(pages) == len(observations)
    is_interface = (
        line.field.lower() == "authorization"
        and evidence.target.path_without_query != "/"
        and all(refuses_unknown(page.status, page.body) for page in pages)
    )
    is_asked = evidence.target.symptom is not None or is_interface
    return Severity.NOTE if is_own and not is_asked else None


def _fix(view: ServerView, line: WithholdingLine) -> Fix:
    """Remove the line."""
    edit = line_edit(view, line.file, {line.number: ()})
    if edit is None:
        return manual_fix(view, "remove-the-line")
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
