"""The site responds with 5xx (RFC 9110 section 15.6), or accepts the request and never responds.
Or it says that the header of our small request is too large: something behind it adds to it.

A response that did not come while this run waited, and for which the server waits longer, may still
come: that is a note, and leaves the question open.

The fault lies behind the front server. The status often tells where: a proxy whose application does
not reply sends 502 or 504, an application that crashed sends 500.
"""

import re
import shlex
from collections.abc import Iterator

from checks.http import (
    addresses,
    endpoint_subjects,
    is_looked_into,
    is_own_limit,
    repeated_well,
    target_websocket_opens,
)
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
    merge_subjects,
)
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.logs import ErrorLog, LogLine
from diagnose.parsers.http import (
    browser_page,
    header_too_large,
    other_protocol,
    proxy_page,
    wants_tls,
)
from diagnose.parsers.lazy_pattern import lazy_pattern

#: Gateway errors are about the server behind the gateway. 520 to 530 are Cloudflare's (its
#: documentation, "Cloudflare 5xx errors").
_GATEWAY_ERRORS = {502, 504}
_CDN_ERRORS = range(520, 531)
#: What PHP wrote (ngx_http_fastcgi_module: "FastCGI sent in stderr").
_STDERR = lazy_pattern(
    r'FastCGI sent in stderr: "(?:PHP message: )?(?:PHP )?(.{1,400}?)(?:" while |$)'
)
#: The words of error pages that say no more than the status.
_USUAL = frozenset(
    (
        "http", "status", "error", "internal", "server", "service", "unavailable", "temporarily",
        "bad", "gateway", "timeout", "not", "implemented", "oops", "sorry", "the", "page", "and",
    )
)  # fmt: skip
#: Characters of a title that are quoted.
_MAX_LEAD = 110


@check(
    severity=Severity.ERROR,
    needs=[Exchange],
    explains=[
        "http.acme-challenge-blocked",
        "http.no-redirect",
        "websocket.not-upgraded",
        "websocket.rate-limited",
    ],
)
def server_error(evidence: Evidence) -> Iterator[Claim]:
    groups: dict[tuple[int | None, str], list[Exchange]] = {}
    for exchange in evidence.of(Exchange):
        if exchange.purpose == "target" and _is_broken(evidence, exchange):
            if exchange.status == 503 and is_own_limit(evidence, exchange):
                continue
            kind = exchange.failure.kind if exchange.failure else ""
            groups.setdefault((exchange.status, kind), []).append(exchange)
    for (status, _), exchanges in groups.items():
        yield _claim(evidence, status, exchanges)


def _is_broken(evidence: Evidence, exchange: Exchange) -> bool:
    if target_websocket_opens(evidence):
        return False
    if exchange.failure is not None:
        # A server that closes the connection of a program, and serves browsers, is healthy.
        is_http = not wants_tls(exchange) and not other_protocol(exchange)
        return is_http and browser_page(evidence, exchange) is None
    status = exchange.status or 0
    if evidence.target.is_websocket and exchange.verified:
        # An application may respond anything to a request without Upgrade at a WebSocket path.
        return status in {*_GATEWAY_ERRORS, 503, *_CDN_ERRORS}
    return status >= 500 or header_too_large(exchange)


def _claim(evidence: Evidence, status: int | None, exchanges: list[Exchange]) -> Claim:
    first, subjects = exchanges[0], endpoint_subjects(exchanges)
    failure, log_lines = first.failure, _page_log_lines(evidence)
    recovered = all(repeated_well(evidence, exchange) for exchange in exchanges)
    limit = {} if log_lines else _open_limit(evidence, exchanges)
    is_open = bool(limit)
    severity = Severity.NOTE if is_open else Severity.WARNING if recovered else None
    return Claim(
        about=merge_subjects(subjects),
        covers=(
            *_page_subjects(evidence, exchanges),
            *_socket_subjects(evidence, status, exchanges),
        ),
        because=(*exchanges, *log_lines[-1:]),
        severity=severity,
        facts={
            "url": first.url,
            "addresses": addresses(exchanges),
            "status": status if failure is None else "",
            "reason": first.reason,
            "server": first.header("Server") or proxy_page(first.body),
            "gateway": failure is None and status in _GATEWAY_ERRORS,
            "unavailable": failure is None and status == 503,
            "cdn": failure is None and status in _CDN_ERRORS,
            "application": failure is None
            and status not in {*_GATEWAY_ERRORS, 503, *_CDN_ERRORS}
            and not header_too_large(first)
            and proxy_page(first.body) != "Apache",
            "own_page": status == 500 and proxy_page(first.body) == "Apache",
            "too_large": header_too_large(first),
            "silent": failure is not None and failure.kind == "timeout" and not is_open,
            "open": is_open,
            "waited": first.took,
            **limit,
            "closed": failure is not None and failure.kind not in {"timeout", "protocol"},
            "garbled": failure is not None and failure.kind == "protocol",
            "message": failure.message if failure else "",
            "log": log_lines[-1].text if log_lines else "",
            "log_command": _log_command(evidence),
            "inside": is_looked_into(evidence),
            "recovered": recovered,
            **_program_log(evidence),
            **(own := _own_answer(evidence, first)),
            "lead": _lead(log_lines, str(own["words"])),
        },
        fix=Fix(
            (Manual("wait-longer" if is_open else "look-inside", Where.SERVER),),
            Applicability.MANUAL,
        ),
    )


def _log_command(evidence: Evidence) -> str:
    """Return the command that shows the log of nginx that was read, where it lies; "" if none was:
    in a container it may have any path, and there it is read by its engine."""
    for log in evidence.good(ErrorLog):
        words = log.equivalent.partition(" tail -")[0]
        is_in_container = words.startswith(("docker exec ", "podman exec "))
        return f"{words if is_in_container else ''} tail -n 50 {shlex.quote(log.file)}".strip()
    return ""


def _open_limit(evidence: Evidence, exchanges: list[Exchange]) -> dict[str, object]:
    """Return how long the server waits for responses that this run gave up on earlier; {} if it
    did not."""
    if all(exchange.failure is None for exchange in exchanges):
        return {}
    # Imported late: a healthy site answers.
    from checks.http._response_limits import is_unawaited, limit_facts

    return limit_facts(evidence) if is_unawaited(evidence, exchanges) else {}


def _own_answer(evidence: Evidence, exchange: Exchange) -> dict[str, object]:
    """Return what the application answers that was asked directly, if visitors get that."""
    facts: dict[str, object] = {"endpoint": "", "words": ""}
    if exchange.failure:
        return facts
    from diagnose.parsers.html_tags import excerpt

    if not proxy_page(exchange.body):
        facts["words"] = excerpt(exchange.body)
    if not is_looked_into(evidence):
        return facts
    from diagnose.model.requests import ComparedRequest

    for request in evidence.of(ComparedRequest):
        if request.part == "none" and request.status == exchange.status and not request.failure:
            facts = {"endpoint": request.endpoint, "words": excerpt(request.body)}
    return facts


def _program_log(evidence: Evidence) -> dict[str, object]:
    """Return the program behind the site and the command that shows its log, if that was read."""
    facts: dict[str, object] = {"program": "", "program_log": ""}
    if is_looked_into(evidence):
        from diagnose.model.program_logs import ProgramLine

        for line in evidence.good(ProgramLine)[:1]:
            facts = {"program": line.process, "program_log": line.equivalent}
    return facts


def _lead(log_lines: "tuple[LogLine, ...]", words: str) -> str:
    """Return the words that lead to the reason: those of nginx's log, or of the page; "" if nobody
    says more than the status."""
    if log_lines:
        text = log_lines[-1].text
        quoted = _STDERR.search(text)
        return _short(quoted[1] if quoted else text.partition(" while ")[0])
    return "" if _says_no_more(words) else _short(words)


def _says_no_more(words: str) -> bool:
    """Return whether a page says nothing but that there was an error."""
    return not set(re.findall(r"[^\W\d_]+", words.lower())) - _USUAL


def _short(text: str) -> str:
    return text if len(text) <= _MAX_LEAD else f"{text[: _MAX_LEAD - 1]}…"


def _page_log_lines(evidence: Evidence) -> tuple[LogLine, ...]:
    """Return the lines about this page in nginx's error log, if it was read. A line that is older
    than the configuration in use is about an earlier problem, and one that is older than this run
    about another request."""
    lines = evidence.of(LogLine)
    if not lines:
        return ()
    from checks.nginx import Nginx
    from checks.nginx._page_errors import is_in_run
    from diagnose.parsers.nginx import error_log

    files = {log.file for log in evidence.of(ErrorLog)}
    master = Nginx.of(evidence).master
    severe_lines = [
        line
        for line in lines
        if line.level in error_log.LEVELS[:4]
        and (line.file not in files or is_in_run(evidence, line))
    ]
    return error_log.matching_lines(
        severe_lines,
        host=evidence.target.host,
        path=evidence.target.path,
        since=int(master.loaded or 0.0) if master else 0.0,
    )


def _page_subjects(evidence: Evidence, exchanges: list[Exchange]) -> tuple[Subject, ...]:
    """Return the subjects of the requested page at these addresses, and of port 80, which belongs
    to the same site."""
    return tuple(
        Subject(address=exchange.address, port=port, path=evidence.target.path)
        for exchange in exchanges
        for port in dict.fromkeys((exchange.port, 80))
    )


def _socket_subjects(
    evidence: Evidence, status: int | None, exchanges: list[Exchange]
) -> Iterator[Subject]:
    """Yield the WebSocket paths that respond with the same status."""
    kinds = {exchange.failure.kind for exchange in exchanges if exchange.failure}
    for upgrade in evidence.of(Upgrade):
        is_same_failure = (
            upgrade.failure.kind in kinds
            if upgrade.failure
            else upgrade.status == status and not kinds
        )
        if is_same_failure and upgrade.address in addresses(exchanges):
            yield Subject(address=upgrade.address, port=upgrade.port, path=upgrade.path)
