"""HTTPS records in presentation format, as dnspython writes them."""

import pytest

from diagnose.parsers.service_records import ServiceRecord, parse_service_record


def test_a_record_says_where_browsers_connect() -> None:
    text = (
        '1 . alpn="h2,h3" no-default-alpn port="8443" ipv4hint="203.0.113.10,203.0.113.11" '
        'ipv6hint="2001:db8::1"'
    )
    hints = ("203.0.113.10", "203.0.113.11", "2001:db8::1")
    assert parse_service_record(text) == ServiceRecord(1, "", ("h2", "h3"), 8443, hints)


def test_an_alias_has_another_name() -> None:
    assert parse_service_record("0 CDN.Example.net.") == ServiceRecord(0, "cdn.example.net")


@pytest.mark.parametrize("text", ["", "1", "x .", '1 . alpn="h2', "² .", "123456 ."])
def test_what_is_no_record(text: str) -> None:
    assert parse_service_record(text) is None


def test_what_is_no_port_and_no_address_is_left_out() -> None:
    seen = parse_service_record("1 . port=99999 ipv4hint=example.com,203.0.113.10")
    assert seen == ServiceRecord(1, "", (), None, ("203.0.113.10",))
