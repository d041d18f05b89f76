"""The TLS of a module: its context, the handshake, and the name check."""

import asyncio
import ssl
import time
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509

from diagnose.exporter.modules import TlsConfig
from diagnose.exporter.pem_texts import load_chain
from diagnose.exporter.probe import Probe
from diagnose.exporter.tls_metrics import (
    dns_names_and_addresses,
    parse_certificates,
    set_expiry,
    set_tls_metrics,
)
from diagnose.exporter.tls_names import TLS_VERSIONS
from diagnose.net import Stream
from diagnose.net.tls import HandshakeResult, client_context, secure
from diagnose.net.trusted_roots import system_trust
from diagnose.parsers.hostnames import covers, is_address

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
    roots: list[x509.Certificate] = []
    if not tls_config.insecure_skip_verify:
        contexts = [cached for (config, _), cached in _contexts.items() if config == tls_config]
        roots = [root for cached in contexts for root in cached.loaded_roots()]
    set_tls_metrics(probe, result, roots)


@dataclass(slots=True)
class _CachedContext:
    """A module's context; `minute` is when its files were read."""

    minute: int
    context: ssl.SSLContext
    _count: int = 0
    _roots: tuple[x509.Certificate, ...] = ()

    def loaded_roots(self) -> tuple[x509.Certificate, ...]:
        """Return the roots that OpenSSL has loaded. Of a directory it loads those that it needs, so
        there may be more after each handshake."""
        count = self.context.cert_store_stats()["x509"]
        if count != self._count:
            self._count = count
            self._roots = tuple(parse_certificates(self.context.get_ca_certs(binary_form=True)))
        return self._roots


#: The contexts by module and ALPN. Their files are read again each minute.
_contexts: dict[tuple[TlsConfig, tuple[str, ...]], _CachedContext] = {}
_MAX_CONTEXTS = 64


async def module_context(tls_config: TlsConfig, alpn: tuple[str, ...]) -> ssl.SSLContext:
    """Return the context of a module. Raise OSError if a file cannot be read. Reading the roots
    takes some 10 ms and runs in a thread."""
    cached, minute = _contexts.get((tls_config, alpn)), int(time.monotonic() // 60)
    if cached is None or cached.minute != minute:
        cached = _CachedContext(minute, await asyncio.to_thread(_load_context, tls_config, alpn))
        if len(_contexts) >= _MAX_CONTEXTS:
            _contexts.clear()
        _contexts[tls_config, alpn] = cached
    return cached.context


def _load_context(tls_config: TlsConfig, alpn: tuple[str, ...]) -> ssl.SSLContext:
    has_own_roots = tls_config.insecure_skip_verify or tls_config.ca_file or tls_config.ca
    context = client_context(alpn) if has_own_roots else system_trust(alpn).context
    _set_versions(context, tls_config)
    chain = tls_config.cert or (Path(tls_config.cert_file) if tls_config.cert_file else None)
    key = tls_config.key or (Path(tls_config.key_file) if tls_config.key_file else None)
    if chain is not None:
        load_chain(context, chain, key)
    if tls_config.insecure_skip_verify:
        return context
    context.verify_mode = ssl.CERT_REQUIRED
    if has_own_roots:
        context.load_verify_locations(tls_config.ca_file or None, cadata=tls_config.ca or None)
    return context


def _set_versions(context: ssl.SSLContext, tls_config: TlsConfig) -> None:
    if tls_config.min_version:
        context.minimum_version = TLS_VERSIONS[tls_config.min_version]
    if tls_config.max_version:
        context.maximum_version = TLS_VERSIONS[tls_config.max_version]
    if {tls_config.min_version, tls_config.max_version} & {"TLS10", "TLS11"}:
        context.set_ciphers(_OLD_CIPHERS)
