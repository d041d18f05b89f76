"""A request and its redirects: addresses, connections and the time that each phase takes.

Redirects as Go's net/http follows them: up to ten; 301, 302 and 303 become GET; credentials are
sent to the target's own host only.
"""

import re
import time
from dataclasses import dataclass
from http import HTTPStatus

import h11

from diagnose.exporter import client_tls
from diagnose.exporter.addresses import choose_address, find_address
from diagnose.exporter.credentials import request_headers
from diagnose.exporter.probe import Probe
from diagnose.exporter.proxies import proxied_net
from diagnose.net.http import HttpConnection, connection_for
from diagnose.net.http_errors import NotHttp, NotHttp2, http_failure
from diagnose.net.http_request import HttpRequest, RequestUrl, ResponseHead
from diagnose.net.httpx_library import httpx
from diagnose.net.tls import HTTP1, HTTP2, HandshakeResult

MAX_REDIRECTS = 10
_REDIRECTS = {301, 302, 303, 307, 308}
#: Seconds; the whole probe has a deadline of its own.
_PATIENCE = 120.0
#: Fields that only the target itself receives, and over TLS only if the target was named so.
_SENSITIVE = {"authorization", "cookie", "cookie2", "host", "www-authenticate"}


#: Faults of a header after which nothing tells where the body ends (RFC 9112 section 6.3).
_NO_LENGTH = {"different-lengths", "invalid-length"}


@dataclass(slots=True)
class Response:
    """A response whose body has not been read. `content_length` is -1 if it is unknown."""

    status: int
    version: str
    headers: list[tuple[bytes, bytes]]
    content_length: int
    connection: HttpConnection
    is_unfollowed_redirect: bool = False

    def header(self, name: str) -> str:
        key = name.lower().encode()
        values = [value for field, value in self.headers if field.lower() == key]
        return values[0].decode("latin-1") if values else ""


class HttpVisit:
    """The requests of one probe. `redirects` counts those that came and name a URL, followed or
    not."""

    def __init__(self, probe: Probe, url: httpx.URL) -> None:
        self.probe, self.redirects = probe, 0
        self._module = probe.module.http
        self._url, self._first_url = url, url
        self._method = self._module.method or "GET"
        self._headers = request_headers(probe, self._module, self._module.headers)
        self._host_field = next(
            (value for name, value in self._headers if name.lower() == "host"), ""
        )
        self._body, self._first_ip = b"", ""
        self._cookies = httpx.Cookies()
        self._connection: HttpConnection | None = None
        self._handshake: HandshakeResult | None = None

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def add_phase(self, phase: str, seconds: float) -> None:
        self.probe.metrics.add("probe_http_duration_seconds", seconds, phase=phase)

    def set_tls_metrics(self) -> bool:
        """Set the metrics of the last connection's TLS. Return whether it had TLS."""
        if self._handshake is None:
            return False
        client_tls.set_metrics(self.probe, self._handshake, self._module.tls_config)
        return True

    async def run(self) -> Response | None:
        """Return the last response, None if there was none (logged)."""
        if not self._load_body():
            return None
        address = await self._first_address()
        if not address:
            return None
        self._first_ip = address
        for phase in ("connect", "tls", "processing", "transfer"):
            self.add_phase(phase, 0)
        while address:
            response = await self._request(address)
            if response is None or not self._is_redirect(response):
                return response
            url = self._redirect_url(response)
            if url is None:
                return None
            self.redirects += 1
            if not self._module.follows_redirects or self.redirects > MAX_REDIRECTS:
                self.probe.log.info("Not following redirect")
                response.is_unfollowed_redirect = True
                return response
            if not self._follow(response, url):
                return None
            address = await self._next_address()
        return None

    def _load_body(self) -> bool:
        self._body = self._module.body.encode()
        if not self._module.body_file:
            return True
        try:
            with open(self._module.body_file, "rb") as file:  # noqa: PTH123
                self._body = file.read(MAX_BODY_FILE)
        except OSError as error:
            return self.probe.break_rule("body_file", "Error creating request", err=error)
        return True

    async def _first_address(self) -> str:
        module, started = self._module, time.monotonic()
        if module.skip_resolve_phase_with_proxy and self._uses_proxy():
            return self._url.host
        try:
            return await choose_address(
                self.probe, self._url.host, module.preferred_ip_protocol,
                module.ip_protocol_fallback,
            )  # fmt: skip
        finally:  # also where the probe's time ends here
            self.add_phase("resolve", time.monotonic() - started)

    async def _next_address(self) -> str:
        module, started = self._module, time.monotonic()
        address = await find_address(
            self.probe, self._url.host, module.preferred_ip_protocol, module.ip_protocol_fallback
        )
        self.add_phase("resolve", time.monotonic() - started)
        refusal = self.probe.net.redirect_refusal(self._first_ip, address) if address else ""
        if refusal:
            self.probe.fail("Error for HTTP request", "redirect", err=refusal)
        return "" if refusal else address

    def _uses_proxy(self) -> bool:
        return proxied_net(self.probe.net, self._module, self._url) is not self.probe.net

    async def _request(self, address: str) -> Response | None:
        self.close()
        if not await self._connect(address):
            return None
        assert self._connection is not None
        request = self._build_request()
        self.probe.log.info("Making HTTP request", url=str(self._url), host=request.headers["Host"])
        started = time.monotonic()
        try:
            head = await self._connection.request(_http_request(request))
        except (OSError, EOFError, NotHttp, NotHttp2, h11.ProtocolError) as error:
            failure = http_failure(error)
            self.probe.fail("Error for HTTP request", failure.kind, err=failure.message)
            return None
        faults = {kind for kind, _ in self._connection.header_faults}
        if faults & _NO_LENGTH:
            self.probe.fail("Error for HTTP request", "protocol", err="no valid Content-Length")
            return None
        self.add_phase("processing", time.monotonic() - started)
        answer = httpx.Response(head.status, headers=list(head.fields), request=request)
        self._cookies.extract_cookies(answer)
        self.probe.log.info("Received HTTP response", status_code=head.status)
        return _response(head, self._method, self._connection)

    async def _connect(self, address: str) -> bool:
        """Open the connection to a host's address, with TLS if its URL asks for it."""
        probe, url = self.probe, self._url
        is_secure = url.scheme == "https"
        net = proxied_net(probe.net, self._module, url)
        result = await net.connect(address, url.port or (443 if is_secure else 80), _PATIENCE)
        if result.stream is None:
            failure = result.failure
            kind, message = (failure.kind, failure.message) if failure else ("other", "")
            return probe.fail("Error for HTTP request", kind, err=message, address=address)
        self._handshake = None
        alpn = HTTP2 if self._module.enable_http2 else HTTP1
        stream, started = result.stream, time.monotonic()
        if is_secure:
            self._handshake = await client_tls.handshake(
                probe, stream, self._module.tls_config, self._server_name(), alpn
            )
            if self._handshake is None or self._handshake.stream is None:
                return False
            stream = self._handshake.stream
            self.add_phase("tls", time.monotonic() - started)
        self.add_phase("connect", result.took)
        negotiated = self._handshake.alpn if self._handshake else ""
        self._connection = connection_for(stream, negotiated, _PATIENCE)
        return True

    def _server_name(self) -> str:
        if self._url.host != self._first_url.host:
            return self._url.host
        host = httpx.URL(f"//{self._host_field}").host if self._host_field else ""
        return self._module.tls_config.server_name or host or self._url.host

    def _build_request(self) -> httpx.Request:
        is_safe = self._url.scheme == "https" or self._first_url.scheme == "http"
        is_own = self._url.host == self._first_url.host and is_safe
        headers = [
            (name, value)
            for name, value in self._headers
            if is_own or name.lower() not in _SENSITIVE
        ]
        request = httpx.Request(
            self._method, self._url, headers=[*headers, ("Connection", "close")],
            content=self._body or None,
        )  # fmt: skip
        self._cookies.set_cookie_header(request)
        return request

    def _is_redirect(self, response: Response) -> bool:
        return response.status in _REDIRECTS and bool(response.header("Location"))

    def _redirect_url(self, response: Response) -> httpx.URL | None:
        """Return the URL of a redirect, None if it is no URL (the probe has failed then)."""
        location = response.header("Location")
        self.probe.log.info("Received redirect", location=location)
        try:
            if not _is_url_of_go(location):
                raise ValueError("Location is no URL")
            # What has a scheme is whole for Go, also "http:/page": it has no host.
            has_scheme = _SCHEME.match(location)
            return httpx.URL(location) if has_scheme else self._url.join(location)
        except (httpx.InvalidURL, ValueError) as error:
            self.probe.fail("Error for HTTP request", "redirect", err=error)
            return None

    def _follow(self, response: Response, url: httpx.URL) -> bool:
        """Take over the URL of a redirect. Return False if it is none that can be requested."""
        if url.scheme not in {"http", "https"} or not url.host:
            return self.probe.fail("Error for HTTP request", "redirect", err="unsupported scheme")
        self._url = url
        if response.status in {
            HTTPStatus.MOVED_PERMANENTLY,
            HTTPStatus.FOUND,
            HTTPStatus.SEE_OTHER,
        }:
            self._method = "HEAD" if self._method == "HEAD" else "GET"
            self._body = b""
        return True


_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_AUTHORITY = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*:)?//(?:[^/?#]*@)?([^/?#]*)")
#: What no host may hold, and what no part but the query may: an escape that is none.
_NO_HOST = re.compile(r"[ \\^|`{}]|%(?![89A-Fa-f][0-9A-Fa-f])")
_NO_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


def _is_url_of_go(text: str) -> bool:
    """Return whether Go parses a text as a URL (net/url, parse and shouldEscape): a redirect to
    anything else fails blackbox_exporter's probe."""
    if any(ord(character) < 0x20 or ord(character) == 0x7F for character in text):
        return False
    authority = _AUTHORITY.match(text)
    host = authority[1] if authority else ""
    if "]" not in host if host.startswith("[") else _NO_HOST.search(host):
        return False
    address, _, fragment = text.partition("#")
    path = address[authority.end() if authority else 0 :].partition("?")[0]
    if not authority and not _SCHEME.match(text) and ":" in path.partition("/")[0]:
        return False
    return not _NO_ESCAPE.search(path) and not _NO_ESCAPE.search(fragment)


#: Maximum bytes of a file that is sent as a request's body.
MAX_BODY_FILE = 16 << 20


def _http_request(request: httpx.Request) -> HttpRequest:
    url = request.url
    parts = RequestUrl(url.scheme.encode(), url.netloc, url.raw_path)
    fields = tuple(request.headers.raw)
    return HttpRequest(request.method.encode(), parts, fields, request.content)


def _response(head: ResponseHead, method: str, connection: HttpConnection) -> Response:
    version = head.version.decode("ascii", "replace")
    version = "HTTP/2.0" if version == "HTTP/2" else version
    response = Response(head.status, version, list(head.fields), -1, connection)
    response.content_length = _content_length(response, method)
    return response


def _content_length(response: Response, method: str) -> int:
    """Return the length of the body as Go knows it (net/http, fixLength). Over HTTP/2 the field
    counts also where there is no body."""
    has_no_body = response.status < 200 or response.status in {204, 304}
    if has_no_body and method != "HEAD" and response.version != "HTTP/2.0":
        return 0
    if "chunked" in response.header("Transfer-Encoding").lower():
        return -1
    text = response.header("Content-Length").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else -1
