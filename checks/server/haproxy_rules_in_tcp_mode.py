"""A frontend of HAProxy in mode tcp has rules that read HTTP: by the path, the Host field or other
fields. In this mode HAProxy reads no HTTP, so they are never true, and `http-request` lines are
ignored ("mode", Configuration Manual, section 4.2; "haproxy -c" warns of them). The mode is tcp
where no `mode` is written. With "tcp-request content" HTTP may be read all the same: then the check
says nothing.
"""

import re
from collections.abc import Iterator
from itertools import pairwise

from checks.server import indentation, line_edit, line_text, manual_fix, reload_steps
from checks.server._haproxy import HaproxyView, haproxy_view, place
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Edit, Evidence, Fix, Severity, Subject
from diagnose.model.http import page_exchanges
from diagnose.model.tls import served_certificates
from diagnose.model.web_servers import WebServer, WebServerConfig, WebServerTest
from diagnose.parsers.haproxy.config import Line, Proxy

#: Samples of HTTP requests (Configuration Manual, section 7.3.6), also with the suffix of a match.
_HTTP_SAMPLE = re.compile(
    r"(?:path|url|method|query|base|cook|hdr|shdr|req\.(?:hdr|fhdr|cook))(?:_[a-z]{1,8})?(?:\(|,|$)"
)
#: Maximum number of rules that are listed.
_MAX_RULES = 4


@check(
    severity=Severity.WARNING,
    needs=[WebServer, WebServerConfig],
    explains=[
        "certificate.name-mismatch",
        "http.no-redirect",
        "server.application-answers",
        "server.own-answer",
    ],
)
def haproxy_rules_in_tcp_mode(evidence: Evidence) -> Iterator[Claim]:
    haproxy, port = haproxy_view(evidence), evidence.target.port
    if haproxy is None or haproxy.proxies.frontend.mode != "tcp":
        return
    frontend = haproxy.proxies.frontend
    rules = tuple(_http_rules(frontend))
    # What is passed on with its TLS cannot be read, whatever is waited for.
    is_read = frontend.setting("tcp-request") and not haproxy.proxies.passes_tls_on
    if not rules or is_read:
        return
    mode, default = frontend.setting("mode"), frontend.setting("default_backend")
    tests = [test for test in evidence.good(WebServerTest) if test.product == "haproxy"]
    failed = [page for page in page_exchanges(evidence) if (page.status or 500) >= 400]
    yield Claim(
        about=Subject(port=port, text=frontend.name),
        covers=(
            Subject(port=port),
            Subject(port=port, path=evidence.target.path),
            *(served.subject for served in served_certificates(evidence)),
        ),
        because=(haproxy.view.server, *_config(haproxy.view.config), *tests, *failed),
        facts={
            **haproxy.view.facts,
            "frontend": frontend.name,
            "rules": tuple(f"{rule.keyword} ({place(rule)})" for rule in rules[:_MAX_RULES]),
            "mode_place": place(mode) if mode else "",
            "default": default.after("default_backend") if default else "",
            "passed_on": not haproxy.proxies.tls and evidence.target.uses_tls,
            "warning": next((w for test in tests for w in test.warnings if "HTTP mode" in w), ""),
        },
        severity=Severity.ERROR if failed else None,
        fix=_fix(haproxy),
    )


def _http_rules(frontend: Proxy) -> Iterator[Line]:
    """Yield the lines that choose a backend, redirect or refuse by what only HTTP has."""
    names = {
        line.words[1]
        for line in frontend.own("acl")
        if len(line.words) > 2 and _HTTP_SAMPLE.match(line.words[2])
    }
    for line in frontend.lines:
        if line.keyword == "redirect" or line.words[:2] in _HTTP_ACTIONS:
            yield line
        elif line.keyword == "use_backend":
            words = [word.lstrip("!") for word in line.words[2:]]
            samples = (
                inner
                for word, inner in pairwise(words)
                if word == "{" and _HTTP_SAMPLE.match(inner)
            )
            if any(word in names for word in words) or any(samples):
                yield line


_HTTP_ACTIONS = {("http-request", "redirect"), ("http-request", "deny"), ("http-request", "return")}


def _fix(haproxy: HaproxyView) -> Fix:
    """Return `mode http` for the frontend and the backends that it uses. Where TLS is passed on,
    nobody here can read HTTP: a person decides who ends TLS."""
    frontend = haproxy.proxies.frontend
    if not haproxy.proxies.tls and haproxy.view.evidence.target.uses_tls:
        return manual_fix(haproxy.view, "choose-by-name")
    used_names = {
        line.words[1]
        for line in (*frontend.own("use_backend"), *frontend.own("default_backend"))
        if len(line.words) > 1
    }
    backends = (haproxy.proxies.config.backend(name) for name in sorted(used_names))
    proxies = [
        frontend,
        *(one for one in backends if one and one.mode == "tcp" and one != frontend),
    ]
    edit = _edit(haproxy, proxies)
    if edit is None:
        return manual_fix(haproxy.view, "mode-http")
    return Fix((edit, *reload_steps(haproxy.view.server)), Applicability.REVIEW)


def _edit(haproxy: HaproxyView, proxies: list[Proxy]) -> Edit | None:
    view, file = haproxy.view, proxies[0].section.file
    if any(proxy.section.file != file for proxy in proxies):
        return None
    changes: dict[int, tuple[str, ...]] = {}
    for proxy in proxies:
        own = proxy.own("mode")[-1:]
        number = own[0].number if own else proxy.section.line
        text, below = (line_text(view, file, n) for n in (number, proxy.section.line + 1))
        if not text:
            return None
        indent = indentation(below) or "    "
        changes[number] = (f"{indent}mode http",) if own else (text, f"{indent}mode http")
    return line_edit(view, file, changes)


def _config(config: WebServerConfig | None) -> tuple[WebServerConfig, ...]:
    return (config,) if config else ()
