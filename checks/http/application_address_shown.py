"""An answer of the site has addresses of the program behind it, "http://127.0.0.1:9090/…": in JSON,
in links of a page, in a feed or in the field Link. The program makes them of the field Host, and
the server in front sends its own name for the program in the place of the visitor's
(ngx_http_proxy_module, "proxy_set_header"; Apache mod_proxy, "ProxyPreserveHost").

The program was asked directly, with that Host and with the visitor's: its addresses have the one or
the other. Whose addresses stay the same has them from a setting of its own. The requests were
repeated as a control only if one address followed the Host (`parsers.host_addresses`).
"""

from collections.abc import Iterator
from dataclasses import replace

from checks.http import _forwarded_names, endpoint_subjects
from checks.nginx import Nginx
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Evidence,
    Fix,
    Location,
    Manual,
    Observation,
    Severity,
    Where,
    merge_subjects,
)
from diagnose.model.backends import BackendAnswer
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.requests import ComparedRequest
from diagnose.parsers.host_addresses import is_visitors_host


@frozen(eq=False)
class _Comparison:
    """The program's answers to the Host that the server sends, and to the visitor's."""

    server: str
    sent: str
    shown: tuple[str, ...]
    told: tuple[str, ...]
    answers: tuple[Observation, ...]
    place: str = ""
    location: Location | None = None
    fix: Fix | None = None


@check(
    severity=Severity.WARNING,
    needs=[Exchange],
    needs_fault=[ComparedRequest, BackendAnswer],
    explains=[
        "http.address-in-page", "http.internal-name-in-page", "http.localhost-in-page",
        "http.mixed-content",
    ],
)  # fmt: skip
def application_address_shown(evidence: Evidence) -> Iterator[Claim]:
    pages = [page for page in page_exchanges(evidence) if 200 <= (page.status or 0) < 300]
    compared = (_nginx_comparison(evidence) or _server_comparison(evidence)) if pages else None
    if compared is None:
        return
    subjects = endpoint_subjects(pages)
    # The whole location gets another Host, and only this page was tried with it.
    fix = compared.fix and replace(compared.fix, applicability=Applicability.REVIEW)
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*pages, *compared.answers),
        location=compared.location,
        facts={
            "url": pages[0].url,
            "address": compared.shown[0],
            "others": compared.shown[1:],
            "told": compared.told[0],
            "sent": compared.sent,
            "host": evidence.target.authority,
            "place": compared.place,
            **{name: compared.server == name for name in ("nginx", "apache", "caddy", "haproxy")},
        },
        fix=fix or Fix((Manual("pass-the-host", Where.SERVER),), Applicability.MANUAL),
    )


def _nginx_comparison(evidence: Evidence) -> _Comparison | None:
    requests = [
        compared_request
        for compared_request in evidence.good(ComparedRequest)
        if (compared_request.status or 0) < 300
    ]
    as_nginx = [request for request in requests if request.part == "none"]
    host_requests = [
        request for request in requests if request.name == "Host" and request.change == "replaced"
    ]
    is_known = len(as_nginx) > 1 and len(host_requests) > 1
    if not is_known or not all(each.host_addresses for each in (*as_nginx, *host_requests)):
        return None
    nginx, sent = Nginx.of(evidence), host_requests[0].original
    pages = page_exchanges(evidence)
    name = _forwarded_names.forwarded_name(nginx, pages[0], sent) if pages else None
    return _Comparison(
        "nginx",
        sent,
        as_nginx[0].host_addresses,
        host_requests[0].host_addresses,
        (*as_nginx, *host_requests, *nginx.configs),
        name.place if name else "",
        nginx.location(name.directive) if name else None,
        _forwarded_names.visitors_name_fix(
            nginx, name, is_plain=_is_plain(evidence, host_requests[0])
        )
        if name
        else None,
    )


def _is_plain(evidence: Evidence, request: ComparedRequest | BackendAnswer) -> bool:
    """Return whether the program writes http: addresses with the visitor's Host too, for visitors
    of https. Two edits of the same lines are one."""
    return evidence.target.uses_tls and request.host_addresses[0].startswith("http:")


def _server_comparison(evidence: Evidence) -> _Comparison | None:
    answers = [
        backend_answer
        for backend_answer in evidence.good(BackendAnswer)
        if backend_answer.host_addresses and not backend_answer.websocket
    ]
    if not answers:
        return None
    # Imported late: few servers replace the Host.
    from checks.server import place_text, server_on_port
    from checks.server._backend_answers import answers_with, route_to_application
    from checks.server._visitor_fields import HOST, SCHEME, visitor_fix

    view, target = server_on_port(evidence), evidence.target
    route = route_to_application(view) if view else None
    if view is None or route is None or route.keeps_host:
        return None
    sent, proto = route.replacement_host, "https" if target.uses_tls else ""
    wrong = answers_with(evidence, route, sent, proto)
    right = answers_with(evidence, route, target.authority, proto)
    is_sure = bool(right) and len(wrong) > 1 and not is_visitors_host(sent, target)
    if not is_sure or not all(each.host_addresses for each in (*wrong, *right)):
        return None
    return _Comparison(
        view.server.product,
        sent,
        wrong[0].host_addresses,
        right[0].host_addresses,
        (*wrong, *right, view.server),
        place_text(route.file, route.line),
        fix=visitor_fix(
            view, target.path, HOST, *((SCHEME,) if _is_plain(evidence, right[0]) else ())
        ),
    )
