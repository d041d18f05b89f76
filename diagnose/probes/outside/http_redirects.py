"""Follows redirects to a final response, a loop, or a dead end."""

from diagnose.model.addresses import is_guarded
from diagnose.model.http import Exchange
from diagnose.parsers.hostnames import is_address, is_host
from diagnose.parsers.redirects import MAX_REDIRECTS, redirect_target
from diagnose.parsers.set_cookie import cookie_refusal
from diagnose.parsers.urls import Url, is_internal_host, normalize_url, parse_url
from diagnose.probes import ProbeContext
from diagnose.probes.outside.http_connections import find_address, open_http
from diagnose.probes.outside.http_requests import PageRequest, curl_command, patience
from diagnose.probes.outside.page_visits import visit_page

#: Maximum number of hosts in a chain of redirects.
MOST_HOSTS = 3

_MOST_COOKIES = 16


async def follow_redirects(ctx: ProbeContext, first: Exchange) -> None:
    """Follow redirects to a final response, a loop, or a dead end.

    A URL that other probes request is not requested again, unless a cookie of this chain could
    change the response.
    """
    exchange, cookies, visited = first, _Cookies(), {(normalize_url(first.url), "")}
    hosts = {ctx.target.host}
    for _ in range(MAX_REDIRECTS):
        next_url = redirect_target(exchange)
        url = parse_url(next_url or "")
        if next_url is None or url is None or not _is_host_or_address(url.host):
            return
        cookies.store(exchange)
        cookie = cookies.cookie_header(url.host)
        hosts.add(url.host)
        if (next_url, cookie) in visited or len(hosts) > MOST_HOSTS:
            return
        if not cookie and _is_requested_anyway(ctx, next_url, exchange.address):
            return
        visited.add((next_url, cookie))
        step = await _follow_redirect(ctx, exchange, url, cookie)
        if step is None:
            return
        exchange = step


def _is_host_or_address(host: str) -> bool:
    return is_address(host) or is_host(host)


def _is_requested_anyway(ctx: ProbeContext, url: str, address: str) -> bool:
    own_urls = [f"http://{ctx.target.authority}{ctx.target.path}"]
    if ctx.target.uses_tls:
        own_urls = [
            f"https://{ctx.target.authority}{ctx.target.path}",
            str(Url("http", ctx.target.host, 80, ctx.target.path)),
        ]
    requested_urls = [
        exchange.url for exchange in ctx.observed(Exchange) if exchange.address == address
    ]
    return url in {normalize_url(known_url) for known_url in own_urls + requested_urls}


class _Cookies:
    """The cookies of one chain of redirects (RFC 6265); names and values only, per host.

    Some sites redirect to themselves until the client sends a cookie back. What browsers refuse is
    left out.
    """

    def __init__(self) -> None:
        self._by_host: dict[str, dict[str, str]] = {}

    def store(self, answer: Exchange) -> None:
        url = parse_url(answer.url)
        for name, value in answer.headers:
            if url is None or name.lower() != "set-cookie":
                continue
            key, equals, cookie_value = value.partition(";")[0].partition("=")
            host_cookies = self._by_host.setdefault(url.host, {})
            if (
                equals
                and not cookie_refusal(value, url.host, url.secure)
                and key.strip().isascii()
                and cookie_value.isascii()
                and len(host_cookies) < _MOST_COOKIES
            ):
                host_cookies[key.strip()] = cookie_value.strip()

    def cookie_header(self, host: str) -> str:
        return "; ".join(f"{key}={value}" for key, value in self._by_host.get(host, {}).items())


def _is_forbidden_address(previous: Exchange, address: str) -> bool:
    return is_guarded(address) or (
        is_internal_host(address) and not is_internal_host(previous.address)
    )


async def _follow_redirect(
    ctx: ProbeContext, previous: Exchange, url: Url, cookie: str
) -> Exchange | None:
    """Follow one redirect, on the same address if the host is the same.

    Returns None if the redirect is forbidden or cannot be followed.
    """
    start_time = ctx.elapsed()
    previous_url = parse_url(previous.url)
    same_host = previous_url is not None and previous_url.host == url.host
    address, failure = (
        (previous.address, None) if same_host else await find_address(ctx, url.host, previous)
    )
    if failure is None and not same_host and _is_forbidden_address(previous, address):
        return None  # another site's server must not send us into our own network
    # The certificate of the target's own port is judged by its handshake.
    is_verifying = not same_host or (url.secure and not ctx.target.uses_tls)
    http_connection = None
    if failure is None:
        http_connection, failure = await open_http(ctx, address, url, is_verifying, patience(ctx))
    if http_connection is None:
        return ctx.emit(
            Exchange(
                at=start_time,
                took=ctx.elapsed() - start_time,
                equivalent=curl_command(str(url), address or url.host),
                failure=failure,
                url=str(url),
                address=address,
                port=url.port,
                purpose="redirect",
                redirected_from=previous.url,
            )
        )
    verified = is_verifying or previous.verified
    page = PageRequest(str(url), address, "redirect", verified, previous.url, cookie)
    return await visit_page(ctx, http_connection, page)
