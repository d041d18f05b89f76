import pytest

from diagnose.parsers.nginx.config import parse
from diagnose.parsers.nginx.geo import geo_lookup, geo_values, network
from diagnose.parsers.nginx.locations import LocationMatch

NETWORKS = "geo $x { default 0; 192.0.2.0/24 1; 192.0.2.66 2; 2001:db8::/32 3; }"


def test_a_network_may_have_host_bits_and_a_word_is_none() -> None:
    assert str(network("192.0.2.66/24")) == "192.0.2.0/24"
    assert network("all") is None


@pytest.mark.parametrize(
    ("address", "value"),
    [("192.0.2.1", "1"), ("192.0.2.66", "2"), ("2001:db8::1", "3"), ("198.51.100.1", "0")],
)
def test_the_narrowest_network_has_the_value(address: str, value: str) -> None:
    (block,) = parse(NETWORKS, "n.conf")
    assert geo_lookup(block, address) == value


def test_ranges_are_read_as_ranges() -> None:
    text = "geo $x { ranges; default 0; 192.0.2.1-192.0.2.9 1; }"
    (block,) = parse(text, "n.conf")
    assert geo_lookup(block, "192.0.2.9") == "1"
    assert geo_lookup(block, "192.0.2.10") == "0"


def test_only_variables_that_are_used_are_computed() -> None:
    (http,) = parse(f"http {{ {NETWORKS} geo $y {{ default 9; }} }}", "n.conf")
    values = geo_values(LocationMatch((http,)), {"remote_addr": "192.0.2.66"}, frozenset("x"))
    assert values == {"x": "2"}
