"""nginx passes the visitor's host name on as it should, and the application does not allow it.

Django answers 400 (ALLOWED_HOSTS), Rails 403 "Blocked hosts" (config.hosts), Vite 403 "Blocked
request. This host is not allowed" (server.allowedHosts), webpack's development server "Invalid Host
header". The evidence is the application's own answer to this name: its words, or that it serves the
page under the name "localhost" and refuses it again under the visitor's.
"""

from collections.abc import Iterator, Sequence

from checks.http._host_settings import host_setting_facts
from checks.nginx import Nginx, file_line
from checks.upstream._comparisons import decisive_change, proxied_match
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
from diagnose.model.http import page_exchanges
from diagnose.model.nginx import NginxConfig
from diagnose.model.requests import Asked, ComparedRequest
from diagnose.parsers.html_tags import excerpt
from diagnose.parsers.http import is_wordless_refusal, refuses_host
from diagnose.parsers.nginx.locations import proxy_pass_of, proxy_set_header_of


@check(
    severity=Severity.ERROR,
    needs=[Asked, NginxConfig],
    explains=["http.host-refused", "upstream.application-log"],
)
def host_not_allowed(evidence: Evidence) -> Iterator[Claim]:
    nginx, target, responses = Nginx.of(evidence), evidence.target, evidence.of(Asked)
    passed = next((response for response in responses if response.variant == "passed"), None)
    if passed is None or passed.failure or passed.sent not in {target.host, target.authority}:
        return
    exchanges = tuple(
        exchange for exchange in page_exchanges(evidence) if exchange.status == passed.status
    )
    match = proxied_match(nginx, passed.path)
    has_other_name = any(
        response.variant == "own" and 200 <= (response.status or 0) < 400 for response in responses
    )
    if not exchanges or match is None or has_other_name:
        return
    named = any(
        refuses_host(passed.status, body)
        for body in (passed.body, *(exchange.body for exchange in exchanges))
    )
    comparison, address = _local_requests(evidence), _welcome_address(responses)
    if not named and not comparison:
        return
    directive = proxy_set_header_of(match, "Host") or proxy_pass_of(match) or match.block
    yield Claim(
        about=Subject(port=target.port, path=passed.path, text=file_line(directive)),
        because=(
            passed,
            *((address,) if address else ()),
            *comparison,
            *exchanges,
            *nginx.configs,
        ),
        facts={
            "url": exchanges[0].url,
            "host": target.host,
            "status": passed.status or "",
            "answer": excerpt(passed.body) if named else "",
            "application": passed.endpoint,
            "place": file_line(directive),
            "local": comparison[0].status if comparison else "",
            "other": address.sent if address else "",
            "other_status": address.status if address else "",
            **host_setting_facts(
                evidence, (passed.body, *(exchange.body for exchange in exchanges)) if named else ()
            ),
        },
        confidence=Confidence.CERTAIN
        if named and not is_wordless_refusal(passed.status, passed.body)
        else Confidence.LIKELY,
        ruled_out=("upstream.refused", "upstream.wrong-host-header"),
        location=nginx.location(directive),
        fix=Fix(
            (
                Manual("allow-the-name", Where.APPLICATION),
                *((Manual("send-its-address", Where.SERVER),) if address else ()),
            ),
            Applicability.MANUAL,
        ),
    )


def _welcome_address(responses: Sequence[Asked]) -> Asked | None:
    """Return the response to the application's own address, if it serves that each time, and
    refuses each time the name that nginx passes on."""
    passed = [response for response in responses if response.variant == "passed"]
    if len(passed) < 2 or len({response.status for response in passed}) > 1:
        return None
    by_name: dict[str, list[Asked]] = {}
    for response in responses:
        if response.variant == "address":
            by_name.setdefault(response.sent, []).append(response)
    return next(
        (
            group[0]
            for group in by_name.values()
            if len(group) > 1 and all(200 <= (each.status or 0) < 400 for each in group)
        ),
        None,
    )


def _local_requests(evidence: Evidence) -> tuple[ComparedRequest, ...]:
    """Return the requests for "localhost" that were served, with nginx's that were refused, if that
    name makes the difference."""
    change = decisive_change(evidence)
    if change is None or change.request.method != "GET" or change.request.name.lower() != "host":
        return ()
    return (*change.changed, *change.as_nginx)
