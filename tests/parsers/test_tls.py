import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.parsers import tls


def record(kind: int, content: bytes) -> bytes:
    return struct.pack("!BHH", kind, 0x0303, len(content)) + content


def message(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + len(body).to_bytes(3, "big") + body


def hello(version: int, suite: int) -> bytes:
    return message(2, struct.pack("!H", version) + bytes(32) + b"\0" + struct.pack("!HB", suite, 0))


def test_an_alert_is_read_from_the_wire() -> None:
    alert = tls.flight(record(21, bytes([2, 112]))).alert
    assert alert == tls.make_alert(2, 112)
    assert alert.name == "unrecognized_name"
    assert tls.make_alert(2, 99).name == "alert 99"


def test_a_first_flight_says_version_suite_and_messages() -> None:
    said = hello(0x0302, 0xC013) + message(11, b"\0\0\0") + message(22, b"") + message(14, b"")
    read = tls.flight(record(22, said[:20]) + record(22, said[20:]))
    assert (read.version, read.cipher) == ("TLSv1.1", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA")
    assert read.messages == (2, 11, tls.CERTIFICATE_STATUS, tls.SERVER_DONE)
    assert read.complete


def test_a_flight_cut_short_is_not_complete() -> None:
    read = tls.flight(record(22, hello(0x0303, 0x1234))[:-1])
    assert not read.complete
    assert read.version == ""
    assert tls.flight(record(22, hello(0x0303, 0x1234))).cipher == "0x1234"


@pytest.mark.parametrize("data", [b"", b"\x15", b"\x16\x03", b"\x15\x03\x01\x00\x02"])
def test_what_can_be_tls(data: bytes) -> None:
    assert tls.looks_like_tls(data)


@pytest.mark.parametrize("data", [b"HTTP/1.1 400", b"SSH-2.0", b"\x16\x02", b"220 mail"])
def test_what_cannot(data: bytes) -> None:
    assert not tls.looks_like_tls(data)


def test_a_hello_is_one_small_record_with_the_name_and_the_question_for_a_staple() -> None:
    written = tls.client_hello("shop.example.com", tls.TLS1_2, staple=True)
    ((kind, content),) = tls.records(written)
    ((what, body),) = tls.messages(content)
    assert (kind, what, body[:2]) == (22, tls.CLIENT_HELLO, b"\x03\x03")
    assert b"shop.example.com" in body
    assert b"\x00\x05\x00\x05\x01\0\0\0\0" in body
    assert len(written) < 400
    assert b"\x00\x00\x00" not in tls.client_hello(None, tls.TLS1_1)[47:60]


def test_a_hello_of_a_browser_names_no_large_curve_and_has_two_keys() -> None:
    written = tls.browser_hello("shop.example.com")
    ((kind, content),) = tls.records(written)
    ((what, body),) = tls.messages(content)
    assert (kind, what, body[:2]) == (22, tls.CLIENT_HELLO, b"\x03\x03")
    assert b"shop.example.com" in body
    assert b"\x00\x0a\x00\x08\x00\x06\x00\x1d\x00\x17\x00\x18" in body, "supported_groups"
    assert b"\x00\x33\x00\x6b\x00\x69\x00\x1d\x00\x20" in body, "key_share"
    assert len(tls.browser_hello(None)) == len(written) - 4 - 5 - len("shop.example.com")


def test_certificates_of_both_forms_are_read() -> None:
    one, two = b"first", b"second"
    entries = [len(der).to_bytes(3, "big") + der for der in (one, two)]
    old = b"".join(entries)
    new = b"".join(entry + b"\0\0" for entry in entries)
    assert tls.certificates(len(old).to_bytes(3, "big") + old, tls13=False) == (one, two)
    assert tls.certificates(b"\0" + len(new).to_bytes(3, "big") + new, tls13=True) == (one, two)
    assert tls.certificates(b"", tls13=True) == ()


@pytest.mark.parametrize("tls13", [False, True])
def test_a_certificate_cut_short_is_none(tls13: bool) -> None:
    whole, cut = b"\0\0\5first" + b"\0\0" * tls13, b"\0\0\6seco"
    start = b"\0" * tls13
    stated = len(whole + cut) + 2
    for length in (stated, len(whole + cut)):
        body = start + length.to_bytes(3, "big") + whole + cut
        assert tls.certificates(body, tls13) == (b"first",)


def test_what_came_instead_is_shown_without_its_control_characters() -> None:
    assert tls.printable(b"220 \x1b[31mmail\r\n250 ok") == "220 \ufffd[31mmail 250 ok"


@given(st.binary(max_size=300), st.booleans())
def test_nothing_that_is_sent_breaks_the_reader(data: bytes, tls13: bool) -> None:
    tls.flight(data)
    tls.flight(record(22, data))
    tls.certificates(data, tls13)
    tls.printable(data)


def test_the_group_of_the_key_exchange() -> None:
    share = b"\0\x33\0\x02\0\x19"
    hello = bytes(34) + b"\0" + bytes(3) + len(share).to_bytes(2, "big") + share
    assert tls.negotiated_group(tls.SERVER_HELLO, hello) == "secp521r1"
    assert tls.negotiated_group(tls.SERVER_KEY_EXCHANGE, b"\x03\0\x1d\x20") == "x25519"
    assert tls.negotiated_group(tls.SERVER_KEY_EXCHANGE, b"\x03\x12\x34\x20") == "0x1234"
    assert tls.negotiated_group(tls.SERVER_HELLO, hello[:20]) == ""
    assert tls.negotiated_group(tls.CERTIFICATE, b"") == ""
