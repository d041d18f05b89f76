"""A request, and the head of its response, as the connections of HTTP/1.1 and HTTP/2 take them.

The URLs of ordinary sites are split here. httpx reads all others (a name that is not ASCII,
segments "..", characters to escape). It is imported only then: that takes 20 ms.
"""

import re
import socket
from collections.abc import Mapping
from functools import lru_cache

from diagnose.model.frozen import frozen
from diagnose.net.http_errors import InvalidUrl

Fields = tuple[tuple[bytes, bytes], ...]


@frozen
class RequestUrl:
    """The parts of a URL that a request holds. `authority` is the host and a port that is not the
    scheme's own; `target` is the path and the query (RFC 9112 section 3.2.1)."""

    scheme: bytes
    authority: bytes
    target: bytes


@frozen
class HttpRequest:
    """A request. `fields` are its header fields, Host among them."""

    method: bytes
    url: RequestUrl
    fields: Fields
    content: bytes = b""


@frozen
class ResponseHead:
    """A final response, or 101, without its body. `version` is "HTTP/1.1" or the like.

    `extended_connect` is whether a WebSocket may be opened over HTTP/2 (RFC 8441 section 3), None
    for HTTP/1.1.
    """

    status: int
    version: bytes
    reason: bytes
    fields: Fields
    extended_connect: bool | None = None


def http_request(
    method: str, url: str, headers: Mapping[str, str], content: bytes = b""
) -> HttpRequest:
    """Return a request for a URL. Raises InvalidUrl."""
    parts = parse_request_url(url)
    fields = [(name.encode("ascii"), value.encode("ascii")) for name, value in headers.items()]
    if not any(name.lower() == b"host" for name, _ in fields):
        fields.insert(0, (b"Host", parts.authority))
    if content or method in {"POST", "PUT", "PATCH"}:  # RFC 9110 section 8.6
        fields.append((b"Content-Length", str(len(content)).encode()))
    return HttpRequest(method.encode("ascii"), parts, tuple(fields), content)


#: A URL that httpx does not change. Segments "." and ".." of a path are to be removed.
_SEGMENT = r"/(?!\.{1,2}(?:[/?]|$))(?:[A-Za-z0-9_~.!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})*"
_PLAIN = re.compile(
    r"(?P<scheme>https?)://(?P<host>[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{1,5}))?"
    rf"(?P<path>(?:{_SEGMENT})*)"
    r"(?P<query>\?(?:[A-Za-z0-9_~.!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*)?"
)
_DEFAULT_PORTS = {"http": 80, "https": 443}


@lru_cache(maxsize=256)
def parse_request_url(url: str) -> RequestUrl:
    """Split an http or https URL as httpx does. Raises InvalidUrl."""
    match = _PLAIN.fullmatch(url)
    if match is None or not _is_plain_host(match["host"]):
        return _parsed_by_httpx(url)
    scheme, host, port = match["scheme"], match["host"].lower(), int(match["port"] or 0)
    has_port = match["port"] and port != _DEFAULT_PORTS[scheme]
    authority = f"{host}:{port}" if has_port else host
    target = (match["path"] or "/") + (match["query"] or "")
    return RequestUrl(scheme.encode(), authority.encode(), target.encode())


def _is_plain_host(host: str) -> bool:
    """Return whether a host is a name or a valid address. Digits and dots that are none are for
    httpx to judge."""
    family, text = (socket.AF_INET6, host[1:-1]) if host.startswith("[") else (socket.AF_INET, host)
    if family == socket.AF_INET and not host.rpartition(".")[2].isdigit():
        return True
    try:
        socket.inet_pton(family, text)
    except OSError:
        return False
    return True


def _parsed_by_httpx(text: str) -> RequestUrl:
    from diagnose.net.httpx_library import httpx

    try:
        url = httpx.URL(text)
    except httpx.InvalidURL as error:
        raise InvalidUrl(str(error)) from None
    return RequestUrl(url.scheme.encode("ascii"), url.netloc, url.raw_path)
