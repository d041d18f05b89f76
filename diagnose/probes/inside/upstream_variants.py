"""Applications spoken to in one way and another: with TLS and without, with one server name and
another. What nginx does and fails, and what works instead, side by side.

On this machine by our own sockets; over SSH by the server's own curl, by address, so that no name
is sent in a handshake that nginx would not send.
"""

import asyncio
import shlex
from collections.abc import Awaitable

from diagnose.machine import Ran
from diagnose.model import Failure, Unseen, Vantage
from diagnose.model.upstream import UpstreamTalk
from diagnose.net import PATIENCE, Stream
from diagnose.parsers import curl_output
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.nginx.upstreams import End
from diagnose.probes import Look
from diagnose.probes.inside import upstream_routes
from diagnose.probes.inside.upstream_routes import Way

#: One after another, every address of a name, or those given; a name that begins with a slash is
#: a Unix socket. A connection has four seconds, and an application that says nothing then two
#: (-y, -Y). curl's stories go to standard output.
TRY = r"""
n=$1 p=$2 s=$3 w=$4 h=$5 f=$6; shift 6
command -v curl >/dev/null || exit 127
if [ $# = 0 ]; then
  set -- $(getent ahosts "$n" 2>/dev/null | awk '!met[$1]++ {print $1}' | head -n 3)
  [ $# -gt 0 ] || set -- "$n"
fi
for a; do
  case $a in *:*) b="[$a]" ;; *) b=$a ;; esac
  u="$s://$b:$p$w"
  set -- -sSkv -o /dev/null --http1.1 --connect-timeout 4 -m 6 -y 2 -Y 1 -H "Host: $f"
  case $a in /*) u="$s://localhost$w"; set -- "$@" --unix-socket "$a" ;; esac
  [ -z "$h" ] || { u="$s://$h:$p$w"; set -- "$@" --resolve "$h:$p:$b"; }
  echo "address $a"; curl "$@" "$u" 2>&1; echo
done; :
"""


async def knock(look: Look, way: Way, end: End) -> None:
    """Connect to one server at each of its addresses, and shake hands where nginx would."""
    if look.machine.via != "local":
        await _knock_there(look, way, end)
        return
    found = ("",) if end.socket else await upstream_routes.addresses(look, end.host)
    await asyncio.gather(*(_knock(look, way, end, address) for address in found))


async def _knock(look: Look, way: Way, end: End, address: str) -> None:
    at = look.now()
    done = await upstream_routes.connect(look, end, address)
    line = upstream_routes.connecting(end, address)
    look.see(upstream_routes.tried(way, end, address, at, done.took, line, done.failure))
    if done.stream is None:
        return
    if not way.lead.secure:
        done.stream.close()
        return
    name = upstream_routes.server_name(look, way)
    await otherwise(look, way, end, await _shaken(look, way, end, address, name, done.stream))


async def _knock_there(look: Look, way: Way, end: End) -> None:
    at, secure = look.now(), way.lead.secure
    name = upstream_routes.server_name(look, way)
    ran, line = await _curl(look, way, end, secure, name, "", "/")
    if ran.status == 127:
        _no_curl(look, at)
        return
    for one in curl_output.attempts(ran.out):
        address = "" if end.socket or not is_address(one.address) else one.address
        failure = None if one.connected else one.failure
        if failure and failure.kind == "unreachable" and failure.code == 13 and end.socket:
            failure = Failure("denied", failure.message, 13, "EACCES")
        look.see(upstream_routes.tried(way, end, address, at, ran.took, line, failure))
        if secure and one.connected:
            seen = look.see(_heard(way, end, address, one, True, name, True, at, ran.took, line))
            await otherwise(look, way, end, seen)


def _no_curl(look: Look, at: float) -> None:
    what, why = "the applications behind nginx", "the server has no curl"
    if not any(one.what == what for one in look.seen(Unseen)):
        enable = "run diagnose on the server"
        look.see(Unseen(vantage=Vantage.SERVER, at=at, what=what, why=why, enable=enable))


async def otherwise(look: Look, way: Way, end: End, seen: UpstreamTalk) -> None:
    """Where the handshake as nginx does it fails: without TLS, and with other names."""
    if seen.failure is None:
        return
    work: list[Awaitable[object]] = []
    if seen.failure.kind in {"protocol", "timeout", "closed", "reset"}:
        work.append(talk(look, way, end, seen.address, secure=False))
    if seen.failure.kind in {"alert", "closed", "reset"}:
        work.append(by_name(look, way, end, seen.address, seen.server_name))
    await asyncio.gather(*work)


async def by_name(look: Look, way: Way, end: End, address: str, sent: str | None) -> None:
    """Handshakes with the names that the application may want, to the first that it takes; None
    for `sent` tries it without a name first, unless that was done already."""
    known = {(one.target, one.host, one.port, one.socket) for one in look.seen(UpstreamTalk)}
    if sent is None and (way.lead.target, end.host, end.port, end.socket) in known:
        return
    names = upstream_routes.other_names(look, way, end, sent or "")
    for name in ("", *names) if sent is None else names:
        seen = await talk(look, way, end, address, secure=True, name=name)
        if seen.failure is None:
            break


async def talk(
    look: Look, way: Way, end: End, address: str, *, secure: bool, name: str = ""
) -> UpstreamTalk:
    """A conversation that nginx does not have."""
    if look.machine.via != "local":
        at = look.now()
        ran, line = await _curl(look, way, end, secure, name, address, way.passed)
        one = next(iter(curl_output.attempts(ran.out)), None)
        one = one or curl_output.Attempt(
            address, failure=ran.failure or Failure("other", "no answer")
        )
        seen = _heard(way, end, address, one, secure, name, False, at, ran.took, line)
        return look.see(seen)
    if secure:
        return await _shaken(look, way, end, address, name)
    at = look.now()
    sent = upstream_routes.host(look, way)
    opened = await upstream_routes.stream(look, end, address, False, "")
    status, failure = None, opened if isinstance(opened, Failure) else None
    if not isinstance(opened, Failure):
        status, _, failure = await upstream_routes.get(look, opened, way.passed, sent, 2.0)
    line = _line(way, end, address, sent)
    return look.see(_talk(way, end, address, "http", "", False, at, look.now() - at, line,
                          failure, status))  # fmt: skip


async def _shaken(
    look: Look, way: Way, end: End, address: str, name: str, opened: Stream | None = None
) -> UpstreamTalk:
    """A handshake; as nginx does it on a stream that is open, else one of ours."""
    from diagnose.net import tls as net_tls

    at, as_nginx = look.now(), opened is not None
    failure, protocol = None, ""
    given = opened or await upstream_routes.stream(look, end, address, False, "")
    if isinstance(given, Failure):
        failure = given
    else:
        done = await net_tls.secure(given, net_tls.context(), name or None, PATIENCE)
        failure, protocol = done.failure, done.protocol
        if done.stream:
            done.stream.close()
    where = (
        f"unix:{end.socket}" if end.socket else f"{upstream_routes.bracketed(address)}:{end.port}"
    )
    sni = ("-servername", name) if name else ("-noservername",)
    line = shlex.join(("openssl", "s_client", "-connect", where, *sni)) + " </dev/null"
    return look.see(
        _talk(way, end, address, "https", name, as_nginx, at, look.now() - at, line, failure,
              None, protocol)
    )  # fmt: skip


def _heard(
    way: Way, end: End, address: str, one: curl_output.Attempt, secure: bool, name: str,
    as_nginx: bool, at: float, took: float, line: str,
) -> UpstreamTalk:  # fmt: skip
    """What curl met, as far as it is about what was spoken: of a handshake that stood, what came
    after it is nothing."""
    failure = None if secure and one.secured else one.failure
    speaks = "https" if secure else "http"
    return _talk(way, end, address, speaks, name, as_nginx, at, took, line, failure, one.status,
                 one.protocol)  # fmt: skip


def _talk(
    way: Way, end: End, address: str, speaks: str, name: str, as_nginx: bool, at: float,
    took: float, line: str, failure: Failure | None, status: int | None = None, protocol: str = "",
) -> UpstreamTalk:  # fmt: skip
    return UpstreamTalk(
        vantage=Vantage.SERVER,
        at=at,
        took=took,
        equivalent=line,
        failure=failure,
        target=way.lead.target,
        host=end.host,
        port=end.port,
        address=address,
        socket=end.socket,
        speaks=speaks,
        server_name=name,
        as_nginx=as_nginx,
        status=status,
        protocol=protocol,
    )


def _line(way: Way, end: End, address: str, sent: str, secure: bool = False) -> str:
    argv = ["curl", "-sSik", "-m", "5", "-H", f"Host: {sent}"]
    argv += ["--unix-socket", end.socket] if end.socket else []
    where = (
        "localhost"
        if end.socket
        else f"{upstream_routes.bracketed(address or end.host)}:{end.port}"
    )
    return shlex.join([*argv, f"{'https' if secure else 'http'}://{where}{way.passed}"])


async def _curl(
    look: Look, way: Way, end: End, secure: bool, name: str, address: str, path: str
) -> tuple[Ran, str]:
    """The server's curl at one address, or at all of a name."""
    sent = upstream_routes.host(look, way)
    given = (address,) if address else (end.host,) if is_address(end.host) else ()
    given = (end.socket,) if end.socket else given
    words = (end.host, str(end.port), "https" if secure else "http", path, name, sent)
    ran = await look.machine.run("sh", "-c", TRY, "sh", *words, *given, timeout=14.0)
    return ran, _line(way, end, address, sent, secure)
