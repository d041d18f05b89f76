"""Probes for another protocol than HTTP: PHP-FPM speaks FastCGI, uWSGI its own.

They run only after nginx's own request over HTTP has failed. What is sent asks for nothing that
changes anything: FastCGI's FCGI_GET_VALUES (specification 1.0, section 4.1) and uwsgi's ping
(uwsgi-docs, "The uwsgi Protocol", modifier 100).
"""

import shlex

from diagnose.machine.script_files import read_script
from diagnose.model import Vantage
from diagnose.model.addresses import bracketed
from diagnose.model.frozen import frozen
from diagnose.model.nginx import UpstreamTry
from diagnose.model.upstream import UpstreamProtocol, UpstreamTalk
from diagnose.parsers.nginx.upstreams import Endpoint
from diagnose.probes import ProbeContext, probe
from diagnose.probes.inside import upstream_routes

TRY_SCRIPT = read_script(__file__, "try_protocol.sh")

#: Seconds to wait for an answer.
PATIENCE = 2.0


@frozen
class Greeting:
    """What is sent to find out a protocol. `answer` is how a server of it begins its answer."""

    protocol: UpstreamProtocol
    data: bytes
    answer: bytes


#: A management record (version 1, type 9, request 0, no content) is answered by type 10.
FASTCGI = Greeting("fastcgi", bytes((1, 9, 0, 0, 0, 0, 0, 0)), bytes((1, 10)))
#: A packet of modifier 100 without content is answered by one of modifier 100.
UWSGI = Greeting("uwsgi", bytes((100, 0, 0, 0)), bytes((100,)))


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
    for greeting in (FASTCGI, UWSGI):
        if ctx.elapsed() > ctx.options.timeout - 2.0:
            return
        if await _try_greeting(ctx, upstream_try, greeting):
            return


async def _try_greeting(ctx: ProbeContext, upstream_try: UpstreamTry, greeting: Greeting) -> bool:
    """Send a greeting, emit the result if a server of this protocol answers, and return whether it
    does."""
    at = ctx.elapsed()
    send = _send_directly if ctx.machine.via == "local" else _send_from_server
    answer = await send(ctx, upstream_try, greeting)
    if not answer.startswith(greeting.answer):
        return False
    ctx.emit(
        UpstreamTalk(
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
    )
    return True


async def _send_directly(ctx: ProbeContext, upstream_try: UpstreamTry, greeting: Greeting) -> bytes:
    from diagnose.net.tls import send_and_receive

    endpoint = Endpoint(upstream_try.host, upstream_try.port, upstream_try.socket)
    attempt = await upstream_routes.connect(ctx, endpoint, upstream_try.address)
    if attempt.stream is None:
        return b""
    length = len(greeting.answer)
    answer, _ = await send_and_receive(
        attempt.stream, greeting.data, lambda data: len(data) >= length, PATIENCE, 64
    )
    return answer


async def _send_from_server(
    ctx: ProbeContext, upstream_try: UpstreamTry, greeting: Greeting
) -> bytes:
    """Send it with the server's curl."""
    words = _words(upstream_try, greeting)
    result = await ctx.machine.run("sh", "-c", TRY_SCRIPT, "sh", *words, timeout=PATIENCE + 3.0)
    digits = "".join(result.out.split())[:16]
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
