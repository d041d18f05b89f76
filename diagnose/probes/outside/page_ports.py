"""Tries the other ports of the site that its page needs. On them it opens a WebSocket, as Pusher's
clients do (wss://shop.example.com:8080/app/KEY), or browsers request from them the files of an
http page that upgrades requests to https, or of a page that leaves its own port out. It connects
and performs the handshake of TLS, no more.
"""

from collections.abc import Iterator
from dataclasses import replace

from diagnose.model.http import Exchange
from diagnose.model.pages import Page, PageFileResponse, PagePort
from diagnose.net import DEFAULT_TIMEOUT
from diagnose.net import tls as net_tls
from diagnose.parsers.urls import parse_url
from diagnose.probes import ProbeContext

#: Maximum number of ports that are tried.
MAX_PORTS = 2


async def try_mentioned_ports(ctx: ProbeContext, exchange: Exchange) -> None:
    """Emit a try of each port that the page or one of its scripts names, once in a run."""
    for port in _mentioned_ports(ctx, exchange):
        tried_ports = {page_port.port for page_port in ctx.observed(PagePort)}
        if port.port not in tried_ports and len(tried_ports) < MAX_PORTS:
            await _try_port(ctx, port)


def _mentioned_ports(ctx: ProbeContext, exchange: Exchange) -> Iterator[PagePort]:
    yield from _upgraded(ctx, exchange)
    yield from _without_port(ctx, exchange)
    texts = [(text, "") for text in exchange.mentions]
    for response in ctx.observed(PageFileResponse):
        texts += [(text, response.url) for text in response.mentions]
    for text, script in texts:
        url = parse_url(text)
        is_secure = text.startswith("wss:")
        if url and is_secure and url.host == ctx.target.host and url.port != ctx.target.port:
            yield PagePort(
                page=exchange.url, script=script, url=text, address=exchange.address, port=url.port
            )


def _upgraded(ctx: ProbeContext, exchange: Exchange) -> Iterator[PagePort]:
    """Yield the port from which browsers request the files of an http page that asks for https
    (W3C Upgrade Insecure Requests, section 3.1: port 80 becomes 443, others stay)."""
    for page in ctx.observed(Page):
        if not page.upgrades or not page.url.startswith("http:"):
            continue
        file = next((parse_url(each.url) for each in page.files), None)
        if file is not None and file.scheme == "http" and file.host == ctx.target.host:
            port = 443 if file.port == 80 else file.port
            url = f"https://{file.host}{'' if port == 443 else f':{port}'}{file.path}"
            yield PagePort(page=exchange.url, url=url, address=exchange.address, port=port)


def _without_port(ctx: ProbeContext, exchange: Exchange) -> Iterator[PagePort]:
    """Yield the usual port of https, where a page on another port has its files."""
    for page in ctx.observed(Page):
        for url in _lost_files(page):
            yield PagePort(page=page.url, url=url, address=exchange.address, port=443)


def _lost_files(page: Page) -> Iterator[str]:
    own = parse_url(page.url)
    for file in page.files if own and own.secure and not own.has_default_port else ():
        url = parse_url(file.url)
        if url and own and url.host == own.host and url.secure and url.has_default_port:
            yield file.url


async def _try_port(ctx: ProbeContext, port: PagePort) -> None:
    at = ctx.elapsed()
    attempt = await ctx.net.connect(port.address, port.port)
    failure = attempt.failure
    if attempt.stream is not None:
        context = net_tls.client_context()
        result = await net_tls.secure(attempt.stream, context, ctx.target.host, DEFAULT_TIMEOUT)
        failure = result.failure
        if result.stream is not None:
            result.stream.close()
    ctx.emit(
        replace(
            port,
            at=at,
            took=ctx.elapsed() - at,
            equivalent=f"openssl s_client -connect {ctx.target.host}:{port.port} </dev/null",
            failure=failure,
            connected=attempt.stream is not None,
        )
    )
