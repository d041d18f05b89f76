"""Edits that write another address of the application into the lines that pass requests on."""

import re

from checks.server import ServerView, file_rows, line_edit, line_text
from diagnose.model import Edit
from diagnose.model.web_servers import SiteRoute
from diagnose.parsers.web_sites import is_within

_PASSES_ON = re.compile(r"(?i)\s*(?:ProxyPass(?:Match|Reverse)?|reverse_proxy)\s")


def address_edit(view: ServerView, route: SiteRoute, address: str) -> Edit | None:
    """Return the edit that writes `address` ("host:port") in the place of the route's; None if
    there is not one place to write it."""
    line = line_text(view, route.file, route.line)
    written = re.compile(rf"(?<![\w.:\]-]){re.escape(route.authority)}(?!\d)")
    if not route.port or len(written.findall(line)) != 1:
        return None
    file = view.config.file(route.file) if view.config else None
    # The other lines for this application: ProxyPassReverse has to name the same address.
    same = {
        number: text
        for number, text in enumerate(file_rows(view, file) if file else (), 1)
        if _PASSES_ON.match(text) and len(written.findall(text)) == 1
    }
    changed = {
        number: (written.sub(lambda _: address, text),)
        for number, text in {**same, route.line: line}.items()
    }
    return line_edit(view, route.file, changed)


def moved_route_edit(view: ServerView, route: SiteRoute, port: str) -> Edit | None:
    """Return the edit by which a route leads to a port of this machine, in plain HTTP; of Apache
    with the other ProxyPass lines of that address and ProxyPassReverse. None if its line names the
    address in another way, or has TLS."""
    own = line_text(view, route.file, route.line)
    if view.server.product == "haproxy" and re.search(r"\s(?:ssl|\S*check-ssl)(?:\s|$)", own):
        return None
    if view.server.product == "caddy" and own.rstrip().endswith("{"):
        return None  # its block may say more of the old address
    host = re.escape(f"[{route.host}]" if ":" in route.host else route.host)
    pattern = re.compile(rf"(?<=[\s\"'])(?:(http|ws)s?://)?{host}(?::{route.port})?(?=[/\s\"']|$)")
    site = next((site for site in view.answering_sites if is_within(site, route)), None)
    is_apache = view.server.product == "apache" and site is not None
    numbers = range(site.line + 1, site.end) if site and is_apache else (route.line,)
    changes: dict[int, tuple[str, ...]] = {}
    for number in numbers:
        text = line_text(view, route.file, number)
        is_meant = number == route.line or re.match(r"(?i)\s*ProxyPass(?:Reverse)?\s", text)
        if is_meant and len(pattern.findall(text)) == 1:
            scheme = pattern.search(text)[1]  # type: ignore[index]
            address = f"{scheme}://127.0.0.1:{port}" if scheme else f"127.0.0.1:{port}"
            changes[number] = (pattern.sub(address, text),)
    return line_edit(view, route.file, changes) if route.line in changes else None
