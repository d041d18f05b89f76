"""nginx asks another address whether a visitor may pass (ngx_http_auth_request_module), and that
address responds with something other than 2xx, 401 or 403: the visitor gets 500, although the page
itself works.

The question is a request of its own with the visitor's fields. A location without a
`proxy_set_header` of its own inherits those around it (ngx_http_proxy_module), so that the question
about a WebSocket may carry `Upgrade` and `Connection` too, which a plain interface answers with 400
or 426. So may a question about an upload carry its `Content-Length`, though nginx never sends its
body: the service waits for it. And the size is held against the limit of the question's location
(client_max_body_size). The control is a page with the same question, which this run got.
"""

from collections.abc import Iterator, Mapping

from checks.nginx import Nginx, file_line
from checks.nginx._edits import Changes, config_edits
from checks.nginx._failed_requests import current_failures
from checks.nginx._location_edits import (
    header_lines,
    insert_lines,
    location_fix,
    setting_edits,
)
from checks.nginx._page_errors import (
    failed_sockets,
    logged_errors,
    page_claim,
    page_directive,
    page_error,
    path_error,
)
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.http import Exchange, Upgrade, page_exchanges
from diagnose.model.logs import FailedRequests, LogLine
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import LocationMatch, proxy_pass_of, proxy_set_header_of
from diagnose.parsers.redirects import end_path

_UNEXPECTED = r"auth request unexpected status: (\d{3})"
#: The fields of an upgrade (RFC 9110 section 7.8), as the question is to have them: not at all.
_NO_UPGRADE = {"Upgrade": '""', "Connection": '""'}
#: Methods whose requests have content (RFC 9110 section 9.3).
_WITH_BODY = {"POST", "PUT", "PATCH"}
_PASS_BODY = "proxy_pass_request_body"
#: What nginx logs where the limit of a location is met (ngx_http_core_find_config_phase).
_TOO_LARGE = r"client intended to send too large"


@check(
    severity=Severity.ERROR,
    needs=[LogLine, Exchange],
    explains=[
        "http.server-error",
        "http.redirect-to-error",
        "nginx.other-requests-failed",
        "websocket.not-upgraded",
    ],
)
def auth_request_failed(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    error = page_error(evidence, _UNEXPECTED, {500})
    if error is None:
        yield from _failed_handshakes(nginx)
        yield from _failed_bodies(nginx)
        return
    directive = page_directive(nginx, "auth_request")
    yield page_claim(
        nginx,
        error,
        {**_facts(error.match[1], directive), "page": error.exchanges[0].url},
        "repair-the-answer",
        directive,
        failed_sockets(evidence, {500}),
    )


def _facts(status: str, directive: Directive | None) -> dict[str, object]:
    return {
        "auth_status": status,
        "uri": directive.args[0] if directive and directive.args else "",
        "redirect": status.startswith("3"),
        "missing": status == "404",
        "gateway": status in {"500", "502", "503", "504"},
        "socket": "",
        "page": "",
        "upgrade": "",
        "method": "",
        "body": False,
        "limit": False,
        "answer": True,
    }


def _failed_handshakes(nginx: Nginx) -> Iterator[Claim]:
    """Yield a claim for each WebSocket about which the question fails, while the page opens."""
    evidence, paths = nginx.evidence, set[str]()
    for upgrade in evidence.of(Upgrade):
        if upgrade.through != "front" or upgrade.status != 500 or upgrade.path in paths:
            continue
        paths.add(upgrade.path)
        path = upgrade.path.partition("?")[0]
        error = path_error(evidence, _UNEXPECTED, path, (upgrade,))
        directive = page_directive(nginx, "auth_request", path)
        if error is None or directive is None:
            continue
        question = _question(nginx, directive)
        is_refused = error.match[1].startswith(("4", "5")) and _lets_a_page_in(nginx, directive)
        field = _inherited_upgrade(question) if question and is_refused else None
        subject = Subject(address=upgrade.address, port=upgrade.port, path=upgrade.path)
        yield Claim(
            about=subject,
            covers=(subject,),
            because=(*error.because, *((nginx.config,) if nginx.config else ())),
            confidence=Confidence.CERTAIN,
            facts={
                **error.facts,
                **_facts(error.match[1], directive),
                "place": file_line(directive),
                "socket": upgrade.url,
                "upgrade": file_line(field) if field else "",
                "answer": field is None,
            },
            location=nginx.location(field or directive),
            fix=_without(nginx, question, _NO_UPGRADE) if field and question else _repair(),
        )


def _failed_bodies(nginx: Nginx) -> Iterator[Claim]:
    """Yield a claim for each question that failed about what visitors sent, by both logs of nginx,
    or about a page of the site. One that is answered well for a page now is over."""
    evidence, known = nginx.evidence, set[int]()
    for failure in current_failures(evidence, {500}):
        errors = logged_errors(evidence, _UNEXPECTED, failure.path)
        directive = page_directive(nginx, "auth_request", failure.path)
        if not errors or directive is None or id(directive) in known:
            continue
        line, status = errors[-1][0], errors[-1][1][1]
        question = _question(nginx, directive)
        lets_in = _lets_a_page_in(nginx, directive)
        is_sent = failure.method in _WITH_BODY and question is not None and lets_in
        is_limit = is_sent and bool(logged_errors(evidence, _TOO_LARGE, failure.path))
        is_length = is_sent and not is_limit and not _drops_length(question)
        if not is_limit and not is_length and (lets_in or not failure.is_from_page):
            continue
        known.add(id(directive))
        yield _visitors_claim(nginx, failure, line, directive, status, is_limit, is_length)


def _visitors_claim(
    nginx: Nginx, failure: FailedRequests, line: LogLine, directive: Directive, status: str,
    is_limit: bool, is_length: bool,
) -> Claim:  # fmt: skip
    subject = Subject(port=nginx.evidence.target.port, path=failure.path)
    question, fix = _question(nginx, directive), _repair()
    if question is not None and is_limit:
        limit = setting_edits(nginx, question, {"client_max_body_size": "0"})
        fix = location_fix(nginx, question, limit, sure=False)
    elif question is not None and is_length:
        fix = _without(nginx, question, {"Content-Length": '""'}, no_body=True)
    return Claim(
        about=subject,
        covers=(subject,),
        because=(line, failure, *((nginx.config,) if nginx.config else ())),
        severity=Severity.WARNING,
        confidence=Confidence.LIKELY,
        facts={
            **_facts(status, directive),
            "url": f"{nginx.evidence.target.origin}{failure.path}",
            "status": failure.status,
            "place": file_line(directive),
            "method": failure.method,
            "limit": is_limit,
            "body": is_length,
            "answer": not is_limit and not is_length,
        },
        location=nginx.location(directive),
        fix=fix,
    )


def _drops_length(question: LocationMatch | None) -> bool:
    """Whether the question has no Content-Length."""
    field = proxy_set_header_of(question, "Content-Length") if question else None
    return field is not None and field.args[1:] == ("",)


def _question(nginx: Nginx, directive: Directive) -> LocationMatch | None:
    """Return the location that passes the question on."""
    uri = directive.args[0].partition("?")[0] if directive.args else ""
    matches = (match for match in nginx.location_matches(uri) if proxy_pass_of(match))
    return next(matches, None) if uri.startswith("/") else None


def _inherited_upgrade(question: LocationMatch) -> Directive | None:
    """Return the line by which the question carries the visitor's Upgrade."""
    field = proxy_set_header_of(question, "Upgrade")
    return field if field and "$" in "".join(field.args[1:]) else None


def _lets_a_page_in(nginx: Nginx, directive: Directive) -> bool:
    """Whether the same question let the page of this run through to its application."""
    page = page_directive(nginx, "auth_request")
    is_same = page is not None and page.args[:1] == directive.args[:1]
    # A `return` is in force before nginx asks (ngx_http_rewrite_module: an earlier phase).
    is_passed_on = any(
        proxy_pass_of(match) and not children(match.block, "return")
        for match in nginx.location_matches(end_path(nginx.evidence))
    )
    statuses = [page.status or 0 for page in page_exchanges(nginx.evidence)]
    is_let_in = any(0 < status < 500 and status not in {401, 403} for status in statuses)
    return is_same and is_passed_on and is_let_in


def _without(
    nginx: Nginx, question: LocationMatch, fields: Mapping[str, str], no_body: bool = False
) -> Fix:
    """Let the question carry none of these fields, and whatever else it carries now."""
    changes: Changes = {}
    lines = header_lines(nginx, question, fields, changes)
    if no_body and question.directive(_PASS_BODY) is None:
        lines.insert(0, f"{_PASS_BODY} off;")
    insert_lines(nginx, question, lines, changes)
    return location_fix(nginx, question, config_edits(nginx, changes), sure=False)


def _repair() -> Fix:
    return Fix((Manual("repair-the-answer", Where.SERVER),), Applicability.MANUAL)
