"""After a message about it: HAProxy passes requests on without a field that names the visitor, so
that the application sees HAProxy's own address (HAProxy's manual, `option forwardfor`). In mode tcp
only the PROXY protocol tells it. Apache and Caddy send X-Forwarded-For by themselves, unless a line
takes it away.

Or Apache or Caddy gets the page from another server of this machine, which sends the field, and
does not take the visitor's address from it (mod_remoteip, trusted_proxies). Or Cloudflare is in
front, and nothing reads its field.
"""

import re
from collections.abc import Iterator

from checks.server import (
    indentation,
    line_edit,
    line_text,
    manual_fix,
    place_text,
    reload_steps,
    server_on_port,
)
from checks.server._haproxy import HaproxyView, haproxy_view, insert_after, place
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Edit,
    Evidence,
    Fix,
    Severity,
    Subject,
)
from diagnose.model.web_servers import WebServer, WebServerConfig, WebSite
from diagnose.parsers.haproxy.config import Proxy
from diagnose.parsers.web_sites import answering_sites

#: Fields that have the visitor's address in configurations of HAProxy.
_FIELDS = {"x-forwarded-for", "x-real-ip", "x-client-ip", "forwarded"}
_PROXY_WORDS = {"send-proxy", "send-proxy-v2", "send-proxy-v2-ssl", "send-proxy-v2-ssl-cn"}

#: The facts of the other faults.
_NO_FACTS: dict[str, str | bool] = {
    **dict.fromkeys(("backend", "behind", "dropped", "untrusted", "field"), ""),
    **dict.fromkeys(("tcp", "caddy", "unloaded", "cdn"), False),
}

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
        yield from _behind(evidence)
        yield from _behind_cdn(evidence)
        return
    proxies, view = haproxy.proxies, haproxy.view
    backend = proxies.backend
    if backend is None or any(map(_tells_address, (proxies.frontend, backend))):
        yield from _behind(evidence)
        yield from _behind_cdn(evidence)
        return
    yield Claim(
        about=Subject(port=evidence.target.port, path=evidence.target.path),
        because=(view.server, *((view.config,) if view.config else ())),
        confidence=Confidence.LIKELY,
        facts={
            **view.facts,
            **_NO_FACTS,
            "url": evidence.target.origin + evidence.target.path,
            "backend": backend.name,
            "place": place(proxies.bind),
            "tcp": proxies.frontend.mode != "http",
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
            **_NO_FACTS,
            "url": target.origin + target.path,
            "place": place_text(first.file, first.number),
            "dropped": first.text,
        },
        fix=Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
        if edit
        else manual_fix(view, "keep-the-field"),
    )


def _behind(evidence: Evidence) -> Iterator[Claim]:
    """Yield the claim about a server behind another one of this machine that sends the address."""
    # Imported late: few messages are about addresses.
    from checks.server._inner_servers import inner_servers
    from checks.server._untaken_addresses import untaken_address

    target = evidence.target
    for inner in inner_servers(evidence, refusing=False):
        view, config = inner.view, inner.view.config
        sites = answering_sites(config, inner.port, target.host) if config else ()
        if config is None or not inner.sends_visitor or not sites or _logs_field(sites[0]):
            continue
        untaken = untaken_address(inner, sites[0])
        if untaken is None:
            continue
        is_caddy = view.server.product in {"caddy", "traefik"}
        yield Claim(
            about=Subject(port=target.port, path=target.path),
            because=(view.server, config),
            confidence=Confidence.LIKELY,
            facts={
                **view.facts,
                **_NO_FACTS,
                "url": target.origin + target.path,
                "place": untaken.place,
                "behind": inner.front,
                "caddy": is_caddy,
                "untrusted": untaken.untrusted,
                "field": untaken.field,
                "unloaded": untaken.unloaded,
            },
            fix=Fix(untaken.steps, Applicability.REVIEW)
            if untaken.steps
            else manual_fix(view, "trust-the-front" if is_caddy else "take-the-address"),
        )
        return


def _behind_cdn(evidence: Evidence) -> Iterator[Claim]:
    """Yield the claim about a CDN in front whose field is not read."""
    # Imported late: few messages are about addresses.
    from checks.server._cdn_addresses import cdn_in_front

    view, target = server_on_port(evidence), evidence.target
    cdn = cdn_in_front(view) if view else None
    if view is None or cdn is None:
        return
    yield Claim(
        about=Subject(port=target.port, path=target.path),
        because=(view.server, *((view.config,) if view.config else ())),
        confidence=Confidence.LIKELY,
        facts={
            **view.facts,
            **_NO_FACTS,
            "url": target.origin + target.path,
            "place": cdn.place,
            "behind": cdn.name,
            "cdn": True,
        },
        fix=Fix(cdn.steps, Applicability.REVIEW)
        if cdn.steps
        else manual_fix(view, "take-from-the-cdn"),
    )


def _logs_field(site: WebSite) -> bool:
    """Return whether the log of a site begins with the visitor's address from a field."""
    formats = [log.line_format for log in site.access_logs]
    return bool(formats) and all(map(_FIRST_FIELD.match, formats))


def _tells_address(proxy: Proxy) -> bool:
    """Return whether a proxy sends the visitor's address in a field, or by the PROXY protocol. In
    mode tcp it changes no field: HAProxy ignores these lines."""
    servers = [*proxy.own("server"), *proxy.own("default-server"), *proxy.own("server-template")]
    if any(_PROXY_WORDS & set(line.words) for line in servers):
        return True
    if proxy.mode != "http":
        return False
    if proxy.option("forwardfor") or proxy.option("forwarded"):
        return True
    named = (line for line in proxy.lines if _FIELDS & {word.lower() for word in line.words})
    return any({"set-header", "add-header"} & set(line.words) for line in named)


def _fix(haproxy: HaproxyView) -> Fix:
    """Let the frontend send the field. In mode tcp HAProxy has to read the requests for that, which
    it can where TLS ends in it."""
    view, proxies = haproxy.view, haproxy.proxies
    edits: tuple[Edit | None, ...]
    if proxies.frontend.mode == "http":
        edits = (insert_after(view, proxies.bind, "option forwardfor"),)
    elif proxies.tls or not view.evidence.target.uses_tls:
        edits = _mode_edits(haproxy)
    else:
        edits = ()
    steps = tuple(edit for edit in edits if edit)
    if not edits or len(steps) != len(edits):
        return manual_fix(view, "tell-the-address")
    return Fix((*steps, *reload_steps(view.server)), Applicability.REVIEW)


def _mode_edits(haproxy: HaproxyView) -> tuple[Edit | None, ...]:
    """Return the edits that write mode http and the option into frontend and backend."""
    view, proxies = haproxy.view, haproxy.proxies
    changes: dict[str, dict[int, tuple[str, ...]]] = {}
    frontend, backend = proxies.frontend, proxies.backend
    for proxy in {each.name: each for each in (backend, frontend) if each}.values():
        rows = ["mode http"]
        if proxy is frontend and not proxy.option("forwardfor"):
            rows.append("option forwardfor")
        first = next(iter(proxy.lines), None)
        line = (proxy.own("mode") or ((first,) if first else ()))[-1:]
        if not line:
            return ()
        own = line_text(view, line[0].file, line[0].number)
        kept = () if proxy.own("mode") else (own,)
        added = tuple(f"{indentation(own)}{row}" for row in rows)
        changes.setdefault(line[0].file, {})[line[0].number] = (*kept, *added)
    return tuple(line_edit(view, file, lines) for file, lines in changes.items())
