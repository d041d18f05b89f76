from dataclasses import replace

from diagnose.model.dns import Resolution
from diagnose.model.tcp import Connection
from tests.support.check_evidence import REFUSED, TIMEOUT, judge

FOUND = Resolution(name="shop.example.com", family=4, addresses=("203.0.113.10", "203.0.113.77"))
WORKS = Connection(address="203.0.113.10", port=443, family=4)
DEAD = Connection(address="203.0.113.77", port=443, family=4, failure=TIMEOUT)


def test_fires_when_one_of_two_does_not_answer() -> None:
    (claim,) = judge("dns.dead-address", FOUND, WORKS, DEAD, replace(DEAD, purpose="again"))
    assert claim.facts["dead"] == ("203.0.113.77",)
    assert [subject.address for subject in claim.covers] == ["203.0.113.77"]


def test_fires_once_for_all_dead_ones() -> None:
    found = replace(FOUND, addresses=(*FOUND.addresses, "203.0.113.78"))
    refused = replace(DEAD, address="203.0.113.78", failure=REFUSED)
    (claim,) = judge("dns.dead-address", found, WORKS, DEAD, refused)
    assert claim.facts["dead"] == ("203.0.113.77", "203.0.113.78")


def test_silent_when_all_answer_or_none() -> None:
    assert not judge("dns.dead-address", FOUND, WORKS, replace(DEAD, failure=None))
    assert not judge("dns.dead-address", FOUND, replace(WORKS, failure=TIMEOUT), DEAD)


def test_silent_when_a_second_try_came_through() -> None:
    again = replace(DEAD, failure=None, purpose="again")
    assert not judge("dns.dead-address", FOUND, WORKS, DEAD, again)


def test_silent_about_other_ports() -> None:
    plain = replace(DEAD, port=80, purpose="plain")
    good = replace(DEAD, failure=None)
    assert not judge("dns.dead-address", FOUND, WORKS, good, plain)


def test_silent_when_it_is_the_other_family() -> None:
    six = Resolution(name="shop.example.com", family=6, addresses=("2001:db8::10",))
    four = replace(FOUND, addresses=("203.0.113.10",))
    dead = Connection(address="2001:db8::10", port=443, family=6, failure=TIMEOUT)
    assert not judge("dns.dead-address", four, six, WORKS, dead)
