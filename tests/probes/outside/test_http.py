"""The probe on a network written down: who answers what at which place."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from diagnose.model import Failure, Observation, Symptom, Target
from diagnose.model.clock import Clock
from diagnose.model.http import Exchange
from diagnose.model.tcp import Connection
from diagnose.model.tls import Handshake, HandshakeVariant
from diagnose.net import DEFAULT_TIMEOUT, ConnectResult, ResolveResult
from diagnose.probes import Options
from diagnose.probes.further_requests import FurtherRequests
from diagnose.probes.outside import http as probes
from tests.support.report_builder import LEAF

HERE = "203.0.113.10"
Serve = Callable[[str, str, str], str]


class Paper:
    """A stream whose other end answers each request, by Host, path and Cookie."""

    def __init__(self, serve: Serve) -> None:
        self.peer = (HERE, 80)
        self.is_truncated = False
        self._serve = serve
        self._coming = b""

    async def write(self, data: bytes, timeout: float = DEFAULT_TIMEOUT) -> None:
        line, *lines = data.decode().split("\r\n")
        fields = dict(line.split(": ", 1) for line in lines if ": " in line)
        answer = self._serve(fields["Host"], line.split(" ")[1], fields.get("Cookie", ""))
        self._coming += answer.encode()

    async def read(self, limit: int = 65536, timeout: float = DEFAULT_TIMEOUT) -> bytes:
        coming, self._coming = self._coming, b""
        return coming

    def close(self) -> None: ...


class PaperNet:
    def __init__(self, names: dict[str, str], places: dict[tuple[str, int], Serve]) -> None:
        self.names, self.places = names, places
        self.connected: list[tuple[str, int]] = []

    async def connect(self, address: str, port: int, *_: Any, **__: Any) -> ConnectResult:
        self.connected.append((address, port))
        serve = self.places.get((address, port))
        if serve is None:
            refused = Failure("refused", "Connection refused", 111, "ECONNREFUSED")
            return ConnectResult(0.0, failure=refused)
        return ConnectResult(0.0, stream=Paper(serve))

    async def resolve(self, name: str, family: int, timeout: float = 10.0) -> ResolveResult:
        if family == 4 and name in self.names:
            return ResolveResult(0.0, (self.names[name],))
        return ResolveResult(0.0, failure=Failure("resolution", "no such name", -2, "EAI_NONAME"))


class Looking:
    """A run with this one probe."""

    def __init__(self, net: PaperNet, target: Target) -> None:
        self.net: Any = net
        self.target, self.options, self.machine = target, Options(), None
        self.further_requests = FurtherRequests()
        self.observations: list[Observation] = []
        self.live: dict[int, Any] = {}
        self.beside: list[asyncio.Task[None]] = []

    def elapsed(self) -> float:
        return 0.0

    def emit(self, observation: Any, live_stream: Any = None) -> Any:
        self.observations.append(observation)
        self.live[id(observation)] = live_stream
        return observation

    def take_stream(self, observation: Observation) -> Any:
        return self.live.pop(id(observation), None)

    def observed(self, kind: type[Any]) -> tuple[Any, ...]:
        return tuple(observation for observation in self.observations if type(observation) is kind)

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        self.beside.append(asyncio.ensure_future(work))

    async def all(self) -> None:
        while self.beside:
            await self.beside.pop()


SHOP = Target("shop.example.com", "https", "shop.example.com", 443)


def answer(status: str = "200 OK", *fields: str, body: str = "") -> str:
    return "\r\n".join([f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *fields, "", body])


def moved(location: str, *fields: str) -> str:
    return answer("301 Moved", f"Location: {location}", *fields)


def on_80(serve: Serve, target: Target = SHOP, **fields: Any) -> tuple[Looking, PaperNet]:
    """What the probe sees where port 80 answers so."""
    net = PaperNet(fields.get("names", {}), {(HERE, 80): serve, **fields.get("places", {})})

    async def run() -> Looking:
        ctx = Looking(net, target)
        for shaken in fields.get("shaken", ()):
            ctx.emit(shaken)
        connected = await net.connect(HERE, 80)
        seen = Connection(address=HERE, port=80, family=4, purpose="plain")
        ctx.emit(seen, connected.stream)
        await probes.plain.work(ctx, seen)
        await ctx.all()
        return ctx

    return asyncio.run(run()), net


def over_tls(serve: Serve, variant: HandshakeVariant = "normal", **fields: Any) -> Looking:
    net = PaperNet(fields.get("names", {}), fields.get("places", {}))

    async def run() -> Looking:
        ctx = Looking(net, fields.get("target", SHOP))
        seen = Handshake(address=HERE, port=443, variant=variant, verify_code=0)
        ctx.emit(seen, Paper(serve))
        await probes.target.work(ctx, seen)
        await ctx.all()
        return ctx

    return asyncio.run(run())


def steps(ctx: Looking, *purposes: str) -> list[str]:
    return [
        exchange.url
        for exchange in ctx.observed(Exchange)
        if not purposes or exchange.purpose in purposes
    ]


def test_the_target_is_asked_for_over_the_stream_of_the_handshake() -> None:
    look = over_tls(lambda host, path, cookie: answer(body=f"{host}{path}"))
    (seen,) = look.observed(Exchange)
    assert (seen.purpose, seen.status, seen.body) == ("target", 200, "shop.example.com/")
    assert seen.verified
    assert seen.equivalent == (
        "curl -sSi --resolve shop.example.com:443:203.0.113.10 https://shop.example.com/"
    )


def test_behind_a_bad_certificate_it_is_asked_unverified() -> None:
    look = over_tls(lambda host, path, cookie: answer(), "unverified")
    (seen,) = look.observed(Exchange)
    assert not seen.verified


def test_controls_are_left_alone() -> None:
    assert not over_tls(lambda host, path, cookie: answer(), "no-sni").observed(Exchange)


def test_port_80_is_asked_for_the_page_and_an_unknown_path() -> None:
    look, net = on_80(lambda host, path, cookie: moved(f"https://{host}{path}"))
    purposes = [exchange.purpose for exchange in look.observed(Exchange)]
    assert sorted(purposes) == ["path", "plain"]
    assert net.connected == [(HERE, 80)]


def shaken(days: float) -> Handshake:
    """A handshake with a certificate of 90 days of which so many are left."""
    until = datetime.now(UTC) + timedelta(days=days)
    leaf = replace(LEAF, not_before=until - timedelta(days=90), not_after=until)
    return Handshake(address=HERE, port=443, chain=(leaf,), verify_code=0)


@pytest.mark.parametrize("left", [-3, 5])
def test_a_challenge_is_asked_for_where_a_certificate_was_to_be_renewed(left: int) -> None:
    look, net = on_80(lambda host, path, cookie: answer(), shaken=(shaken(left),))
    assert len(steps(look, "acme")) == 1
    assert net.connected == [(HERE, 80), (HERE, 80)]


COMPLAINED = replace(SHOP, symptom=Symptom("acme-response", "Invalid response"))


def test_a_challenge_is_asked_for_after_the_message_of_an_acme_client() -> None:
    look, _ = on_80(lambda host, path, cookie: answer(), COMPLAINED, shaken=(shaken(40),))
    assert len(steps(look, "acme")) == 1


@pytest.mark.parametrize(("port", "asked"), [(80, 1), (8080, 0)])
def test_a_challenge_is_asked_for_on_port_80_of_a_target_over_http(port: int, asked: int) -> None:
    target = replace(COMPLAINED, scheme="http", port=port)
    serves = lambda host, path, cookie: answer()  # noqa: E731
    net = PaperNet({}, {(HERE, port): serves})

    async def run() -> Looking:
        ctx = Looking(net, target)
        seen = Connection(address=HERE, port=port, family=4, purpose="target")
        ctx.emit(seen, Paper(serves))
        await probes.plain.work(ctx, seen)
        await ctx.all()
        return ctx

    assert len(steps(asyncio.run(run()), "acme")) == asked


def test_an_address_of_a_challenge_is_compared_with_others() -> None:
    path = "/.well-known/acme-challenge/8nYi"
    target = replace(SHOP, scheme="http", port=80, path=path)
    serves = lambda host, path, cookie: answer()  # noqa: E731

    async def run() -> Looking:
        ctx = Looking(PaperNet({}, {(HERE, 80): serves}), target)
        seen = Connection(address=HERE, port=80, family=4, purpose="target")
        ctx.emit(seen, Paper(serves))
        await probes.plain.work(ctx, seen)
        await ctx.all()
        return ctx

    look = asyncio.run(run())
    assert len(steps(look, "acme")) == len(steps(look, "path")) == 1


def test_a_redirect_of_a_challenge_is_followed_on_the_site_alone() -> None:
    def serve(host: str, path: str, cookie: str) -> str:
        is_first = path.startswith("/.well-known")
        return moved(f"http://{host}/there{path}" if is_first else "http://other.example/")

    look, _ = on_80(serve, COMPLAINED)
    first, second = steps(look, "acme")
    assert second.endswith(f"/there{first.partition('example.com')[2]}")


def test_no_challenge_is_asked_for_where_nothing_is_to_be_renewed() -> None:
    look, _ = on_80(lambda host, path, cookie: answer(), shaken=(shaken(40),))
    assert not steps(look, "acme")


def test_a_challenge_is_asked_for_once_where_the_handshake_comes_later() -> None:
    net = PaperNet({}, {(HERE, 80): lambda host, path, cookie: answer()})

    async def run() -> Looking:
        ctx = Looking(net, SHOP)
        ctx.emit(Connection(address=HERE, port=80, family=4, purpose="plain"))
        for seen in (shaken(5), shaken(5)):
            ctx.emit(seen)
            await probes.challenge.work(ctx, seen)
        await ctx.all()
        return ctx

    assert len(steps(asyncio.run(run()), "acme")) == 1


def test_a_second_connection_is_made_where_the_first_was_closed() -> None:
    look, net = on_80(
        lambda host, path, cookie: moved(f"https://{host}{path}", "Connection: close")
    )
    assert steps(look, "path")
    assert len(net.connected) == 2


def test_no_unknown_path_is_asked_for_where_nothing_redirects() -> None:
    look, _ = on_80(lambda host, path, cookie: answer())
    assert not steps(look, "path")


def test_what_another_probe_asks_anyway_is_not_asked_again() -> None:
    look, _ = on_80(lambda host, path, cookie: moved("https://shop.example.com/"))
    assert not steps(look, "redirect")


def test_redirects_are_followed_step_by_step_on_the_same_address() -> None:
    def serve(host: str, path: str, cookie: str) -> str:
        return {"/": moved("/a"), "/a": moved("b")}.get(path) or answer(body="here")

    look, _ = on_80(serve)
    assert steps(look, "redirect") == ["http://shop.example.com/a", "http://shop.example.com/b"]
    last = look.observed(Exchange)[-1]
    assert last.redirected_from == "http://shop.example.com/a"
    assert last.body == "here"


def test_a_chain_without_end_is_left() -> None:
    look, _ = on_80(lambda host, path, cookie: moved(f"http://{host}/x{path}"))
    assert len(steps(look, "redirect")) == 10


def test_another_host_is_looked_up_and_visited() -> None:
    look, _ = on_80(
        lambda host, path, cookie: moved("http://www.example.com/"),
        names={"www.example.com": "203.0.113.20"},
        places={("203.0.113.20", 80): lambda host, path, cookie: answer(body=host)},
    )
    (there,) = [exchange for exchange in look.observed(Exchange) if exchange.purpose == "redirect"]
    assert (there.address, there.body) == ("203.0.113.20", "www.example.com")


def test_hosts_that_are_not_there_or_do_not_answer_are_facts() -> None:
    look, _ = on_80(lambda host, path, cookie: moved("http://gone.example.com/"))
    assert look.observed(Exchange)[-1].failure.kind == "resolution"
    look, _ = on_80(lambda host, path, cookie: moved("http://shop.example.com:8080/"))
    (met,) = [exchange for exchange in look.observed(Exchange) if exchange.purpose == "redirect"]
    assert met.failure.code == 111


def test_only_few_hosts_are_visited() -> None:
    def serve(host: str, path: str, cookie: str) -> str:
        number = int(host[1]) if host[0] == "h" else 0
        return moved(f"http://h{number + 1}.example.com/")

    names = {f"h{number}.example.com": f"203.0.113.{20 + number}" for number in range(9)}
    places = {(address, 80): serve for address in names.values()}
    look, _ = on_80(serve, names=names, places=places)
    assert len(steps(look, "redirect")) == 2


def test_a_stranger_does_not_send_us_into_our_own_network() -> None:
    for inside in ("http://127.0.0.1/", "http://169.254.169.254/latest/", "http://in.example.com/"):
        look, net = on_80(
            lambda host, path, cookie, inside=inside: moved(inside),  # type: ignore[misc]
            names={"in.example.com": "10.0.0.1"},
        )
        assert not steps(look, "redirect")
        assert {address for address, _ in net.connected} == {HERE}


def test_a_cookie_is_sent_back_within_a_chain_and_only_there() -> None:
    given = []

    def serve(host: str, path: str, cookie: str) -> str:
        given.append((path.partition("-")[0], cookie))
        opened = "pass=1" in cookie
        return answer() if opened else moved("/", "Set-Cookie: pass=1; HttpOnly")

    look, _ = on_80(serve)
    assert look.observed(Exchange)[-1].status in {200, 301}
    assert ("/", "pass=1") in given
    assert ("/diagnose", "pass=1") not in given


def test_a_loop_is_not_followed_twice() -> None:
    look, _ = on_80(lambda host, path, cookie: moved("/a" if path == "/" else "/"))
    assert steps(look, "redirect") == ["http://shop.example.com/a"]


def test_addresses_that_lead_to_the_same_place_are_followed_once() -> None:
    def serve(host: str, path: str, cookie: str) -> str:
        return answer() if path == "/en/" else moved("/en/")

    net = PaperNet({}, {(HERE, 80): serve, ("203.0.113.11", 80): serve})

    async def run() -> Looking:
        ctx = Looking(net, SHOP)
        for address in (HERE, "203.0.113.11"):
            seen = Connection(address=address, port=80, family=4, purpose="plain")
            ctx.emit(seen, Paper(serve))
            await probes.plain.work(ctx, seen)
        await ctx.all()
        return ctx

    look = asyncio.run(run())
    assert len(steps(look, "plain")) == 2
    assert steps(look, "redirect") == ["http://shop.example.com/en/"]


def test_the_clock_is_compared_once_for_each_address() -> None:
    look, _ = on_80(
        lambda host, path, cookie: answer("200 OK", "Date: Thu, 01 Jan 2026 00:00:00 GMT")
    )
    (clock,) = look.observed(Clock)
    assert clock.source == HERE
    assert clock.ahead_s > 0


def test_an_address_has_no_challenge() -> None:
    target = Target(HERE, "https", HERE, 443)
    look, _ = on_80(lambda host, path, cookie: answer(), target, shaken=(shaken(5),))
    assert not steps(look, "acme")


def test_a_target_over_http_is_asked_on_its_own_connection() -> None:
    target = Target("http://shop.example.com/a", "http", "shop.example.com", 80, "/a")

    async def run() -> Looking:
        ctx = Looking(PaperNet({}, {}), target)
        seen = Connection(address=HERE, port=80, family=4, purpose="target")
        ctx.emit(seen, Paper(lambda host, path, cookie: answer(body=path)))
        await probes.plain.work(ctx, seen)
        await ctx.all()
        return ctx

    (seen,) = asyncio.run(run()).observed(Exchange)
    assert (seen.purpose, seen.url, seen.body) == ("target", "http://shop.example.com/a", "/a")
