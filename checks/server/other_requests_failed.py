"""Other requests of visitors fail than the one for the target's page, by the log of Apache, Caddy
or HAProxy, whose termination state says where each one ended. What fails again in this run, or
what visitors got that used the site's page, is a warning; the rest may be meant.

An upload that the server no longer waited for, though its sender was there, gets the setting that
says how long.

What Apache's error log says about such a request is quoted, and a rule of a web application
firewall gets its number. Else it is said who answered, where that is sure: the application, by its
own log, by its answer to the same request, or by HAProxy's termination state. A check that knows
the cause explains this finding.
"""

from collections.abc import Iterator

from checks.nginx._failed_requests import (
    applications_words,
    repeated_exchange,
    request_facts,
    status_hints,
    unopened_failures,
)
from checks.server import ServerView, line_text, manual_fix, place_text, server_on_port
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
from diagnose.model.http import Exchange
from diagnose.model.logs import FailedRequests, LoggedRequestError
from diagnose.model.program_logs import ProgramRefusal
from diagnose.model.web_servers import WebServer
from diagnose.parsers.http import GATEWAY_FAILURES
from diagnose.parsers.stalled_uploads import TIMED_OUT

#: Failures of one kind from which on they are no accident.
_MANY = 3
#: A page sends what is not allowed or too large: no site is made so.
_TOO_LARGE = 413
_NEVER_MEANT = frozenset({405, _TOO_LARGE})
#: That the application is reached now says nothing of the time that it takes for an answer.
_TOO_LATE = 504
#: The status that administrators give to programs which look for weak sites.
_UNAVAILABLE = 503


@check(severity=Severity.WARNING, needs=[WebServer, FailedRequests], names_requests=True)
def other_requests_failed(evidence: Evidence) -> Iterator[Claim]:
    view = server_on_port(evidence)
    if view is None:
        return
    for failure in unopened_failures(evidence, view.server.product):
        again = repeated_exchange(evidence, failure)
        error = _logged_reason(evidence, failure)
        is_firewall = error is not None and error.reason == "firewall"
        is_stalled = failure.status == TIMED_OUT and view.server.product in _WAITING
        proof = None if error or is_stalled else _application_proof(view, failure)
        words = proof if isinstance(proof, ProgramRefusal) else None
        yield Claim(
            about=Subject(port=evidence.target.port, path=failure.path),
            consequence_of=_causes(evidence, failure),
            because=tuple(
                dict.fromkeys(each for each in (failure, error, again, proof) if each is not None)
            ),
            severity=None if _is_fault(failure, again, error) else Severity.NOTE,
            # Whether they were meant to succeed, only their senders know.
            confidence=Confidence.LIKELY if failure.is_all else Confidence.CERTAIN,
            facts={
                **view.facts,
                **request_facts(evidence, failure, again),
                "command": failure.equivalent,
                "ending": failure.ending,
                **dict.fromkeys(_ENDINGS.values(), False),
                **_ending(failure.ending),
                "why": error.message if error else "",
                "log": error.log if error else "",
                "firewall": is_firewall,
                "stalled": is_stalled,
                **{product: view.server.product == product for product in _WAITING},
                "rule": error.rule if error else "",
                "rule_file": error.rule_file if error else "",
                **_answerer(view, failure, words, is_known=proof is not None),
                **status_hints(failure),
            },
            fix=manual_fix(view, "except-the-rule" if is_firewall else "wait-longer")
            if is_firewall or is_stalled
            else Fix((_step(error, proof),), Applicability.MANUAL),
        )


def _causes(evidence: Evidence, failure: FailedRequests) -> tuple[str, ...]:
    """Return the checks that say more of a failure: of an nginx behind this server, which has the
    same one in its log, and of the limit on size."""
    key = failure.method, failure.path, failure.status
    is_behind = any(
        (other.method, other.path, other.status) == key
        for other in evidence.good(FailedRequests)
        if other.server == "nginx"
    )
    limit = ("http.size-limit-told",) if failure.status == _TOO_LARGE else ()
    return (*limit, *(("nginx.other-requests-failed",) if is_behind else ()))


def _step(error: LoggedRequestError | None, proof: Observation | None) -> Manual:
    if proof is not None:
        return Manual("ask-the-application", Where.APPLICATION)
    return Manual("mend-the-line" if error else "ask-for-it", Where.SERVER)


def _application_proof(view: ServerView, failure: FailedRequests) -> Observation | None:
    """Return what shows that the application itself answered with this status: its own log, its
    answer to the same request without the server, or HAProxy's termination state; None if it is
    not known who answered."""
    if words := applications_words(view.evidence, failure):
        return words
    route = route_to_application(view, failure.path)
    if route is None:
        return None
    # "--": the session ended normally, and no rule of HAProxy answered ("PR", "LR").
    if view.server.product == "haproxy" and failure.ending[:2] == "--":
        return failure
    path = failure.path
    visit = visit_of(view.evidence, route, path, path, False) if failure.method == "GET" else None
    return visit if visit is not None and visit.status == failure.status else None


def _answerer(
    view: ServerView, failure: FailedRequests, words: ProgramRefusal | None, *, is_known: bool
) -> dict[str, object]:
    """Return where the server passes the request on, and what the application wrote about it."""
    route = route_to_application(view, failure.path) if is_known else None
    return {
        "application": is_known,
        "pass": line_text(view, route.file, route.line).strip() if route else "",
        "place": place_text(route.file, route.line) if route else "",
        "process": words.process if words else "",
        "written": words.message if words else "",
        "written_command": words.equivalent if words else "",
    }


#: Servers whose setting for the wait is known to the page of this check.
_WAITING = ("apache", "haproxy")
#: What the first two letters of a termination state mean for a request that failed (HAProxy's
#: Configuration Manual, section 8.5).
_ENDINGS = {
    "SC": "refused", "sC": "unreached", "SH": "cut", "sH": "silent", "sQ": "queued", "SQ": "queued",
    "PH": "invalid", "PR": "denied", "PC": "exhausted", "RC": "exhausted",
}  # fmt: skip


def _ending(state: str) -> dict[str, object]:
    name = _ENDINGS.get(state[:2])
    return {name: True} if name else {}


def _logged_reason(evidence: Evidence, failure: FailedRequests) -> LoggedRequestError | None:
    """Return what the error log says about the request, but for a wait: that has its own check."""
    errors = (error for error in evidence.good(LoggedRequestError) if error.is_of(failure))
    return next((error for error in errors if error.reason != "timeout"), None)


def _is_fault(
    failure: FailedRequests, again: Exchange | None, error: LoggedRequestError | None
) -> bool:
    if failure.is_all:
        return True
    is_used = failure.is_from_page or failure.times >= _MANY
    if error is not None and error.names_path:
        # A firewall is there to refuse: what a page of the site sends is no attack.
        return failure.is_from_page if error.reason == "firewall" else failure.status == 500
    if failure.status in _NEVER_MEANT:
        return failure.is_from_page and failure.times >= _MANY
    if failure.status < 500:
        return failure.status == TIMED_OUT  # only if its sender was there
    if again:
        return failure.status != _UNAVAILABLE or failure.is_from_page
    return failure.status not in GATEWAY_FAILURES - {_TOO_LATE} and is_used
