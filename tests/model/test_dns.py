from dataclasses import replace
from typing import get_args

from diagnose.model import Failure, Host, Target, Vantage, Where
from diagnose.model.dns import (
    DnsAnswer,
    Resolution,
    ResolvedBy,
    addresses_by_state,
    alias_loop,
    answer_text,
    final_answers,
    is_local_name,
    is_loopback_name,
    knows_the_root,
    own_addresses,
    published_addresses,
    resolved_addresses,
    serves_visitors,
    this_machine,
)
from diagnose.model.server import Interface
from diagnose.model.tcp import Connection
from tests.support.check_evidence import REFUSED, TIMEOUT, evidence

A, B, C = "203.0.113.10", "203.0.113.11", "203.0.113.12"
FOUND = Resolution(name="shop.example.com", family=4, addresses=(A,))
SAID = DnsAnswer(name="shop.example.com", rdtype="A", server="192.0.2.53", rcode="NOERROR",
                 records=(A,))  # fmt: skip
SILENT = replace(SAID, rcode="", records=(), failure=TIMEOUT)
OPEN = Connection(address=A, port=443, family=4)


def test_a_guarded_address_is_allowed_only_if_a_person_typed_it() -> None:
    both = replace(FOUND, addresses=("169.254.169.254", A))
    ways: tuple[ResolvedBy, ...] = get_args(ResolvedBy)
    typed = {via for via in ways if replace(both, via=via).allowed_addresses == both.addresses}
    assert typed == {"literal", "option", "proxy"}
    assert both.allowed_addresses == (A,)


def test_names_outside_the_public_dns() -> None:
    assert all(map(is_local_name, ("shop", "shop.local", "a.b.internal", "nas.home.arpa")))
    assert not any(map(is_local_name, ("shop.example.com", "shop.local.example.com", "a.mylan")))
    assert all(map(is_loopback_name, ("localhost", "shop.localhost")))
    assert not any(map(is_loopback_name, ("mylocalhost", "localhost.example.com")))


def test_the_last_answer_counts_and_a_failure_only_without_any() -> None:
    later = replace(SAID, purpose="again", records=(B,))
    assert final_answers(evidence(SILENT, SAID, later, SILENT)) == {"A": later}
    assert final_answers(evidence(SILENT)) == {"A": SILENT}
    control, caa = replace(SAID, purpose="control"), replace(SAID, rdtype="CAA")
    assert final_answers(evidence(control, caa)) == {}


def test_published_are_the_addresses_of_an_answer_that_decides() -> None:
    assert published_addresses(evidence(SAID), 4) == (A,)
    assert published_addresses(evidence(SAID), 6) is None
    assert published_addresses(evidence(SILENT), 4) is None
    assert published_addresses(evidence(replace(SAID, rcode="SERVFAIL", records=())), 4) is None
    assert published_addresses(evidence(replace(SAID, rcode="NXDOMAIN", records=())), 4) == ()


def test_a_refusal_shows_that_the_resolver_works_and_servfail_does_not() -> None:
    assert knows_the_root(replace(SAID, rcode="REFUSED"))
    assert not knows_the_root(replace(SAID, rcode="SERVFAIL"))
    assert not knows_the_root(SILENT)
    assert (answer_text(SAID), answer_text(SILENT)) == ("NOERROR", "timed out")


def test_the_servers_public_addresses_are_those_of_its_own_interfaces() -> None:
    held = ("10.0.0.5/24", f"{A}/24", A, "fe80::1")
    nic = Interface(vantage=Vantage.SERVER, name="eth0", up=True, addresses=held)
    here = replace(nic, vantage=Vantage.HERE, addresses=(B,))
    assert own_addresses(evidence(nic, here)) == (A,)


def test_a_step_of_this_machine_is_the_servers_only_if_it_is_the_server() -> None:
    server = Host(vantage=Vantage.SERVER, hostname="web")
    assert this_machine(evidence(server)) is Where.SERVER
    assert this_machine(evidence(replace(server, via="ssh://web"))) is Where.CLIENT
    assert this_machine(evidence(replace(server, vantage=Vantage.HERE))) is Where.CLIENT


def test_addresses_are_alive_dead_or_unknown() -> None:
    found = replace(FOUND, addresses=(A, B, C, A, "2001:db8::1"))
    refused = replace(OPEN, address=B, failure=REFUSED)
    no_route = Failure("unreachable", "Network is unreachable", 101, "ENETUNREACH")
    seen = evidence(found, replace(OPEN, failure=TIMEOUT), replace(OPEN, purpose="again"), refused,
                    replace(OPEN, address=C, failure=no_route),
                    replace(OPEN, address=C, port=80, purpose="plain"))  # fmt: skip
    assert addresses_by_state(seen, 4) == ((A,), (B,), (C,))
    assert addresses_by_state(seen, 6) == ((), (), ("2001:db8::1",))
    assert resolved_addresses(seen) == (A, B, C, "2001:db8::1")


def test_visitors_are_not_served_at_loopback_unless_the_name_is_local() -> None:
    local = replace(FOUND, addresses=("127.0.0.1",))
    assert serves_visitors(evidence(FOUND))
    assert not serves_visitors(evidence(local))
    assert not serves_visitors(evidence())
    nas = Target("nas.lan", "https", "nas.lan", 443)
    assert serves_visitors(evidence(local, target=nas))
    assert not serves_visitors(evidence(target=nas))
    assert not serves_visitors(evidence(replace(local, failure=TIMEOUT)))


def test_a_loop_is_found_where_the_chain_enters_it() -> None:
    step = replace(SAID, rdtype="CNAME", purpose="alias", records=("A.example.com.",))
    back = replace(SAID, name="a.example.com", records=(),
                   aliases=("b.example.com", "a.example.com"))  # fmt: skip
    ring = ("a.example.com", "b.example.com", "a.example.com")
    assert alias_loop((step, back), "shop.example.com") == ring
    assert alias_loop((back,), "shop.example.com") == ()
    assert alias_loop((step,), "shop.example.com") == ()
    itself = replace(step, records=("shop.example.com.",))
    assert alias_loop([itself], "shop.example.com") == ("shop.example.com",) * 2
