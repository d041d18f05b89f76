"""The probe, on a network that is a page of Python and a name server that is a function."""

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest

from diagnose.engine import Run
from diagnose.model import Failure, Observation, Target, Unseen
from diagnose.model.dns import (
    DnsAnswer,
    HostsEntry,
    Resolution,
    ResolverConfig,
    final_answers_of,
)
from diagnose.model.events import null_sink
from diagnose.model.tcp import Uplink
from diagnose.net import DEFAULT_TIMEOUT, ConnectResult, ResolveResult, resolvconf
from diagnose.probes import Options
from diagnose.probes.outside import dns as probe
from diagnose.probes.outside import dns_queries

NAME = "shop.example.com"
SHOP = Target(NAME, "https", NAME, 443)
UNKNOWN = Failure("resolution", "Name or service not known", -2, "EAI_NONAME")
AGAIN = Failure("resolution", "Temporary failure in name resolution", -3, "EAI_AGAIN")

Answer = Callable[[str, dns.message.Message, str, bool], dns.message.Message]
Serve = Callable[[str, dns.message.Message, str, bool], dns.message.Message | None]
Zone = dict[str, dict[str, list[str]]]


def serving(zone: Zone) -> Answer:
    """A resolver that knows these names and no others; the root it always knows."""

    def serve(server: str, query: dns.message.Message, name: str, tcp: bool) -> dns.message.Message:
        made = dns.message.make_response(query, recursion_available=True)
        kind = dns.rdatatype.to_text(query.question[0].rdtype)
        for _ in range(8):
            entry = zone.get(name, {} if name == "." else None)
            if entry is None:
                made.set_rcode(dns.rcode.NXDOMAIN)
                break
            found = kind if kind in entry else "CNAME"
            if found in entry:
                made.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", found, *entry[found]))
            if found == kind or found not in entry:
                break
            name = entry["CNAME"][0].rstrip(".")
        return made

    return serve


class Paper:
    """A network on paper: `system` is what getaddrinfo finds, `serve` the name servers."""

    def __init__(self, serve: Serve, system: dict[int, ResolveResult] | None = None) -> None:
        self.serve = serve
        self.system = system or {}
        self.asked: list[tuple[str, str, str]] = []
        self.gate: asyncio.Event | None = None

    async def resolve(self, name: str, family: int, timeout: float = 10.0) -> ResolveResult:
        if self.gate is not None:
            await self.gate.wait()
        return self.system.get(family, ResolveResult(0.0, failure=UNKNOWN))

    async def ask(
        self, server: str, query: bytes, timeout: float = 3.0, tcp: bool = False
    ) -> bytes:
        message = dns.message.from_wire(query)
        question = message.question[0]
        name = question.name.to_text(omit_final_dot=question.name.to_text() != ".").lower()
        self.asked.append((server, name, dns.rdatatype.to_text(question.rdtype)))
        await asyncio.sleep(0)
        answer = self.serve(server, message, name, tcp)
        if answer is None:
            raise TimeoutError("timed out")
        return answer.to_wire()

    async def connect(
        self,
        address: str,
        port: int,
        timeout: float = DEFAULT_TIMEOUT,
        ttl: int | None = None,
        mss: int | None = None,
    ) -> ConnectResult:
        raise NotImplementedError

    def way_to(self, address: str) -> ConnectResult:
        return ConnectResult(0.0, source="198.51.100.2")

    def is_mine(self, address: str) -> bool:
        return address.startswith("127.")


@pytest.fixture(autouse=True)
def configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "resolv.conf").write_text("nameserver 198.51.100.1\nnameserver 198.51.100.2\n")
    (tmp_path / "hosts").write_text("127.0.0.1 localhost\n")
    monkeypatch.setattr(resolvconf, "RESOLV_CONF", tmp_path / "resolv.conf")
    monkeypatch.setattr(resolvconf, "HOSTS", tmp_path / "hosts")
    return tmp_path


USUAL = Options()


def look(net: Paper, options: Options = USUAL, target: Target = SHOP) -> list[Observation]:
    """Run the probe alone; what it saw."""

    async def run() -> list[Observation]:
        async with asyncio.TaskGroup() as tasks:
            looking = Run(target, options, net, null_sink, tasks)
            looking.register(probe.resolve)
        assert not looking.crashes
        return looking.observations

    return asyncio.run(run())


def answers(observations: list[Observation], purpose: str) -> list[DnsAnswer]:
    return [
        observation
        for observation in observations
        if isinstance(observation, DnsAnswer) and observation.purpose == purpose
    ]


def resolutions(observations: list[Observation]) -> list[Resolution]:
    return [observation for observation in observations if isinstance(observation, Resolution)]


FOUND = {
    4: ResolveResult(0.0, ("203.0.113.10",)),
    6: ResolveResult(0.0, failure=Failure("resolution", "No address", -5, "EAI_NODATA")),
}
HEALTHY: Zone = {NAME: {"A": ["203.0.113.10"]}, "example.com": {}, "com": {}}


def test_an_address_needs_no_resolving() -> None:
    net = Paper(serving({}))
    seen = look(net, target=Target("2001:db8::1", "https", "2001:db8::1", 443))
    assert [
        (resolution.addresses, resolution.family, resolution.via)
        for resolution in resolutions(seen)
    ] == [(("2001:db8::1",), 6, "literal")]
    assert not net.asked


def test_an_address_given_is_taken() -> None:
    (only,) = resolutions(look(Paper(serving({})), Options(address="203.0.113.9")))
    assert (only.addresses, only.via, only.name) == (("203.0.113.9",), "option", NAME)


def test_the_system_and_dns_are_both_heard() -> None:
    seen = look(Paper(serving(HEALTHY), FOUND))
    assert [resolution.via for resolution in resolutions(seen)] == ["system", "system"]
    four, six = answers(seen, "target")
    assert (four.rdtype, four.records, four.rcode) == ("A", ("203.0.113.10",), "NOERROR")
    assert (six.rdtype, six.records) == ("AAAA", ())
    assert four.equivalent == "dig @198.51.100.1 shop.example.com A +dnssec"
    assert ("198.51.100.1", NAME, "CAA") in [
        (answer.server, answer.name, answer.rdtype) for answer in answers(seen, "caa")
    ]
    assert not answers(seen, "again")
    assert not answers(seen, "parent")


def test_one_family_only_if_so_told() -> None:
    seen = look(Paper(serving(HEALTHY), FOUND), Options(family=4))
    assert [resolution.family for resolution in resolutions(seen)] == [4]
    assert [answer.rdtype for answer in answers(seen, "target")] == ["A"]


def test_dns_does_not_wait_for_the_system() -> None:
    net = Paper(serving(HEALTHY), FOUND)

    async def run() -> None:
        net.gate = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            heard = asyncio.Event()
            looking = Run(SHOP, Options(), net, lambda event: heard.set(), tasks)
            looking.register(probe.resolve)
            while not answers(looking.observations, "target"):
                heard.clear()
                await heard.wait()
            assert not resolutions(looking.observations)
            net.gate.set()

    asyncio.run(run())


def test_a_silent_family_does_not_hold_up_the_other() -> None:
    def serve(
        server: str, query: dns.message.Message, name: str, tcp: bool
    ) -> dns.message.Message | None:
        if query.question[0].rdtype == dns.rdatatype.AAAA:
            return None
        return serving(HEALTHY)(server, query, name, tcp)

    seen = look(Paper(serve), Options(resolver="198.51.100.1"))
    assert seen.index(resolutions(seen)[0]) < seen.index(
        next(answer for answer in answers(seen, "target") if answer.failure)
    ) or resolutions(seen)[0].addresses == ("203.0.113.10",)
    assert [(resolution.family, bool(resolution.failure)) for resolution in resolutions(seen)] == [
        (4, False),
        (6, True),
    ]


def test_a_given_resolver_stands_in_for_the_system() -> None:
    net = Paper(serving(HEALTHY))
    seen = look(net, Options(resolver="192.0.2.53"))
    four, six = resolutions(seen)
    assert (four.via, four.addresses) == ("dns", ("203.0.113.10",))
    assert six.failure is not None
    assert six.failure.name == "EAI_NODATA"
    assert {server for server, _, _ in net.asked} == {"192.0.2.53"}


def test_a_name_that_is_not_there_has_its_domains_asked_about() -> None:
    seen = look(Paper(serving({"example.com": {}, "com": {}})))
    assert [(answer.name, answer.rcode) for answer in answers(seen, "parent")] == [
        ("example.com", "NOERROR"),
        ("com", "NOERROR"),
    ]


def test_a_name_under_another_domain_has_com_as_its_control() -> None:
    name = "shop.example.net"
    seen = look(Paper(serving({"com": {}})), target=Target(name, "https", name, 443))
    assert [(answer.name, answer.rcode) for answer in answers(seen, "control")] == [
        ("com", "NOERROR")
    ]


def failing(rcode: int, unless: int = 0) -> Serve:
    """SERVFAIL and the like for the shop, unless a flag is set."""

    def serve(server: str, query: dns.message.Message, name: str, tcp: bool) -> dns.message.Message:
        made = serving(HEALTHY)(server, query, name, tcp)
        if name == NAME and not query.flags & unless:
            made.answer.clear()
            made.set_rcode(dns.rcode.Rcode(rcode))
        return made

    return serve


def test_servfail_is_asked_again_and_without_validation() -> None:
    seen = look(
        Paper(
            failing(dns.rcode.SERVFAIL, unless=dns.flags.CD), {4: ResolveResult(0.0, failure=AGAIN)}
        )
    )
    assert {one.rcode for one in answers(seen, "again")} == {"SERVFAIL"}
    without = answers(seen, "unvalidated")
    assert {one.rcode for one in without} == {"NOERROR"}
    assert all(one.checking_disabled for one in without)
    assert without[0].equivalent.endswith("+cd")
    assert answers(seen, "control")


def test_silence_is_asked_again_and_so_are_the_others_and_the_root() -> None:
    def serve(
        server: str, query: dns.message.Message, name: str, tcp: bool
    ) -> dns.message.Message | None:
        return None if server == "198.51.100.1" else serving(HEALTHY)(server, query, name, tcp)

    seen = look(Paper(serve))
    assert all(one.failure for one in answers(seen, "target") + answers(seen, "again"))
    assert answers(seen, "control")[0].failure is not None
    assert {one.server for one in answers(seen, "other-resolver")} == {"198.51.100.2"}


def test_silence_is_left_at_that_where_the_system_has_its_addresses() -> None:
    seen = look(Paper(lambda *_: None, FOUND))
    assert not answers(seen, "again")


def test_a_cut_answer_is_asked_for_by_tcp() -> None:
    def serve(server: str, query: dns.message.Message, name: str, tcp: bool) -> dns.message.Message:
        made = serving(HEALTHY)(server, query, name, tcp)
        if not tcp:
            made.answer.clear()
            made.flags |= dns.flags.TC
        return made

    seen = look(Paper(serve, FOUND))
    assert [(one.transport, one.rdtype) for one in answers(seen, "target") if one.records] == [
        ("tcp", "A")
    ]
    finally_said = final_answers_of(
        observation for observation in seen if isinstance(observation, DnsAnswer)
    )
    assert finally_said["A"].records == ("203.0.113.10",)


LOOP: Zone = {NAME: {"CNAME": ["www.example.com."]}, "www.example.com": {"CNAME": [f"{NAME}."]}}


def test_aliases_are_followed_until_they_come_back() -> None:
    def serve(server: str, query: dns.message.Message, name: str, tcp: bool) -> dns.message.Message:
        made = serving(LOOP)(server, query, name, tcp)
        if query.question[0].rdtype != dns.rdatatype.CNAME and name in LOOP:
            made.answer.clear()
            made.set_rcode(dns.rcode.SERVFAIL)
        return made

    seen = look(Paper(serve))
    assert [answer.name for answer in answers(seen, "alias")] == [NAME, "www.example.com"]


def test_a_loop_that_the_answer_shows_is_not_followed() -> None:
    seen = look(Paper(serving(LOOP)))
    assert answers(seen, "target")[0].aliases == ("www.example.com", NAME)
    assert not answers(seen, "alias")


def test_aliases_without_an_end_are_followed_so_far_and_no_farther() -> None:
    def serve(server: str, query: dns.message.Message, name: str, tcp: bool) -> dns.message.Message:
        made = dns.message.make_response(query)
        if name == ".":
            return made
        if query.question[0].rdtype == dns.rdatatype.CNAME:
            made.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", "CNAME", f"a{name}."))
        else:
            made.set_rcode(dns.rcode.SERVFAIL)
        return made

    assert len(answers(look(Paper(serve)), "alias")) == probe.MAX_ALIASES


def test_where_only_dns_knows_the_address_the_run_goes_on_with_it() -> None:
    seen = look(Paper(serving(HEALTHY), {4: ResolveResult(0.0, failure=AGAIN)}))
    assert [
        resolution.addresses for resolution in resolutions(seen) if resolution.via == "dns"
    ] == [("203.0.113.10",)]
    assert [observation.what for observation in seen if isinstance(observation, Unseen)] == [
        "getaddrinfo(3)"
    ]


def test_nonsense_is_a_failure_like_any_other() -> None:
    class Nonsense(Paper):
        async def ask(self, *_: object, **__: object) -> bytes:
            return b"nonsense"

    seen = look(Nonsense(serving({})))
    assert {answer.failure.kind for answer in answers(seen, "target") if answer.failure} == {
        "protocol"
    }


def test_a_closed_port_keeps_the_machines_own_words() -> None:
    class Closed(Paper):
        async def ask(self, *_: object, **__: object) -> bytes:
            raise ConnectionRefusedError(111, "Connection refused")

    first = answers(look(Closed(serving({}))), "target")[0]
    assert first.failure == Failure("refused", "Connection refused", 111, "ECONNREFUSED")


def test_the_lines_of_the_hosts_file_that_name_the_target(configuration: Path) -> None:
    (configuration / "hosts").write_text(
        "127.0.0.1 localhost\n"
        "# 203.0.113.1 shop.example.com\n"
        "127.0.0.1\twww.shop.example.com SHOP.example.com. # mine\n"
        "nonsense shop.example.com\n"
        "2001:db8::1 shop.example.com"
    )
    seen = look(Paper(serving(HEALTHY), FOUND))
    lines = [observation for observation in seen if isinstance(observation, HostsEntry)]
    assert [(line.line, line.address, line.mine, line.ended) for line in lines] == [
        (3, "127.0.0.1", True, True),
        (5, "2001:db8::1", False, False),
    ]


def test_without_a_name_server_the_one_on_this_machine_is_asked(configuration: Path) -> None:
    (configuration / "resolv.conf").write_text("search example.com\n; nameserver 192.0.2.1\n")
    net = Paper(serving(HEALTHY), FOUND)
    seen = look(net)
    (config,) = [observation for observation in seen if isinstance(observation, ResolverConfig)]
    assert config.servers == ()
    assert {server for server, _, _ in net.asked} == {"127.0.0.1"}


def test_no_files_at_all_are_no_crash(configuration: Path) -> None:
    (configuration / "resolv.conf").unlink()
    (configuration / "hosts").unlink()
    assert answers(look(Paper(serving(HEALTHY), FOUND)), "target")


def test_name_servers_as_the_c_library_reads_them() -> None:
    text = "nameserver 192.0.2.1 # first\n nameserver 192.0.2.9\nnameserver fe80::1%eth0\n"
    text += "nameserver x\nnameserver 192.0.2.2\nnameserver 192.0.2.3\n"
    assert resolvconf.name_servers(text) == ("192.0.2.1", "fe80::1%eth0", "192.0.2.2")


def test_a_name_no_name_can_be_is_not_asked_for() -> None:
    name = "a" * 64 + ".example.com"
    seen = look(Paper(serving({})), target=Target(name, "https", name, 443))
    assert not answers(seen, "target")
    assert [observation for observation in seen if isinstance(observation, Unseen)]


def test_everything_is_asked_over_a_real_socket_too() -> None:
    from diagnose.net.local import LocalNet

    async def run() -> DnsAnswer:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
            server.bind(("127.0.0.1", 0))
            server.setblocking(False)
            loop = asyncio.get_running_loop()

            async def answer() -> None:
                data, peer = await loop.sock_recvfrom(server, 4096)
                query = dns.message.from_wire(data)
                made = serving(HEALTHY)("", query, NAME, False)
                await loop.sock_sendto(server, made.to_wire(), peer)

            async with asyncio.TaskGroup() as tasks:
                looking = Run(SHOP, Options(), LocalNet(), null_sink, tasks)
                tasks.create_task(answer())
                where = f"127.0.0.1#{server.getsockname()[1]}"
                return await dns_queries.ask(looking, dns_queries.Query(NAME, "A", where))

    said = asyncio.run(run())
    assert said.records == ("203.0.113.10",)
    assert "-p" in said.equivalent


@pytest.mark.parametrize("name", ["localhost", "shop.localhost"])
def test_a_name_of_this_machine_is_no_question_for_dns(name: str) -> None:
    net = Paper(serving({}))
    seen = look(net, target=Target(name, "https", name, 443))
    assert not net.asked
    found = [
        (resolution.addresses, resolution.via)
        for resolution in resolutions(seen)
        if resolution.failure is None
    ]
    assert found == [(("127.0.0.1",), "loopback"), (("::1",), "loopback")]


def test_a_resolver_that_cannot_be_asked_has_the_way_out_looked_at() -> None:
    def unreachable(*_: object) -> dns.message.Message:
        raise OSError(101, "Network is unreachable")

    seen = look(Paper(unreachable))
    assert [observation.family for observation in seen if isinstance(observation, Uplink)] == [4, 6]
    assert not [one for one in look(Paper(serving(HEALTHY), FOUND)) if isinstance(one, Uplink)]


def test_names_that_cannot_exist_are_asked_for_only_where_a_random_one_has_the_same_address() -> (
    None
):
    def everything(
        server: str, query: dns.message.Message, name: str, tcp: bool
    ) -> dns.message.Message:
        return serving({name: {"A": ["203.0.113.10"]}})(server, query, name, tcp)

    found = answers(look(Paper(everything)), "made-up")
    assert {one.name.rpartition(".")[2] for one in found} == {"com", "invalid"}
    assert all(one.records == ("203.0.113.10",) for one in found)
    one = serving({NAME: {"A": ["203.0.113.10"]}})
    assert answers(look(Paper(one)), "beside")
    assert not answers(look(Paper(one)), "made-up")
