"""http.chunk-sizes-in-body: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Claim, Confidence
from diagnose.model.http import ResponseBody
from diagnose.parsers.chunk_sizes import chunk_sizes_in
from tests.support.check_evidence import judge
from tests.support.report_builder import ANSWER

CHECK = "http.chunk-sizes-in-body"
HTML = "<!DOCTYPE html><title>Shop</title><p>Tea</p>"
FRAMED = f"{len(HTML):x}\r\n{HTML}\r\n0\r\n\r\n"
LONG = HTML + "<p>More tea.</p>" * 200 + "    "


def claims(body: str, received: int | None = None, kind: str = "text/html") -> list[Claim]:
    answer = replace(ANSWER, headers=(("Content-Type", kind),), body=body[:2048])
    size = len(body) if received is None else received
    whole = ResponseBody(url=answer.url, address=answer.address, port=443, received=size)
    return judge(CHECK, answer, whole, masked=False)


def test_fires_for_a_page_that_is_framed_in_itself() -> None:
    """Issue 805 of Cotonti/Cotonti."""
    (claim,) = claims(FRAMED)
    assert (claim.confidence, claim.facts["size"]) == (Confidence.CERTAIN, "2c")
    assert claims(f"{len(LONG):X}\r\n{LONG}\r\n0\r\n\r\n")[0].confidence is Confidence.CERTAIN
    cleaned = replace(ANSWER, body=FRAMED.replace("\r", ""))
    size = ResponseBody(url=ANSWER.url, address=ANSWER.address, port=443, received=len(FRAMED))
    assert judge(CHECK, cleaned, size, masked=False)
    assert claims('6\r\n{"a":1\r\n1\r\n}\r\n0\r\n\r\n', kind="application/json")


def test_is_unsure_where_the_end_was_not_seen() -> None:
    (claim,) = claims(f"{len(LONG):x}\r\n{LONG}\r\nc8\r\n{LONG[:200]}\r\n0\r\n\r\n")
    assert claim.confidence is Confidence.LIKELY
    assert not claims(f"200\r\n{LONG}")  # a number that an application prints


@pytest.mark.parametrize(
    "body",
    [
        HTML,
        f"1\r\n{HTML}",  # a number that an application prints
        f"1f\n{HTML}",
        f"ffff\r\n{HTML}",  # more than came
        f"0\r\n{HTML}",
        "<!doctype html><h1>Chunks</h1><pre>4\r\nWiki\r\n0\r\n\r\n</pre>",
        "",
    ],
)
def test_silent_for_what_is_no_frame(body: str) -> None:
    assert not claims(body)


def test_silent_for_a_text_about_chunks() -> None:
    assert not claims(FRAMED, kind="text/plain; charset=utf-8")
    assert chunk_sizes_in("é" * 4000, None) == ""
