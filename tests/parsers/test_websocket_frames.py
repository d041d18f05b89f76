import pytest
from websockets.exceptions import ProtocolError

from diagnose.model.http import Violation
from diagnose.parsers.websocket_frames import first_frame_violation, is_http, violation_of


@pytest.mark.parametrize(
    ("data", "violation"),
    [
        (b"\x81\x02hi", ""),
        (b"\x88\x00", ""),
        (b"\x00\x00", ""),
        (b"\x01\x01a", ""),
        (b"\x81", ""),
        (b"\x81\x7e\x00\x7e", ""),
        (b"\x82\x7f" + (65536).to_bytes(8), ""),
        (b"\x81\x7e\x00\x7d", "length"),
        (b"\x82\x7f" + (65535).to_bytes(8), "length"),
        (b"\x81\x82abcd", "masked"),
        (b"\xc1\x02hi", "compressed"),
        (b"\xc9\x00", "reserved-bits"),
        (b"\xa1\x02hi", "reserved-bits"),
        (b"\x83\x02hi", "opcode"),
        (b"\x09\x00", "control-frame"),
        (b"\x89\x7e\x00\x7e", "control-frame"),
        (b"\r\nWarning: oh", "text"),
        (b"<html>", "text"),
    ],
)
def test_the_head_of_a_first_frame(data: bytes, violation: Violation) -> None:
    assert first_frame_violation(data, may_compress=False) == violation


def test_a_compressed_message_is_right_where_it_was_agreed() -> None:
    assert first_frame_violation(b"\xc1\x02hi", may_compress=True) == ""


def test_an_http_answer_is_known_by_its_version() -> None:
    assert is_http(b"HTTP/1.1 400 Bad Request")
    assert not is_http(b"HTTP")


def test_what_the_library_says_in_other_words_is_a_violation_too() -> None:
    assert violation_of(ProtocolError("control frame too long")) == "control-frame"
    assert violation_of(ValueError("something else")) == "other"
