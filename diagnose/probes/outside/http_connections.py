"""The connections that redirects need: an address, TCP, and TLS where the URL has it."""

import asyncio

from diagnose.model import Failure
from diagnose.model.http import Exchange
from diagnose.model.tls import Certificate
from diagnose.net.http import HttpWire, wire_for
from diagnose.net.tls import HTTP1, HTTP2, Secured, context, secure, trust
from diagnose.net.tls_controls import wants_http2
from diagnose.parsers.hostnames import covers, is_address
from diagnose.parsers.http import Url
from diagnose.probes import Look
from diagnose.processes import parser_process


async def find_address(look: Look, host: str, before: Exchange) -> tuple[str, Failure | None]:
    """An address of another host, of the same family if it has one."""
    if is_address(host):
        return host, None
    families = (6, 4) if ":" in before.address else (4, 6)
    failure = None
    for family in families:
        found = await look.net.resolve(host, family)
        if found.addresses:
            return found.addresses[0], None
        failure = failure or found.failure
    return "", failure or Failure("resolution", "no address")


async def open_http(
    look: Look, address: str, url: Url, judged: bool, wait: float
) -> tuple[HttpWire | None, Failure | None]:
    """Connect and, for https, shake hands. The certificate is `judged` where it is another
    site's: the target's own was judged when its turn came."""
    if not url.secure:
        connected = await look.net.connect(address, url.port)
        stream, failure = connected.stream, connected.failure
        return (wire_for(stream, "", wait) if stream else None), failure
    done, failure = await secured(look, address, url, judged, HTTP1)
    if done is not None and wants_http2(done):
        done, failure = await secured(look, address, url, judged, HTTP2)
    if failure is None and judged and done is not None:
        failure = await _misnamed(url.host, done)
    if failure is not None or done is None or done.stream is None:
        if done is not None and done.stream is not None:
            done.stream.close()
        return None, failure
    return wire_for(done.stream, done.alpn, wait), None


async def secured(
    look: Look, address: str, url: Url, judged: bool, alpn: tuple[str, ...]
) -> tuple[Secured | None, Failure | None]:
    connected = await look.net.connect(address, url.port)
    if connected.stream is None:
        return None, connected.failure
    offered = context(alpn)
    if judged:
        offered = (await asyncio.wrap_future(trust(look.options.cafile, alpn))).context
    name = None if is_address(url.host) else url.host
    done = await secure(connected.stream, offered, name)
    return done, done.failure


async def _misnamed(host: str, done: Secured) -> Failure | None:
    read = await parser_process.do("diagnose.parsers.x509:chain", done.chain)
    leaf: Certificate | None = next(iter(read), None)
    if leaf is None or covers(host, leaf.dns_names, leaf.addresses):
        return None
    return Failure("certificate", f"the certificate is not for {host}")
