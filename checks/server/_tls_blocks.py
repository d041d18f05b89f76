"""Apache's virtual host for https in the place of that for port 80, with a certificate that lies on
the server; port 80 gets one that redirects."""

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


def plain_site(view: ServerView) -> WebSite | None:
    """Return the name's one virtual host, if it has port 80 alone, and pages."""
    target, sites = view.evidence.target, view.config.sites if view.config else ()
    own = [site for site in sites if site.names != ("*",) and has_name(site, target.host)]
    if len(own) != 1 or view.server.product != "apache" or not target.uses_tls:
        return None
    sockets = own[0].sockets
    is_plain = bool(sockets) and all(each.port == 80 and not each.tls for each in sockets)
    has_pages = bool(own[0].routes or own[0].root) and not own[0].redirects
    return own[0] if is_plain and has_pages and is_host(target.host) else None


def tls_block_edit(view: ServerView, site: WebSite, lines: Sequence[str]) -> Edit | None:
    """Return the edit that gives the site the target's port with these lines about its certificate,
    and writes a virtual host that redirects for port 80; None if a person has to write it."""
    file = view.config.file(site.file) if view.config else None
    rows = file_rows(view, file) if file else ()
    if not 0 < site.line < site.end <= len(rows):
        return None
    head, inner, end = rows[site.line - 1], rows[site.line : site.end - 1], rows[site.end - 1]
    begin = _HEAD.fullmatch(head[:400])
    if begin is None or not _END.fullmatch(end) or any(_OTHER.match(row[:400]) for row in inner):
        return None
    target = view.evidence.target
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
    added = (*(f"    {line}" for line in ("SSLEngine on", *lines)), end)
    return line_edit(view, site.file, {site.line: redirect, site.end: added})


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
