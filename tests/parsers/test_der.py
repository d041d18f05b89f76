import pytest

from diagnose.parsers import der


def test_consecutive_values_are_read() -> None:
    first, second = der.elements(b"\x02\x01\x05\x04\x02ab")
    assert (first.tag, first.content, first.encoded) == (der.INTEGER, b"\5", b"\x02\x01\x05")
    assert (second.tag, second.content) == (der.OCTET_STRING, b"ab")


def test_a_length_may_be_longer_than_necessary() -> None:
    assert der.first_element(b"\x04\x82\x00\x02ab").content == b"ab"


@pytest.mark.parametrize(
    "data", [b"", b"\x04", b"\x04\x05ab", b"\x04\x80ab", b"\x04\x85\0\0\0\0\1a", b"\x1f\x01a"]
)
def test_other_data_is_an_error(data: bytes) -> None:
    with pytest.raises(ValueError, match="DER"):
        der.first_element(data)


def test_a_sequence_and_nothing_else() -> None:
    (value,) = der.sequence(b"\x30\x03\x02\x01\x05")
    assert value.content == b"\5"
    with pytest.raises(ValueError, match="sequence"):
        der.sequence(b"\x31\x03\x02\x01\x05")


def test_object_identifiers() -> None:
    assert der.oid(b"\x55\x1d\x11") == "2.5.29.17"
    assert der.oid(b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b") == "1.2.840.113549.1.1.11"
    for content in (b"", b"\x2a\x86", b"\x2a" * 65):
        with pytest.raises(ValueError, match="identifier"):
            der.oid(content)
