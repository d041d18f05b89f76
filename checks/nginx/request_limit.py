"""nginx refuses requests because there are too many of them (ngx_http_limit_req_module,
ngx_http_limit_conn_module): 503, or the status of `limit_req_status` and `limit_conn_status`.

It is a warning. A limit is there on purpose, and other visitors may get through. If only requests
of this run met it, and one alone is answered, it is a note. A WebSocket that such a limit refuses
while the page answers is named too, one without `burst` that refuses the page's files, and after a
message about 503 or 429 one that refused other visitors in the last minutes. Where `error_page`
gives those its own answer, the limit gets a status of its own, and is not raised. So is a limit
that refused files of the page to visitors, if a single page makes more requests than it permits, or
if the log has many refusals for files of one page at the same time: its lines name the page, or a
message is about missing files.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from checks.http import LIMITED, is_own_limit
from checks.nginx import Nginx
from checks.nginx._caught_limits import caught_facts, caught_fix
from checks.nginx._commands import chosen_edits, reload_steps
from checks.nginx._edits import config_edits
from checks.nginx._page_errors import (
    PageError,
    failed_sockets,
    is_in_run,
    logged_errors,
    page_claim,
    page_directive,
    page_error,
    path_error,
)
from checks.nginx._page_limits import page_files, refused_bursts, refused_files
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
from diagnose.model.addresses import is_loopback
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.logs import LogLine
from diagnose.model.nginx import Directive
from diagnose.model.pages import PageFileResponse
from diagnose.model.websocket_attempts import websocket_attempts
from diagnose.parsers.nginx import error_log
from diagnose.parsers.nginx.edits import replace_directive
from diagnose.parsers.urls import path_of
from diagnose.parsers.websocket_refusal import opens_alone

#: Statuses with which a limit refuses: the default, and the one for it (RFC 6585 section 4).
_STATUSES = {503, 429}


@check(
    severity=Severity.WARNING,
    needs=[LogLine, Exchange],
    explains=[
        "nginx.other-requests-failed",
        "http.server-error",
        "http.redirect-to-error",
        "websocket.rate-limited",
        "websocket.not-upgraded",
    ],
)
def request_limit(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    error = page_error(evidence, LIMITED, range(400, 600))
    if error is None:
        claims = [*_socket_claims(nginx), *_file_claims(nginx)]
        yield from claims or [*_refused_file_claims(nginx)] or _reported_claims(nginx)
        return
    facts, directive = _facts(nginx, error, evidence.target.path)
    statuses = {exchange.status for exchange in error.exchanges if exchange.status}
    sockets = failed_sockets(evidence, statuses)
    claim = _limit_claim(nginx, error, facts, directive, sockets)
    own = all(
        isinstance(exchange, Exchange) and is_own_limit(evidence, exchange)
        for exchange in error.exchanges
    )
    yield replace(claim, severity=Severity.NOTE) if own and facts["ours"] else claim


def _limit_claim(
    nginx: Nginx,
    error: PageError,
    facts: dict[str, object],
    directive: Directive | None,
    sockets: tuple[Subject, ...] = (),
) -> Claim:
    """Return the claim with what a person types who has seen that the visitors are normal ones."""
    # Where all visitors have a proxy's address, the limit is not what is wrong.
    raised = _raised(directive) if directive and not facts["proxy"] else ""
    facts = {**facts, "raised": raised}
    claim = page_claim(nginx, error, facts, "raise-the-limit", directive, sockets)
    if directive is None or not raised:
        return claim
    change = replace_directive(directive, f"{raised};")
    typed = chosen_edits(nginx, config_edits(nginx, {directive.file: [change]}))
    step = Manual("raise-the-limit", Where.SERVER, commands=typed)
    return replace(claim, fix=Fix((step,), Applicability.MANUAL)) if typed else claim


def _raised(directive: Directive) -> str:
    """Return a limit that permits what one page and one browser ask for at once, or twice what the
    line permits; "" if it is not a number."""
    words = [word.rpartition("=")[2] for word in directive.args if word.startswith("burst=")]
    words = list(directive.args[1:]) if directive.name == "limit_conn" else words
    permitted = words[0] if words else "0"
    if not re.fullmatch(r"\d{1,6}", permitted):
        return ""
    return _permitting(directive, max(20, 2 * int(permitted)))


def _socket_claims(nginx: Nginx) -> Iterator[Claim]:
    """Claim the limits that refused a WebSocket, also when it was repeated alone."""
    for attempt in websocket_attempts(nginx.evidence):
        if (attempt.first.status or 0) < 400 or opens_alone(attempt):
            continue
        if error := path_error(nginx.evidence, LIMITED, attempt.path, attempt.same):
            facts, directive = _facts(nginx, error, attempt.path)
            claim = _limit_claim(nginx, error, facts, directive)
            yield replace(claim, about=attempt.subject, covers=attempt.subjects)


def _file_claims(nginx: Nginx) -> Iterator[Claim]:
    """Claim a limit without `burst` that refused files of the page.

    A browser requests them at least as fast as this run: each file but one meets such a limit, if
    the page itself does not.
    """
    evidence = nginx.evidence
    for response in evidence.good(PageFileResponse):
        if (response.status or 0) < 400 or response.redirects:
            continue
        path = path_of(response.url)
        error = path_error(evidence, LIMITED, path, (response,))
        facts, directive = _facts(nginx, error, path) if error else ({}, None)
        if error and facts["burst"]:
            claim = _limit_claim(nginx, error, facts, directive)
            yield replace(claim, confidence=Confidence.LIKELY)
            return


def _refused_file_claims(nginx: Nginx) -> Iterator[Claim]:
    """Claim a limit below the number of requests that the page makes: visitors' browsers got its
    refusals in place of files of the page."""
    pages = [page for page in page_exchanges(nginx.evidence) if 0 < (page.status or 0) < 400]
    refused = (refused_files(nginx) or refused_bursts(nginx)) if pages else None
    if refused is None:
        return
    line, directive = refused.line, refused.directive
    facts, _ = _facts(nginx, PageError(line, refused.match, tuple(pages), False), line.path)
    rule = _permitting(directive, _round_up(2 * refused.requests))
    status = page_directive(nginx, f"{directive.name}_status", line.path)
    facts |= {
        "url": f"{nginx.evidence.target.origin}{line.path}",
        "status": int(status.args[0]) if status and status.args[0].isdigit() else 503,
        "rule": directive.text,
        "requests": refused.requests,
        "page": refused.page,
        "ours": False,
    }
    error = PageError(line, refused.match, tuple(pages), False)
    claim = _limit_claim(nginx, error, facts, directive)
    edits = config_edits(nginx, {directive.file: [replace_directive(directive, f"{rule};")]})
    if edits:
        fix = Fix((*edits, *reload_steps(nginx)), Applicability.REVIEW)
        claim = replace(claim, fix=fix)
    # The page's own list of its files, or the log, names the page; a message alone does not.
    is_proven = bool(refused.page) or f"{nginx.evidence.target.origin}{line.path}" in page_files(
        nginx.evidence
    )
    yield claim if is_proven else replace(claim, confidence=Confidence.LIKELY)


def _permitting(directive: Directive, number: int) -> str:
    """Return the limit for this number of requests at once."""
    if directive.name == "limit_conn":
        return f"limit_conn {directive.args[0]} {number}"
    changed = ("burst=", "delay=", "nodelay")
    words = [word for word in directive.args if not word.startswith(changed)]
    return " ".join(("limit_req", *words, f"burst={number}", "nodelay"))


def _round_up(number: int) -> int:
    """Return the next multiple of ten."""
    return -(-number // 10) * 10


def _reported_claims(nginx: Nginx) -> Iterator[Claim]:
    """Claim a limit that refused other visitors in the last minutes, after a message about it or
    about such a status, while the page itself answers: its scripts load more files at once. After
    any message, if `error_page` gives the refused visitors an answer of another kind."""
    evidence, symptom = nginx.evidence, nginx.evidence.target.symptom
    number = symptom.number or 0 if symptom and symptom.kind == "status" else 0
    other_sites = _reported_by_browser(evidence)
    number = number or other_sites
    is_reported = symptom is not None and (symptom.kind == "limit" or number in _STATUSES)
    pages = [page for page in page_exchanges(evidence) if 0 < (page.status or 0) < 400]
    lines = logged_errors(evidence, LIMITED) if symptom is not None and pages else []
    earlier = [each for each in lines if not is_in_run(evidence, each[0])]
    if not earlier:
        return
    line, match = earlier[-1]
    error = PageError(line, match, tuple(pages), False)
    facts, directive = _facts(nginx, error, line.path)
    origin = pages[0].url[: pages[0].url.find("/", len("https://"))]
    facts |= {"url": f"{origin}{line.path}", "status": number or 503}
    kind = str(facts["kind"])
    facts |= caught_facts(nginx, kind, line.path)
    if not (is_reported or facts["caught"]):
        return
    claim = _limit_claim(nginx, error, facts, directive)
    if facts["caught"]:
        by_hand = Fix((Manual("own-status", Where.SERVER),), Applicability.MANUAL)
        claim = replace(claim, fix=caught_fix(nginx, kind, line.path) or by_hand)
    elif other_sites and claim.fix is not None:
        # Imported late: few messages are about requests of other sites.
        from checks.nginx._read_refusals import reading_steps

        typed = reading_steps(nginx, line.path, other_sites)
        step = Manual("let-pages-read-it", Where.SERVER, commands=typed)
        claim = replace(claim, fix=replace(claim.fix, steps=(*claim.fix.steps, step)))
    yield claim


def _reported_by_browser(evidence: Evidence) -> int:
    """Return the status of a limit in a message about a request of another site; 0 without one."""
    if evidence.target.symptom is None:
        return 0
    from checks.nginx._read_refusals import reported_status

    return reported_status(evidence)


def _facts(nginx: Nginx, error: PageError, path: str) -> tuple[dict[str, object], Directive | None]:
    """Return the facts about a limit, and the directive that sets it."""
    kind, zone = error.match[1], error.match[2]
    name = "limit_req" if kind == "requests" else "limit_conn"
    directive = page_directive(nginx, name, path)
    evidence = nginx.evidence
    lines = error_log.matching_lines(
        evidence.of(LogLine), host=evidence.target.host, pattern=LIMITED
    )
    clients = {line.client for line in lines}
    facts: dict[str, object] = {
        "kind": name,
        "zone": zone,
        "times": sum(line.times for line in lines),
        "rule": f"{directive.name} {' '.join(directive.args)}" if directive else "",
        "burst": name == "limit_req"
        and not any(argument.startswith("burst=") for argument in directive.args)
        if directive
        else False,
        "clients": len(clients),
        "proxy": next(filter(is_loopback, clients), "") if len(clients) == 1 else "",
        "requests": 0,
        "page": "",
        "caught": "",
        "caught_place": "",
        "own_status": "",
        "ours": error.in_run and len(clients) == 1,
    }
    return facts, directive
