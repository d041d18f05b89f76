"""After a message about it: HAProxy passes requests on without a field that names the visitor, so
that the application sees HAProxy's own address (HAProxy's manual, `option forwardfor`). In mode tcp
only the PROXY protocol tells it. Apache and Caddy send X-Forwarded-For by themselves, unless a line
takes it away.

Or Apache gets the page from another server of this machine, which sends the field, and does not
take the visitor's address from it (mod_remoteip).
"""

import re
from collections.abc import Iterator

from checks.server import line_edit, manual_fix, place_text, reload_steps, server_on_port
from checks.server._haproxy import HaproxyView, haproxy_view, insert_after, place
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Evidence, Fix, Severity, Subject
from diagnose.model.web_servers import WebServer, WebServerConfig, WebSite
from diagnose.parsers.haproxy.config import Proxy
from diagnose.parsers.web_sites import answering_sites

#: Fields that have the visitor's address in configurations of HAProxy.
_FIELDS = {"x-forwarded-for", "x-real-ip", "x-client-ip", "forwarded"}
_PROXY_WORDS = {"send-proxy", "send-proxy-v2", "send-proxy-v2-ssl", "send-proxy-v2-ssl-cn"}

#: A format (mod_log_config) with a field of the visitor's address before that of the connection.
_FIRST_FIELD = re.compile(
    r"(?i)(?:(?!%[<>]?[ha]\b|%\{c\}a).){0,200}%\{(?:x-forwarded-for|x-real-ip|x-client-ip"
    r"|cf-connecting-ip|true-client-ip)\}i"
)


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
        yield from _dropped(evidence)
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
            "dropped": "",
        },
        fix=_fix(haproxy),
    )


def _dropped(evidence: Evidence) -> Iterator[Claim]:
    """Yield the claim about lines of Apache or Caddy that take the visitor's address from what they
    send by themselves."""
    view, target = server_on_port(evidence), evidence.target
    if view is None or view.config is None or view.server.product not in {"apache", "caddy"}:
        return
    # Imported late: few messages are about addresses.
    from diagnose.parsers.withheld_logins import ADDRESS_FIELDS, withholding_lines

    path = target.path_without_query
    lines = list(withholding_lines(view.config, target, path, ADDRESS_FIELDS))
    if not any(line.field.lower() == "x-forwarded-for" for line in lines):
        return
    first = lines[0]
    edit = line_edit(view, first.file, {line.number: () for line in lines})
    yield Claim(
        about=Subject(port=target.port, path=target.path),
        because=(view.server, view.config),
        confidence=Confidence.LIKELY,
        facts={
            **view.facts,
            "url": target.origin + target.path,
            "backend": "",
            "place": place_text(first.file, first.number),
            "tcp": False,
            "behind": "",
            "dropped": first.text,
        },
        fix=Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
        if edit
        else manual_fix(view, "keep-the-field"),
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
        if takes_address(config) or not sites or _logs_field(sites[0]):
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
                "dropped": "",
            },
            fix=Fix((*steps, *reload_steps(view.server)), Applicability.REVIEW)
            if steps
            else manual_fix(view, "take-the-address"),
        )
        return


def _logs_field(site: WebSite) -> bool:
    """Return whether the log of a site begins with the visitor's address from a field."""
    formats = [log.line_format for log in site.access_logs]
    return bool(formats) and all(map(_FIRST_FIELD.match, formats))


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
