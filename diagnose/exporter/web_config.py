"""The file that Prometheus' exporters share for TLS, passwords and limits of themselves.

Source: prometheus/exporter-toolkit, docs/web-configuration.md.
"""

from typing import Literal

import msgspec

from diagnose.exporter.config_file import ConfigError, load_section
from diagnose.exporter.modules import Section
from diagnose.exporter.values import Duration, Secret

#: The header fields that may be added, with the values that are allowed; () allows any.
_HEADER_VALUES = {
    "Content-Security-Policy": (),
    "Strict-Transport-Security": (),
    "X-Content-Type-Options": ("nosniff",),
    "X-Frame-Options": ("deny", "sameorigin"),
    "X-XSS-Protection": (),
}


class TlsServerConfig(Section, frozen=True):
    #: PEM texts. Each excludes the file of its name.
    cert: str = ""
    key: Secret = Secret()
    client_ca: str = ""
    cert_file: str = ""
    key_file: str = ""
    client_auth_type: Literal[
        "NoClientCert", "RequestClientCert", "VerifyClientCertIfGiven", "RequireAnyClientCert",
        "RequireClientCert", "RequireAndVerifyClientCert",
    ] = "NoClientCert"  # fmt: skip
    client_ca_file: str = ""
    #: A client's certificate must have one of these as a subject alternative name.
    client_allowed_sans: list[str] | None = None
    min_version: Literal["TLS10", "TLS11", "TLS12", "TLS13"] = "TLS12"
    max_version: Literal["TLS10", "TLS11", "TLS12", "TLS13"] = "TLS13"
    #: IANA's names. Those of TLS 1.3 cannot be chosen, as in Go.
    cipher_suites: list[str] = msgspec.field(default_factory=list)
    #: Go has no such choice any more; ours is the server's.
    prefer_server_cipher_suites: bool = True
    curve_preferences: list[Literal["CurveP256", "CurveP384", "CurveP521", "X25519"]] = (
        msgspec.field(default_factory=list)
    )

    @property
    def requires_client_certificate(self) -> bool:
        return self.client_auth_type.startswith("Require")


class HttpServerConfig(Section, frozen=True):
    #: We speak HTTP/1.1 in both cases.
    http2: bool = True
    headers: dict[str, str] = msgspec.field(default_factory=dict)


class RateLimit(Section, frozen=True):
    """One request each `interval`, and `burst` at once. 0 seconds: no limit."""

    interval: Duration = Duration(0)
    burst: int = 0


class WebConfig(Section, frozen=True):
    """The file. An option that is not here is an error, so that no protection is missing."""

    tls_server_config: TlsServerConfig | None = None
    http_server_config: HttpServerConfig = HttpServerConfig()
    basic_auth_users: dict[str, Secret] = msgspec.field(default_factory=dict)
    rate_limit: RateLimit = RateLimit()

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
    for name, value in config.http_server_config.headers.items():
        _check_header(path, name, value)
    if config.rate_limit.interval and config.rate_limit.burst < 1:
        raise ConfigError(f"{path}: rate_limit: burst must be 1 or more; 0 refuses every request")
    if config.tls_server_config is not None:
        _check_tls(f"{path}: tls_server_config", config.tls_server_config)
    return config


def _check_header(path: str, name: str, value: str) -> None:
    if name not in _HEADER_VALUES:
        names = ", ".join(_HEADER_VALUES)
        raise ConfigError(f"{path}: the header {name!r} cannot be set; these can: {names}")
    allowed = _HEADER_VALUES[name]
    if allowed and value not in allowed:
        raise ConfigError(f"{path}: {name} must be {' or '.join(allowed)}, not {value!r}")


def _check_tls(place: str, tls_config: TlsServerConfig) -> None:
    for name, text, file in (
        ("cert", tls_config.cert, tls_config.cert_file),
        ("key", tls_config.key, tls_config.key_file),
        ("client_ca", tls_config.client_ca, tls_config.client_ca_file),
    ):
        if text and file:
            raise ConfigError(f"{place}: {name} and {name}_file exclude each other")
        if name != "client_ca" and not text and not file:
            raise ConfigError(f"{place}: {name} or {name}_file is needed")
    has_client_ca = tls_config.client_ca or tls_config.client_ca_file
    if has_client_ca and tls_config.client_auth_type == "NoClientCert":
        raise ConfigError(f"{place}: client_ca_file has no effect without client_auth_type")
    if tls_config.client_allowed_sans is None:
        return
    if not tls_config.requires_client_certificate:
        raise ConfigError(
            f"{place}: client_allowed_sans needs the client_auth_type RequireAndVerifyClientCert"
        )
