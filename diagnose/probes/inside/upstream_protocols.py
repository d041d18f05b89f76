"""Probes for another protocol than the one that nginx speaks: PHP-FPM speaks FastCGI, uWSGI its
own, gRPC HTTP/2, a broker MQTT, and some servers want a PROXY header before HTTP.

They run only after nginx's own request has failed, or a visitor's by the access log. What is sent
asks for nothing that changes anything: FastCGI's FCGI_GET_VALUES (specification 1.0, section 4.1),
uwsgi's ping (uwsgi-docs, "The uwsgi Protocol", modifier 100), the preface of HTTP/2 (RFC 9113
section 3.4), a HEAD request, an MQTT client without a name and with a clean session (MQTT 3.1.1
section 3.1), which leaves at once.
"""

import shlex
from dataclasses import replace

from diagnose.machine.script_files import read_script
from diagnose.model import Failure, Vantage
from diagnose.model.addresses import bracketed
from diagnose.model.containers import Containers
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange
from diagnose.model.logs import FailedRequests
from diagnose.model.nginx import NginxConfig, UpstreamTry
from diagnose.model.upstream import UpstreamProtocol, UpstreamTalk
from diagnose.parsers.nginx.upstreams import Endpoint
from diagnose.probes import ProbeContext, is_first, probe
from diagnose.probes.inside import upstream_routes

TRY_SCRIPT = read_script(__file__, "try_protocol.sh")

#: nginx's status where the application's answer is none of the protocol that nginx speaks.
_BAD_GATEWAY = 502

#: Seconds to wait for an answer.
PATIENCE = 2.0

#: Maximum number of ports of a container that are greeted.
_MAX_PORTS = 3


@frozen
class Greeting:
    """What is sent to find out a protocol. `answer` is how a server of it begins its answer, after
    `skipped` bytes. `complaint` is what follows that in the answer of a server of another one."""

    protocol: UpstreamProtocol
    data: bytes
    answer: bytes
    skipped: int = 0
    complaint: bytes = b""

    def is_answer(self, data: bytes) -> bool:
        if not data[self.skipped :].startswith(self.answer):
            return False
        return not self.complaint or self.complaint not in data[: self.length]

    @property
    def length(self) -> int:
        """How many bytes of an answer decide."""
        complaint_size = len(self.complaint) + 1 if self.complaint else 0
        return self.skipped + len(self.answer) + complaint_size


#: A management record (version 1, type 9, request 0, no content) is answered by type 10.
FASTCGI = Greeting("fastcgi", bytes((1, 9, 0, 0, 0, 0, 0, 0)), bytes((1, 10)))
#: A packet of modifier 100 without content is answered by one of modifier 100.
UWSGI = Greeting("uwsgi", bytes((100, 0, 0, 0)), bytes((100,)))
#: The preface, with an empty frame SETTINGS, is answered by such a frame (RFC 9113 sections 3.4 and
#: 6.5): type 4 after the three bytes of its length, without ACK, on stream 0.
_SETTINGS = bytes((0, 0, 0, 4, 0, 0, 0, 0, 0))
HTTP2 = Greeting(
    "http2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + _SETTINGS, bytes((4, 0, 0, 0, 0)), 3
)
HTTP = Greeting(
    "http", b"HEAD / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", b"HTTP/1."
)
#: The header of the PROXY protocol (version 1, haproxy's proxy-protocol.txt, section 2.1), and the
#: same request. A server of plain HTTP calls the header a bad request.
PROXY = Greeting(
    "proxy",
    b"PROXY TCP4 127.0.0.1 127.0.0.1 40000 80\r\n" + HTTP.data,
    HTTP.answer,
    complaint=b" 400",
)
#: A ClientHello of TLS 1.2 (RFC 5246 section 7.4.1.2) without a name, with the usual suites, curves
#: and signatures, is answered by a ServerHello. A server of TLS may answer plain HTTP with 400.
_SUITES = bytes.fromhex("c02bc02fc02cc030cca9cca8c013c014009c009d002f0035")
_EXTENSIONS = bytes.fromhex(
    "000a00080006001d00170018000b00020100000d0012001004030804040105030805050108060601"
)
_HELLO = (
    bytes((3, 3)) + bytes(range(32)) + bytes((0, 0, len(_SUITES))) + _SUITES + bytes((1, 0))
    + len(_EXTENSIONS).to_bytes(2) + _EXTENSIONS
)  # fmt: skip
_HANDSHAKE = bytes((1,)) + len(_HELLO).to_bytes(3) + _HELLO
HTTPS = Greeting(
    "https", bytes((22, 3, 1)) + len(_HANDSHAKE).to_bytes(2) + _HANDSHAKE, bytes((22, 3))
)
#: CONNECT is answered by CONNACK, with two bytes (MQTT 3.1.1 section 3.2).
MQTT = Greeting(
    "mqtt", bytes((0x10, 12, 0, 4)) + b"MQTT" + bytes((4, 2, 0, 5, 0, 0)), bytes((0x20, 2))
)

#: What a server may speak that gives HTTP no answer.
_OTHERS = (FASTCGI, UWSGI, HTTP2, PROXY, MQTT)

#: What an application may speak to which nginx speaks another protocol than HTTP/1, by the scheme
#: of the target: HTTP/1, or gRPC without TLS.
_AFTER_ALL = {"uwsgi": HTTP, "fastcgi": HTTP, "grpc": HTTP, "grpcs": HTTP2}


@probe(after=UpstreamTry)
async def other_protocol(ctx: ProbeContext, upstream_try: UpstreamTry) -> None:
    """Probe after nginx's own request got no answer over HTTP."""
    failure = upstream_try.failure
    if (
        not upstream_try.asked
        or upstream_try.scheme != "http"
        or failure is None
        or failure.kind not in {"closed", "reset", "protocol", "timeout"}
    ):
        return
    await _try_others(ctx, upstream_try)


async def _try_others(ctx: ProbeContext, upstream_try: UpstreamTry) -> None:
    """Send the greetings of other protocols than HTTP, until one is answered."""
    for greeting in _OTHERS:
        if ctx.elapsed() > ctx.options.timeout - 2.0:
            return
        # A server that answers the same request without the header does not want it: it closed the
        # connection for another reason, such as the path.
        if greeting is PROXY and HTTP.is_answer(await _send(ctx, upstream_try, HTTP)):
            continue
        if await _try_greeting(ctx, upstream_try, greeting):
            return


@probe(after=UpstreamTry, needs=Containers)
async def other_port_of_container(
    ctx: ProbeContext, upstream_try: UpstreamTry, containers: Containers
) -> None:
    """Probe what speaks at the other ports of a container that refuses nginx's connection: a port
    is no place for requests in HTTP because something listens there."""
    failure, address = upstream_try.failure, upstream_try.address or upstream_try.host
    if failure is None or failure.kind != "refused" or upstream_try.scheme != "http":
        return
    for namespace in containers.namespaces:
        if address not in namespace.addresses or not namespace.container:
            continue
        ports = sorted({port for _, port in namespace.sockets if namespace.listens(port)})
        for port in ports[:_MAX_PORTS]:
            if ctx.further_requests.begin(f"protocol of {address} {port}"):
                target = f"http://{bracketed(address)}:{port}"
                await _find_protocol(ctx, replace(upstream_try, target=target, port=port))


async def _find_protocol(ctx: ProbeContext, upstream_try: UpstreamTry) -> None:
    """Emit the protocol that is answered, or that HTTP is not."""
    for greeting in (HTTPS, HTTP, FASTCGI, UWSGI, HTTP2):
        if await _try_greeting(ctx, upstream_try, greeting):
            return
    silence = Failure("protocol", "no HTTP answer")
    ctx.emit(replace(_talk(ctx, upstream_try, HTTP, ctx.elapsed()), failure=silence))


@probe(after=Exchange, needs=NginxConfig)
async def http_after_all(ctx: ProbeContext, exchange: Exchange, config: NginxConfig) -> None:
    """Probe for HTTP, after an error behind uwsgi_pass, fastcgi_pass or grpc_pass, and for HTTP/2
    without TLS behind one with TLS."""
    if not is_first(ctx, exchange, _is_doubtful):
        return
    routes = (
        route
        for route in upstream_routes.find_routes(ctx, config)
        if route.path == ctx.target.path and route.upstream.scheme in _AFTER_ALL
    )
    route = next(routes, None)
    if route is None:
        return
    greeting = _AFTER_ALL[route.upstream.scheme]
    talks = [talk for talk in ctx.observed(UpstreamTalk) if not talk.failure]
    if not any(talk.speaks == greeting.protocol for talk in talks):
        await _try_greeting(ctx, await _unasked(ctx, route), greeting)


@probe(after=FailedRequests, needs=NginxConfig)
async def after_a_logged_failure(
    ctx: ProbeContext, failure: FailedRequests, config: NginxConfig
) -> None:
    """Probe where nginx has answered a visitor with 502 at a path that this run does not ask for:
    calls of gRPC, which are never GET, beside pages that work."""
    if failure.server != "nginx" or failure.status != _BAD_GATEWAY:
        return
    routes = upstream_routes.find_routes(ctx, config, failure.path)
    route = next((route for route in routes if route.path == failure.path), None)
    if route is None:
        return
    upstream_try = await _unasked(ctx, route)
    place = upstream_try.host, upstream_try.port, upstream_try.socket
    if any(place == (talk.host, talk.port, talk.socket) for talk in ctx.observed(UpstreamTalk)):
        return
    if greeting := _AFTER_ALL.get(route.upstream.scheme):
        await _try_greeting(ctx, upstream_try, greeting)
    elif route.upstream.scheme == "http" and not HTTP.is_answer(
        await _send(ctx, upstream_try, HTTP)
    ):
        await _try_others(ctx, upstream_try)


async def _unasked(ctx: ProbeContext, route: upstream_routes.UpstreamRoute) -> UpstreamTry:
    """Return the first server of a route, as one that nothing was sent to yet."""
    endpoint = route.upstream.endpoints[0]
    address = "" if endpoint.socket else endpoint.host
    if ctx.machine.via == "local" and address:
        address = next(iter(await upstream_routes.resolve_addresses(ctx, address)), "")
    return upstream_routes.upstream_try_of(route, endpoint, address, ctx.elapsed())


def _is_doubtful(ctx: ProbeContext, exchange: Exchange) -> bool:
    """Whether the answer may be to a request in a protocol that the application does not speak."""
    is_target = exchange.is_page_of(ctx.target)
    return is_target and (exchange.failure is not None or exchange.status in {400, 502, 504})


async def _try_greeting(ctx: ProbeContext, upstream_try: UpstreamTry, greeting: Greeting) -> bool:
    """Send a greeting, emit the result if a server of this protocol answers, and return whether it
    does."""
    at = ctx.elapsed()
    answer = await _send(ctx, upstream_try, greeting)
    if not greeting.is_answer(answer):
        return False
    ctx.emit(_talk(ctx, upstream_try, greeting, at))
    return True


def _talk(
    ctx: ProbeContext, upstream_try: UpstreamTry, greeting: Greeting, at: float
) -> UpstreamTalk:
    return UpstreamTalk(
        vantage=Vantage.SERVER,
        at=at,
        took=ctx.elapsed() - at,
        equivalent=_command(upstream_try, greeting),
        target=upstream_try.target,
        host=upstream_try.host,
        port=upstream_try.port,
        address=upstream_try.address,
        socket=upstream_try.socket,
        speaks=greeting.protocol,
        as_nginx=False,
    )


async def _send(ctx: ProbeContext, upstream_try: UpstreamTry, greeting: Greeting) -> bytes:
    send = _send_directly if ctx.machine.via == "local" else _send_from_server
    return await send(ctx, upstream_try, greeting)


async def _send_directly(ctx: ProbeContext, upstream_try: UpstreamTry, greeting: Greeting) -> bytes:
    from diagnose.net.tls import send_and_receive

    endpoint = Endpoint(upstream_try.host, upstream_try.port, upstream_try.socket)
    attempt = await upstream_routes.connect(ctx, endpoint, upstream_try.address)
    if attempt.stream is None:
        return b""
    answer, _ = await send_and_receive(
        attempt.stream, greeting.data, lambda data: len(data) >= greeting.length, PATIENCE, 64
    )
    return answer


async def _send_from_server(
    ctx: ProbeContext, upstream_try: UpstreamTry, greeting: Greeting
) -> bytes:
    """Send it with the server's curl."""
    words = _words(upstream_try, greeting)
    result = await ctx.machine.run("sh", "-c", TRY_SCRIPT, "sh", *words, timeout=PATIENCE + 3.0)
    digits = "".join(result.out.split())[:32]
    try:
        return bytes.fromhex(digits)
    except ValueError:
        return b""


def _words(upstream_try: UpstreamTry, greeting: Greeting) -> tuple[str, ...]:
    host = bracketed(upstream_try.address or upstream_try.host)
    return (host, str(upstream_try.port), upstream_try.socket, _octal(greeting.data))


def _octal(data: bytes) -> str:
    """Return the bytes as an argument of printf '%b'."""
    return "".join(f"\\0{byte:03o}" for byte in data)


def _command(upstream_try: UpstreamTry, greeting: Greeting) -> str:
    """Return the equivalent command."""
    host, port, socket, octal = _words(upstream_try, greeting)
    options = f"--unix-socket {shlex.quote(socket)} telnet://localhost:1" if socket else ""
    target = options or shlex.quote(f"telnet://{host}:{port}")
    return f"{{ printf '%b' {shlex.quote(octal)}; sleep 1; }} | curl -s -m 2 {target} | od -tx1"
