"""The handshake, as a visitor's browser does it; and, where it fails, what else is offered.

On a healthy site two connections are made: the visitor's, and on one address a hello for TLS
1.1, side by side with it, to see whether obsolete versions are still offered. All other
controls come after a failure, on the first address that shows it.
"""

import asyncio
import ssl
from collections.abc import Callable

from diagnose.model import Failure, Observation, Unseen, Vantage
from diagnose.model.tcp import Connection
from diagnose.model.tls import Certificate, Handshake
from diagnose.net import PATIENCE, Connected, Stream, tls_controls
from diagnose.net import tls as net_tls
from diagnose.net.tls import Secured, Trust, secure, trust
from diagnose.parsers import tls as wire
from diagnose.parsers.hostnames import is_address
from diagnose.probes import Look, probe
from diagnose.processes import parser_process

#: A name that no server has (RFC 6761 section 6.4).
NOBODY = "nothing.invalid"

#: Failures in which the server did not say why: it is asked in other ways.
_MUTE = {"reset", "closed", "timeout"}

#: The patience, in seconds, for what is asked for comparison only: a server that answers a
#: visitor at once and this not at all shall not hold up a healthy run.
_BRIEF = 1.0


@probe()
async def roots(look: Look) -> None:
    """Begin to load the trusted roots, and what reads certificates, while packets fly."""
    if not _wanted(look):
        return
    loaded = await asyncio.wrap_future(trust(look.options.cafile))
    if loaded.problem:
        _unseen(look, "--cafile", loaded.problem, "")
    if loaded.empty:
        _unseen(look, "trusted roots", "this machine has none", "--cafile FILE")
    await _reading(())


@probe(after=Connection)
async def handshake(look: Look, seen: Connection) -> None:
    """A visitor's handshake on each address; then whatever its outcome asks for."""
    if seen.failure or seen.purpose != "target" or not _wanted(look):
        return
    stream = look.take(seen)
    if stream is None:
        return
    if _first(look, seen):
        look.start(_hello(look, seen, "old", wire.TLS1_1, _brief(seen)))
    shown = await _visit(look, seen, stream, "normal", await _trusting(look))
    if shown.failure is None:
        # Without a responder's address nobody could staple anything, and nobody need be asked.
        if shown.chain and shown.chain[0].must_staple and shown.chain[0].ocsp_urls:
            look.start(_stapling(look, seen))
    elif shown.failure.kind == "certificate":
        await _again(look, seen, "unverified", net_tls.context())
    elif shown.failure.kind in _MUTE and seen.vantage is Vantage.SERVER:
        # What tells such failures apart lies on the way, and from within there is none.
        return
    elif shown.failure.kind in _MUTE:
        _control(look, seen, shown, ("small-hello", "no-sni", "other-sni", "plain"))
        await _again(look, seen, "again", (await _trusting(look)).context)
    elif shown.received:
        _control(look, seen, shown, ("plain",))
    else:
        others = ("any-cipher", "tls1.2", "no-sni", "other-sni", "lenient")
        _control(look, seen, shown, (*others, "no-dhe") if _about_dhe(shown) else others)


def _about_dhe(shown: Handshake) -> bool:
    return bool(shown.failure and (shown.failure.name or "").startswith("DH_"))


def _wanted(look: Look) -> bool:
    secured = look.target.scheme in {"https", "wss"}
    layers = ("tls", "certificate", "http", "websocket")
    return secured and any(look.options.wants(layer) for layer in layers)


def _first(look: Look, seen: Connection) -> bool:
    """Whether this is the first open connection to the target's port."""
    opened = (one for one in look.seen(Connection) if one.purpose == "target" and not one.failure)
    return next(opened) is seen


def _brief(seen: Connection) -> float:
    return _BRIEF + 4 * seen.took


async def _trusting(look: Look) -> Trust:
    return await asyncio.wrap_future(trust(look.options.cafile))


def _server_name(look: Look) -> str | None:
    """What to send as SNI: the host, unless it is an address (RFC 6066 section 3)."""
    return None if is_address(look.target.host) else look.target.host


async def _reading(ders: tuple[bytes, ...]) -> tuple[Certificate, ...]:
    """Certificates, read. To import what reads them takes 20 ms, once."""
    read: tuple[Certificate, ...] = await parser_process.do("diagnose.parsers.x509:chain", ders)
    return read


async def _visit(
    look: Look, seen: Connection, stream: Stream, variant: str, trusted: Trust
) -> Handshake:
    begun, name = look.now(), _server_name(look)
    done = await secure(stream, trusted.context, name)
    if tls_controls.wants_http2(done):
        begun, done = await _over_http2(look, seen, begun, done, trusted)
    shown = await _shown(look, seen, variant, name, begun, done, trusted.empty)
    return look.see(shown, live=done.stream)


async def _over_http2(
    look: Look, seen: Connection, begun: float, done: Secured, trusted: Trust
) -> tuple[float, Secured]:
    """The same visit with HTTP/2 offered, as browsers offer it. If TLS is reached so, this is the
    visit, and what was offered before a comparison ("http/1.1"); else it is the comparison."""
    name, again = _server_name(look), look.now()
    connected = await look.net.connect(seen.address, seen.port)
    if connected.stream is None:
        return begun, done
    both = net_tls.context(net_tls.HTTP2)
    if trusted.context.verify_mode is not ssl.CERT_NONE:
        both = (await asyncio.wrap_future(trust(look.options.cafile, net_tls.HTTP2))).context
    second = await secure(connected.stream, both, name)
    if second.failure is None or second.failure.kind == "certificate":
        look.see(await _shown(look, seen, "http/1.1", name, begun, done, unjudged=True))
        return again, second
    look.see(await _shown(look, seen, "h2", name, again, second, unjudged=True))
    return begun, done


async def _again(look: Look, seen: Connection, variant: str, context: ssl.SSLContext) -> None:
    """On a connection of its own, which is left to the probes that follow."""
    connected = await look.net.connect(seen.address, seen.port)
    if connected.stream is not None:
        trusted = Trust(context, empty=context.verify_mode is ssl.CERT_NONE)
        await _visit(look, seen, connected.stream, variant, trusted)


def _control(look: Look, seen: Connection, shown: Handshake, variants: tuple[str, ...]) -> None:
    """Begin the controls for a failure, unless another address began them for the same one."""
    like = [
        one
        for one in look.seen(Handshake)
        if one.variant == "normal" and _kind(one.failure) == _kind(shown.failure)
    ]
    if like[0] is not shown:
        return
    for variant in variants:
        look.start(_compare(look, seen, variant))


def _kind(failure: Failure | None) -> tuple[str, int | None] | None:
    return (failure.kind, failure.code) if failure else None


async def _compare(look: Look, seen: Connection, variant: str) -> None:
    name = _server_name(look)
    match variant:
        case "any-cipher":
            await _hello(look, seen, variant, wire.TLS1_2, PATIENCE)
        case "plain":
            await _plain(look, seen)
        case "no-sni" | "other-sni":
            if name is not None:
                other = None if variant == "no-sni" else NOBODY
                await _offer(look, seen, variant, net_tls.context(), other)
        case "lenient":
            await _offer(look, seen, variant, tls_controls.lenient(), name)
        case "no-dhe":
            await _offer(look, seen, variant, tls_controls.without_dhe(), name)
        case "small-hello":
            await _offer(look, seen, variant, net_tls.small_hello(), name)
        case _:
            await _offer(look, seen, variant, net_tls.at_most_tls12(), name)


async def _offer(
    look: Look, seen: Connection, variant: str, context: ssl.SSLContext, name: str | None
) -> None:
    """A handshake for comparison: nobody uses what it opens."""
    begun = look.now()
    connected = await look.net.connect(seen.address, seen.port)
    if connected.stream is None:
        _unopened(look, seen, variant, name, begun, connected)
        return
    done = await secure(connected.stream, context, name)
    if done.stream is not None:
        done.stream.close()
    look.see(await _shown(look, seen, variant, name, begun, done, unjudged=True))


async def _hello(look: Look, seen: Connection, variant: str, version: int, timeout: float) -> None:
    """A hello written by hand, and how far the server went along with it: to the end of its
    first flight, where it is the client's turn."""
    begun, name = look.now(), _server_name(look)
    got = await _said(
        look,
        seen,
        wire.client_hello(name, version, staple=variant == "stapling"),
        lambda data: wire.flight(data).complete or not wire.looks_like_tls(data),
        timeout,
    )
    if got is None:
        return
    data, failure = got
    flight = wire.flight(data)
    if flight.alert is not None:
        alert = flight.alert
        failure = Failure("alert", alert.name.replace("_", " "), alert.code, alert.name)
    elif not wire.looks_like_tls(data):
        failure = Failure("protocol", wire.printable(data))
    elif failure is None and not flight.version:
        failure = Failure("protocol", "no ServerHello came")
    stapled = wire.CERTIFICATE_STATUS in flight.messages if variant == "stapling" else None
    look.see(
        Handshake(
            at=begun,
            took=look.now() - begun,
            equivalent=_equivalent(seen, variant, name),
            failure=failure,
            address=seen.address,
            port=seen.port,
            server_name=name,
            variant=variant,
            protocol=flight.version,
            cipher=flight.cipher,
            alert=flight.alert,
            bytes_received=len(data),
            stapled=stapled if failure is None else None,
            wants_client_certificate=wire.CERTIFICATE_REQUEST in flight.messages,
        )
    )


async def _stapling(look: Look, seen: Connection) -> None:
    """Whether an OCSP answer comes with the certificate. nginx fetches one only when a client
    first asks for it, so that the second to ask is the one who counts."""
    await _hello(look, seen, "stapling", wire.TLS1_2, _brief(seen))
    if any(one.stapled is False for one in look.seen(Handshake)):
        await asyncio.sleep(1.0)
        await _hello(look, seen, "stapling", wire.TLS1_2, _brief(seen))


async def _plain(look: Look, seen: Connection) -> None:
    """An HTTP request in the place of a handshake, as small as its answer may be."""
    begun = look.now()
    request = f"GET / HTTP/1.1\r\nHost: {look.target.host}\r\nConnection: close\r\n\r\n"
    got = await _said(look, seen, request.encode("ascii"), lambda data: b"\n" in data, PATIENCE)
    if got is None:
        return
    data, failure = got
    spoken = wire.flight(data).alert if wire.looks_like_tls(data) else None
    look.see(
        Handshake(
            at=begun,
            took=look.now() - begun,
            equivalent=_equivalent(seen, "plain", look.target.host),
            failure=None if data and not spoken else failure,
            address=seen.address,
            port=seen.port,
            variant="plain",
            alert=spoken,
            received="" if wire.looks_like_tls(data) else wire.printable(data),
            bytes_received=len(data),
        )
    )


async def _said(
    look: Look,
    seen: Connection,
    data: bytes,
    enough: Callable[[bytes], bool],
    timeout: float,
) -> tuple[bytes, Failure | None] | None:
    """What comes back for these bytes on a new connection; None if there was none to be had."""
    connected = await look.net.connect(seen.address, seen.port, timeout)
    if connected.stream is None:
        return None
    return await net_tls.converse(connected.stream, data, enough, timeout)


async def _shown(
    look: Look,
    seen: Connection,
    variant: str,
    name: str | None,
    begun: float,
    done: Secured,
    unjudged: bool,
) -> Handshake:
    return Handshake(
        at=begun,
        took=done.took,
        equivalent=_equivalent(seen, variant, name),
        failure=done.failure,
        address=seen.address,
        port=seen.port,
        server_name=name,
        variant=variant,
        protocol=done.protocol,
        cipher=done.cipher,
        alpn=done.alpn,
        verify_code=None if unjudged else done.verify_code,
        verify_message=done.verify_message,
        chain=await _reading(done.chain) if done.chain else (),
        alert=done.alert,
        received="" if wire.looks_like_tls(done.first) else wire.printable(done.first),
        bytes_received=done.received,
        wants_client_certificate=done.wants_client_certificate,
    )


def _unopened(
    look: Look,
    seen: Connection,
    variant: str,
    name: str | None,
    begun: float,
    connected: Connected,
) -> None:
    look.see(
        Handshake(
            at=begun,
            took=connected.took,
            equivalent=_equivalent(seen, variant, name),
            failure=connected.failure,
            address=seen.address,
            port=seen.port,
            server_name=name,
            variant=variant,
        )
    )


def _unseen(look: Look, what: str, why: str, enable: str) -> Observation:
    return look.see(Unseen(at=look.now(), what=what, why=why, enable=enable))


_OPTIONS = {
    "old": ("-tls1_1", "-cipher", "ALL:@SECLEVEL=0"),
    "any-cipher": ("-tls1_2", "-cipher", "ALL:@SECLEVEL=0"),
    "tls1.2": ("-tls1_2",),
    "small-hello": ("-groups", "X25519"),
    "stapling": ("-tls1_2", "-status"),
    "lenient": ("-legacy_server_connect", "-cipher", "ALL:@SECLEVEL=0"),
    "no-dhe": ("-cipher", "DEFAULT:!kDHE"),
    "http/1.1": ("-alpn", "http/1.1"),
    "h2": ("-alpn", "h2,http/1.1"),
}


def _equivalent(seen: Connection, variant: str, name: str | None) -> str:
    """The command a person would type."""
    import shlex

    host = f"[{seen.address}]" if ":" in seen.address else seen.address
    if variant == "plain":
        argv = ["curl", "-sS", "-g", "-H", f"Host: {name}", f"http://{host}:{seen.port}/"]
    else:
        sni = ["-servername", name] if name else ["-noservername"]
        options = _OPTIONS.get(variant, ())
        argv = ["openssl", "s_client", "-connect", f"{host}:{seen.port}", *sni, *options]
        argv += ["-showcerts"]
    return shlex.join(argv) + (" </dev/null" if variant != "plain" else "")
