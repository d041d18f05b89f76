"""Which list of a rule decides about one visitor."""

import pytest

from diagnose.model.server_rules import AddressTest
from diagnose.parsers.address_tests import (
    TRUE,
    UNKNOWN,
    deciding_test,
    excluded,
    holds,
    joined,
    network_of,
)

VISITOR = "198.51.100.10"


def listed(*networks: str, line: int = 3) -> tuple[AddressTest, ...]:
    return (AddressTest(0, "in", networks, "/etc/apache2/shop.conf", line),)


@pytest.mark.parametrize(
    ("word", "network"),
    [
        ("198.51.100.10", "198.51.100.10/32"),
        ("198.51.100.", "198.51.100.0/24"),
        ("10.1", "10.1.0.0/16"),
        ("10.1.0.0/255.255.0.0", "10.1.0.0/16"),
        ("2001:db8::/32", "2001:db8::/32"),
        ("example.com", "None"),
        ("all", "None"),
        ("443", "None"),
        ("", "None"),
    ],
)
def test_a_network_is_read_as_it_is_written(word: str, network: str) -> None:
    assert str(network_of(word)) == network


def test_the_list_that_has_the_visitor_decides() -> None:
    banned = joined("none", [joined("all", [TRUE, joined("none", [listed("198.51.100.0/24")])])])
    test = deciding_test(banned, VISITOR)
    assert test is not None
    assert test.networks == ("198.51.100.0/24",)
    assert deciding_test(banned, "192.0.2.1") is None


def test_a_list_without_the_visitor_decides() -> None:
    allowed = joined(
        "none", [joined("any", [listed("192.0.2.0/24"), listed("10.0.0.0/8", line=4)])]
    )
    test = deciding_test(allowed, VISITOR)
    assert test is not None
    assert test.line == 4
    assert deciding_test(allowed, "10.1.2.3") is None


def test_what_is_unknown_decides_nothing() -> None:
    assert holds(joined("all", [UNKNOWN, listed("198.51.100.0/24")]), VISITOR) is None
    assert deciding_test(joined("all", [UNKNOWN, listed("198.51.100.0/24")]), VISITOR) is None
    assert holds(joined("all", [UNKNOWN, listed("192.0.2.0/24")]), VISITOR) is False


def test_two_lists_together_are_not_lifted_by_one() -> None:
    twice = joined("any", [listed("198.51.100.10/32"), listed("198.51.100.0/24", line=9)])
    assert holds(twice, VISITOR) is True
    assert deciding_test(twice, VISITOR) is None


def test_the_rest_of_a_network_stays_kept_out() -> None:
    network = network_of("198.51.100.8/30")
    assert network is not None
    assert excluded(network, VISITOR) == ("198.51.100.8/31", "198.51.100.11")
    wide = network_of("2001:db8::/62")
    assert wide is not None
    assert excluded(wide, "2001:db8::7") == ("2001:db8:0:1::/64", "2001:db8:0:2::/63")


def test_a_list_that_is_too_long_to_be_read_decides_nothing() -> None:
    lines = [listed(f"10.{index // 250}.{index % 250}.0/24") for index in range(500)]
    assert holds(joined("none", [joined("any", lines)]), VISITOR) is None
    networks = [f"10.{index // 250}.{index % 250}.0/24" for index in range(6000)]
    assert holds(joined("none", [listed(*networks)]), VISITOR) is None
