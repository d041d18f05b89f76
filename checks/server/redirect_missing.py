"""The site on port 80 shows its pages unencrypted: its configuration has no redirect to https.
Where Apache has no virtual host for port 80 at all, its main server answers there. A rule that was
to redirect and has a text in its condition, and no variable, is named."""

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from checks.server import (
    ServerView,
    file_rows,
    idle_site,
    indentation,
    line_edit,
    line_text,
    manual_fix,
    place_text,
    reload_steps,
    server_view,
)
from checks.server._apache_modules import loading_steps
from checks.server._haproxy import redirect_added
from checks.server._plain_sites import plain_site
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Severity, Subject
from diagnose.model.http import Exchange
from diagnose.model.web_servers import WebServer, WebServerConfig, WebSite
from diagnose.parsers.web_sites import answering_sites, has_name

if TYPE_CHECKING:
    from checks.server._name_conditions import NameCondition
    from checks.server._port_edits import UnheardSite


@check(
    severity=Severity.WARNING,
    needs=[WebServer, WebServerConfig, Exchange],
    explains=["http.no-redirect"],
)
def redirect_missing(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_view(evidence), evidence.target
    if view is None or view.config is None:
        return
    if not target.uses_tls and not _asks_for_https(evidence):
        return
    secure_port, purpose = (target.port, "plain") if target.uses_tls else (443, "target")
    if not {80, secure_port}.issubset(view.server.ports):
        return
    plain = [
        exchange
        for exchange in evidence.good(Exchange)
        if exchange.purpose == purpose and exchange.port == 80 and exchange.status == 200
    ]
    sites = answering_sites(view.config, 80, target.host)
    is_main = not sites and view.server.product == "apache" and view.config.complete
    misspelt = _misspelt(view, sites) if plain else None
    if not plain or any(site.redirects or site.passthrough for site in sites if not misspelt):
        return
    if (not sites and not is_main) or _waits_with_its_site(view) or plain_site(view):
        return
    unheard = _unheard(view)
    yield Claim(
        about=Subject(name=target.host, port=80),
        covers=(Subject(port=80),),
        because=(*plain, view.config, view.server),
        facts={
            **view.facts,
            "site": place_text(sites[0].file, sites[0].line) if sites else "",
            "listen": _listen_place(view.config),
            "apache": view.server.product == "apache",
            **_constant_condition(view, sites),
            "condition": misspelt.place if misspelt else "",
            "condition_name": misspelt.name if misspelt else "",
            "other_port": unheard.port if unheard else "",
            "other_place": place_text(unheard.file, unheard.line) if unheard else "",
        },
        fix=_corrected(view, misspelt)
        or _moved(view, unheard)
        or (_fix(view, sites[0]) if sites else _fix_without_host(view)),
    )


def _misspelt(view: ServerView, sites: Sequence[WebSite]) -> "NameCondition | None":
    """Return the condition of Apache's site that misses the name, where visitors get a page."""
    if view.server.product != "apache" or len(sites) != 1:
        return None
    # Imported late: few sites have no redirect.
    from checks.server._name_conditions import misspelt_condition

    return misspelt_condition(view, sites[0])


def _corrected(view: ServerView, misspelt: "NameCondition | None") -> Fix | None:
    edit = misspelt.edit if misspelt else None
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW) if edit else None


def _unheard(view: ServerView) -> "UnheardSite | None":
    """Return the virtual host that redirects, if Apache does not listen on its port."""
    # Imported late: few sites have no redirect.
    from checks.server._port_edits import unheard_site

    unheard = unheard_site(view, tls=False)
    return unheard if unheard and unheard.site.redirects else None


def _moved(view: ServerView, unheard: "UnheardSite | None") -> Fix | None:
    edit = unheard.edit(view, 80) if unheard else None
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW) if edit else None


def _asks_for_https(evidence: Evidence) -> bool:
    """Return whether a person writes of the site's http address that it is not secure: it may have
    no https on purpose."""
    symptom, config = evidence.target.symptom, evidence.good(WebServerConfig)
    is_told = symptom is not None and symptom.kind == "not-secure" and evidence.target.port == 80
    return is_told and any(answering_sites(each, 443, evidence.target.host) for each in config)


def _waits_with_its_site(view: ServerView) -> bool:
    """Return whether the site of the name is on disk and not enabled, and its redirect stands in
    the same file: it comes with the site (server.wrong-site)."""
    host, idle = view.evidence.target.host, idle_site(view)
    if idle is None or any(has_name(site, host) for site in view.answering_sites):
        return False
    return any(
        site.file == idle.file and site.listens_on(80) and has_name(site, host) and site.redirects
        for site in (view.config.idle if view.config else ())
    )


def _constant_condition(view: ServerView, sites: Sequence[WebSite]) -> dict[str, object]:
    """Return the condition of a redirect to https that compares a text; "" without one."""
    facts = {"constant": "", "constant_place": "", "meant": ""}
    if view.server.product != "apache" or not sites or view.config is None:
        return {**facts}
    # Imported late: few sites have no redirect.
    from diagnose.parsers.apache.constant_conditions import constant_before_https

    site = sites[0]
    for path in (site.file, f"{site.root.rstrip('/')}/.htaccess"):
        file = view.config.file(path)
        for condition in constant_before_https(file_rows(view, file)) if file else ():
            if path == site.file and not _is_within(view, site, condition.number):
                continue
            place = place_text(path, condition.number)
            return {"constant": condition.text, "constant_place": place, "meant": condition.meant}
    return {**facts}


def _is_within(view: ServerView, site: WebSite, number: int) -> bool:
    """Return whether a line is in the virtual host that begins at the site's line."""
    rows = [line_text(view, site.file, row) for row in range(site.line, number)]
    return number > site.line and not any(re.match(r"(?i)\s*</VirtualHost", row) for row in rows)


def _listen_place(config: WebServerConfig) -> str:
    """Return the place of the line that opens port 80, "" if it is not known."""
    sockets = (socket for socket in config.listens if socket.port == 80 and socket.file)
    return next((place_text(socket.file, socket.line) for socket in sockets), "")


def _fix(view: ServerView, site: WebSite) -> Fix:
    """Redirect all but the paths by which certificates are renewed (RFC 8555 section 8.3). The
    site may answer other names as well, so a person reads it first."""
    if view.server.product == "haproxy":
        added = redirect_added(view, site)
        if added is None:
            return manual_fix(view, "redirect")
        return Fix((added, *reload_steps(view.server)), Applicability.REVIEW)
    line = line_text(view, site.file, site.line)
    if view.server.product == "caddy":
        file = view.config.file(site.file) if view.config else None
        rows = _caddy_rows(view, line) if file and "@to_https" not in file.text else ()
        edit = line_edit(view, site.file, {site.line: rows}) if rows else None
        if edit is None:
            return manual_fix(view, "redirect")
        return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
    rules = _rules(view, line)
    if not rules:
        return manual_fix(view, "redirect")
    indent = f"{indentation(line)}    "
    return _rewriting_fix(view, site, (line, *(f"{indent}{rule}" for rule in rules)), "redirect")


#: An address of a site of Caddy's that is on port 80 alone.
_PLAIN_ADDRESS = re.compile(r"http://[A-Za-z0-9.*-]{1,253}(?::80)?|[A-Za-z0-9.*-]{0,253}:80")


def _caddy_rows(view: ServerView, line: str) -> tuple[str, ...]:
    """Return the rows that redirect in a site of Caddy's which begins at `line`; () if the site is
    on other ports too. Caddy puts `redir` before what answers (Caddyfile, "Directive order")."""
    host, words = view.evidence.target.host, line.replace(",", " ").split()
    is_plain = all(_PLAIN_ADDRESS.fullmatch(word) for word in words[:-1])
    if not re.fullmatch(r"[A-Za-z0-9.-]+", host) or words[-1:] != ["{"] or not is_plain:
        return ()
    return (
        line,
        "\t@to_https not path /.well-known/acme-challenge/*",
        f"\tredir @to_https https://{host}{{uri}} permanent",
    )


def _fix_without_host(view: ServerView) -> Fix:
    """Give the name a virtual host on port 80, before the one of https. It is then the only one
    there, and answers all names: the others get the main server's pages as before, whose folder it
    inherits (Apache, "How the sections are merged")."""
    site = next(iter(view.answering_sites), None)
    line = line_text(view, site.file, site.line) if site else ""
    rules = _rules(view, line)
    if site is None or not rules:
        return manual_fix(view, "virtual-host")
    host = view.evidence.target.host
    inner = (
        f"ServerName {host}",
        rules[0],
        f"RewriteCond %{{HTTP_HOST}} ^{re.escape(host)}(:80)?$ [NC]",
        *rules[1:],
    )
    block = ("<VirtualHost *:80>", *(f"    {each}" for each in inner), "</VirtualHost>", "")
    return _rewriting_fix(view, site, (*block, line), "virtual-host")


def _rules(view: ServerView, line: str) -> tuple[str, ...]:
    """Return the lines that redirect in an Apache virtual host, which begins at `line`; () if a
    person has to write them."""
    host = view.evidence.target.host
    is_plain_name = re.fullmatch(r"[A-Za-z0-9.-]+", host)
    is_host = re.match(r"(?i)\s*<VirtualHost\s", line)
    if not is_plain_name or not is_host or view.server.product != "apache":
        return ()
    # mod_rewrite comes before ProxyPass, and mod_alias (Redirect) after it.
    return (
        "RewriteEngine On",
        "RewriteCond %{REQUEST_URI} !^/\\.well-known/acme-challenge/",
        f"RewriteRule ^ https://{host}%{{REQUEST_URI}} [R=301,L]",
    )


def _rewriting_fix(view: ServerView, site: WebSite, lines: tuple[str, ...], step: str) -> Fix:
    """Write these lines where the virtual host begins, and load mod_rewrite if it is missing."""
    enable = loading_steps(view, ("rewrite",))
    edit = line_edit(view, site.file, {site.line: lines})
    if edit is None or enable is None:
        return manual_fix(view, step)
    return Fix((*enable, edit, *reload_steps(view.server)), Applicability.REVIEW)
