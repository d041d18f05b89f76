"""Tries where the site's page needs the site, other than where it came from itself: another port,
on which it opens a WebSocket, as Pusher's clients do (wss://shop.example.com:8080/app/KEY), or from
which browsers request its files; and the site's address in the place of its name. It connects and
performs the handshake of TLS, where the address wants it, no more.
"""

from collections.abc import Iterator
from dataclasses import replace

from diagnose.model.addresses import bracketed
from diagnose.model.http import Exchange
from diagnose.model.pages import Page, PageFileResponse, PagePort
from diagnose.model.tls import Certificate
from diagnose.net import DEFAULT_TIMEOUT
from diagnose.net import tls as net_tls
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.urls import Url, parse_url
from diagnose.probes import ProbeContext
from diagnose.probes.outside.tls_attempts import parse_certificates

#: Maximum number of hosts with a port that are tried.
MAX_PORTS = 2


async def try_mentioned_ports(ctx: ProbeContext, exchange: Exchange) -> None:
    """Emit a try of each port that the page or one of its scripts names, once in a run."""
    for port in _needed_ports(ctx, exchange):
        tried = {_host_and_port(page_port) for page_port in ctx.observed(PagePort)}
        if _host_and_port(port) not in tried and len(tried) < MAX_PORTS:
            await _try_port(ctx, port)


def _host_and_port(port: PagePort) -> tuple[str, int]:
    url = parse_url(port.url)
    return (url.host if url else "", port.port)


def _needed_ports(ctx: ProbeContext, exchange: Exchange) -> Iterator[PagePort]:
    yield from _upgraded(ctx, exchange)
    yield from _of_files(ctx, exchange)
    if ctx.options.wants("websocket"):
        yield from _of_websockets(ctx, exchange)


def _of_websockets(ctx: ProbeContext, exchange: Exchange) -> Iterator[PagePort]:
    texts = [(text, "") for text in exchange.mentions]
    for response in ctx.observed(PageFileResponse):
        texts += [(text, response.url) for text in response.mentions]
    for text, script in texts:
        url = parse_url(text)
        is_open = text.startswith("wss:") or (text.startswith("ws:") and _is_plain(exchange))
        if url and is_open and _is_elsewhere_on_the_site(ctx, exchange, url):
            yield PagePort(
                page=exchange.url, script=script, url=text, address=exchange.address, port=url.port
            )


def _of_files(ctx: ProbeContext, exchange: Exchange) -> Iterator[PagePort]:
    """Yield where browsers request files of the page by https, or by http for a page over http, if
    it is the site and has another port (443 for a page over http), or an address in the place of
    the name; then where its links and forms lead that lack the page's port."""
    for page in ctx.observed(Page):
        urls = (
            *(file.url for file in page.files if not file.is_optional),
            *page.images,
            *page.portless,
            *(form for form in page.posts if (sent := parse_url(form)) and sent.has_default_port),
        )
        for text in urls:
            url = parse_url(text)
            is_used = url is not None and (url.secure or (_is_plain(page) and url.scheme == "http"))
            if url and is_used and _is_elsewhere_on_the_site(ctx, exchange, url):
                yield PagePort(page=exchange.url, url=text, address=exchange.address, port=url.port)


def _is_plain(source: Exchange | Page) -> bool:
    """Return whether the page came over http: browsers let it use http and ws:// (W3C Mixed
    Content)."""
    return source.url.startswith("http:")


def _is_elsewhere_on_the_site(ctx: ProbeContext, exchange: Exchange, url: Url) -> bool:
    """Return whether a URL has the site's name and another port, or the site's own address. Other
    hosts may be somebody else's."""
    target = ctx.target
    if url.host == target.host:
        return url.port != target.port
    return is_address(url.host) and url.host == exchange.address


def _upgraded(ctx: ProbeContext, exchange: Exchange) -> Iterator[PagePort]:
    """Yield the port from which browsers request the files of an http page that asks for https
    (W3C Upgrade Insecure Requests, section 3.1: port 80 becomes 443, others stay)."""
    for page in ctx.observed(Page):
        if not page.upgrades or not page.url.startswith("http:"):
            continue
        file = next((parse_url(file.url) for file in page.files), None)
        if file is not None and file.scheme == "http" and file.host == ctx.target.host:
            port = 443 if file.port == 80 else file.port
            url = f"https://{file.host}{'' if port == 443 else f':{port}'}{file.path}"
            yield PagePort(page=exchange.url, url=url, address=exchange.address, port=port)


async def _try_port(ctx: ProbeContext, port: PagePort) -> None:
    at = ctx.elapsed()
    url = parse_url(port.url)
    # An address is never sent as SNI (RFC 6066 section 3).
    name = None if url is None or is_address(url.host) else url.host
    attempt = await ctx.net.connect(port.address, port.port)
    failure, certificates = attempt.failure, tuple[Certificate, ...]()
    is_secure = url is None or url.secure
    if attempt.stream is not None and not is_secure:
        attempt.stream.close()
    elif attempt.stream is not None:
        context = net_tls.client_context()
        result = await net_tls.secure(attempt.stream, context, name, DEFAULT_TIMEOUT)
        failure = result.failure
        certificates = await parse_certificates(result.chain[:1]) if result.chain else ()
        if result.stream is not None:
            result.stream.close()
    host = bracketed(name or port.address)
    ctx.emit(
        replace(
            port,
            at=at,
            took=ctx.elapsed() - at,
            equivalent=f"openssl s_client -connect {host}:{port.port} </dev/null"
            if is_secure
            else f"nc -vz {host} {port.port}",
            failure=failure,
            connected=attempt.stream is not None,
            certificate=certificates[0] if certificates else None,
        )
    )
