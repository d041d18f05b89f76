"""TLS and passwords of the exporter itself, by the file that Prometheus' exporters share.

Source: prometheus/exporter-toolkit, docs/web-configuration.md.
"""

import asyncio
import hashlib
import hmac
import ssl
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import bcrypt
import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from diagnose.exporter.cipher_names import cipher_name
from diagnose.exporter.config_file import ConfigError, load_section
from diagnose.exporter.modules import Section
from diagnose.exporter.values import Secret

#: Accepted passwords whose hash is remembered: bcrypt takes a tenth of a second by design.
MAX_REMEMBERED = 100

#: A hash to compare with where the user is unknown, so that the time does not tell.
_NOBODY = b"$2b$10$CCWkPCQdbAHDLjyNoW9YH.uGjBdlz3vw0i9iCRWkaWUhEbzcVqXGa"

_VERSIONS = {
    "TLS10": ssl.TLSVersion.TLSv1,
    "TLS11": ssl.TLSVersion.TLSv1_1,
    "TLS12": ssl.TLSVersion.TLSv1_2,
    "TLS13": ssl.TLSVersion.TLSv1_3,
}
_CLIENT_CERTIFICATES = {
    "NoClientCert": ssl.CERT_NONE,
    "RequestClientCert": ssl.CERT_OPTIONAL,
    "VerifyClientCertIfGiven": ssl.CERT_OPTIONAL,
    "RequireAnyClientCert": ssl.CERT_REQUIRED,
    "RequireAndVerifyClientCert": ssl.CERT_REQUIRED,
}


class TlsServerConfig(Section, frozen=True):
    cert_file: str = ""
    key_file: str = ""
    client_auth_type: Literal[
        "NoClientCert", "RequestClientCert", "VerifyClientCertIfGiven", "RequireAnyClientCert",
        "RequireAndVerifyClientCert",
    ] = "NoClientCert"  # fmt: skip
    client_ca_file: str = ""
    min_version: Literal["TLS10", "TLS11", "TLS12", "TLS13"] = "TLS12"
    max_version: Literal["TLS10", "TLS11", "TLS12", "TLS13"] = "TLS13"
    #: IANA's names. Those of TLS 1.3 cannot be chosen, as in Go.
    cipher_suites: list[str] = msgspec.field(default_factory=list)
    #: Go has no such choice any more; ours is the server's.
    prefer_server_cipher_suites: bool = True


class HttpServerConfig(Section, frozen=True):
    #: We speak HTTP/1.1 in both cases.
    http2: bool = True
    headers: dict[str, str] = msgspec.field(default_factory=dict)


class WebConfig(Section, frozen=True):
    """The file. An option that is not here is an error, so that no protection is missing."""

    tls_server_config: TlsServerConfig | None = None
    http_server_config: HttpServerConfig = HttpServerConfig()
    basic_auth_users: dict[str, Secret] = msgspec.field(default_factory=dict)

    @property
    def is_protected(self) -> bool:
        """Whether a client has to show a password or a certificate."""
        client_auth = self.tls_server_config and self.tls_server_config.client_auth_type
        return bool(self.basic_auth_users) or client_auth == "RequireAndVerifyClientCert"


def load_web_config(path: str) -> WebConfig:
    """Return the file, or no protection if `path` is "". Raise ConfigError."""
    if not path:
        return WebConfig()
    config = load_section(path, WebConfig)
    for user, password_hash in config.basic_auth_users.items():
        if not password_hash.startswith(("$2a$", "$2b$", "$2y$")):
            raise ConfigError(f"{path}: the password of {user!r} is no bcrypt hash")
    return config


def server_context(path: str, config: WebConfig) -> ssl.SSLContext | None:
    """Return the context of a server with TLS, None without TLS. Raise ConfigError."""
    tls_config = config.tls_server_config
    if tls_config is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    load_certificate(path, config, context)
    if tls_config.client_ca_file and tls_config.client_auth_type == "NoClientCert":
        raise ConfigError(f"{path}: client_ca_file has no effect without client_auth_type")
    try:
        context.minimum_version = _VERSIONS[tls_config.min_version]
        context.maximum_version = _VERSIONS[tls_config.max_version]
        if tls_config.cipher_suites:
            _choose_ciphers(context, tls_config.cipher_suites)
        if tls_config.client_ca_file:
            context.load_verify_locations(_beside(path, tls_config.client_ca_file))
        context.verify_mode = _CLIENT_CERTIFICATES[tls_config.client_auth_type]
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: tls_server_config: {error}") from None
    return context


def _beside(path: str, name: str) -> str:
    """Return where a file is: a relative name is relative to the configuration file."""
    return str(Path(path).parent / name)


def _choose_ciphers(context: ssl.SSLContext, suites: Sequence[str]) -> None:
    """Allow only these suites below TLS 1.3. Raise ValueError if one is not known."""
    known = {cipher_name(get_cipher["name"]): get_cipher for get_cipher in context.get_ciphers()}
    if unknown := [suite for suite in suites if suite not in known]:
        raise ValueError(f"unknown cipher: {unknown[0]}")
    chosen = [known[suite]["name"] for suite in suites if known[suite]["protocol"] != "TLSv1.3"]
    if chosen:
        context.set_ciphers(":".join(chosen))
    else:
        context.minimum_version = ssl.TLSVersion.TLSv1_3


def load_certificate(path: str, config: WebConfig, context: ssl.SSLContext | None) -> None:
    """Read the certificate and its key; the next handshake has it, also after a renewal. Raise
    ConfigError."""
    if context is None or config.tls_server_config is None:
        return
    tls_config = config.tls_server_config
    try:
        context.load_cert_chain(
            _beside(path, tls_config.cert_file), _beside(path, tls_config.key_file)
        )
    except OSError as error:
        raise ConfigError(f"{path}: tls_server_config: {error}") from None


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


def protection(config: WebConfig) -> Middleware:
    """Return a middleware that asks for a password, if users are named, and adds headers."""
    passwords = Passwords(config.basic_auth_users) if config.basic_auth_users else None

    @web.middleware
    async def protect(request: web.Request, handler: Handler) -> web.StreamResponse:
        field = request.headers.get("Authorization", "")
        if passwords is not None and not await passwords.accept(field):
            response: web.StreamResponse = web.Response(
                status=401, text="Unauthorized\n", headers={"WWW-Authenticate": "Basic"}
            )
        else:
            response = await handler(request)
        for name, value in config.http_server_config.headers.items():
            response.headers[name] = value
        return response

    return protect
