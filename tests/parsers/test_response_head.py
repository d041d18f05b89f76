"""Heads that h11 refuses and browsers read, and what HTTP/2 forbids."""

import pytest

from diagnose.model.http import HeaderFault
from diagnose.parsers.response_head import (
    MAX_FAULTS,
    contradictions,
    http2_faults,
    repair_head,
)


def head(*lines: str) -> bytes:
    return "\r\n".join(["HTTP/1.1 200 OK", *lines, "", ""]).encode("latin-1")


@pytest.mark.parametrize(
    ("lines", "fault", "name", "left"),
    [
        (["Content-Length: 5", "Content-Length: 6"], "different-lengths", "Content-Length", "5"),
        (["Content-Length: 5, 6"], "different-lengths", "Content-Length", "5"),
        (["Content-Length: abc"], "invalid-length", "Content-Length", ""),
        (["Content-Length: -1"], "invalid-length", "Content-Length", ""),
        (["Content-Length: \xb2"], "invalid-length", "Content-Length", ""),
        (["Transfer-Encoding: chunked"] * 2, "transfer-coding", "Transfer-Encoding", "chunked"),
        (
            ["Transfer-Encoding: chunked, Chunked"],
            "transfer-coding",
            "Transfer-Encoding",
            "chunked",
        ),
        (["Transfer-Encoding: identity"], "transfer-coding", "Transfer-Encoding", ""),
        (["X Frame: a"], "field-name", "X Frame", ""),
        (["X-Frame : a"], "field-name", "X-Frame", ""),
        ([": a"], "field-name", "", ""),
        (["a secret line"], "no-colon", "", ""),
        (["X-A: a\x01b"], "control-character", "X-A", "X-A: a b"),
        (["X-A: a\0b"], "nul", "X-A", ""),
    ],
)
def test_each_fault_is_named_and_repaired(
    lines: list[str], fault: HeaderFault, name: str, left: str
) -> None:
    repaired = repair_head(head("Server: a", *lines) + b"body\r\n\r\n")
    assert repaired
    assert repaired.faults[0] == (fault, name)
    assert repaired.data.startswith(b"HTTP/1.1 200 OK\r\nServer: a\r\n")
    assert repaired.data.endswith(b"\r\n\r\nbody\r\n\r\n")
    assert left.encode() in repaired.data


def test_what_is_valid_or_incomplete_is_left_alone() -> None:
    assert repair_head(head("Server: a", "X-A: a", " folded", "Content-Length: 5")) is None
    assert repair_head(head("Content-Length: 5", "Content-Length: 5")) is None
    assert repair_head(b"HTTP/1.1 200 OK\r\nX Y: a\r\n") is None
    assert repair_head(b"HTTP/1.1 20 OK\r\nX Y: a\r\n\r\n") is None
    assert repair_head(b"") is None


def test_interim_responses_are_passed_over() -> None:
    hint = b"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n"
    repaired = repair_head(hint * 3 + head("X Y: a"))
    assert repaired
    assert repaired.data == head()


def test_only_so_many_faults_are_kept() -> None:
    repaired = repair_head(head(*[f"X {number}: a" for number in range(1000)]))
    assert repaired
    assert len(repaired.faults) == MAX_FAULTS


def test_what_contradicts_itself_in_valid_fields() -> None:
    assert contradictions([("Location", "/a"), ("location", "/b")]) == (
        ("different-locations", "location"),
    )
    assert contradictions([("Location", "/a"), ("Location", "/a")]) == ()
    both = [("Content-Length", "5"), ("Transfer-Encoding", "chunked")]
    assert contradictions(both) == (("length-and-chunks", "content-length"),)


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        (b"upgrade", b"h2,h2c", "connection-field"),
        (b"connection", b"close", "connection-field"),
        (b"te", b"gzip", "connection-field"),
        (b"transfer-encoding", b"chunked", "transfer-coding"),
        (b"X-Frame", b"a", "upper-case"),
        (b"x frame", b"a", "field-name"),
        (b"", b"a", "field-name"),
        (b"x-a", b"a\nb", "control-character"),
        (b"x-a", b"a\0b", "control-character"),
    ],
)
def test_what_http_2_forbids(name: bytes, value: bytes, fault: HeaderFault) -> None:
    ((kind, _),) = http2_faults([(b":status", b"200"), (name, value)])
    assert kind == fault


def test_what_http_2_allows() -> None:
    fields = [(b":status", b"200"), (b"te", b"trailers"), (b"x-a", b" a\t"), (b"server", b"")]
    assert http2_faults(fields) == ()
