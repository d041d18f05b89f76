"""The site on port 80 shows its pages unencrypted: its configuration has no redirect to https."""

import re
from collections.abc import Iterator

from checks.server import (
    ServerView,
    line_edit,
    line_text,
    manual_fix,
    place_text,
    reload_steps,
    server_view,
)
from checks.server._haproxy import redirect_added
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Severity, Subject, server_commands
from diagnose.model.http import Exchange
from diagnose.model.web_servers import WebServer, WebServerConfig, WebSite
from diagnose.parsers.web_sites import answering_sites


@check(
    severity=Severity.WARNING,
    needs=[WebServer, WebServerConfig, Exchange],
    explains=["http.no-redirect"],
)
def redirect_missing(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_view(evidence), evidence.target
    if view is None or view.config is None or not target.uses_tls:
        return
    if not {80, target.port}.issubset(view.server.ports):
        return
    plain = [
        exchange
        for exchange in evidence.good(Exchange)
        if exchange.purpose == "plain" and exchange.port == 80 and exchange.status == 200
    ]
    sites = answering_sites(view.config, 80, target.host)
    if not plain or not sites or any(site.redirects or site.passthrough for site in sites):
        return
    yield Claim(
        about=Subject(name=target.host, port=80),
        covers=(Subject(port=80),),
        because=(*plain, view.config, view.server),
        facts={
            **view.facts,
            "site": place_text(sites[0].file, sites[0].line),
            "apache": view.server.product == "apache",
        },
        fix=_fix(view, sites[0]),
    )


def _fix(view: ServerView, site: WebSite) -> Fix:
    """Redirect all but the paths by which certificates are renewed (RFC 8555 section 8.3). The
    site may answer other names as well, so a person reads it first."""
    if view.server.product == "haproxy":
        added = redirect_added(view, site)
        if added is None:
            return manual_fix(view, "redirect")
        return Fix((added, *reload_steps(view.server)), Applicability.REVIEW)
    line = line_text(view, site.file, site.line)
    host = view.evidence.target.host
    is_plain_name = re.fullmatch(r"[A-Za-z0-9.-]+", host)
    modules = view.config.modules if view.config else ()
    debian = view.server.config.startswith("/etc/apache2/")
    if (
        not is_plain_name
        or not re.match(r"(?i)\s*<VirtualHost\s", line)
        or view.server.product != "apache"
    ):
        return manual_fix(view, "redirect")
    indent = f"{line[: len(line) - len(line.lstrip())]}    "
    # mod_rewrite comes before ProxyPass, and mod_alias (Redirect) after it.
    rules = (
        "RewriteEngine On",
        "RewriteCond %{REQUEST_URI} !^/\\.well-known/acme-challenge/",
        f"RewriteRule ^ https://{host}%{{REQUEST_URI}} [R=301,L]",
    )
    lines = (line, *(f"{indent}{rule}" for rule in rules))
    edit = line_edit(view, site.file, {site.line: lines})
    if edit and ("rewrite" in modules or debian):
        enable = (
            () if "rewrite" in modules else (server_commands.enable_apache_modules(("rewrite",)),)
        )
        return Fix((*enable, edit, *reload_steps(view.server)), Applicability.REVIEW)
    return manual_fix(view, "redirect")
