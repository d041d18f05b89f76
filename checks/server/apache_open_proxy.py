"""`ProxyRequests On` makes Apache a forward proxy: everybody may reach other servers through it,
those of the inner network too. A reverse proxy (ProxyPass) needs no such line (mod_proxy,
"ProxyRequests": "Do not enable proxying … until you have secured your server").

A <Proxy> section that says who may use it is a decision: then nothing is said.
"""

import re
from collections.abc import Iterator, Sequence

from checks.server import line_edit, line_text, manual_fix, place_text, reload_steps, server_on_port
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Evidence, Fix, Severity, Subject
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.apache.config import Directive, parse

_LINE = re.compile(r"(?i)(\s*ProxyRequests\s+)[\"']?on[\"']?\s*")
_RULES = {"require", "deny", "allow", "order", "requireall", "requireany", "requirenone"}
#: The modules that carry a forward proxy's requests out.
_CARRIERS = {"proxy_http", "proxy_connect", "proxy_ftp"}


@check(severity=Severity.NOTE, needs=[WebServer, WebServerConfig])
def apache_open_proxy(evidence: Evidence) -> Iterator[Claim]:
    view = server_on_port(evidence)
    if view is None or view.config is None or view.server.product != "apache":
        return
    if view.config.modules and not _CARRIERS & set(view.config.modules):
        return
    for site in view.answering_sites[:1]:
        file = view.config.file(site.file)
        host = next(
            (
                directive
                for directive in (parse(file.text, site.file) if file else ())
                if directive.name == "virtualhost" and directive.line == site.line
            ),
            None,
        )
        lines = list(_requests(host.block or ())) if host else []
        if not lines or "".join(lines[-1].args[:1]).lower() != "on":
            return
        if host is None or _is_guarded(host.block or ()):
            return
        line = lines[-1]
        text = line_text(view, site.file, line.line)
        match = _LINE.fullmatch(text)
        edit = line_edit(view, site.file, {line.line: (f"{match[1]}Off",)}) if match else None
        yield Claim(
            about=Subject(port=evidence.target.port, text="ProxyRequests"),
            because=(view.config, view.server),
            # A section of the main configuration may say who may use it.
            confidence=Confidence.LIKELY,
            facts={**view.facts, "place": place_text(site.file, line.line)},
            fix=Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
            if edit
            else manual_fix(view, "off"),
        )


def _requests(parts: Sequence[Directive]) -> Iterator[Directive]:
    """Yield the lines ProxyRequests of a virtual host, those in <IfModule> too."""
    for part in parts:
        if part.name == "proxyrequests":
            yield part
        elif part.block is not None and part.name.startswith("if"):
            yield from _requests(part.block)


def _is_guarded(parts: Sequence[Directive]) -> bool:
    """Return whether a section of the proxy, or of all paths, says who may use it."""
    return any(
        (
            part.name in {"proxy", "proxymatch", "location"}
            and any(line.name in _RULES for line in part.block or ())
        )
        or (part.name.startswith("if") and _is_guarded(part.block or ()))
        for part in parts
        if part.block is not None
    )
