"""CAA and HTTPS records, asked of name servers that are a function."""

import asyncio
from dataclasses import replace
from typing import Any, cast

import dns.message
import dns.rcode
import dns.rdatatype
import pytest

from diagnose.machine import Machine
from diagnose.model import Failure
from diagnose.model.dns import DnsAnswer, RecordEndpoint
from diagnose.net import ConnectResult
from diagnose.probes import Options
from diagnose.probes.outside import dns_records as probes
from diagnose.probes.outside.dns_queries import Query
from tests.probes.outside.test_dns import NAME, SHOP, USUAL, Paper, Zone, serving
from tests.support.fake_context import Looking

RESOLVER = "198.51.100.1"
A = DnsAnswer(name=NAME, rdtype="A", server=RESOLVER, rcode="NOERROR", records=("203.0.113.10",))
OLD = "203.0.113.77"
REFUSED = Failure("refused", "Connection refused", 111, "ECONNREFUSED")


class Refusing(Paper):
    """No place answers, and the places are kept."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.tried: list[tuple[str, int]] = []

    async def connect(self, address: str, port: int, *_: Any, **__: Any) -> ConnectResult:
        self.tried.append((address, port))
        return ConnectResult(0.0, failure=REFUSED)


def try_records(
    zone: Zone, port: int = 443, options: Options = USUAL
) -> tuple[list[RecordEndpoint], Refusing]:
    net = Refusing(serving(zone))
    looking = Looking(cast("Machine", None))
    looking.target, looking.net, looking.options = replace(SHOP, port=port), net, options

    async def run() -> None:
        found: list[asyncio.Future[DnsAnswer]] = []
        for answer in (A, replace(A, rdtype="AAAA", records=("2001:db8::10",))):
            found.append(asyncio.get_running_loop().create_future())
            found[-1].set_result(answer)
        query = Query(NAME, "HTTPS", RESOLVER, "service")
        await probes.try_service_records(looking, query, found)

    asyncio.run(run())
    return list(looking.observed(RecordEndpoint)), net


def test_a_hint_that_no_address_record_has_is_tried() -> None:
    zone = {NAME: {"HTTPS": [f"1 . alpn=h2 ipv4hint=203.0.113.10,{OLD}"]}}
    (only,), net = try_records(zone)
    assert (only.address, only.port, only.failure) == (OLD, 443, REFUSED)
    assert net.tried == [(OLD, 443)]


def test_another_port_is_tried_at_the_sites_own_address() -> None:
    _, net = try_records({NAME: {"HTTPS": ["1 . alpn=h2 port=8443"]}})
    assert net.tried == [("2001:db8::10", 8443), ("203.0.113.10", 8443)]


def test_another_name_is_resolved() -> None:
    zone = {NAME: {"HTTPS": ["1 old.example.com. alpn=h2"]}, "old.example.com": {"A": [OLD]}}
    assert try_records(zone)[1].tried == [(OLD, 443)]


def test_a_name_without_an_address_is_a_failure() -> None:
    (only,), net = try_records({NAME: {"HTTPS": ["0 old.example.com."]}})
    assert (only.address, net.tried) == ("", [])
    assert only.failure


@pytest.mark.parametrize(
    "record",
    ["1 . alpn=h3,h2 ipv4hint=203.0.113.10 ipv6hint=2001:db8::10", "1 . ipv4hint=169.254.169.254"],
)
def test_nothing_is_tried_where_the_record_leads_to_the_site_or_must_not_be_followed(
    record: str,
) -> None:
    assert not try_records({NAME: {"HTTPS": [record]}})[1].tried


def test_a_target_with_another_port_has_other_records() -> None:
    assert not try_records({NAME: {"HTTPS": [f"1 . ipv4hint={OLD}"]}}, port=8443)[1].asked


def test_servfail_for_caa_is_asked_again_and_compared_with_com() -> None:
    def serve(_: str, query: dns.message.Message, name: str, __: bool) -> dns.message.Message:
        made = dns.message.make_response(query, recursion_available=True)
        made.set_rcode(dns.rcode.SERVFAIL if name != "com" else dns.rcode.NOERROR)
        return made

    looking = Looking(cast("Machine", None))
    looking.net = Paper(serve)
    asyncio.run(probes.ask_caa(looking, Query(NAME, "CAA", RESOLVER, "caa")))
    seen = [
        (dns_answer.purpose, dns_answer.name, dns_answer.rcode)
        for dns_answer in looking.observed(DnsAnswer)
    ]
    assert seen[0] == ("caa", NAME, "SERVFAIL")
    assert sorted(seen[1:]) == [
        ("caa-control", "com", "NOERROR"),
        ("caa-control", NAME, "SERVFAIL"),
    ]


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("shop.example.com", ["www.shop.example.com"]),
        ("www.example.com", ["example.com"]),
        ("www.com", []),
    ],
)
def test_the_name_with_or_without_www_is_asked_for(name: str, asked: list[str]) -> None:
    looking, net = Looking(cast("Machine", None)), Paper(serving({}))
    looking.net = net
    asyncio.run(probes.ask_sibling(looking, Query(name, "A", RESOLVER, "sibling")))
    assert [each for _, each, _ in net.asked] == asked


def test_only_the_families_and_layers_that_are_wanted_are_tried() -> None:
    zone = {NAME: {"HTTPS": [f"1 . ipv4hint={OLD} ipv6hint=2001:db8::77"]}}
    assert try_records(zone, options=Options(family=6))[1].tried == [("2001:db8::77", 443)]
    assert not try_records(zone, options=Options(only=("dns",)))[1].tried
