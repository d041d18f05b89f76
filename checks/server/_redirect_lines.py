"""The line by which a server other than nginx redirects, and edits of its target. Each product
writes a redirect in its own way."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from checks.server import (
    ServerView,
    file_rows,
    line_edit,
    line_text,
    place_text,
    reload_steps,
)
from checks.server._apache_modules import loading_steps
from diagnose.model import Applicability, Evidence, Fix, Location
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange
from diagnose.model.web_servers import Product
from diagnose.parsers.caddy.caddyfile import Address, address_of, blocks_of
from diagnose.parsers.redirects import redirect_target
from diagnose.parsers.sanitize import clean
from diagnose.parsers.urls import Url, parse_url
from diagnose.parsers.web_sites import answering_sites, name_matches

_TARGET = re.compile(
    r"(https?)://(%\{\w{1,40}\}|%\[[^\]]{1,80}\]|\$?\{[\w.]{1,40}\}|\$\w{1,40}|[^/\s\"'$%{]{1,260})"
    r"(\S*)"
)
_APACHE = re.compile(
    r"(?i)(?P<lead>\s*(?P<name>Redirect(?:Permanent|Temp|Match)?)\s+"
    r"(?:(?:30[12378]|permanent|temp|seeother)\s+)?)(?:(?P<path>\S+)\s+)?(?P<quote>\"?)"
    r"(?P<target>https?://[^\s\"]+)(?P=quote)\s*"
)
_REWRITE = re.compile(
    r"(?i)\s*RewriteRule\s+(?P<path>\S+)\s+(?P<quote>\"?)(?P<target>https?://[^\s\"]+)(?P=quote)"
    r"(?:\s+\[[^\]]*\bR\b[^\]]*\])\s*"
)
_HAPROXY = re.compile(
    r"\s*(?:http-request\s+)?redirect\s+(?:code\s+30\d\s+)?(?P<name>location|prefix)\s+"
    r"(?P<quote>\"?)(?P<target>https?://[^\s\"#]+)(?P=quote)(?:\s.*)?"
)
_CADDY = re.compile(
    r"\s*redir\s+(?:[*/@]\S{0,200}\s+)?(?P<quote>\"?)(?P<target>https?://[^\s\"]+)(?P=quote)"
    r"(?:\s+(?:30[12378]|permanent|temporary|html))?\s*"
)
_CONDITION = re.compile(r"(?i)\s*RewriteCond\s")
_NOTHING = re.compile(r"\s*(?:#|$)")
#: Flags by which a rule of mod_rewrite counts on the next ones ("chain", "skip").
_COUNTED = re.compile(r"(?i)[\[,]\s*(?:C|chain|(?:S|skip)=\d+)\s*[\],]")
#: What begins a variable in the words of nginx, Apache, HAProxy or Caddy; no host has it.
VARIABLE_MARKS = frozenset("%{$")
#: The end of a target that is the visitor's path in one of their words.
_WHOLE_PATH = re.compile(
    r"(?:/?(?:\$request_uri|\$uri(?:\$is_args\$args)?|%\{REQUEST_URI\}|\{uri\}|\$1|\{http\.request\.uri\}))?"
    r"|/"
)
_CODES = {"permanent": "301", "temp": "302", "seeother": "303"}
#: Patterns that take the path without its slash.
_WITHOUT_SLASH = {"^/(.*)$", "^/?(.*)$", "^/(.*)", "^/?(.*)", "/(.*)", "^/(.+)$"}
#: Patterns of RedirectMatch and RewriteRule that match every path.
EVERY_PATH = {
    "^",
    "^/",
    "/",
    ".*",
    "^.*",
    "^.*$",
    "^/.*$",
    "(.*)",
    "^(.*)$",
    "^/(.*)$",
    "^/?(.*)$",
    ".",
}


@frozen(eq=False)
class RedirectLine:
    """A line that redirects: its place, the directive and the path in it, and the target as it is
    written, from `start` on."""

    file: str
    number: int
    text: str
    directive: str
    path: str
    target: str
    start: int

    @property
    def place(self) -> str:
        return place_text(self.file, self.number)

    @property
    def location(self) -> Location:
        stop = self.start + len(self.target)
        excerpt = (clean(self.text, 500),)
        return Location(self.file, self.number, self.start + 1, stop + 1, self.number, excerpt)


def redirecting_line(view: ServerView, answer: Exchange) -> RedirectLine | None:
    """Return the only line of the server that redirects as this answer does, to the same scheme and
    host; None if there is none or more."""
    onward = parse_url(redirect_target(answer) or "")
    url, find = parse_url(answer.url), _FINDERS.get(view.server.product)
    if onward is None or url is None or find is None or view.config is None:
        return None
    lines = [line for line in find(view, url) if _fits(line, url, onward)]
    return lines[0] if len(lines) == 1 else None


def target_fix(
    view: ServerView, line: RedirectLine, scheme: str, host: str, keeps_path: bool = False
) -> Fix | None:
    """Return the fix that redirects to another scheme or host ("" for the same), and to the same
    path with `keeps_path`; None if it takes a person. An address may be intended."""
    match = _TARGET.fullmatch(line.target)
    if match is None:
        return None
    rest, text = match[3], line.text
    if keeps_path:
        kept = _with_path(view.server.product, line, rest)
        if kept is None:
            return None
        text, rest = kept
    elif not rest and line.directive.lower() in {"redirect", "redirectpermanent", "redirecttemp"}:
        # What follows the path of the line is written behind the target as it is (mod_alias).
        rest = "/" if line.path == "/" else rest
    target = f"{scheme or match[1]}://{host or match[2]}{rest}"
    start = text.find(line.target)
    changed = f"{text[:start]}{target}{text[start + len(line.target) :]}"
    edit = line_edit(view, line.file, {line.number: (changed,)}) if start >= 0 else None
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW) if edit else None


def without_line(view: ServerView, line: RedirectLine) -> Fix | None:
    """Return the fix that turns the line into a comment, with the conditions of mod_rewrite before
    it; None if its site has nothing else that answers, or if it takes a person."""
    sites = view.answering_sites
    if len(sites) != 1 or not (sites[0].routes or sites[0].root):
        return None
    is_rule = line.directive.lower() == "rewriterule"
    if is_rule and any(map(_COUNTED.search, _rows(view, line))):
        return None  # Another rule counts on this one.
    numbers = (*conditions(view, line), line.number)
    texts = {number: line_text(view, line.file, number) for number in numbers}
    changes = {
        number: (f"{text[: len(text) - len(text.lstrip())]}# {text.lstrip()}",)
        for number, text in texts.items()
    }
    edit = line_edit(view, line.file, changes)
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW) if edit else None


def conditions(view: ServerView, line: RedirectLine) -> tuple[int, ...]:
    """Return the numbers of the lines before a RewriteRule that are its conditions. Comments and
    empty lines may stand between them; a condition that stays counts for the next rule."""
    numbers = list[int]()
    if line.directive.lower() == "rewriterule":
        rows = _rows(view, line)
        for number in range(line.number - 1, 0, -1):
            if _CONDITION.match(rows[number - 1]):
                numbers.append(number)
            elif not _NOTHING.match(rows[number - 1]):
                break
    return tuple(reversed(numbers))


def _rows(view: ServerView, line: RedirectLine) -> tuple[str, ...]:
    file = view.config.file(line.file) if view.config else None
    return file_rows(view, file) if file else ()


def slash_fix(view: ServerView, line: RedirectLine, onward: str) -> Fix | None:
    """Return the fix of a line of Apache whose target ends with the name, so that the path is
    written behind it without a slash ("https://example.comabout"); None if it does not."""
    match, url = _TARGET.fullmatch(line.target), parse_url(onward)
    if match is None or url is None or view.server.product != "apache":
        return None
    host, rest, directive = match[2].lower(), match[3], line.directive.lower()
    if host == url.host or not url.host.startswith(host) or VARIABLE_MARKS & set(host):
        return None
    is_alias = directive in {"redirect", "redirectpermanent", "redirecttemp"}
    is_whole = line.path.strip("\"'") == "/" if is_alias else line.path in _WITHOUT_SLASH
    if not is_whole or rest != ("" if is_alias else "$1"):
        return None
    target = f"{match[1]}://{match[2]}/{rest}"
    changed = f"{line.text[: line.start]}{target}{line.text[line.start + len(line.target) :]}"
    edit = line_edit(view, line.file, {line.number: (changed,)})
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW) if edit else None


def variable_fix(view: ServerView, line: RedirectLine) -> Fix | None:
    """Return the fix of a line whose target has a variable that this server or directive does not
    know: the same target in the server's own words. None if it takes a person."""
    match, product = _TARGET.fullmatch(line.target), view.server.product
    if match is None or not _WHOLE_PATH.fullmatch(match[3]):
        return None
    scheme, text = match[1], line.text
    start = text.find(line.target)
    directive = line.directive.lower()
    if product == "apache" and directive != "rewriterule":
        return _rewriting_fix(view, line, scheme)
    if product == "caddy":
        target = f"{scheme}://{{host}}{{uri}}"
    elif product == "haproxy":
        target = f"{scheme}://%[req.hdr(host)]"
        target += "" if directive == "prefix" else "%[capture.req.uri]"
    else:
        rest = "$1" if match[3] == "$1" else "%{REQUEST_URI}"
        target = f"{scheme}://%{{HTTP_HOST}}{rest}"
    changed = f"{text[:start]}{target}{text[start + len(line.target) :]}"
    edit = line_edit(view, line.file, {line.number: (changed,)}) if start >= 0 else None
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW) if edit else None


def _rewriting_fix(view: ServerView, line: RedirectLine, scheme: str) -> Fix | None:
    """Return the fix that writes a line of mod_alias as a rule of mod_rewrite, which knows
    variables; with the name of the site where the line is for some paths only."""
    words = line.text.lower().split()
    code = "301" if words[0] == "redirectpermanent" else _CODES.get(words[1], words[1])
    code = code if code in {"301", "302", "303", "307", "308"} else "302"
    enable = loading_steps(view, ("rewrite",))
    if line.path.strip("\"'") not in EVERY_PATH or enable is None:
        return target_fix(view, line, scheme, visitors_host(view.evidence, "apache", line))
    margin = line.text[: len(line.text) - len(line.text.lstrip())]
    rules = (
        f"{margin}RewriteEngine On",
        f"{margin}RewriteRule ^ {scheme}://%{{HTTP_HOST}}%{{REQUEST_URI}} [R={code},L]",
    )
    edit = line_edit(view, line.file, {line.number: rules})
    if edit is None:
        return None
    return Fix((*enable, edit, *reload_steps(view.server)), Applicability.REVIEW)


def _with_path(product: str, line: RedirectLine, rest: str) -> tuple[str, str] | None:
    """Return the line and the end of its target with which it keeps the visitor's path; None if it
    keeps it already, or if the line is for some paths only."""
    if "$" in rest or "%" in rest or "{" in rest:
        return None
    directive = line.directive.lower()
    if product == "caddy":
        return line.text, "{uri}"
    if product == "haproxy" and directive == "location":
        return re.sub(r"\blocation\b", "prefix", line.text, count=1), ""
    if product == "apache" and line.path.strip("\"'") in EVERY_PATH:
        if directive == "rewriterule":
            return line.text, "%{REQUEST_URI}"
        if directive == "redirectmatch":
            return line.text.replace(line.path, "^(.*)$", 1), "$1"
    return None


def _fits(line: RedirectLine, url: Url, onward: Url) -> bool:
    match = _TARGET.fullmatch(line.target)
    if match is None or match[1] != onward.scheme:
        return False
    host = match[2].lower()
    if any(mark in host for mark in VARIABLE_MARKS):
        # A variable that the server does not know stays as it is written.
        return onward.host == url.host or onward.authority.startswith(host)
    # Without the slash, the path is written behind the name.
    return (
        host == onward.authority
        or host.partition(":")[0] == onward.host
        or (match[3] in {"", "$1"} and onward.host.startswith(host))
    )


def _caddy(view: ServerView, url: Url) -> Iterator[RedirectLine]:
    """Yield the lines of the blocks for a name: of those with http:// for http, of others for
    https."""
    files = view.config.files if view.config else ()
    for block in blocks_of((file.path, file.text) for file in files):
        addresses = [address for text in block.addresses if (address := address_of(text))]
        if any(_is_for(address, url) for address in addresses):
            for number in range(block.line + 1, block.end):
                text = line_text(view, block.file, number)
                if match := _CADDY.fullmatch(text):
                    yield _line(block.file, number, text, match)


def _is_for(address: Address, url: Url) -> bool:
    is_plain = address.scheme == "http" or address.port == 80
    is_port = address.port in {0, url.port} and is_plain is not url.secure
    return is_port and (not address.host or name_matches(address.host, url.host))


def _apache(view: ServerView, url: Url) -> Iterator[RedirectLine]:
    sites = answering_sites(view.config, url.port, url.host) if view.config else ()
    for file, first, last in dict.fromkeys((site.file, site.line, site.end) for site in sites):
        for number in range(first + 1, last):
            text = line_text(view, file, number)
            if match := _APACHE.fullmatch(text) or _REWRITE.fullmatch(text):
                yield _line(file, number, text, match)


def _haproxy(view: ServerView, url: Url) -> Iterator[RedirectLine]:
    # Imported late: only a finding needs it.
    from checks.server._haproxy import haproxy_view

    target = replace(view.evidence.target, scheme=url.scheme, port=url.port)
    haproxy = haproxy_view(view.evidence, url.path, target=target)
    backend = haproxy.proxies.backend if haproxy else None
    lines = (
        *(haproxy.proxies.frontend.lines if haproxy else ()),
        *(backend.lines if backend else ()),
    )
    for line in lines:
        text = line_text(view, line.file, line.number)
        if "redirect" in line.words[:2] and (match := _HAPROXY.fullmatch(text)):
            yield _line(line.file, line.number, text, match)


def _line(file: str, number: int, text: str, match: re.Match[str]) -> RedirectLine:
    groups = match.groupdict()
    directive = groups.get("name") or text.split()[0]
    path = groups.get("path") or "/"
    return RedirectLine(file, number, text, directive, path, match["target"], match.start("target"))


_FINDERS: Mapping[Product, Callable[[ServerView, Url], Iterator[RedirectLine]]] = {
    "apache": _apache,
    "caddy": _caddy,
    "haproxy": _haproxy,
}


def visitors_host(evidence: Evidence, product: str, line: RedirectLine) -> str:
    """Return what stands for the visitor's host in a line, or the name of the site where a line has
    no variables."""
    port = evidence.target.port
    name = evidence.target.host if port in {80, 443} else f"{evidence.target.host}:{port}"
    if product == "apache":
        return "%{HTTP_HOST}" if line.directive.lower() == "rewriterule" else name
    return {"caddy": "{host}", "haproxy": "%[req.hdr(host)]"}.get(product, name)
