"""What the site answers, on each address, over TLS and on port 80, and where that leads.

The streams are those that the handshake and the connection to port 80 left. Where port 80
redirects, a path that nobody has is asked for as well, to see whether the redirect keeps it; where
the certificate should have been renewed, the path of ACME's challenges, on one address.
"""

import secrets
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from diagnose.model.dns import is_guarded
from diagnose.model.http import Clock, Exchange
from diagnose.model.tcp import Connection
from diagnose.model.tls import Handshake
from diagnose.net.http import Answer, HttpWire, Wire, get, wire_for
from diagnose.net.tls import HTTP2
from diagnose.parsers.hostnames import covers, is_address
from diagnose.parsers.http import MOST_REDIRECTS, Url, inward, is_host, leads_to, read_url, same
from diagnose.parsers.http import server_time as time_of
from diagnose.parsers.request_fields import RequestFields, is_own_origin
from diagnose.probes import Look, probe
from diagnose.probes.outside.http_connections import find_address, open_http, secured

#: Seconds. A slow page is no fault; the run's own deadline is minded besides.
PATIENCE = 10.0

#: A chain of redirects is followed to so many hosts.
MOST_HOSTS = 3

_MOST_COOKIES = 16


@probe(after=Handshake)
async def target(look: Look, seen: Handshake) -> None:
    """The target itself, over TLS."""
    if seen.variant not in {"normal", "again", "unverified"} or not _wanted(look):
        return
    stream = look.take(seen)
    if stream is None:
        return
    url = f"https://{look.target.authority}{look.target.path}"
    wire = wire_for(stream, seen.alpn, patience(look))
    await _visit(look, wire, url, seen.address, "target", _verified(look, seen))
    wire.close()


@probe(after=Connection)
async def plain(look: Look, seen: Connection) -> None:
    """The same over http: on port 80 beside an https target, or as the target itself."""
    secured = look.target.scheme in {"https", "wss"}
    if seen.failure or seen.purpose != ("plain" if secured else "target") or not _wanted(look):
        return
    stream = look.take(seen)
    if stream is None:
        return
    first = _first(look, seen)
    if secured and first and any(map(_is_due, look.seen(Handshake))):
        look.start(_challenge(look, seen))
    wire = Wire(stream, patience(look))
    url = _plain_url(look, seen, look.target.path)
    answer = await _visit(look, wire, url, seen.address, seen.purpose)
    if secured and first and look.target.path == "/" and leads_to(answer):
        await _unknown_path(look, seen, wire)
    wire.close()


def patience(look: Look) -> float:
    """So long that the run is not over before the failure is seen."""
    return max(1.0, min(PATIENCE, look.options.timeout - look.now() - 1.0))


def _wanted(look: Look) -> bool:
    return look.options.wants("http") or look.options.wants("websocket")


def _first(look: Look, seen: Connection) -> bool:
    """Whether this is the first address that answered so."""
    return (
        next(
            one for one in look.seen(Connection) if one.purpose == seen.purpose and not one.failure
        )
        is seen
    )


def _verified(look: Look, seen: Handshake) -> bool:
    """Whether a visitor's browser would have come as far as this. Without trusted roots nobody
    knows, and it is taken for good."""
    names = not seen.chain or covers(
        look.target.host, seen.chain[0].dns_names, seen.chain[0].addresses
    )
    return seen.variant != "unverified" and names and not seen.verify_code


def _plain_url(look: Look, seen: Connection, path: str) -> str:
    return str(Url("http", look.target.host, seen.port, path))


@probe(after=Handshake)
async def challenge(look: Look, seen: Handshake) -> None:
    """Where a certificate should have been renewed by now, and port 80 was open before that was
    seen: whether the authority would get through. Elsewhere it is not asked, as the answer is a
    line in the server's error log."""
    due = [one for one in look.seen(Handshake) if _is_due(one)]
    opened = [one for one in look.seen(Connection) if one.purpose == "plain" and not one.failure]
    if due and due[0] is seen and opened and _wanted(look):
        await _challenge(look, opened[0])


def _is_due(seen: Handshake) -> bool:
    return any(leaf.is_due(datetime.now(UTC)) for leaf in seen.chain[:1])


async def _challenge(look: Look, seen: Connection) -> None:
    """A challenge that nobody set (RFC 8555 section 8.3): 404 is the right answer to it."""
    if is_address(look.target.host):
        return
    connected = await look.net.connect(seen.address, seen.port)
    if connected.stream is None:
        return
    wire = Wire(connected.stream, patience(look))
    path = f"/.well-known/acme-challenge/diagnose-{secrets.token_hex(6)}"
    await _request(look, wire, _plain_url(look, seen, path), seen.address, "acme")
    wire.close()


async def _unknown_path(look: Look, seen: Connection, wire: Wire) -> None:
    """On the same connection, if it is still open."""
    if not wire.reusable:
        wire.close()
        connected = await look.net.connect(seen.address, seen.port)
        if connected.stream is None:
            return
        wire = Wire(connected.stream, patience(look))
    path = f"/diagnose-{secrets.token_hex(6)}?q=1"
    await _request(look, wire, _plain_url(look, seen, path), seen.address, "path")
    wire.close()


async def _visit(
    look: Look, wire: HttpWire, url: str, address: str, purpose: str, verified: bool = True
) -> Exchange:
    """Ask, tell the time by the answer, and go where it leads, once for all addresses that
    lead to the same place."""
    seen = await _request(look, wire, url, address, purpose, verified)
    alike = [
        one
        for one in look.seen(Exchange)
        if one.purpose == purpose and leads_to(one) == leads_to(seen)
    ]
    if alike[0] is seen:
        look.start(_follow(look, seen))
    return seen


async def _request(
    look: Look,
    wire: HttpWire,
    url: str,
    address: str,
    purpose: str,
    verified: bool = True,
    redirected_from: str | None = None,
    cookie: str = "",
) -> Exchange:
    begun, request = look.now(), look.options.request
    own = may_authenticate(look, url, address, verified)
    fields = request.fields(cookie) if own else {"Cookie": cookie} if cookie else {}
    if request.origin and is_own_origin(look.target, url):
        fields["Origin"] = request.origin
    answer = await get(wire, url, patience(look), fields)
    if url.startswith("https:") and answer.failure and answer.failure.name == "HTTP2":
        answer = await _over_http2(look, url, address, fields) or answer
    answer = concealed(answer, request)
    seen = Exchange(
        at=begun,
        took=answer.took,
        equivalent=equivalent(url, address, verified, request.shown() if own else ()),
        failure=answer.failure,
        url=url,
        address=address,
        port=(read_url(url) or _nowhere).port,
        purpose=purpose,
        status=answer.status,
        reason=answer.reason,
        version=answer.version,
        headers=answer.headers,
        body=answer.body,
        redirected_from=redirected_from,
        verified=verified,
        mentions=answer.mentions,
        extended_connect=answer.extended_connect,
    )
    look.see(seen)
    _tell_time(look, seen, answer)
    return seen


async def _over_http2(
    look: Look, url: str, address: str, fields: Mapping[str, str]
) -> Answer | None:
    """The answer of a server that, without ALPN, speaks HTTP/2 all the same: browsers offer it
    and are answered. It has the certificate that was judged before."""
    here = read_url(url) or _nowhere
    done, _ = await secured(look, address, here, False, HTTP2)
    if done is None or done.stream is None:
        return None
    if done.alpn != "h2":
        done.stream.close()
        return None
    wire = wire_for(done.stream, done.alpn, patience(look))
    answer = await get(wire, url, patience(look), fields)
    wire.close()
    return answer


_nowhere = Url("http", "", 0, "/")


def may_authenticate(look: Look, url: str, address: str, verified: bool) -> bool:
    """Whether what a person added may be sent there: to the target's own origin, and over TLS
    only where the certificate was seen to be good on this very address."""
    if not look.options.request.secret or not is_own_origin(look.target, url):
        return False
    shown = [one for one in look.seen(Handshake) if one.address == address and not one.failure]
    return url.startswith("http:") or (verified and any(one.verify_code == 0 for one in shown))


def concealed(answer: Answer, request: RequestFields) -> Answer:
    """An answer without the secrets that it repeats."""
    if not request.secret:
        return answer
    failure = answer.failure
    return replace(
        answer,
        reason=request.conceal(answer.reason),
        headers=tuple((name, request.conceal(value)) for name, value in answer.headers),
        body=request.conceal(answer.body),
        mentions=tuple(map(request.conceal, answer.mentions)),
        failure=failure and replace(failure, message=request.conceal(failure.message)),
    )


def _tell_time(look: Look, seen: Exchange, answer: Answer) -> None:
    """Date counts whole seconds, so that it is half a second old on average; and the answer
    was on its way for about half the time it took."""
    said = time_of(answer.headers)
    if said is None or any(one.source == seen.address for one in look.seen(Clock)):
        return
    ahead = answer.received - answer.took / 2 - said.timestamp() - 0.5
    look.see(
        Clock(
            at=seen.at,
            took=answer.took,
            equivalent=f"{seen.equivalent} | grep -i ^date; date -u",
            source=seen.address,
            ahead_s=round(ahead, 3),
        )
    )


def equivalent(url: str, address: str, verified: bool = True, fields: Iterable[str] = ()) -> str:
    """The command a person would type; `fields` as they may be shown."""
    read = read_url(url)
    argv = ["curl", "-sSi"] if verified else ["curl", "-sSik"]
    if read is not None and read.host != address:
        bracketed = f"[{address}]" if ":" in address else address
        argv += ["--resolve", f"{read.host}:{read.port}:{bracketed}"]
    for field in fields:
        argv += ["-H", field]
    return shlex.join([*argv, url])


async def _follow(look: Look, first: Exchange) -> None:
    """Step by step, until there is an answer, a loop, or nowhere to go. What the probes ask
    anyway is not asked again, unless a cookie of this chain may change the answer."""
    seen, cookies, asked = first, Cookies(), {(same(first.url), "")}
    hosts = {look.target.host}
    for _ in range(MOST_REDIRECTS):
        onward = leads_to(seen)
        url = read_url(onward or "")
        if onward is None or url is None or not is_host_or_address(url.host):
            return
        cookies.take(seen)
        cookie = cookies.give(url.host)
        hosts.add(url.host)
        if (onward, cookie) in asked or len(hosts) > MOST_HOSTS:
            return
        if not cookie and _asked_anyway(look, onward, seen.address):
            return
        asked.add((onward, cookie))
        step = await _step(look, seen, url, cookie)
        if step is None:
            return
        seen = step


def is_host_or_address(host: str) -> bool:
    return is_address(host) or is_host(host)


def _asked_anyway(look: Look, url: str, address: str) -> bool:
    own = [f"http://{look.target.authority}{look.target.path}"]
    if look.target.scheme in {"https", "wss"}:
        own = [
            f"https://{look.target.authority}{look.target.path}",
            str(Url("http", look.target.host, 80, look.target.path)),
        ]
    seen = [one.url for one in look.seen(Exchange) if one.address == address]
    return url in {same(one) for one in own + seen}


class Cookies:
    """The cookies of one chain of redirects, kept no longer: some sites redirect to themselves
    until a cookie comes back (RFC 6265). Names and values only, for the host that set them."""

    def __init__(self) -> None:
        self._kept: dict[str, dict[str, str]] = {}

    def take(self, answer: Exchange) -> None:
        url = read_url(answer.url)
        for name, value in answer.headers:
            if url is None or name.lower() != "set-cookie":
                continue
            key, equals, rest = value.partition(";")[0].partition("=")
            kept = self._kept.setdefault(url.host, {})
            if equals and key.strip().isascii() and rest.isascii() and len(kept) < _MOST_COOKIES:
                kept[key.strip()] = rest.strip()

    def give(self, host: str) -> str:
        return "; ".join(f"{key}={value}" for key, value in self._kept.get(host, {}).items())


def _is_closed_to(before: Exchange, address: str) -> bool:
    return is_guarded(address) or (inward(address) and not inward(before.address))


async def _step(look: Look, before: Exchange, url: Url, cookie: str) -> Exchange | None:
    """One redirect further: on the same address if it is the same host. None where it must not
    or cannot be gone."""
    begun = look.now()
    here = read_url(before.url)
    stays = here is not None and here.host == url.host
    address, failure = (
        (before.address, None) if stays else await find_address(look, url.host, before)
    )
    if failure is None and not stays and _is_closed_to(before, address):
        return None  # a stranger's server does not send us into our own network
    wire = None
    if failure is None:
        wire, failure = await open_http(look, address, url, not stays, patience(look))
    if wire is None:
        return look.see(
            Exchange(
                at=begun,
                took=look.now() - begun,
                equivalent=equivalent(str(url), address or url.host),
                failure=failure,
                url=str(url),
                address=address,
                port=url.port,
                purpose="redirect",
                redirected_from=before.url,
            )
        )
    verified = before.verified if stays else True
    step = await _request(look, wire, str(url), address, "redirect", verified, before.url, cookie)
    wire.close()
    return step
