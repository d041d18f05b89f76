"""nginx asks another address whether a visitor may pass (ngx_http_auth_request_module), and that
address responds with something other than 2xx, 401 or 403: the visitor gets 500, although the page
itself works.

The question is a request of its own with the visitor's fields. A location without a
`proxy_set_header` of its own inherits those around it (ngx_http_proxy_module), so that the question
about a WebSocket may carry `Upgrade` and `Connection` too, which a plain interface answers with 400
or 426. The control is a page with the same question, which this run got.
"""

from collections.abc import Iterator

from checks.nginx import Nginx, file_line
from checks.nginx._edits import Changes, config_edits
from checks.nginx._location_edits import header_lines, insert_lines, location_fix
from checks.nginx._page_errors import (
    PageError,
    failed_sockets,
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
from diagnose.model.logs import LogLine
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import LocationMatch, proxy_pass_of, proxy_set_header_of
from diagnose.parsers.redirects import end_path

_UNEXPECTED = r"auth request unexpected status: (\d{3})"
#: The fields of an upgrade (RFC 9110 section 7.8), as the question is to have them: not at all.
_NO_UPGRADE = {"Upgrade": '""', "Connection": '""'}


@check(
    severity=Severity.ERROR,
    needs=[LogLine, Exchange],
    explains=["http.server-error", "http.redirect-to-error", "websocket.not-upgraded"],
)
def auth_request_failed(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    error = page_error(evidence, _UNEXPECTED, {500})
    if error is None:
        yield from _failed_handshakes(nginx)
        return
    directive = page_directive(nginx, "auth_request")
    yield page_claim(
        nginx,
        error,
        _facts(error, directive),
        "repair-the-answer",
        directive,
        failed_sockets(evidence, {500}),
    )


def _facts(error: PageError, directive: Directive | None) -> dict[str, object]:
    status = error.match[1]
    return {
        "auth_status": status,
        "uri": directive.args[0] if directive and directive.args else "",
        "redirect": status.startswith("3"),
        "missing": status == "404",
        "gateway": status in {"500", "502", "503", "504"},
        "socket": "",
        "page": error.exchanges[0].url,
        "upgrade": "",
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
        field = (
            _inherited_upgrade(question)
            if question and _is_about_upgrade(nginx, error, directive)
            else None
        )
        subject = Subject(address=upgrade.address, port=upgrade.port, path=upgrade.path)
        yield Claim(
            about=subject,
            covers=(subject,),
            because=(*error.because, *((nginx.config,) if nginx.config else ())),
            confidence=Confidence.CERTAIN,
            facts={
                **error.facts,
                **_facts(error, directive),
                "place": file_line(directive),
                "socket": upgrade.url,
                "page": "",
                "upgrade": file_line(field) if field else "",
                "answer": field is None,
            },
            location=nginx.location(field or directive),
            fix=_without_upgrade(nginx, question) if field and question else _repair(),
        )


def _question(nginx: Nginx, directive: Directive) -> LocationMatch | None:
    """Return the location that passes the question on."""
    uri = directive.args[0].partition("?")[0] if directive.args else ""
    matches = (match for match in nginx.location_matches(uri) if proxy_pass_of(match))
    return next(matches, None) if uri.startswith("/") else None


def _inherited_upgrade(question: LocationMatch) -> Directive | None:
    """Return the line by which the question carries the visitor's Upgrade."""
    field = proxy_set_header_of(question, "Upgrade")
    return field if field and "$" in "".join(field.args[1:]) else None


def _is_about_upgrade(nginx: Nginx, error: PageError, directive: Directive) -> bool:
    """Whether the Upgrade alone can be what the answer is about: the same question let the page of
    this run through to its application, and is answered with an error for the handshake."""
    page = page_directive(nginx, "auth_request")
    is_same = page is not None and page.args[:1] == directive.args[:1]
    # A `return` is in force before nginx asks (ngx_http_rewrite_module: an earlier phase).
    is_passed_on = any(
        proxy_pass_of(match) and not children(match.block, "return")
        for match in nginx.location_matches(end_path(nginx.evidence))
    )
    statuses = [page.status or 0 for page in page_exchanges(nginx.evidence)]
    is_let_in = any(0 < status < 500 and status not in {401, 403} for status in statuses)
    return is_same and is_passed_on and is_let_in and error.match[1].startswith(("4", "5"))


def _without_upgrade(nginx: Nginx, question: LocationMatch) -> Fix:
    """Let the question carry no upgrade, and whatever else it carries now."""
    changes: Changes = {}
    insert_lines(nginx, question, header_lines(nginx, question, _NO_UPGRADE, changes), changes)
    return location_fix(nginx, question, config_edits(nginx, changes), sure=False)


def _repair() -> Fix:
    return Fix((Manual("repair-the-answer", Where.SERVER),), Applicability.MANUAL)
