"""The error that visitors get is the application's own answer, and nginx passes it on unchanged.

It is no fault by itself: an application may answer 403 or 404 on purpose. It says where to look: in
the application and not in nginx. The evidence is the application, asked exactly as nginx asks it.

Where a WebSocket opens at the same address, an ordinary request gets 400 or 426 there (RFC 6455
section 4.2.1; RFC 9110 section 15.5.22).

Of a storage server (the S3 protocol) it says whether nginx sends another Host than visitors do:
clients sign the Host (AWS Signature Version 4), so that every signed request is refused.
"""

import re
from collections.abc import Iterator

from checks.http._challenges import challenge_faults
from checks.nginx import Nginx, file_line
from checks.nginx._inner_blocks import answering_block
from checks.upstream._comparisons import decisive_change, proxied_match
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Subject, Where
from diagnose.model.addresses import is_loopback, is_private
from diagnose.model.http import Upgrade, page_exchanges
from diagnose.model.nginx import NginxConfig
from diagnose.model.requests import Asked, ComparedRequest
from diagnose.parsers.html_tags import excerpt
from diagnose.parsers.http import proxy_page
from diagnose.parsers.nginx import proxy_headers, upstreams
from diagnose.parsers.nginx.locations import LocationMatch, proxy_pass_of
from diagnose.parsers.upstream_answers import reproduces
from diagnose.parsers.websocket_refusal import upgrade_lost


@check(severity=Severity.NOTE, needs=[ComparedRequest, NginxConfig])
def own_answer(evidence: Evidence) -> Iterator[Claim]:
    requests = [request for request in evidence.of(ComparedRequest) if request.part == "none"]
    answer = excerpt(requests[0].body) if requests else ""
    nginx, status = Nginx.of(evidence), (requests[0].status or 0) if requests else 0
    match = proxied_match(nginx, requests[0].path) if requests else None
    pages = [
        page for page in page_exchanges(evidence) if requests and reproduces(requests[0], page)
    ]
    if not pages or not answer or match is None or status < 400 or decisive_change(evidence):
        return
    if any(
        other_answer.variant not in {"passed", "address"} and _is_good(other_answer)
        for other_answer in evidence.of(Asked)
    ):
        return  # another Host decides (upstream.wrong-host-header)
    if status == 400 and requests[0].port == 443 and requests[0].target.startswith("http://"):
        return  # the port of TLS was asked in plain HTTP, with nginx's own mistake
    if answering_block(nginx, requests[0].path) is not None:
        return  # a server block of the same nginx, of which nginx.own-answer names the line
    if evidence.target.symptom is not None:
        # Imported late: a healthy run has no message.
        from diagnose.model.other_requests import is_answered_as_told

        if is_answered_as_told(evidence):
            return  # the request of the message has what this run's own lacks
    changes = [request for request in evidence.of(ComparedRequest) if request.part != "none"]
    directive = proxy_pass_of(match) or match.block
    yield Claim(
        about=Subject(port=evidence.target.port, path=requests[0].path, text=file_line(directive)),
        because=(*pages, *requests),
        location=nginx.location(directive),
        consequence_of=(
            *challenge_faults(requests[0].path),
            *(_LOST if upgrade_lost(status, requests[0].body) else ()),
        ),
        facts={
            "url": pages[0].url,
            "method": pages[0].method,
            "status": status,
            "answer": answer,
            "inner_nginx": status == 403 and proxy_page(requests[0].body).lower() == "nginx",
            "application": requests[0].endpoint,
            "place": file_line(directive),
            "certificate": upstreams.sent_certificate(match) is not None,
            "command": requests[0].equivalent,
            "websocket": _opened_websocket(evidence, requests[0].path),
            "signed_host": _replaced_host(nginx, match, requests[0]),
            "tried": tuple(dict.fromkeys(request.name or request.part for request in changes)),
        },
        fix=Fix((Manual("ask-the-application", Where.APPLICATION),), Applicability.MANUAL),
    )


#: What makes a program answer that a request for a WebSocket came without its upgrade.
_LOST = ("websocket.upgrade-headers-missing", "websocket.http-1-0", "websocket.headers-wiped")
#: An error of the S3 protocol (Amazon S3 API Reference, "Error Responses").
_STORAGE_ERROR = re.compile(r"<Error>\s{0,20}<Code>\w{1,60}</Code>.{0,1500}<RequestId>", re.DOTALL)


def _replaced_host(nginx: Nginx, match: LocationMatch, request: ComparedRequest) -> str:
    """Return the Host that nginx sends to a storage server of its own network, if it is not the
    visitor's; "" otherwise. Storage elsewhere may want its own name."""
    target = nginx.evidence.target
    is_near = is_private(request.address) or is_loopback(request.address)
    proxy = upstreams.proxy_target_of(match, upstreams.request_variables(target))
    if proxy is None or not is_near or not _STORAGE_ERROR.search(request.body):
        return ""
    sent = proxy_headers.forwarded_host(match, proxy, target) or ""
    return "" if sent.lower() in {target.host, target.authority} else sent


def _opened_websocket(evidence: Evidence, path: str) -> str:
    """Return the URL of the WebSocket that opens at this path of the site, "" if none does."""
    return next(
        (
            upgrade.url
            for upgrade in evidence.of(Upgrade)
            if upgrade.opens_path
            if upgrade.path.partition("?")[0] == path.partition("?")[0]
        ),
        "",
    )


def _is_good(answer: Asked) -> bool:
    return not answer.failure and 200 <= (answer.status or 0) < 400
