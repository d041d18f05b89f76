"""Compares the page that visitors get at an address that is none of the server's with the page of
the server's own web server: a site may have moved, and its record still name the old machine, which
answers well.

Only a server is asked that has a public address of its own and is configured for the name. If the
pages differ, the address is visited again, and the server's access log tells whether those visits
arrive here after all: through a CDN, a balancer or a translated address.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Collection, Iterator
from functools import partial
from secrets import token_hex

from diagnose.machine.container import ContainerMachine
from diagnose.model import Vantage
from diagnose.model.addresses import family_of, is_guarded, is_loopback, is_private
from diagnose.model.dns import (
    DnsAnswer,
    OtherMachine,
    PageDifference,
    Resolution,
    final_answers_of,
)
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, LocalAnswer
from diagnose.model.nginx import NginxConfig
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.net.http import HttpResult, connection_for, get
from diagnose.net.tls import client_context, secure
from diagnose.parsers.access_log import AccessLine
from diagnose.parsers.applications import page_title, written_title
from diagnose.parsers.cdn import ALIASES, BALANCERS, field_signs
from diagnose.parsers.http import hops
from diagnose.parsers.nginx.server_blocks import is_named, servers
from diagnose.parsers.request_fields import is_own_origin
from diagnose.parsers.sanitize import clean
from diagnose.parsers.stray_pages import is_default_page
from diagnose.parsers.web_sites import answering_sites, name_matches
from diagnose.probes import ProbeContext
from diagnose.probes.inside.access_logs import logged_site
from diagnose.probes.inside.log_texts import LoggedSite, read_logs
from diagnose.probes.inside.server_access_logs import logged_sites
from diagnose.probes.inside.server_side_entry import listening_address
from diagnose.probes.outside.dns_delegation import ask_name_servers
from diagnose.probes.outside.tls_attempts import server_name

#: Seconds for each visit.
PATIENCE = 4.0
#: Seconds after which a visit is in the log with an earlier second than the next one.
PAUSE = 1.5
#: Queries of the further visits at the address: a balancer gives them to its members in turn, and a
#: cache has no page for the second.
QUERIES = ("", "diagnose={token}")
#: Maximum number of characters of a title that is shown.
MAX_TITLE = 80
#: What our requests call themselves begins with this.
_OWN_AGENT = "diagnose/"
#: Titles of pages that a gateway shows in front of any site.
_GATEWAY = re.compile(
    r"sign.?in|log.?in|log.?on|authenti|single sign|just a moment|attention required|checking your"
    r"|waiting|queue|maint|captcha|access denied|blocked|anmeld|connexion|wartung"
    r"|登[录陆]|验证|维护|排队"
)
#: How the programs call themselves that ask a balancer's member whether it works.
_HEALTH_CHECKS = re.compile(r"health|kube-probe|consul|haproxy|traefik|balanc", re.IGNORECASE)

#: Asks the server itself at an address for a path.
AskOwn = Callable[[str, str], Awaitable[tuple[LocalAnswer, HttpResult | None]]]


async def compare_pages(ctx: ProbeContext, own: Collection[str], ask: AskOwn) -> None:
    """Compare each page that visitors got elsewhere, once."""
    if not _is_meant(ctx):
        return
    for page in _pages_elsewhere(ctx, own):
        family = family_of(page.address)
        candidates = (each for each in own if family_of(each) == family and not is_private(each))
        address = next((candidate for candidate in candidates if not is_guarded(candidate)), "")
        entry = listening_address(ctx, address) if address else ""
        if entry and ctx.further_requests.begin(f"own page in place of {page.address}"):
            # The access log has whole seconds, and this run may just have visited the page here.
            is_visited = any(exchange.address in own for exchange in ctx.observed(Exchange))
            await _compare(ctx, page, address, partial(ask, entry), is_visited=is_visited)


def _is_meant(ctx: ProbeContext) -> bool:
    """Return whether the server is configured for the name, or somebody reports another site where
    its web server answers for every name."""
    host, port = ctx.target.host, ctx.target.port
    if any(is_named(servers(config.main), host) for config in ctx.observed(NginxConfig)):
        return True
    return any(
        name != "*" and name_matches(name, host)
        for config in ctx.observed(WebServerConfig)
        for site in answering_sites(config, port, host)
        for name in site.names
    ) or _is_told(ctx)


def _is_told(ctx: ProbeContext) -> bool:
    symptom = ctx.target.symptom
    return symptom is not None and symptom.kind == "wrong-site"


def _pages_elsewhere(ctx: ProbeContext, own: Collection[str]) -> Iterator[Exchange]:
    """Yield the page that visitors got at each address that is none of the server's."""
    if _is_alias_of_front(ctx):
        return
    resolved = {
        address
        for resolution in ctx.observed(Resolution)
        if resolution.via in {"system", "dns"}
        for address in resolution.addresses
    }
    for page in ctx.observed(Exchange):
        is_visit = page.vantage is Vantage.HERE and page.purpose in {"target", "redirect"}
        is_page = page.status == 200 and is_own_origin(ctx.target, page.url)
        is_elsewhere = page.verified and page.address in resolved and page.address not in own
        is_public = is_elsewhere and not is_private(page.address) and not is_guarded(page.address)
        signs = hops(page.headers) or field_signs(page.headers)
        if is_visit and is_page and is_public and not signs:
            yield page


def _is_alias_of_front(ctx: ProbeContext) -> bool:
    suffixes = tuple(suffix for suffix, _ in (*ALIASES, *BALANCERS))
    answers = final_answers_of(ctx.observed(DnsAnswer)).values()
    return any(
        alias.rstrip(".").lower().endswith(suffixes)
        for answer in answers
        for alias in answer.aliases
    )


async def _compare(
    ctx: ProbeContext,
    page: Exchange,
    address: str,
    ask: Callable[[str], Awaitable[tuple[LocalAnswer, HttpResult | None]]],
    *,
    is_visited: bool,
) -> None:
    path = page.url.removeprefix(ctx.target.origin) or "/"
    asked_at = ctx.elapsed()
    answer, own = await ask(path)
    difference = _difference(ctx, page, own) if own is not None else None
    if difference is not None and is_visited:
        # A time in the log is known as exactly as it takes to read it.
        began = ctx.elapsed()
        await _count(ctx, path.partition("?")[0], began, page.address)
        await asyncio.sleep(PAUSE + ctx.elapsed() - began)
        asked_at = ctx.elapsed()
        answer, own = await ask(path)
    if own is None or difference is None:
        return
    visits = 1
    for query in QUERIES:
        visits += await _visit(ctx, page, query.format(token=token_hex(6)))
    count = await _count(ctx, path.partition("?")[0], asked_at, page.address)
    await ask_name_servers(ctx)
    ctx.emit(_observed(page, address, answer, own, difference, visits, count))


def _difference(ctx: ProbeContext, page: Exchange, own: HttpResult) -> PageDifference | None:
    """Return in what the pages differ: the title; the rest, which is another at each visit of many
    sites, where somebody reports another site."""
    if own.status != 200 or is_default_page(own.status, own.body):
        return None
    title, own_title = page_title(page.body), page_title(own.body)
    is_gateway = bool(_GATEWAY.search(title)) and not _GATEWAY.search(own_title)
    if title and own_title and title != own_title and not (is_gateway and not _is_told(ctx)):
        return "title"
    is_other = page.body != own.body and bool(page.body) and bool(own.body)
    return "page" if is_other and _is_told(ctx) else None


async def _visit(ctx: ProbeContext, page: Exchange, query: str) -> bool:
    """Ask once more at the address, and return whether a response came."""
    url = f"{page.url}{'&' if '?' in page.url else '?'}{query}" if query else page.url
    attempt = await ctx.net.connect(page.address, page.port, PATIENCE)
    if attempt.stream is None:
        return False
    stream, alpn = attempt.stream, ""
    if ctx.target.uses_tls:
        result = await secure(stream, client_context(), server_name(ctx), PATIENCE)
        if result.stream is None:
            return False
        stream, alpn = result.stream, result.alpn
    response = await get(connection_for(stream, alpn, PATIENCE), url, PATIENCE)
    stream.close()
    return response.status is not None


@frozen
class _Count:
    """How many requests for the page were logged since it was asked for, and in which log; and
    whether a proxy or a balancer asks the server."""

    logged: int | None = None
    log: str = ""
    is_member: bool = False


async def _count(ctx: ProbeContext, path: str, asked_at: float, address: str) -> _Count:
    for site in _sites(ctx):
        asked_before = ctx.elapsed() - asked_at
        texts = await read_logs(ctx, site)
        if texts is None:
            continue
        since = int(texts.clock - asked_before - texts.took)
        lines = [
            (file, line)
            for file, text in texts.texts.items()
            if (reader := site.logs[file])
            for line in reader(text)
        ]
        offset = texts.offset if site.is_local_time else 0
        ours = [
            file
            for file, line in lines
            if line.path == path and line.when - offset >= since and _may_be_ours(line)
        ]
        if ours:
            is_member = any(_is_passed_on(line, address) for _, line in lines)
            return _Count(len(ours), ours[0], is_member)
    return _Count()


def _may_be_ours(line: AccessLine) -> bool:
    return not line.agent or line.agent.startswith(_OWN_AGENT)


def _is_passed_on(line: AccessLine, address: str) -> bool:
    """Return whether the machine at the address, a proxy in the server's network, or a balancer
    that looks whether its members work, sent a request."""
    is_inner = bool(re.fullmatch(r"[0-9a-fA-F.:]{3,45}", line.client)) and is_private(line.client)
    return (
        line.client == address
        or (is_inner and not is_loopback(line.client))
        or bool(_HEALTH_CHECKS.search(line.agent))
    )


def _sites(ctx: ProbeContext) -> Iterator[LoggedSite]:
    """Yield the logs of the web server that holds the target's port."""
    configs = ctx.observed(WebServerConfig)
    for server in ctx.observed(WebServer):
        is_inside = not server.container or isinstance(ctx.machine, ContainerMachine)
        if ctx.target.port in server.ports and is_inside:
            for config in configs:
                if config.product == server.product:
                    yield from logged_sites(server, config, ctx.target)
            return
    for nginx in ctx.observed(NginxConfig):
        if not nginx.failure:
            yield logged_site(ctx, nginx)


def _observed(
    page: Exchange,
    address: str,
    answer: LocalAnswer,
    own: HttpResult,
    difference: PageDifference,
    visits: int,
    count: _Count,
) -> OtherMachine:
    return OtherMachine(
        vantage=Vantage.SERVER,
        at=answer.at,
        took=answer.took,
        equivalent=answer.equivalent,
        url=page.url,
        address=page.address,
        port=page.port,
        own_address=address,
        differs=difference,
        title=clean(written_title(page.body), MAX_TITLE),
        own_title=clean(written_title(own.body), MAX_TITLE),
        own_trusted=answer.trusted,
        visits=visits,
        logged=count.logged,
        log=count.log,
        is_member=count.is_member,
    )
