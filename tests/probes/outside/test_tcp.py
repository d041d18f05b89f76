import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from diagnose.engine import Run
from diagnose.model import Failure, Target, Unseen
from diagnose.model.dns import Resolution
from diagnose.model.events import null_sink
from diagnose.model.kernel import SYN_MARKS
from diagnose.model.tcp import Connection, IcmpError, Proxy, Walk
from diagnose.model.tls import Handshake
from diagnose.net import DEFAULT_TIMEOUT, ConnectResult, ResolveResult
from diagnose.probes import Options
from diagnose.probes.outside import tcp
from tests.support.check_evidence import REFUSED, SHOP, TIMEOUT

SILENCE = ConnectResult(DEFAULT_TIMEOUT, failure=TIMEOUT, source="198.51.100.2")
RESET = ConnectResult(0.001, failure=REFUSED, source="198.51.100.2")
USUAL = Options()
EXPIRED = Failure("unreachable", "No route to host", 113, "EHOSTUNREACH")


def rejected(sender: str, kind: int = 3, code: int = 13, local: bool = False) -> ConnectResult:
    icmp = IcmpError(4, kind, code, sender, local)
    return ConnectResult(0.001, failure=EXPIRED, icmp=icmp, source="198.51.100.2")


@dataclass
class Wire:
    peer: tuple[str, int]
    open: bool = True
    is_truncated: bool = False

    async def read(self, limit: int = 65536, timeout: float = DEFAULT_TIMEOUT) -> bytes:
        return b""

    async def write(self, data: bytes, timeout: float = DEFAULT_TIMEOUT) -> None: ...

    def close(self) -> None:
        self.open = False


@dataclass
class Network:
    """Answers by address and port, and what a SYN that ran out of time met."""

    answers: Callable[[str, int, int], ConnectResult | None] = lambda address, port, attempt: None
    hops: dict[int, str] = field(default_factory=dict)
    tried: list[tuple[str, int]] = field(default_factory=list)
    opened: list[Wire] = field(default_factory=list)
    now: int = 0
    most: int = 0

    async def resolve(self, name: str, family: int, timeout: float = 10.0) -> ResolveResult:
        raise NotImplementedError

    async def ask(
        self, server: str, query: bytes, timeout: float = 3.0, tcp: bool = False
    ) -> bytes:
        raise NotImplementedError

    def way_to(self, address: str) -> ConnectResult:
        return ConnectResult(0.0, source="198.51.100.2")

    def is_mine(self, address: str) -> bool:
        return False

    async def connect(
        self,
        address: str,
        port: int,
        timeout: float = DEFAULT_TIMEOUT,
        ttl: int | None = None,
        mss: int | None = None,
    ) -> ConnectResult:
        if ttl is not None:
            router = self.hops.get(ttl)
            return rejected(router, 11, 0) if router else SILENCE
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0)
        self.now -= 1
        self.tried.append((address, port))
        answer = self.answers(address, port, self.tried.count((address, port)))
        if answer is not None:
            return answer
        self.opened.append(Wire((address, port)))
        return ConnectResult(0.001, self.opened[-1], source="198.51.100.2")


def connect_all(
    net: Network,
    *addresses: str,
    target: Target = SHOP,
    options: Options = USUAL,
    before: tuple[str, ...] = (),
) -> Run:
    async def looking() -> Run:
        async with asyncio.TaskGroup() as tasks:
            run = Run(target, options, net, null_sink, tasks)
            if before:
                run.emit(Resolution(name=target.host, family=4, addresses=before))
            run.register(tcp.connect)
            run.emit(Resolution(name=target.host, family=4, addresses=addresses))
        run.close()
        return run

    return asyncio.run(looking())


def attempted_ports(run: Run) -> list[tuple[str, int]]:
    return [(seen.purpose, seen.port) for seen in run.observed(Connection)]


def test_a_healthy_site_sees_one_connection_to_its_port_and_one_to_port_80() -> None:
    run = connect_all(Network(), "203.0.113.10")
    assert attempted_ports(run) == [("target", 443), ("plain", 80)]
    assert not run.observed(Walk)


def test_a_connection_is_offered_alive_and_ended_if_nobody_takes_it() -> None:
    net = Network()
    connect_all(net, "203.0.113.10")
    assert [wire.open for wire in net.opened] == [False, False]


@pytest.mark.parametrize("address", ["169.254.169.254", "100.100.100.200", "168.63.129.16"])
def test_a_name_does_not_lead_to_a_clouds_own_address(address: str) -> None:
    net = Network()
    run = connect_all(net, "203.0.113.10", address)
    assert {tried for tried, _ in net.tried} == {"203.0.113.10"}
    assert [unseen.what for unseen in run.observed(Unseen)] == [address]


def test_such_an_address_is_tried_where_it_is_the_target() -> None:
    seen = Resolution(name="a", family=4, addresses=("169.254.169.254",), via="literal")
    assert seen.allowed_addresses == seen.addresses


def test_an_address_is_tried_once_however_often_it_is_found() -> None:
    net = Network()
    connect_all(net, "203.0.113.10", "203.0.113.10", before=("203.0.113.10",))
    assert sorted(net.tried) == [("203.0.113.10", 80), ("203.0.113.10", 443)]


def test_a_long_list_of_addresses_is_bounded() -> None:
    net = Network()
    connect_all(net, *(f"203.0.113.{number}" for number in range(1, 100)))
    assert len({address for address, _ in net.tried}) == tcp.ADDRESSES


def test_no_more_syns_are_unanswered_at_once_than_a_reject_answers() -> None:
    net = Network()
    connect_all(net, *(f"203.0.113.{number}" for number in range(1, 9)))
    assert net.most == tcp.BURST
    assert len(net.tried) == 16


def test_port_80_is_left_alone_where_http_is_not_asked_for() -> None:
    run = connect_all(Network(), "203.0.113.10", options=Options(skip=("http",)))
    assert attempted_ports(run) == [("target", 443)]


def test_an_http_site_has_one_port() -> None:
    shop = Target("http://shop.example.com", "http", "shop.example.com", 80)
    assert attempted_ports(connect_all(Network(), "203.0.113.10", target=shop)) == [("target", 80)]


def test_silence_is_tried_again_compared_with_another_port_and_walked_to() -> None:
    net = Network(
        lambda address, port, attempt: SILENCE if port == 443 else None, {1: "198.51.100.1"}
    )
    run = connect_all(net, "203.0.113.10")
    assert set(attempted_ports(run)) == {
        ("target", 443),
        ("plain", 80),
        ("again", 443),
        ("control", 22),
    }
    (walk,) = run.observed(Walk)
    assert not walk.reached
    assert walk.last_router is not None
    assert (walk.last_router.ttl, walk.last_router.sender) == (1, "198.51.100.1")


def test_a_walk_ends_at_the_third_silent_hop_in_a_row() -> None:
    net = Network(
        lambda address, port, attempt: SILENCE if port == 443 else None,
        {1: "198.51.100.1", 3: "192.0.2.1"},
    )
    (walk,) = connect_all(net, "203.0.113.10").observed(Walk)
    assert len(walk.hops) == 2 * tcp.PARALLEL_HOPS
    assert walk.last_router is not None
    assert walk.last_router.ttl == 3


def test_a_walk_ends_where_the_target_answers() -> None:
    net = Network(
        lambda address, port, attempt: SILENCE if port == 443 else None,
        {1: "198.51.100.1", 2: "203.0.113.10"},
    )
    (walk,) = connect_all(net, "203.0.113.10").observed(Walk)
    assert walk.reached


def test_a_port_that_answers_the_second_time_is_tried_twice_more() -> None:
    def answer(address: str, port: int, attempt: int) -> ConnectResult | None:
        return SILENCE if port == 443 and attempt == 1 else None

    assert attempted_ports(connect_all(Network(answer), "203.0.113.10")).count(("again", 443)) == 3


def test_a_reject_is_compared_with_one_other_port_and_not_repeated() -> None:
    def answer(address: str, port: int, attempt: int) -> ConnectResult | None:
        return rejected("203.0.113.10") if port == 443 else None

    run = connect_all(Network(answer), "203.0.113.10")
    assert sorted(attempted_ports(run)) == [("control", 22), ("plain", 80), ("target", 443)]
    (seen,) = (connection for connection in run.observed(Connection) if connection.failure)
    assert seen.rejected_by == "host"


@pytest.mark.parametrize(
    "answer",
    [
        RESET,
        rejected("198.51.100.2", code=1, local=True),
        ConnectResult(0.0, failure=Failure("unreachable", "Network is unreachable", 101)),
    ],
    ids=["reset", "no-neighbour", "no-route"],
)
def test_what_leaves_nothing_to_compare_is_not_compared(answer: ConnectResult) -> None:
    run = connect_all(Network(lambda *_: answer), "203.0.113.10")
    assert sorted(attempted_ports(run)) == [("plain", 80), ("target", 443)]


def test_a_control_connection_is_closed_at_once_and_offered_to_nobody() -> None:
    net = Network(lambda address, port, attempt: SILENCE if port == 443 else None)
    run = connect_all(net, "203.0.113.10")
    (control,) = (
        connection for connection in run.observed(Connection) if connection.purpose == "control"
    )
    assert run.take_stream(control) is None
    assert not any(wire.open for wire in net.opened)


def test_small_segments_are_tried_once_and_only_after_a_stall() -> None:
    sizes: list[int | None] = []

    class Counting(Network):
        async def connect(
            self,
            address: str,
            port: int,
            timeout: float = DEFAULT_TIMEOUT,
            ttl: int | None = None,
            mss: int | None = None,
        ) -> ConnectResult:
            sizes.append(mss)
            return RESET

    async def looking(*handshakes: Handshake) -> None:
        async with asyncio.TaskGroup() as tasks:
            run = Run(SHOP, Options(), Counting(), null_sink, tasks)
            run.register(tcp.small_segments)
            for seen in handshakes:
                run.emit(seen)

    stalled = [Handshake(address="203.0.113.10", port=443, failure=TIMEOUT) for _ in range(2)]
    asyncio.run(looking(Handshake(address="203.0.113.10", port=443)))
    assert sizes == []
    asyncio.run(looking(*stalled))
    assert sizes == [tcp.SMALL_SEGMENTS]


def proxied(options: Options) -> Run:
    async def looking() -> Run:
        async with asyncio.TaskGroup() as tasks:
            run = Run(SHOP, options, Network(), null_sink, tasks)
            run.register(tcp.proxy)
        run.close()
        return run

    return asyncio.run(looking())


def test_the_environments_proxy_is_seen_without_its_login(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://jo:secret@proxy.corp:3128")
    (seen,) = proxied(USUAL).observed(Proxy)
    assert (seen.url, seen.source) == ("http://***@proxy.corp:3128", "HTTPS_PROXY")
    assert not seen.used
    monkeypatch.setenv("NO_PROXY", ".example.com")
    (seen,) = proxied(USUAL).observed(Proxy)
    assert seen.exempt
    assert not proxied(replace(USUAL, proxy="none")).observed(Proxy)


def test_through_a_proxy_what_cannot_be_judged_is_said_and_port_80_left_alone() -> None:
    options = replace(USUAL, proxy="http://jo:secret@proxy.corp:3128")
    run = proxied(options)
    (seen,) = run.observed(Proxy)
    assert seen.used
    assert "secret" not in seen.url
    assert "port 80" in run.observed(Unseen)[0].what
    assert attempted_ports(connect_all(Network(), "shop.example.com", options=options)) == [
        ("target", 443)
    ]


def test_where_the_server_is_looked_into_later_attempts_are_marked() -> None:
    """By a MSS that the server sees in the SYN."""

    def answer(address: str, port: int, attempt: int) -> ConnectResult | None:
        return SILENCE if port == 443 and attempt == 1 else None

    run = connect_all(Network(answer), "203.0.113.10", options=Options(server="ssh://web"))
    marks = [
        (connection.purpose, connection.mss)
        for connection in run.observed(Connection)
        if connection.mss
    ]
    assert sorted(purpose for purpose, _ in marks) == ["again", "control"]
    assert all(mark in SYN_MARKS for _, mark in marks)
    first, *others = (one for one in run.observed(Connection) if one.purpose == "again")
    assert first.mss
    assert [one.mss for one in others] == [None, None]
    unmarked = connect_all(Network(answer), "203.0.113.10")
    assert not any(one.mss for one in unmarked.observed(Connection))
