import datetime as dt
from dataclasses import replace
from itertools import islice

import pytest

from diagnose.model.tls import Certificate
from diagnose.parsers import x509_fields
from diagnose.parsers.x509 import parse_certificate
from diagnose.parsers.x509_library import parse_certificate as parse_by_library
from tests.support import x509_writer as odd
from tests.support.effort import ALL
from tests.support.odd_certificates import cases

CAFE = odd.seq(odd.rdn("O", b"Caf\xe9", 0x14), odd.rdn("CN", b"Caf\xe9 shop", 0x13))


def test_a_letter_that_cryptography_refuses_takes_nothing_else_away() -> None:
    found = parse_certificate(odd.leaf(subject=CAFE, over=odd.OVER))
    assert (found.common_name, found.subject) == ("Café shop", "CN=Café shop,O=Café")
    assert found.not_after == dt.datetime(2021, 1, 1, tzinfo=dt.UTC)
    assert found.dns_names == (odd.NAME,)
    assert (found.key_type, found.key_bits, found.signature_hash) == ("EC", 256, "sha256")
    assert (found.usages, found.key_usages) == (
        (odd.SERVER,),
        ("digitalSignature", "keyEncipherment"),
    )
    assert found.unread == ()


@pytest.mark.parametrize(
    "identifier",
    [odd.BASIC, odd.USAGE, odd.EXTENDED, odd.SAN, odd.SKI, odd.AKI, odd.AIA, odd.CRL],
)
def test_one_bad_extension_loses_no_other_and_is_unread(identifier: str) -> None:
    good = parse_certificate(odd.leaf())
    found = parse_certificate(odd.leaf(values={identifier: (b"\xde\xad", False)}))
    (field,) = found.unread
    emptied = {"names": ("dns_names",), "authorities": ("issuer_urls",)}.get(field, (field,))
    for name in set(Certificate.__dataclass_fields__) - {*emptied, "unread", "sha256"}:
        assert getattr(found, name) == getattr(good, name), name


def test_what_cannot_be_read_is_unknown_and_not_absent() -> None:
    found = parse_certificate(
        odd.leaf(over=odd.utc("no date"), values={odd.SAN: (b"\x05\x00", False)})
    )
    assert found.not_after is None
    assert found.unread == ("names", "not_after")


def test_a_rare_kind_of_name_takes_no_other_away() -> None:
    names = odd.seq(odd.tlv(0xA3, odd.seq()), odd.dns(), odd.tlv(0x87, b"\x7f\0\0\x01"))
    found = parse_certificate(odd.leaf(values={odd.SAN: (names, False)}))
    assert (found.dns_names, found.addresses) == ((odd.NAME,), ("127.0.0.1",))


def test_both_readers_read_the_same() -> None:
    compared = 0
    for case in cases() if ALL else islice(cases(), 0, None, 8):
        for der in case.chain:
            first, second = parse_by_library(der), x509_fields.parse_certificate(der)
            if second.key_bits == 0:  # a curve, which the second reader leaves to cryptography
                second = replace(
                    second, key_bits=first.key_bits, key_type=first.key_type, curve=first.curve
                )
            compared += first == second == parse_certificate(der)
            assert first == second, case.name
    assert compared > 100
