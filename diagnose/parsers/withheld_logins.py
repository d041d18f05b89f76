"""The line by which Apache, Caddy or HAProxy keeps the visitors' login from an application: it
takes the field Authorization or Cookie from every request. No I/O.

Where the server asks for a password itself, Authorization is none of the application's business.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from diagnose.model import Target
from diagnose.model.frozen import frozen
from diagnose.model.web_servers import SiteRoute, WebServerConfig, WebSite
from diagnose.parsers.apache.section_lines import section_lines
from diagnose.parsers.haproxy.view import parsed, target_proxies
from diagnose.parsers.web_sites import answering_sites, route_of

#: Maximum number of blocks inside of each other.
MAX_DEPTH = 30

#: The fields of a login, and those in which a server tells who visits.
LOGIN_FIELDS = ("Authorization", "Cookie")
ADDRESS_FIELDS = ("X-Forwarded-For", "X-Real-IP")

_FIELD = r"\"?(?P<field>Authorization|Cookie|X-Forwarded-For|X-Real-IP)\"?\s*$"
_APACHE = re.compile(rf"(?i)\s*RequestHeader\s+(?:early\s+)?unset\s+{_FIELD}")
_APACHE_ASKS = re.compile(r"(?i)\s*AuthType\s+\"?(?:Basic|Digest)\b")
#: In the block of the application, and of the site.
_CADDY_UP = re.compile(rf"(?i)\s*header_up\s+-{_FIELD}")
_CADDY_SITE = re.compile(rf"(?i)\s*request_header\s+-{_FIELD}")
_CADDY_ASKS = re.compile(r"\s*basic_?auth\b")


@frozen
class WithholdingLine:
    """A line that takes a field from the requests: its place, its words, and the field's name."""

    file: str
    number: int
    text: str
    field: str


def withholding_line(config: WebServerConfig, target: Target, path: str) -> WithholdingLine | None:
    """Return the line that counts for a path of the target; None if the login is passed on, or the
    server answers the path itself."""
    if config.product == "haproxy":
        return next(_of_haproxy(config, replace(target, path=path)), None)
    return next(withholding_lines(config, target, path, LOGIN_FIELDS), None)


def withholding_lines(
    config: WebServerConfig, target: Target, path: str, fields: Sequence[str]
) -> Iterator[WithholdingLine]:
    """Yield the lines of Apache or Caddy that take one of the fields from requests for a path of
    the target."""
    names = {field.lower() for field in fields}
    for line in _of_sites(config, target, path):
        if line.field.lower() in names:
            yield line


def _of_sites(config: WebServerConfig, target: Target, path: str) -> Iterator[WithholdingLine]:
    of_product = {"apache": _of_apache, "caddy": _of_caddy}.get(config.product)
    for site in answering_sites(config, target.port, target.host) if of_product else ():
        route = route_of(site, path, websocket=False)
        if of_product and route is not None and (route.host or route.socket):
            yield from of_product(config, site, route, path)


def _of_apache(
    config: WebServerConfig, site: WebSite, _: SiteRoute, path: str
) -> Iterator[WithholdingLine]:
    lines = list(section_lines(config, site, path))
    asks = any(_APACHE_ASKS.match(line.text) for line in lines)
    for line in lines:
        yield from _withholding(_APACHE, site.file, line.number, line.text, asks)


def _of_caddy(
    config: WebServerConfig, site: WebSite, route: SiteRoute, _: str
) -> Iterator[WithholdingLine]:
    """Yield the lines in the block that the route's line opens, and in those that hold it."""
    file = config.file(site.file)
    if file is None or route.file != site.file:
        return
    lines = file.text.split("\n")[: site.end]
    asks = any(_CADDY_ASKS.match(line) for line in lines[site.line :])
    blocks: list[int] = []
    around: tuple[int, ...] = ()
    places: list[tuple[int, tuple[int, ...], str]] = []
    for number, line in enumerate(lines[site.line :], site.line + 1):
        words = line.split()
        if words[:1] == ["}"]:
            blocks = blocks[:-1]
        if number == route.line:
            around = tuple(blocks)
        places.append((number, tuple(blocks), line))
        if words[-1:] == ["{"]:
            blocks.append(number)
            if len(blocks) > MAX_DEPTH:
                return
    for number, inside, line in places:
        if inside == (*around, route.line):
            yield from _withholding(_CADDY_UP, site.file, number, line, asks)
        if inside == around[: len(inside)]:
            yield from _withholding(_CADDY_SITE, site.file, number, line, asks)


def _withholding(
    pattern: re.Pattern[str], file: str, number: int, line: str, asks: bool
) -> Iterator[WithholdingLine]:
    match = pattern.match(line)
    if match and not (asks and match["field"].lower() == "authorization"):
        yield WithholdingLine(file, number, line.strip(), match["field"])


def _of_haproxy(config: WebServerConfig, target: Target) -> Iterator[WithholdingLine]:
    proxies = target_proxies(parsed(config), target)
    if proxies is None or proxies.backend is None:
        return
    lines = [*proxies.frontend.lines, *proxies.backend.lines]
    asks = any(line.starts_with("http-request", "auth") for line in lines)
    for line in lines:
        name = " ".join(line.words[2:])
        is_field = name.lower() in {"authorization", "cookie"}
        is_own = asks and name.lower() == "authorization"
        if line.starts_with("http-request", "del-header") and is_field and not is_own:
            yield WithholdingLine(line.file, line.number, " ".join(line.words), name)
