"""At which addresses visitors reach the site, for the choice among the sites of a server."""

from dataclasses import replace

from checks.server import visited_addresses
from diagnose.model import Failure
from diagnose.model.dns import DnsAnswer
from diagnose.model.tcp import Connection
from tests.support.check_evidence import evidence
from tests.support.report_builder import ANSWER

OPEN = Connection(address="2001:db8::10", port=443, family=10)
RECORD = DnsAnswer(
    name="shop.example.com", rdtype="A", server="192.0.2.53", records=("203.0.113.10",)
)


def test_where_a_page_came_or_the_port_opened() -> None:
    assert visited_addresses(evidence(ANSWER, OPEN)) == {"203.0.113.10", "2001:db8::10"}
    closed = replace(OPEN, failure=Failure("refused", "Connection refused"))
    other = replace(OPEN, port=80, purpose="plain")
    assert visited_addresses(evidence(ANSWER, closed, other)) == {"203.0.113.10"}


def test_an_address_of_this_machine_alone_tells_nothing() -> None:
    loopback = replace(ANSWER, address="127.0.0.1")
    assert visited_addresses(evidence(loopback)) == set()
    inner = replace(ANSWER, address="10.0.0.5")
    assert visited_addresses(evidence(inner, RECORD)) == set()
    assert visited_addresses(evidence(inner)) == {"10.0.0.5"}
    assert visited_addresses(evidence(ANSWER, RECORD)) == {"203.0.113.10"}
