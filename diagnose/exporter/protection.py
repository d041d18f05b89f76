"""Who may ask the exporter, and how often: passwords, names of certificates, a rate.

Source: prometheus/exporter-toolkit, docs/web-configuration.md.
"""

import asyncio
import hashlib
import hmac
import time
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Callable, Mapping, Sequence
from ipaddress import ip_address
from typing import Any

import bcrypt
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from diagnose.exporter.values import Secret
from diagnose.exporter.web_config import RateLimit, WebConfig

#: Accepted passwords whose hash is remembered: bcrypt takes a tenth of a second by design.
MAX_REMEMBERED = 100

#: A hash to compare with where the user is unknown, so that the time does not tell.
_NOBODY = b"$2b$10$CCWkPCQdbAHDLjyNoW9YH.uGjBdlz3vw0i9iCRWkaWUhEbzcVqXGa"


class Passwords:
    """The users and their passwords' bcrypt hashes."""

    def __init__(self, users: dict[str, Secret]) -> None:
        self._hashes = {name: text.encode() for name, text in users.items()}
        self._accepted: set[bytes] = set()
        self._key = hashlib.sha256(repr(sorted(users.items())).encode()).digest()

    async def accept(self, field: str) -> bool:
        """Whether a field Authorization names a user and the password (RFC 7617)."""
        user, password = _credentials(field)
        mark = hmac.digest(self._key, f"{len(user)} {user}{password}".encode(), "sha256")
        if mark in self._accepted:
            return True
        password_hash = self._hashes.get(user, _NOBODY)
        is_right = await asyncio.to_thread(_matches, password, password_hash)
        if not is_right or user not in self._hashes:
            return False
        if len(self._accepted) < MAX_REMEMBERED:
            self._accepted.add(mark)
        return True


def _matches(password: str, password_hash: bytes) -> bool:
    try:
        # bcrypt itself reads 72 bytes; the library refuses longer ones.
        return bcrypt.checkpw(password.encode()[:72], password_hash)
    except ValueError:
        return False


def _credentials(field: str) -> tuple[str, str]:
    scheme, _, encoded = field.partition(" ")
    if scheme.lower() != "basic" or len(encoded) > 4096:
        return "", ""
    try:
        text = b64decode(encoded.strip(), validate=True).decode("utf-8", "replace")
    except (Base64Error, ValueError):
        return "", ""
    user, _, password = text.partition(":")
    return user, password


class TokenBucket:
    """Takes `burst` requests at once, then one each `interval`. The bucket is full at first."""

    def __init__(self, limit: RateLimit, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._clock = clock
        self._tokens = float(limit.burst)
        self._filled_at = clock()

    def take(self) -> bool:
        """Whether the request at this moment is within the limit."""
        now = self._clock()
        added = (now - self._filled_at) / self._limit.interval
        self._tokens = min(float(self._limit.burst), self._tokens + added)
        self._filled_at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


def has_allowed_name(certificate: Mapping[str, Any] | None, names: Sequence[str]) -> bool:
    """Whether a certificate, as SSLSocket.getpeercert() shows it, has one of these subject
    alternative names: a DNS name, an address, an e-mail address or a URI, exactly as it is written
    there."""
    certificate_names = (certificate or {}).get("subjectAltName", ())
    return any(_as_go_writes(kind, name) in names for kind, name in certificate_names)


def _as_go_writes(kind: str, name: str) -> str:
    """OpenSSL writes an IPv6 address in full and in capitals, the file has it short."""
    try:
        return str(ip_address(name.strip())) if kind == "IP Address" else name
    except ValueError:
        return name


def protection(config: WebConfig) -> Middleware:
    """Return a middleware that refuses requests beyond the rate, without an allowed certificate or
    without a password, where the file asks for them, and adds its headers."""
    passwords = Passwords(config.basic_auth_users) if config.basic_auth_users else None
    bucket = TokenBucket(config.rate_limit) if config.rate_limit.interval else None
    tls_config = config.tls_server_config
    names = tls_config.client_allowed_sans if tls_config else None

    async def refusal(request: web.Request) -> web.Response | None:
        if names is not None and not has_allowed_name(_peer_certificate(request), names):
            return web.Response(status=403, text="The certificate has no allowed name.\n")
        field = request.headers.get("Authorization", "")
        if passwords is not None and not await passwords.accept(field):
            header = {"WWW-Authenticate": "Basic"}
            return web.Response(status=401, text="Unauthorized\n", headers=header)
        return None

    @web.middleware
    async def protect(request: web.Request, handler: Handler) -> web.StreamResponse:
        if bucket is not None and not bucket.take():
            return web.Response(status=429, text="Too Many Requests\n")
        response = await refusal(request) or await handler(request)
        for name, value in config.http_server_config.headers.items():
            response.headers[name] = value
        return response

    return protect


def _peer_certificate(request: web.Request) -> Mapping[str, Any] | None:
    transport = request.transport
    return transport.get_extra_info("peercert") if transport is not None else None
