from dataclasses import replace
from typing import Any

import pytest

from diagnose.model import Command, Confidence, Manual, Observation, Severity, Vantage, Where
from diagnose.model.cloud import CloudMachine
from diagnose.model.dns import DnsAnswer
from diagnose.model.nginx import NginxConfig
from diagnose.model.symptom import Symptom
from diagnose.model.tcp import ReturnedConnection
from diagnose.model.tls import Handshake
from diagnose.model.web_servers import WebServerConfig, WebSite
from diagnose.parsers.nginx.config import parse
from tests.support.certificates import in_use, leaf, visit
from tests.support.check_evidence import REFUSED, SHOP, TIMEOUT, judge
from tests.support.cloud_evidence import INSTANCE
from tests.support.firewall_rules import ADDRESS, connected, host, nic
from tests.support.front_evidence import local

OLD = "203.0.113.77"
SILENT = connected(OLD, failure=TIMEOUT)


def answer(*records: str, rdtype: str = "A", **fields: Any) -> DnsAnswer:
    given = {"rcode": "NOERROR", "records": records, **fields}
    return DnsAnswer(name="shop.example.com", rdtype=rdtype, server="203.0.113.1", **given)


def config(name: str = "shop.example.com") -> NginxConfig:
    main = parse(f"http {{ server {{ listen 443 ssl; server_name {name}; }} }}", "n.conf")
    return NginxConfig(vantage=Vantage.SERVER, path="n.conf", main=main)


def on_server(*observations: Observation) -> tuple[Observation, ...]:
    return (host(), config(), *observations)


def test_fires_where_the_record_names_an_address_that_the_server_has_not() -> None:
    (claim,) = judge("dns.wrong-address", *on_server(nic(), answer(OLD), SILENT))
    assert (claim.severity, claim.confidence) == (None, Confidence.LIKELY)
    assert claim.facts["own"] == (ADDRESS,)
    assert [subject.address for subject in claim.covers] == [OLD]


@pytest.mark.parametrize(("name", "fires"), [("shop.example.com", True), ("*", False)])
def test_fires_where_another_web_server_serves_the_name(name: str, fires: bool) -> None:
    apache = WebServerConfig(
        vantage=Vantage.SERVER, product="apache", path="a.conf", sites=(WebSite(names=(name,)),)
    )
    claims = judge("dns.wrong-address", host(), apache, nic(), answer(OLD), SILENT)
    assert bool(claims) is fires


@pytest.mark.parametrize(
    ("name", "fires"),
    [
        (".example.com", True), ("*.example.com", True), ("shop.*", True),
        ("SHOP.example.com", True),
        (r"~^shop\.", True), (r"~^(?<who>.+)\.example\.com$", True), ("_", False), ('""', False),
        ("~.", False), (r"~^(?<who>.+)$", False), ("*.other.example", False), ("www.*", False),
    ],
)  # fmt: skip
def test_fires_where_the_name_is_written_as_a_wildcard_or_a_pattern(name: str, fires: bool) -> None:
    evidence = (host(), config(name), nic(), answer(OLD), SILENT)
    assert bool(judge("dns.wrong-address", *evidence, masked=False)) is fires


@pytest.mark.parametrize(
    ("names", "fires"), [(("shop.example.com",), True), (("other.example",), False)]
)
def test_fires_where_the_block_of_every_name_has_the_certificate(
    names: tuple[str, ...], fires: bool
) -> None:
    file = in_use(leaf(dns_names=names))
    lines = f"listen 443 ssl default_server; server_name _; ssl_certificate {file.path};"
    main = parse(f"http {{ server {{ {lines} }} }}", "n.conf")
    every = NginxConfig(vantage=Vantage.SERVER, path="n.conf", main=main)
    evidence = (host(), every, file, nic(), answer(OLD), SILENT)
    assert bool(judge("dns.wrong-address", *evidence, masked=False)) is fires


def test_fires_where_another_machine_answers_with_something_else() -> None:
    other = Handshake(address=OLD, port=443, failure=TIMEOUT)
    (claim,) = judge("dns.wrong-address", *on_server(nic(), answer(OLD), connected(OLD), other))
    assert not claim.facts["nobody"]


def test_fires_as_a_note_where_a_cloud_may_translate_the_address() -> None:
    private = nic("eth0", "172.16.0.5")
    (claim,) = judge("dns.wrong-address", *on_server(private, answer(OLD), SILENT))
    assert (claim.severity, claim.confidence) == (Severity.NOTE, Confidence.POSSIBLE)


def test_fires_as_a_note_where_only_ipv6_is_public() -> None:
    mixed = nic("eth0", "172.16.0.5", "2001:db8:2::10")
    (claim,) = judge("dns.wrong-address", *on_server(mixed, answer(OLD), SILENT))
    assert claim.severity is Severity.NOTE


def test_silent_where_the_cloud_says_that_it_translates_the_address() -> None:
    private = nic("eth0", "172.16.0.10")
    instance = replace(INSTANCE, public_addresses=(OLD,))
    cloud = CloudMachine(title="Alibaba Cloud", metadata="answered", instance=instance)
    assert not judge("dns.wrong-address", *on_server(private, cloud, answer(OLD), SILENT))


def test_silent_where_one_of_several_is_this_servers() -> None:
    """Round robin."""
    assert not judge("dns.wrong-address", *on_server(nic(), answer(OLD, ADDRESS), SILENT))


def test_silent_where_the_site_works_there() -> None:
    """A CDN or a load balancer in front of it, or an address that a cloud translates."""
    shaken = Handshake(address=OLD, port=443)
    for held in (ADDRESS, "172.16.0.5"):
        given = (nic("eth0", held), answer(OLD), connected(OLD), shaken)
        assert not judge("dns.wrong-address", *on_server(*given))


def test_silent_where_the_name_is_an_alias_of_a_cdn() -> None:
    aliased = answer(OLD, aliases=("shop.example.com.cdn.cloudflare.net",))
    assert not judge("dns.wrong-address", *on_server(nic(), aliased, SILENT))


def test_silent_about_private_addresses_which_another_check_knows() -> None:
    silent = connected("192.168.1.10", failure=TIMEOUT)
    assert not judge("dns.wrong-address", *on_server(nic(), answer("192.168.1.10"), silent))


def test_silent_on_a_machine_that_does_not_serve_the_name() -> None:
    given = (nic(), answer(OLD), SILENT)
    assert not judge("dns.wrong-address", host(), config("blog.example.org"), *given)
    assert not judge("dns.wrong-address", host(), *given)
    assert judge("dns.wrong-address", host("ssh://web"), *given)


def test_fires_with_another_certificate_than_the_server_s_seen_from_elsewhere() -> None:
    """A private address tells nothing, and the certificates do."""
    other = visit(
        leaf(sha256="0e", dns_names=("old.example.net",)),
        address=OLD,
    )
    private = nic("eth0", "172.16.0.5")
    seen_here = (host("ssh://web"), config(), private, answer(OLD), connected(OLD), other, local())
    (claim,) = judge("dns.wrong-address", *seen_here)
    assert claim.severity is None


def test_silent_where_the_server_s_own_page_is_shown_there() -> None:
    """A proxy in front, whose certificate has expired."""
    expired = visit(address=OLD, code=10, message="certificate has expired")
    page = local(same_as=(OLD,))
    assert not judge(
        "dns.wrong-address", *on_server(nic(), answer(OLD), connected(OLD), expired, page)
    )


def test_fires_where_a_container_serves_the_site_at_the_own_address() -> None:
    """After issue 3901 of nginx-proxy-manager: no configuration of the server names the site."""
    refused = connected(OLD, failure=REFUSED)
    (claim,) = judge("dns.wrong-address", host(), nic(), answer(OLD), refused, local())
    assert claim.facts["works"]
    other = local(chain=(leaf(dns_names=("other.example.net",)),))
    for page in (other, local(trusted=False), local(status=502)):
        assert not judge("dns.wrong-address", host(), nic(), answer(OLD), refused, page)


def test_silent_where_a_connection_to_the_address_came_back() -> None:
    """A router in front forwards the address to this server."""
    back = ReturnedConnection(
        vantage=Vantage.SERVER, address=OLD, port=443, own_address=ADDRESS, own_port=8123
    )
    assert not judge("dns.wrong-address", *on_server(nic(), answer(OLD), SILENT, back))


@pytest.mark.parametrize(
    ("words", "step"),
    [
        ("from outside it works, but inside my LAN I cannot connect", "inner-name"),
        ("inside my LAN it works, but from outside I cannot connect", "publish"),
        ("connection refused", "publish"),
    ],
)
def test_fires_and_leaves_dns_where_only_visitors_inside_fail(words: str, step: str) -> None:
    """After issue 314 of nextcloud-snap: the router has no NAT loopback."""
    told = replace(SHOP, symptom=Symptom("not-connected", words))
    (claim,) = judge(
        "dns.wrong-address", *on_server(nic(), answer(OLD), SILENT), target=told, masked=False
    )
    assert claim.fix is not None
    (change,) = claim.fix.steps
    assert isinstance(change, Manual)
    assert change.step == step
    if step == "inner-name":
        (command,) = change.commands
        assert isinstance(command, Command)
        assert command.where is Where.CLIENT
        assert command.argv[-1] == f"{ADDRESS} shop.example.com"
