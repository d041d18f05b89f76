"""After a message about it: HAProxy passes requests on without a field that names the visitor, so
that the application sees HAProxy's own address (HAProxy's manual, `option forwardfor`). In mode tcp
only the PROXY protocol tells it. Apache and Caddy send X-Forwarded-For by themselves.

Or Apache gets the page from another server of this machine, which sends the field, and does not
take the visitor's address from it (mod_remoteip).
"""

from collections.abc import Iterator

from checks.server import manual_fix, place_text, reload_steps
from checks.server._haproxy import HaproxyView, haproxy_view, insert_after, place
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Evidence, Fix, Severity, Subject
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.haproxy.config import Proxy
from diagnose.parsers.web_sites import answering_sites

#: Fields that have the visitor's address in configurations of HAProxy.
_FIELDS = {"x-forwarded-for", "x-real-ip", "x-client-ip", "forwarded"}
_PROXY_WORDS = {"send-proxy", "send-proxy-v2", "send-proxy-v2-ssl", "send-proxy-v2-ssl-cn"}


@check(
    severity=Severity.WARNING,
    needs=[WebServer, WebServerConfig],
    needs_message=True,
)
def visitor_address_lost(evidence: Evidence) -> Iterator[Claim]:
    symptom, haproxy = evidence.target.symptom, haproxy_view(evidence)
    if symptom is None or symptom.kind != "visitor-address":
        return
    if haproxy is None:
        yield from _apache_behind(evidence)
        return
    proxies, view = haproxy.proxies, haproxy.view
    backend = proxies.backend
    if backend is None or any(map(_tells_address, (proxies.frontend, backend))):
        yield from _apache_behind(evidence)
        return
    yield Claim(
        about=Subject(port=evidence.target.port, path=evidence.target.path),
        because=(view.server, *((view.config,) if view.config else ())),
        confidence=Confidence.LIKELY,
        facts={
            **view.facts,
            "url": evidence.target.origin + evidence.target.path,
            "backend": backend.name,
            "place": place(proxies.bind),
            "tcp": proxies.frontend.mode != "http",
            "behind": "",
        },
        fix=_fix(haproxy),
    )


def _apache_behind(evidence: Evidence) -> Iterator[Claim]:
    """Yield the claim about Apache behind a server of this machine that sends the address."""
    # Imported late: few messages are about addresses.
    from checks.server._address_rules import apache_steps, takes_address
    from checks.server._inner_servers import inner_servers

    target = evidence.target
    for inner in inner_servers(evidence, refusing=False):
        view, config = inner.view, inner.view.config
        if view.server.product != "apache" or config is None or not inner.sends_visitor:
            continue
        sites = answering_sites(config, inner.port, target.host)
        if takes_address(config) or not sites:
            continue
        steps = apache_steps(inner, sites[0])
        yield Claim(
            about=Subject(port=target.port, path=target.path),
            because=(view.server, config),
            confidence=Confidence.LIKELY,
            facts={
                **view.facts,
                "url": target.origin + target.path,
                "backend": "",
                "place": place_text(sites[0].file, sites[0].line),
                "tcp": False,
                "behind": inner.front,
            },
            fix=Fix((*steps, *reload_steps(view.server)), Applicability.REVIEW)
            if steps
            else manual_fix(view, "take-the-address"),
        )
        return


def _tells_address(proxy: Proxy) -> bool:
    """Return whether a proxy sends the visitor's address in a field, or by the PROXY protocol."""
    if proxy.option("forwardfor") or proxy.option("forwarded"):
        return True
    named = (line for line in proxy.lines if _FIELDS & {word.lower() for word in line.words})
    is_field = any({"set-header", "add-header"} & set(line.words) for line in named)
    servers = [*proxy.own("server"), *proxy.own("default-server"), *proxy.own("server-template")]
    return is_field or any(_PROXY_WORDS & set(line.words) for line in servers)


def _fix(haproxy: HaproxyView) -> Fix:
    """Let the frontend send the field. In mode tcp the application has to know the protocol."""
    is_http = haproxy.proxies.frontend.mode == "http"
    edit = (
        insert_after(haproxy.view, haproxy.proxies.bind, "option forwardfor") if is_http else None
    )
    if edit is None:
        return manual_fix(haproxy.view, "tell-the-address")
    return Fix((edit, *reload_steps(haproxy.view.server)), Applicability.REVIEW)
