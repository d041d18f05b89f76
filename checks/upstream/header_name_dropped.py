"""nginx drops a field of the visitor because of its name: names with an underscore are ignored
unless `underscores_in_headers on` (ngx_http_core_module), other characters than letters, digits and
hyphens by `ignore_invalid_headers`. The application refuses the page, and serves it with the field;
or its refusal demands a field of such a name, and with it does not miss it any more; or a message
says that a field with such a name does not arrive, or that a token does not, and the application's
own settings, its source, the description of its interface or nginx's log name that field. Without a
message, the application says that it does not know who asks. Jenkins names the field of its token
("crumb") in its page (hudson.security.csrf.CrumbIssuer; ".crumb" before 2.0).
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from checks.nginx import NO_PORT, Nginx, file_line
from checks.nginx._edits import config_edits
from checks.nginx._location_edits import location_fix
from checks.upstream._comparisons import (
    CONSEQUENCES,
    DecisiveChange,
    comparison_claim,
    decided_by,
)
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
    Symptom,
    Where,
)
from diagnose.model.applications import ReadSetting
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.logs import LogLine
from diagnose.model.nginx import NginxConfig
from diagnose.model.requests import ComparedRequest
from diagnose.parsers.demanded_fields import demanded_field
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.final_requests import final_location
from diagnose.parsers.nginx.locations import LocationMatch, proxy_pass_of
from diagnose.parsers.nginx.proxied_request import is_ignored_name
from diagnose.parsers.nginx.upstreams import pass_directive_of
from diagnose.parsers.token_fields import is_credential, refuses_unknown, tells_of_lost_token
from diagnose.parsers.underscored_fields import field_lost

_SETTING, _INVALID = "underscores_in_headers", "ignore_invalid_headers"
#: Jenkins' refusal, and the name of the token's field in its pages.
_CRUMB = lazy_pattern(r"(?i)\bvalid crumb\b")
_CRUMB_FIELD = lazy_pattern(
    r"""(?:\bcrumb\.init\(["']|\bdata-crumb-header=["'])(?P<name>[\w.-]{1,60})["']""", re.ASCII
)
#: What nginx logs at the level "info" (ngx_http_request.c).
_DROPPED = lazy_pattern(
    r"client sent invalid header line: \"(?P<name>[A-Za-z][\w-]{0,60}):?", re.ASCII
)
_UNDERSCORE = lazy_pattern(r"underscore|下划线|[“\"'‘「]_[”\"'’」]")


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig, Exchange],
    explains=[
        *CONSEQUENCES,
        "upstream.own-answer",
        "nginx.other-requests-failed",
        "http.error-as-page",
    ],
)
def header_name_dropped(evidence: Evidence) -> Iterator[Claim]:
    for nginx, match, change in decided_by(evidence, "field"):
        name = change.request.name
        if change.request.change == "added" and is_ignored_name(match, name):
            directive = proxy_pass_of(match) or match.block
            facts = {"underscore": "_" in name, "told": False, "filled": False}
            yield comparison_claim(nginx, match, change, directive, facts, _fix(nginx, match, name))
            return
    if claim := _claim_of_refusal(evidence) or _claim_of_message(evidence):
        yield claim


def _claim_of_refusal(evidence: Evidence) -> Claim | None:
    """Return the claim about a field that the application's refusal demands: with it, the
    application does not miss it any more, and nginx drops it whoever sends it."""
    requests = [
        compared_request
        for compared_request in evidence.good(ComparedRequest)
        if compared_request.part in {"none", "field"}
    ]
    as_nginx = [request for request in requests if request.part == "none"]
    name = demanded_field(as_nginx[0].body) if as_nginx else ""
    filled = [request for request in requests if (request.name, request.change) == (name, "added")]
    nginx, path = Nginx.of(evidence), evidence.target.path_without_query
    match = next(iter(nginx.location_matches(path)), None)
    if not name or match is None or len(filled) < 2 or len(as_nginx) < 2:
        return None
    pages = [page for page in page_exchanges(evidence) if page.status == as_nginx[0].status]
    if not pages:
        return None
    is_missed = {demanded_field(each.body) == name for each in as_nginx}
    is_filled = {demanded_field(each.body) != name for each in filled}
    if is_missed != {True} or is_filled != {True} or not is_ignored_name(match, name):
        return None
    change = DecisiveChange(tuple(as_nginx), tuple(filled), tuple(pages))
    directive = proxy_pass_of(match) or match.block
    facts = {"underscore": "_" in name, "told": False, "filled": True}
    fix = _fix(nginx, match, name)
    claim = comparison_claim(nginx, match, change, directive, facts, fix, Confidence.CERTAIN)
    return replace(claim, severity=Severity.WARNING)


def _claim_of_message(evidence: Evidence) -> Claim | None:
    """Return the claim about a field that a message names: it is lost, and nginx ignores its
    name."""
    symptom, pages = evidence.target.symptom, page_exchanges(evidence)
    name, seen = _reported_name(evidence, symptom) if symptom is not None and pages else "", None
    if not name and pages and symptom is not None:
        name, seen = _expected_name(evidence, symptom)
    if not name and pages and (symptom is None or symptom.number == pages[0].status):
        name, seen = _missed_name(evidence)
    nginx, path = Nginx.of(evidence), evidence.target.path_without_query
    servers = {
        id(answering_server.server.block): answering_server.server
        for answering_server in nginx.answering_servers()
    }.values()
    for match in [final_location(server, path) for server in servers] if name else ():
        directive = pass_directive_of(match)
        if directive is None or nginx.is_refused or not is_ignored_name(match, name):
            continue
        subject = Subject(port=evidence.target.port, path=evidence.target.path)
        return Claim(
            about=Subject(port=subject.port, path=subject.path, text=file_line(directive)),
            covers=(subject, NO_PORT),
            because=(
                *pages[:1],
                *((seen,) if seen else ()),
                *((nginx.config,) if nginx.config else ()),
            ),
            confidence=Confidence.LIKELY,
            severity=Severity.WARNING,
            location=nginx.location(directive),
            facts={
                "url": pages[0].url,
                "name": name,
                "application": " ".join(directive.args[:1]),
                "place": file_line(directive),
                "status": 0,
                "other_status": "",
                "underscore": "_" in name,
                "told": True,
                "filled": False,
                "source": seen.place if isinstance(seen, ReadSetting) else "",
                "logged": isinstance(seen, LogLine),
            },
            fix=_fix(nginx, match, name),
        )
    return None


def _expected_name(evidence: Evidence, symptom: Symptom) -> tuple[str, Observation | None]:
    """Return the name of the field in which the application expects the token of which a message
    says that it does not arrive, by its own files or by nginx's log, and what shows it."""
    if not tells_of_lost_token(symptom.text):
        return "", None
    for read in evidence.good(ReadSetting):
        if read.topic == "token_field" and read.values:
            return read.values[0], read
    for line in evidence.good(LogLine):
        if match := _DROPPED.search(line.text):
            return match["name"], line
    return "", None


def _missed_name(evidence: Evidence) -> tuple[str, Observation | None]:
    """Return the name of the field in which the application expects who asks, where it says that it
    does not know that, and where the name is written."""
    is_missed = all(refuses_unknown(page.status, page.body) for page in page_exchanges(evidence))
    for read in evidence.good(ReadSetting) if is_missed else ():
        if read.topic == "token_field" and read.values and is_credential(read.values[0]):
            return read.values[0], read
    return "", None


def _reported_name(evidence: Evidence, symptom: Symptom) -> str:
    """Return the name of the field that a message says is lost, "" if it says no such thing."""
    if _CRUMB.search(symptom.text):
        pages = (_CRUMB_FIELD.search(exchange.body) for exchange in evidence.good(Exchange))
        return next((match["name"] for match in pages if match), "")
    name = field_lost(symptom)
    if symptom.kind == "status":
        # A person sends it and is refused: the answer is the program's own.
        is_met = any(page.status == symptom.number for page in page_exchanges(evidence))
        return name if is_met else ""
    is_told = symptom.kind == "request-field" and _UNDERSCORE.search(symptom.text)
    return name or ("api_key" if is_told else "")


def _fix(nginx: Nginx, match: LocationMatch, name: str) -> Fix:
    """Accept such names in the server block. It concerns all fields of all visitors."""
    server = match.blocks[1]
    file = nginx.file(server)
    is_plain = re.fullmatch(r"[A-Za-z0-9_-]+", name) is not None
    setting, value = (_SETTING, "on") if is_plain else (_INVALID, "off")
    if file is not None and match.directive(setting) is None:
        change = edits.insert_first(file.text, server, [f"{setting} {value};"])
        file_edits = config_edits(nginx, {server.file: [change]})
        if file_edits:
            return location_fix(nginx, match, file_edits, sure=False)
    return Fix((Manual("accept-the-name", Where.SERVER),), Applicability.MANUAL)
