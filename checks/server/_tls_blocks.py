"""Apache's virtual host for https with a certificate that lies on the server: in the place of that
for port 80, which gets one that redirects, or beside that, if it redirects already."""

import re
from collections.abc import Sequence

from checks.server import ServerView, file_rows, line_edit, reload_steps
from checks.server._apache_modules import loading_steps
from diagnose.model import Applicability, Command, Edit, Fix
from diagnose.model.web_servers import WebSite
from diagnose.parsers.hostnames import is_host
from diagnose.parsers.web_sites import has_name

_HEAD = re.compile(r"(?i)\s*<VirtualHost\s+(\S{1,80}):80\s*>\s*")
_END = re.compile(r"(?i)\s*</VirtualHost>\s*")
_NAMES = re.compile(r"(?i)\s*Server(?:Name|Alias)\s+\S")
#: Lines about TLS, and rules that lead to https: a person reads them first.
_OTHER = re.compile(
    r"(?i)\s*(?:SSL(?!Proxy)\w|<VirtualHost\b|(?:Redirect|RewriteRule)\w{0,20}\s.{0,300}https:)"
    r"|.{0,300}%\{(?:HTTPS|SERVER_PORT)\}"
)
#: Lines that lead to https, and the conditions of theirs that hold without TLS.
_LEADS = re.compile(
    r"(?i)\s*(?:Redirect\w{0,20}|RewriteRule)\s.{0,300}https:"
    r"|\s*RewriteCond\s+%\{(?:HTTPS|SERVER_PORT|REQUEST_SCHEME)\}"
)
_CONDITION = re.compile(r"(?i)\s*RewriteCond\s")
_PAGES = re.compile(r"(?i)\s*(?:DocumentRoot|ProxyPass|ProxyPassMatch)\s")


def built_site(view: ServerView) -> tuple[str, Fix] | None:
    """Return the certificate on the server for the name's site of port 80, and the edit that gives
    the site https; None if there is none, or if a person has to write it."""
    # Imported late: few ports are not served.
    from checks.certificate._stored import stored_pair

    site = _own_site(view)
    names = {name.replace("*", "any") for name in site.names} if site else set()
    pair = stored_pair(view.evidence, names, ()) if site else None
    if site is None or pair is None:
        return None
    lines = (f"SSLCertificateFile {pair.path}", f"SSLCertificateKeyFile {pair.key}")
    fix = block_fix(view, site, lines)
    return (pair.path, fix) if fix else None


def plain_site(view: ServerView) -> WebSite | None:
    """Return the name's one virtual host, if it has port 80 alone, and pages."""
    site = _own_site(view)
    has_pages = site is not None and bool(site.routes or site.root) and not site.redirects
    return site if has_pages else None


def _own_site(view: ServerView) -> WebSite | None:
    """Return the name's one virtual host, if it has port 80 alone."""
    target, sites = view.evidence.target, view.config.sites if view.config else ()
    own = [site for site in sites if site.names != ("*",) and has_name(site, target.host)]
    if len(own) != 1 or view.server.product != "apache" or not target.uses_tls:
        return None
    sockets = own[0].sockets
    is_plain = bool(sockets) and all(socket.port == 80 and not socket.tls for socket in sockets)
    return own[0] if is_plain and is_host(target.host) else None


def tls_block_edit(view: ServerView, site: WebSite, lines: Sequence[str]) -> Edit | None:
    """Return the edit that gives the site the target's port with these lines about its certificate,
    and writes a virtual host that redirects for port 80; None if a person has to write it."""
    file = view.config.file(site.file) if view.config else None
    rows = file_rows(view, file) if file else ()
    if not 0 < site.line < site.end <= len(rows):
        return None
    head, inner, end = rows[site.line - 1], rows[site.line : site.end - 1], rows[site.end - 1]
    begin = _HEAD.fullmatch(head[:400])
    if begin is None or not _END.fullmatch(end):
        return None
    target = view.evidence.target
    added = (*(f"    {line}" for line in ("SSLEngine on", *lines)), end)
    if any(_LEADS.match(row[:400]) for row in inner):
        kept = _without_redirect(inner)
        own = (f"https://{target.host}", "https://%{HTTP_HOST}", "https://%{SERVER_NAME}")
        leading = [row for row in inner if _LEADS.match(row[:400]) and "https:" in row]
        if not all(any(start in row for start in own) for row in leading):
            return None
        if not any(_PAGES.match(row[:400]) for row in kept) or _has_other(kept):
            return None
        copy = ("", f"<VirtualHost {begin[1]}:{target.port}>", *kept, *added)
        return line_edit(view, site.file, {site.end: (end, *copy)})
    if site.redirects or not (site.routes or site.root) or _has_other(inner):
        return None
    names = [row.strip() for row in inner if _NAMES.match(row)]
    place = target.host if target.port == 443 else f"{target.host}:{target.port}"
    redirect = (
        head.strip(),
        *(f"    {name}" for name in names),
        f"    Redirect permanent / https://{place}/",
        "</VirtualHost>",
        "",
        f"<VirtualHost {begin[1]}:{target.port}>",
    )
    return line_edit(view, site.file, {site.line: redirect, site.end: added})


def _has_other(rows: Sequence[str]) -> bool:
    return any(_OTHER.match(row[:400]) for row in rows)


def _without_redirect(rows: Sequence[str]) -> list[str]:
    """Return the lines of a site but for those that lead to https, with their conditions (Apache,
    mod_rewrite: a condition belongs to the rule after it)."""
    kept: list[str] = []
    conditions: list[str] = []
    for row in rows:
        if _CONDITION.match(row[:400]):
            conditions.append(row)
            continue
        if not _LEADS.match(row[:400]):
            kept += [*conditions, row]
        conditions = []
    return kept


def block_fix(view: ServerView, site: WebSite, lines: Sequence[str]) -> Fix | None:
    """Return the fix with this edit, and with Debian's command for TLS where its module is missing;
    None where Apache would still not listen on the port."""
    config, port = view.config, view.evidence.target.port
    edit = tls_block_edit(view, site, lines)
    if edit is None or config is None:
        return None
    enable = loading_steps(view, ("ssl",))
    if enable is None:
        return None
    if enable and any(isinstance(step, Command) for step in enable):
        # Debian's module brings its `Listen 443`.
        if port != 443:
            return None
    elif all(socket.port != port for socket in config.listens):
        return None
    return Fix((*enable, edit, *reload_steps(view.server)), Applicability.REVIEW)
