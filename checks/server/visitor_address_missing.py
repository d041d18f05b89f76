"""HAProxy passes requests on and does not say whose they are: by a message the application sees
one address for all visitors. Apache and Caddy send X-Forwarded-For by themselves, HAProxy only with
`option forwardfor` (Configuration Manual, "option forwardfor"), a header of its own, or a PROXY
header (`send-proxy`).
"""

import itertools
from collections.abc import Iterator

from checks.server import place_text, reload_steps
from checks.server._haproxy import HaproxyView, haproxy_view, insert_after
from checks.upstream._told import VISITOR_ADDRESS, told_text
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Edit,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.web_servers import WebServer, WebServerConfig

_FIELDS = frozenset({"x-forwarded-for", "x-real-ip", "forwarded", "x-client-ip"})
_PROXY = ("send-proxy", "send-proxy-v2", "send-proxy-v2-ssl", "send-proxy-v2-ssl-cn")


@check(severity=Severity.WARNING, needs=[WebServer, WebServerConfig])
def visitor_address_missing(evidence: Evidence) -> Iterator[Claim]:
    haproxy = haproxy_view(evidence) if told_text(evidence, VISITOR_ADDRESS) else None
    if haproxy is None or haproxy.proxies.backend is None or _is_told(haproxy):
        return
    section = haproxy.proxies.frontend.section
    edit = _edit(haproxy)
    yield Claim(
        about=Subject(port=evidence.target.port, text=section.name),
        because=(haproxy.view.server, *evidence.good(WebServerConfig)),
        confidence=Confidence.LIKELY,
        facts={
            **haproxy.view.facts,
            "frontend": section.name,
            "backend": haproxy.proxies.backend.name,
            "place": place_text(section.file, section.line),
            "tcp": haproxy.proxies.frontend.mode != "http",
        },
        fix=Fix((edit, *reload_steps(haproxy.view.server)), Applicability.REVIEW)
        if edit
        else Fix((Manual("tell-the-address", Where.SERVER),), Applicability.MANUAL),
    )


def _is_told(haproxy: HaproxyView) -> bool:
    frontend, backend = haproxy.proxies.frontend, haproxy.proxies.backend
    proxies = [proxy for proxy in (frontend, backend) if proxy]
    if any(proxy.option(name) for proxy in proxies for name in ("forwardfor", "forwarded")):
        return True
    sections = itertools.chain.from_iterable((proxy.section, *proxy.defaults) for proxy in proxies)
    lines = [line for section in sections for line in section.lines]
    return any(
        (line.keyword in {"server", "default-server"} and set(_PROXY) & set(line.words))
        or (line.keyword == "http-request" and {word.lower() for word in line.words} & _FIELDS)
        for line in lines
    )


def _edit(haproxy: HaproxyView) -> Edit | None:
    """Return the edit that turns the option on in the frontend; it is for HTTP alone."""
    if haproxy.proxies.frontend.mode != "http":
        return None
    return insert_after(haproxy.view, haproxy.proxies.bind, "option forwardfor")
