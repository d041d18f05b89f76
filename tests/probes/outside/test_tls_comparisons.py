"""What is compared with a failed handshake, against answers written down."""

import asyncio

import pytest

from diagnose.model import Failure
from diagnose.model.tls import Handshake
from diagnose.parsers.tls import CERTIFICATE_STATUS, SERVER_DONE, TLS1_2
from diagnose.probes.outside import tls_comparisons as probes
from tests.handshakes.servers import message, server_hello
from tests.support.check_evidence import REFUSED
from tests.support.comparisons import PORT, Run

ALERT = b"\x15\x03\x03\0\x02\x02\x28"  # fatal, handshake_failure: RFC 8446 section 6
HELLO, DONE = server_hello(b"http/1.1"), message(SERVER_DONE, b"")
SILENT: tuple[probes.Comparison, ...] = ("small-hello", "no-sni", "other-sni", "plain")


@pytest.mark.parametrize(
    ("variant", "name"),
    [
        ("no-sni", None),
        ("other-sni", "nothing.invalid"),
        *((one, "shop.example.com") for one in
          ("lenient", "no-dhe", "small-hello", "tls1.2", "any-cipher")),
    ],
)  # fmt: skip
def test_only_a_comparison_of_names_sends_another(
    variant: probes.Comparison, name: str | None
) -> None:
    run = Run(ALERT)
    (seen,) = run.compared(variant)
    assert (seen.variant, seen.server_name, seen.verify_code) == (variant, name, None)
    assert seen.alert is not None
    assert seen.alert.name == "handshake_failure"
    sent = [
        one for one in (b"shop.example.com", b"nothing.invalid") if one in run.streams[0].written
    ]
    assert sent == ([name.encode()] if name else [])


def test_a_site_without_a_name_has_none_to_compare() -> None:
    run = Run(ALERT, ALERT, host="203.0.113.10")
    assert [one.variant for one in run.compared("no-sni", "other-sni", "tls1.2")] == ["tls1.2"]


def test_one_failure_is_compared_once_and_another_again() -> None:
    run = Run(*[ALERT] * 9)
    assert [one.variant for one in run.compared(*SILENT)] == list(SILENT)
    assert run.compared(*SILENT) == []
    assert len(run.compared("no-sni", failure=Failure("alert", "x", 112))) == 1
    assert len(run.compared("no-sni", failure=Failure("alert", "x", 40))) == 1


def test_a_port_that_is_shut_by_now_is_told_by_handshakes_alone() -> None:
    seen = Run().compared("tls1.2", "any-cipher", "plain")
    assert [(observation.variant, observation.failure) for observation in seen] == [
        ("tls1.2", REFUSED)
    ]


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (HELLO + DONE, None, ""),
        (HELLO + ALERT, "alert", "handshake failure"),
        (
            b"SSH-2.0-OpenSSH_9.2\r\n\x1b",
            "protocol",
            "SSH-2.0-OpenSSH_9.2 \N{REPLACEMENT CHARACTER}",
        ),
        (HELLO, "closed", "connection closed"),
        (DONE, "protocol", "no ServerHello came"),
    ],
)
def test_a_handshake_by_hand_shows_how_far_it_went(
    answer: bytes, kind: str | None, words: str
) -> None:
    (seen,) = Run(answer).compared("any-cipher")
    assert (seen.failure.kind if seen.failure else None) == kind
    assert (seen.failure.message if seen.failure else "") == words
    assert seen.bytes_received == len(answer)
    assert bool(seen.cipher) == answer.startswith(HELLO)


@pytest.mark.parametrize(
    ("answer", "seen"),
    [
        (b"HTTP/1.1 200 OK\r\n", ("HTTP/1.1 200 OK", False, False)),
        (ALERT, ("", True, True)),
        (b"", ("", False, True)),
    ],
)
def test_a_plain_request_shows_what_answers(answer: bytes, seen: tuple[str, bool, bool]) -> None:
    run = Run(answer)
    (one,) = run.compared("plain")
    assert run.streams[0].written.startswith(b"GET / HTTP/1.1\r\nHost: shop.example.com\r\n")
    assert (one.received, bool(one.alert), bool(one.failure)) == seen


def test_a_missing_staple_counts_only_the_second_time(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    stapled = HELLO + message(CERTIFICATE_STATUS, b"\1") + DONE
    for answers, seen in (([HELLO + DONE, stapled], [False, True]), ([stapled], [True])):
        run = Run(*answers)
        asyncio.run(probes.check_stapling(run, PORT))
        assert [handshake.stapled for handshake in run.observed(Handshake)] == seen
    assert waited == [1.0]


def test_a_broken_handshake_says_nothing_of_a_staple() -> None:
    run = Run(HELLO)
    asyncio.run(probes.send_client_hello(run, PORT, "stapling", TLS1_2, 4.0))
    assert [handshake.stapled for handshake in run.observed(Handshake)] == [None]
    assert probes.control_timeout(PORT) == pytest.approx(1.2)
