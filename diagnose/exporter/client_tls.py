"""The TLS of a module: its context, the handshake, and the name check."""

import asyncio
import ssl
import time
from functools import lru_cache

from diagnose.exporter.modules import TlsConfig
from diagnose.exporter.probe import Probe
from diagnose.exporter.tls_metrics import dns_names_and_addresses, set_expiry, set_tls_metrics
from diagnose.net import Stream
from diagnose.net.tls import HandshakeResult, client_context, secure
from diagnose.net.trusted_roots import trust
from diagnose.parsers.hostnames import covers, is_address

_VERSIONS = {
    "TLS10": ssl.TLSVersion.TLSv1,
    "TLS11": ssl.TLSVersion.TLSv1_1,
    "TLS12": ssl.TLSVersion.TLSv1_2,
    "TLS13": ssl.TLSVersion.TLSv1_3,
}
#: What TLS 1.0 and 1.1 need: their signatures are below OpenSSL's usual level.
_OLD_CIPHERS = "DEFAULT:!aNULL:!eNULL:@SECLEVEL=0"


async def handshake(
    probe: Probe, stream: Stream, tls_config: TlsConfig, name: str, alpn: tuple[str, ...]
) -> HandshakeResult | None:
    """Perform the handshake, verify chain and name, and keep what the certificate says. Return None
    if it failed (logged); the stream is closed then. `name` is a DNS name or an address."""
    try:
        context = await module_context(tls_config, alpn)
    except OSError as error:
        stream.close()
        probe.break_rule("tls_config", "Error creating TLS configuration", err=error)
        return None
    server_name = None if is_address(name) else name
    result = await secure(stream, context, server_name, timeout=120.0)
    problem = _problem(result, tls_config, name)
    if problem and result.chain:
        set_expiry(probe, result.chain)
    if problem and result.stream is not None:
        result.stream.close()
    if problem:
        probe.fail("TLS handshake failed", f"tls: {problem}", err=problem)
        return None
    return result


def _problem(result: HandshakeResult, tls_config: TlsConfig, name: str) -> str:
    if result.failure is not None:
        return result.failure.message or result.failure.kind
    if tls_config.insecure_skip_verify:
        return ""
    names, addresses = dns_names_and_addresses(result.chain)
    return "" if covers(name, names, addresses) else f"the certificate is not for {name}"


def set_metrics(probe: Probe, result: HandshakeResult, tls_config: TlsConfig) -> None:
    """Set the metrics of a finished handshake."""
    roots: tuple[bytes, ...] = ()
    if not tls_config.insecure_skip_verify:
        context = _cached_context(tls_config, _alpn_of(result), _minute())
        roots = tuple(context.get_ca_certs(binary_form=True))
    set_tls_metrics(probe, result, roots)


def _alpn_of(result: HandshakeResult) -> tuple[str, ...]:
    return ("h2", "http/1.1") if result.alpn == "h2" else ("http/1.1",)


async def module_context(tls_config: TlsConfig, alpn: tuple[str, ...]) -> ssl.SSLContext:
    """Return the context of a module; it is kept for a minute. Raise OSError if a file cannot be
    read. Loading the roots takes 10 ms and runs in a thread."""
    return await asyncio.to_thread(_cached_context, tls_config, alpn, _minute())


def _minute() -> int:
    return int(time.monotonic() // 60)


@lru_cache(maxsize=64)
def _cached_context(tls_config: TlsConfig, alpn: tuple[str, ...], minute: int) -> ssl.SSLContext:
    if _wants_system_roots(tls_config):
        return trust(None, alpn).result().context
    context = client_context(alpn)
    _set_versions(context, tls_config)
    if tls_config.cert_file:
        context.load_cert_chain(tls_config.cert_file, tls_config.key_file or None)
    if tls_config.insecure_skip_verify:
        return context
    context.verify_mode = ssl.CERT_REQUIRED
    if tls_config.ca_file or tls_config.ca:
        context.load_verify_locations(tls_config.ca_file or None, cadata=tls_config.ca or None)
    else:
        roots = trust(None, alpn).result().context.get_ca_certs(binary_form=True)
        context.load_verify_locations(cadata=b"".join(roots))
    return context


def _wants_system_roots(tls_config: TlsConfig) -> bool:
    return tls_config == TlsConfig(server_name=tls_config.server_name)


def _set_versions(context: ssl.SSLContext, tls_config: TlsConfig) -> None:
    if tls_config.min_version:
        context.minimum_version = _VERSIONS[tls_config.min_version]
    if tls_config.max_version:
        context.maximum_version = _VERSIONS[tls_config.max_version]
    if {tls_config.min_version, tls_config.max_version} & {"TLS10", "TLS11"}:
        context.set_ciphers(_OLD_CIPHERS)
