"""Apache passes requests on with ProxyPass or RewriteRule [P], and no ProxyPassReverse rewrites the
redirects of the application: the Location has the address at which Apache asked it, which no
visitor reaches (mod_proxy, "ProxyPassReverse"). So it is with the members of a balancer.

The evidence is the Location: its host and port are those of the line for this path, or of a
member of its balancer, and not those of the site. Or a person names that address as the one to
which a redirect leads, as after a login, which no run does.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from checks.server import (
    ServerView,
    file_rows,
    line_edit,
    line_text,
    manual_fix,
    place_text,
    reload_steps,
    server_on_port,
)
from checks.server._apache_overrides import added_lines
from checks.server._backend_answers import route_to_application
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
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.web_servers import SiteRoute, WebServer, WebServerConfig
from diagnose.parsers.apache.config import Directive, parse
from diagnose.parsers.apache.routes import route_to
from diagnose.parsers.redirects import redirect_target
from diagnose.parsers.urls import Url, is_internal_host, is_loopback_host, parse_url

#: What a person calls a redirect: English, Chinese, Japanese, German, French, Spanish, Portuguese,
#: Russian.
_REDIRECTS = re.compile(
    r"(?i)redire[ck]|redirig|rediriz|renvo[iy]|weiter(?:ge)?leit|um(?:ge)?leit|leitet"
    r"|\b(?:sent|taken|back|leads?|goes) to\b|重定向|跳转|リダイレクト|転送|遷移|に飛"
    r"|перенаправ|переадрес|редирект|перебрас"
)
_ORIGIN = re.compile(r"(?i)https?://[^/?#\s\"']{1,300}")
_PROXY_PASS = re.compile(r"(?i)(\s{0,200})ProxyPass\s+([^\s\"']{1,500})(?:\s.*)?")
#: A pattern of RewriteRule that hands the rest of the path on, and the address that gets it.
_REST = re.compile(
    r"\^?/?\??(?P<path>[\w.~-]{0,100}(?:/[\w.~-]{0,100}){0,9})\(\.[*+]\)\$?", re.ASCII
)
_TO = re.compile(r"(?P<to>https?://[^/$%\s]{1,300}(?P<path>/[\w./~-]{0,300}|))\$1", re.ASCII)
_BALANCER = re.compile(r"balancer://([^/\s]{1,200})(/.{0,500}|)")

#: Maximum number of a balancer's members that get a line.
MAX_MEMBERS = 20


@frozen
class _Address:
    """An application's address as Apache asks it: its origin, as it is written, and the path that
    the application gets in place of the route's."""

    origin: str
    host: str
    port: int
    path: str


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, Exchange],
    explains=[
        "http.localhost-in-page",
        "http.redirect-downgrade",
        "http.redirect-drops-path",
        "http.redirect-to-error",
        "http.redirect-wrong-host",
        "server.scheme-not-passed",
        "websocket.redirected",
    ],
)
def apache_redirect_not_rewritten(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_on_port(evidence), evidence.target
    if view is None or view.server.product != "apache":
        return
    for exchange in evidence.good(Exchange):
        own, onward = parse_url(exchange.url), parse_url(redirect_target(exchange) or "")
        if not exchange.is_of_visit or own is None or onward is None:
            continue
        if (own.host, own.port) != (target.host, target.port) or onward.host == target.host:
            continue
        route = _route(view, own.path)
        addresses = _addresses(view, route) if route else []
        asked = next((address for address in addresses if _is_at(address, onward)), None)
        if route is None or asked is None or not _is_out_of_reach(evidence, exchange, onward):
            continue
        # A Location without its scheme ("//host/") is compared with no ProxyPassReverse.
        sent = _ORIGIN.match((exchange.header("Location") or "").strip())
        lines = _lines(route, addresses, {asked: sent[0]}) if sent else []
        line = lines[addresses.index(asked)] if lines else ""
        if not line or _is_written(view, route, line):
            continue
        missing = [each for each in lines if not _is_written(view, route, each)]
        yield _claim(view, route, exchange, asked, missing, line)
        return
    yield from _reported_redirect(view)


def _reported_redirect(view: ServerView) -> Iterator[Claim]:
    """Yield the claim about a redirect of which only the message tells."""
    symptom, pages = view.evidence.target.symptom, page_exchanges(view.evidence)
    route = _route(view, view.evidence.target.path_without_query)
    if symptom is None or symptom.kind != "wrong-address" or route is None or not pages:
        return
    for match in _ORIGIN.finditer(symptom.text if _REDIRECTS.search(symptom.text) else ""):
        onward = parse_url(match[0])
        addresses = _addresses(view, route) if onward else []
        asked = next(
            (
                address
                for address in addresses
                if onward and (address.host, address.port) == _place(onward)
            ),
            None,
        )
        if onward is None or asked is None or not _is_out_of_reach(view.evidence, pages[0], onward):
            continue
        lines = _lines(route, addresses, {asked: match[0]})
        line = lines[addresses.index(asked)]
        if not _is_written(view, route, line):
            missing = [each for each in lines if not _is_written(view, route, each)]
            claim = _claim(view, route, pages[0], asked, missing, line)
            facts = {**claim.facts, "location": match[0], "told": True}
            yield replace(claim, facts=facts, confidence=Confidence.LIKELY, is_reported=True)
            return


def _route(view: ServerView, path: str) -> SiteRoute | None:
    """Return the route of a path: that of a RewriteRule which hands the rest of the path on as the
    ProxyPass that does the same."""
    route = route_to_application(view, path)
    if route is None or not route.exact:
        return route
    places = {(route.file, route.line)}
    for site in view.answering_sites:
        for each in site.routes:
            if not each.pattern or (each.file, each.line) not in places:
                continue
            # In an .htaccess the path begins below its folder.
            is_known = each.file in {site.file, f"{site.root.rstrip('/')}/.htaccess"}
            rest, to = _REST.fullmatch(each.path), _TO.fullmatch(each.target)
            if is_known and rest and to:
                return replace(
                    route,
                    path=f"/{rest['path']}",
                    target=to["to"],
                    backend_path=to["path"] or "/",
                    exact=False,
                )
    return route


def _place(url: Url) -> tuple[str, int]:
    return url.host.lower(), url.port


def _addresses(view: ServerView, route: SiteRoute) -> list[_Address]:
    """Return where Apache asks for what this route takes: its own address, or those of the members
    of its balancer."""
    if route.pattern or route.exact or route.socket:
        return []
    match = _BALANCER.fullmatch(route.target)
    if match is None:
        address = _address(route, route.backend_path)
        return [address] if address else []
    members = [
        _address(route_to(route.path, directive.args[0], directive, False), match[2])
        for file in (view.config.files if view.config else ())
        for section in _sections(parse(file.text, file.path))
        if section.args[:1] == (f"balancer://{match[1]}",)
        for directive in section.block or ()
        if directive.name == "balancermember" and directive.args
    ]
    return [member for member in members[:MAX_MEMBERS] if member]


def _sections(directives: Sequence[Directive]) -> Iterator[Directive]:
    """Yield the <Proxy> sections of the file and of its virtual hosts."""
    for directive in directives:
        if directive.name == "proxy":
            yield directive
        elif directive.block is not None and directive.name in {"virtualhost", "ifmodule"}:
            yield from _sections(directive.block)


def _address(route: SiteRoute, below: str) -> _Address | None:
    origin = _ORIGIN.match(route.target)
    if not route.host or route.scheme not in {"http", "https"}:
        return None
    own = route.backend_path.rstrip("/")
    path = below if below == route.backend_path else f"{own}/{below.lstrip('/')}"
    written = origin[0] if origin else f"{route.scheme}://{route.authority}"
    return _Address(written, route.host.lower(), route.port, path)


def _is_at(address: _Address, onward: Url) -> bool:
    """Return whether a redirect leads to the path of this address or below it."""
    folder = address.path.rstrip("/")
    is_below = onward.path == folder or onward.path.startswith(f"{folder}/")
    return (address.host, address.port) == (onward.host.lower(), onward.port) and is_below


def _is_out_of_reach(evidence: Evidence, step: Exchange, onward: Url) -> bool:
    """Return whether visitors do not reach the destination: their own machine, a private network,
    a name without a dot, or one that a try has shown to fail."""
    if is_loopback_host(onward.host):
        return True
    followed = [
        exchange
        for exchange in evidence.of(Exchange)
        if exchange.purpose == "redirect" and exchange.redirected_from == step.url
        if (url := parse_url(exchange.url)) and (url.host, url.port) == (onward.host, onward.port)
    ]
    if any(each.failure is None and not is_internal_host(each.address) for each in followed):
        return False
    if is_internal_host(onward.host):
        return not is_internal_host(step.address)
    return "." not in onward.host or any(each.failure is not None for each in followed)


def _lines(
    route: SiteRoute, addresses: Sequence[_Address], sent: Mapping[_Address, str]
) -> list[str]:
    """Return the lines that rewrite the redirects of the addresses. `sent` are origins as the
    application writes them, in the place of the configuration's."""
    return [
        f"ProxyPassReverse {route.path} {sent.get(address, address.origin)}"
        f"{_slash_as(route.path, address.path)}"
        for address in addresses
    ]


def _is_written(view: ServerView, route: SiteRoute, line: str) -> bool:
    """Return whether the file has the line, with the path or in a section that has it."""
    name, _, address = line.split(None, 2)
    file = view.config.file(route.file) if view.config else None
    rows = (row.lower().split() for row in file_rows(view, file)) if file else ()
    return any(row[:1] == [name.lower()] and address.lower() in row[1:] for row in rows)


def _claim(
    view: ServerView,
    route: SiteRoute,
    exchange: Exchange,
    address: _Address,
    lines: Sequence[str],
    line: str,
) -> Claim:
    target, path = view.evidence.target, exchange.url
    location = (exchange.header("Location") or "").strip()
    own = parse_url(exchange.url)
    path = own.path if own else target.path
    return Claim(
        about=Subject(port=target.port, path=target.path),
        covers=(
            Subject(port=target.port),
            Subject(port=target.port, path=path),
            Subject(address=exchange.address, port=target.port),
        ),
        because=(exchange, view.server, *([view.config] if view.config else [])),
        facts={
            **view.facts,
            "url": exchange.url,
            "told": False,
            "status": exchange.status,
            "location": location,
            "address": address.origin,
            "target": route.target,
            "place": place_text(route.file, route.line),
            "line": line,
        },
        fix=_fix(view, route, lines),
    )


def _slash_as(prefix: str, path: str) -> str:
    """Return a path with a slash at its end if the prefix has it: the rest follows both."""
    return f"{path.rstrip('/')}/" if prefix.endswith("/") else path.rstrip("/")


def _fix(view: ServerView, route: SiteRoute, lines: Sequence[str]) -> Fix:
    edit = _edit(view, route, lines)
    if edit is None:
        return manual_fix(view, "rewrite-the-redirects")
    return Fix((edit, *reload_steps(view.server)), Applicability.AUTOMATIC)


def _edit(view: ServerView, route: SiteRoute, lines: Sequence[str]) -> Edit | None:
    """Return the edit that adds the lines below the ProxyPass line; in a <Location> they have no
    path of their own. A RewriteRule may stand where they may not: they end the virtual host."""
    line = line_text(view, route.file, route.line)
    match = _PROXY_PASS.fullmatch(line)
    words = [word for text in lines for word in text.split()]
    if any(re.search(r"[\"'\\<>#]", word) for word in words):
        return None
    if match is None:
        sites = view.answering_sites
        is_rule = line.split()[:1] and line.split()[0].lower() == "rewriterule"
        return added_lines(view, sites[0], lines) if is_rule and len(sites) == 1 else None
    is_in_section = "://" in match[2]
    added = [
        match[1] + (text.replace(f" {route.path} ", " ", 1) if is_in_section else text)
        for text in lines
    ]
    return line_edit(view, route.file, {route.line: (line, *added)})
