"""The certificates and keys that nginx's server blocks name, read on the server.

Of a key only the public half is observed.
"""

import asyncio
import posixpath
import re
import shlex
from collections.abc import Iterable, Sequence

from diagnose.machine.container import ContainerMachine
from diagnose.model import Failure, Unseen, Vantage
from diagnose.model.nginx import CertificateFile, KeyFile, NginxConfig, NginxTest
from diagnose.model.tls import certificate_path
from diagnose.parsers import pem
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.nginx import server_blocks
from diagnose.parsers.nginx.server_blocks import Server
from diagnose.parsers.sanitize import clean
from diagnose.probes import ProbeContext
from diagnose.probes.inside.unanswered import emit_if_too_slow

#: Maximum number of certificates, and of keys, examined at once.
MAX_PAIRS = 8
#: The words of nginx about a block for TLS without a certificate (ngx_http_ssl_module).
_UNNAMED = lazy_pattern(r'no "ssl_certificate" is defined')


async def observe_certificates(ctx: ProbeContext, config: NginxConfig) -> None:
    """Emit the certificates and keys of the server blocks that answer the target."""
    folder = posixpath.dirname(config.path)
    servers = server_blocks.servers(config.main)
    host = ctx.target.host
    chosen = [
        server
        for socket in server_blocks.sockets(servers, ctx.target.port)
        for server in (
            server_blocks.select_server(socket, host)[0],
            *server_blocks.shadowed_servers(socket, host),
        )
    ]
    if is_address(host):  # no SNI is sent (RFC 6066 section 3): the default certificate is shown
        chosen += [socket.default for socket in server_blocks.sockets(servers, ctx.target.port)]
    if not server_blocks.is_named(chosen, host):
        chosen += _twin_blocks(servers, host, ctx.target.port)
    await _observe_pairs(ctx, folder, chosen)


def _twin_blocks(servers: Sequence[Server], host: str, port: int) -> list[Server]:
    """Return the blocks of the port that have the name with or without "www.": the certificate may
    be for both."""
    twin = host.removeprefix("www.") if host.startswith("www.") else f"www.{host}"
    named = (server for server in servers if twin in server.names)
    return [server for server in named if any(listen.port == port for listen in server.listens)][:1]


async def observe_rejected_pairs(ctx: ProbeContext) -> None:
    """Emit the certificate and key named in the error of `nginx -t`, whatever their block."""
    fatal = next((test.fatal for test in ctx.observed(NginxTest)), None)
    config = next((config for config in ctx.observed(NginxConfig) if config.failure is None), None)
    if fatal is None or config is None:
        return
    folder = posixpath.dirname(config.path)
    named_paths = set(re.findall(r'"([^"]+)"', fatal.text))
    servers = [
        server
        for server in server_blocks.servers(config.main)
        for name in ("ssl_certificate", "ssl_certificate_key")
        if not named_paths.isdisjoint(
            posixpath.join(folder, p) for p in server_blocks.file_paths(server, name)
        )
    ]
    await _observe_pairs(ctx, folder, servers[:2])
    if _UNNAMED.search(fatal.text):
        # Imported late: few sites name no certificate.
        from diagnose.probes.inside.stored_certificates import emit_stored_certificates

        await emit_stored_certificates(ctx, folder)


async def _observe_pairs(ctx: ProbeContext, folder: str, servers: Sequence[Server]) -> None:
    """Emit the certificates and keys of these blocks."""
    await observe_certificate_files(
        ctx,
        _named_files(folder, servers, "ssl_certificate"),
        _named_files(folder, servers, "ssl_certificate_key"),
    )


async def observe_certificate_files(
    ctx: ProbeContext, certificates: Iterable[str], keys: Iterable[str]
) -> None:
    """Emit the certificates and keys at these paths, except files already examined."""
    known_paths = {certificate.path for certificate in ctx.observed(CertificateFile)}
    known_paths |= {key.path for key in ctx.observed(KeyFile)}
    await asyncio.gather(
        *(_observe_certificate(ctx, path) for path in _new_paths(certificates, known_paths)),
        *(_observe_key(ctx, path) for path in _new_paths(keys, known_paths)),
    )
    if _lacks_a_part(ctx):
        # Imported late: few sites lack a part.
        from diagnose.probes.inside.stored_certificates import emit_stored_certificates

        await emit_stored_certificates(ctx)


def _lacks_a_part(ctx: ProbeContext) -> bool:
    """Return whether a file is missing, a certificate comes without its issuer, or a key belongs to
    none of the certificates."""
    certificates, keys = ctx.observed(CertificateFile), ctx.observed(KeyFile)
    publics = {public for certificate in certificates for public in certificate.publics}
    return (
        any(file.failure is not None for file in (*certificates, *keys))
        or any(key.public not in publics for key in keys)
        or any(
            len(certificate_path(certificate.chain)) == 1 and not certificate.chain[0].self_issued
            for certificate in certificates
        )
    )


def _new_paths(paths: Iterable[str], known_paths: set[str]) -> list[str]:
    return [path for path in dict.fromkeys(paths) if path not in known_paths][:MAX_PAIRS]


def _named_files(folder: str, servers: Sequence[Server], name: str) -> list[str]:
    return [
        posixpath.join(folder, path)
        for server in servers
        for path in server_blocks.file_paths(server, name)
    ]


async def _observe_certificate(ctx: ProbeContext, path: str) -> None:
    at = ctx.elapsed()
    content = await ctx.machine.read(path, 65536)
    if content.failure is not None and content.failure.kind == "denied":
        ctx.emit(
            Unseen(
                vantage=Vantage.SERVER,
                at=ctx.elapsed(),
                what=path,
                why="needs root",
                enable=f"sudo openssl x509 -noout -in {shlex.quote(path)}",
            )
        )
        return
    # cryptography, which this imports, is also needed for the handshakes.
    chain, publics = await asyncio.to_thread(pem.certificates, content.text)
    is_plain = bool(chain) and pem.has_only_certificates(content.text)
    ctx.emit(
        CertificateFile(
            vantage=Vantage.SERVER,
            at=at,
            took=ctx.elapsed() - at,
            equivalent=f"openssl x509 -noout -fingerprint -sha256 -in {shlex.quote(path)}",
            failure=content.failure,
            path=path,
            sha256=fingerprint(content.text),
            changed=content.changed,
            real=content.real,
            chain=chain,
            publics=publics,
            labels=pem.labels(content.text),
            text=content.text if is_plain else "",
        )
    )


async def _observe_key(ctx: ProbeContext, path: str) -> None:
    """Emit the key's public half, from the server's openssl, which asks for no passphrase here."""
    at = ctx.elapsed()
    argv: tuple[str, ...] = ("openssl", "pkey", "-in", path, "-pubout", "-passin", "pass:")
    if isinstance(ctx.machine, ContainerMachine):
        result = await ctx.machine.run_on_file(path, "openssl", "pkey", "-pubout", *argv[-2:])
    else:
        result = await ctx.machine.run(*argv)
    if result.status is None:
        emit_if_too_slow(ctx, f"whether {path} belongs to its certificate", result)
        return
    key_type, public = pem.public_key(result.out)
    ctx.emit(
        KeyFile(
            vantage=Vantage.SERVER,
            at=at,
            took=result.took,
            equivalent=shlex.join(argv),
            failure=None
            if public
            else Failure("exit", clean(result.err) or "no key", result.status),
            path=path,
            key_type=key_type,
            public=public,
        )
    )


def fingerprint(pem_text: str) -> str:
    """Return the SHA-256 of the first certificate in a PEM text (RFC 7468), or ""."""
    import base64
    import binascii
    import hashlib

    begin, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
    body = pem_text.partition(begin)[2].partition(end)[0]
    try:
        der = base64.b64decode("".join(body.split()), validate=True)
    except (binascii.Error, ValueError):
        return ""
    return hashlib.sha256(der).hexdigest() if der else ""
