"""A `Net` that makes every connection through a proxy.

The proxy resolves names: it receives the name itself (RFC 9110 section 9.3.6, RFC 1928 section 4),
and `Connection.address` holds that name. Information that a proxy does not pass on is unknown
here: ICMP errors, the route behind the proxy, and answers of name servers.
"""

import base64
import time
from collections.abc import Iterable

from diagnose.model import Failure
from diagnose.net import DEFAULT_TIMEOUT, ConnectResult, Net, ResolveResult, Stream
from diagnose.net.error_mapping import errno_failure, failure_of
from diagnose.parsers.proxy_url import ProxyUrl, parse_proxy_url
from diagnose.parsers.sanitize import clean

#: Seconds. A proxy tries all addresses of the target before it reports that none answers.
PROXY_TIMEOUT = 8.0

#: Maximum bytes of the header of an answer to CONNECT.
MAX_HEAD = 16384

#: Header fields in which proxies give the reason: Squid, RFC 9209, RFC 9110 section 11.7.1.
_REASON_FIELDS = (b"x-squid-error", b"proxy-status", b"proxy-authenticate")


class ProxyRefused(OSError):
    """The proxy did not open the connection. `failure` holds the reason that it gave."""

    def __init__(self, message: str, code: int | None = None, name: str = "PROXY") -> None:
        super().__init__(message)
        self.failure = Failure("proxy", message, code, name)


class TunnelStream:
    """A connection through a proxy. `early` holds bytes received directly after its answer."""

    def __init__(self, stream: Stream, peer: tuple[str, int], early: bytes = b"") -> None:
        self.peer = peer
        self.is_truncated = False
        self._stream, self._early = stream, early

    async def read(self, limit: int = 65536, timeout: float = DEFAULT_TIMEOUT) -> bytes:
        if self._early:
            data, self._early = self._early[:limit], self._early[limit:]
            return data
        return await self._stream.read(limit, timeout)

    async def write(self, data: bytes, timeout: float = DEFAULT_TIMEOUT) -> None:
        await self._stream.write(data, timeout)

    def close(self) -> None:
        self._stream.close()


class ProxiedNet:
    """A network whose connections the proxy at `url` makes; the proxy also resolves names."""

    def __init__(self, net: Net, url: str) -> None:
        self._net, self._proxy = net, parse_proxy_url(url)
        self.way_to = net.way_to

    async def resolve(self, name: str, family: int, timeout: float = 10.0) -> ResolveResult:
        return ResolveResult(0.0, (name,))

    async def connect(
        self,
        address: str,
        port: int,
        timeout: float = DEFAULT_TIMEOUT,
        ttl: int | None = None,
        mss: int | None = None,
    ) -> ConnectResult:
        started = time.monotonic()
        proxy_timeout = max(timeout, PROXY_TIMEOUT)
        try:
            if self._proxy.scheme == "http":
                stream = await self._by_connect(address, port, proxy_timeout)
            else:
                stream = await _by_socks(self._proxy, address, port, proxy_timeout)
        except (OSError, TimeoutError, EOFError) as error:
            failure = failure_of(error)
            if failure.kind != "proxy":
                text = f"proxy {self._proxy.authority}: {failure.message}"
                failure = Failure("proxy", text, failure.code, failure.name)
            return ConnectResult(time.monotonic() - started, failure=failure)
        return ConnectResult(time.monotonic() - started, stream)

    async def ask(
        self, server: str, query: bytes, timeout: float = 3.0, tcp: bool = False
    ) -> bytes:
        raise OSError("names are left to the proxy")

    def is_mine(self, address: str) -> bool:
        return False

    async def _by_connect(self, host: str, port: int, timeout: float) -> Stream:
        stream = await self._reach_proxy(timeout)
        try:
            return await _open_tunnel(stream, self._proxy, host, port, timeout)
        except BaseException:
            stream.close()
            raise

    async def _reach_proxy(self, timeout: float) -> Stream:
        proxy = self._proxy
        failure: Failure | None = None
        for family in (4, 6):
            resolved = await self._net.resolve(proxy.host, family, timeout)
            for address in resolved.addresses[:2]:
                connected = await self._net.connect(
                    address, proxy.port, min(timeout, DEFAULT_TIMEOUT)
                )
                if connected.stream is not None:
                    return connected.stream
                failure = connected.failure
            failure = failure or resolved.failure
        reason = failure.message if failure else "no address"
        name = (failure.name if failure else None) or "PROXY"
        raise ProxyRefused(f"proxy {proxy.authority}: {reason}", None, name)


async def _open_tunnel(
    stream: Stream, proxy: ProxyUrl, host: str, port: int, timeout: float
) -> Stream:
    """Request a tunnel from an HTTP proxy with CONNECT (RFC 9110 section 9.3.6).

    Raises ProxyRefused if the proxy refuses or does not answer with HTTP.
    """
    import h11

    authority = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    fields = [("Host", authority), ("User-Agent", "diagnose")]
    if proxy.username is not None:
        pair = f"{proxy.username}:{proxy.password or ''}".encode()
        fields.append(("Proxy-Authorization", f"Basic {base64.b64encode(pair).decode()}"))
    connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD)
    request = h11.Request(method="CONNECT", target=authority, headers=fields)
    try:
        await stream.write(
            (connection.send(request) or b"") + (connection.send(h11.EndOfMessage()) or b"")
        )
        while True:
            event = connection.next_event()
            if event is h11.NEED_DATA:
                data = await stream.read(MAX_HEAD, timeout)
                connection.receive_data(data)
            elif isinstance(event, h11.Response):
                break
            elif not isinstance(event, h11.InformationalResponse):
                raise ProxyRefused(f"proxy {proxy.authority}: closed without an answer")
    except (h11.RemoteProtocolError, h11.LocalProtocolError) as error:
        text = f"proxy {proxy.authority}: no HTTP answer to CONNECT ({error})"
        raise ProxyRefused(clean(text, 300)) from None
    if event.status_code // 100 != 2:
        message = _refusal(event.status_code, event.reason, event.headers)
        raise ProxyRefused(message, event.status_code)
    return TunnelStream(stream, (host, port), connection.trailing_data[0])


def _refusal(status: int, reason: bytes, headers: Iterable[tuple[bytes, bytes]]) -> str:
    """Return the proxy's status line and the header field that gives the reason."""
    text = f"HTTP {status} {reason.decode('latin-1')}".strip()
    fields = dict(headers)
    for field in _REASON_FIELDS:
        if field in fields:
            return clean(f"{text} ({field.decode()}: {fields[field].decode('latin-1')})", 300)
    return clean(text, 300)


async def _by_socks(proxy: ProxyUrl, host: str, port: int, timeout: float) -> Stream:
    """Open a connection through a SOCKS proxy (RFC 1928), which resolves the name."""
    from python_socks import ProxyConnectionError, ProxyError, ProxyTimeoutError, ProxyType
    from python_socks.async_.asyncio import Proxy

    from diagnose.net.local import TcpStream

    kind = ProxyType.SOCKS4 if proxy.scheme.startswith("socks4") else ProxyType.SOCKS5
    client = Proxy(kind, proxy.host, proxy.port, proxy.username, proxy.password, rdns=True)
    try:
        sock = await client.connect(host, port, timeout)
    except ProxyTimeoutError:
        raise ProxyRefused(f"proxy {proxy.authority}: timed out") from None
    except ProxyConnectionError as error:
        failure = errno_failure(error.errno or 0)
        text = f"proxy {proxy.authority}: {failure.message}"
        raise ProxyRefused(text, None, failure.name or "PROXY") from None
    except ProxyError as error:
        code = error.error_code
        raise ProxyRefused(f"SOCKS: {clean(str(error), 200)}", code, "SOCKS") from None
    sock.setblocking(False)
    return TcpStream(sock, (host, port))
