"""The exporter's own TLS: its certificate, and those of its clients.

Source: prometheus/exporter-toolkit, docs/web-configuration.md.
"""

import ssl
from collections.abc import Sequence
from pathlib import Path

from diagnose.exporter.config_file import ConfigError
from diagnose.exporter.pem_texts import load_chain
from diagnose.exporter.tls_names import TLS_VERSIONS, cipher_name
from diagnose.exporter.web_config import TlsServerConfig, WebConfig

_CLIENT_CERTIFICATES = {
    "NoClientCert": ssl.CERT_NONE,
    "RequestClientCert": ssl.CERT_OPTIONAL,
    "VerifyClientCertIfGiven": ssl.CERT_OPTIONAL,
    "RequireAnyClientCert": ssl.CERT_REQUIRED,
    "RequireClientCert": ssl.CERT_REQUIRED,
    "RequireAndVerifyClientCert": ssl.CERT_REQUIRED,
}
#: OpenSSL's names of Go's curves.
_CURVES = {
    "CurveP256": "prime256v1",
    "CurveP384": "secp384r1",
    "CurveP521": "secp521r1",
    "X25519": "X25519",
}


def server_context(path: str, config: WebConfig) -> ssl.SSLContext | None:
    """Return the context of a server with TLS, None without TLS. `path` is the configuration file.
    Raise ConfigError."""
    tls_config = config.tls_server_config
    if tls_config is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    load_certificate(path, config, context)
    try:
        context.minimum_version = TLS_VERSIONS[tls_config.min_version]
        context.maximum_version = TLS_VERSIONS[tls_config.max_version]
        if tls_config.cipher_suites:
            _choose_ciphers(context, tls_config.cipher_suites)
        if tls_config.curve_preferences:
            _choose_curve(context, tls_config.curve_preferences)
        _choose_clients(path, tls_config, context)
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: tls_server_config: {error}") from None
    return context


def load_certificate(path: str, config: WebConfig, context: ssl.SSLContext | None) -> None:
    """Read the certificate and its key; the next handshake has it, also after a renewal. Raise
    ConfigError."""
    if context is None or config.tls_server_config is None:
        return
    tls_config = config.tls_server_config
    try:
        load_chain(
            context,
            tls_config.cert or _relative_path(path, tls_config.cert_file),
            tls_config.key or _relative_path(path, tls_config.key_file),
        )
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: tls_server_config: {error}") from None


def _relative_path(path: str, name: str) -> Path:
    """Return where a file is: a relative name is relative to the configuration file."""
    return Path(path).parent / name


def _choose_clients(path: str, tls_config: TlsServerConfig, context: ssl.SSLContext) -> None:
    if tls_config.client_ca_file:
        context.load_verify_locations(_relative_path(path, tls_config.client_ca_file))
    elif tls_config.client_ca:
        context.load_verify_locations(cadata=tls_config.client_ca)
    context.verify_mode = _CLIENT_CERTIFICATES[tls_config.client_auth_type]


def _choose_ciphers(context: ssl.SSLContext, suites: Sequence[str]) -> None:
    """Allow only these suites below TLS 1.3. Raise ValueError if one is not known."""
    known_ciphers = {cipher_name(cipher["name"]): cipher for cipher in context.get_ciphers()}
    if unknown := [suite for suite in suites if suite not in known_ciphers]:
        raise ValueError(f"unknown cipher: {unknown[0]}")
    chosen = [
        known_ciphers[suite]["name"]
        for suite in suites
        if known_ciphers[suite]["protocol"] != "TLSv1.3"
    ]
    if chosen:
        context.set_ciphers(":".join(chosen))
    else:
        context.minimum_version = ssl.TLSVersion.TLSv1_3


def _choose_curve(context: ssl.SSLContext, curves: Sequence[str]) -> None:
    """Allow this curve alone. Raise ValueError for several: before 3.15, Python's ssl takes one."""
    if len(curves) > 1:
        raise ValueError("curve_preferences: only one curve can be chosen")
    context.set_ecdh_curve(_CURVES[curves[0]])
