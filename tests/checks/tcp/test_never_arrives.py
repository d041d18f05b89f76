from dataclasses import replace

from diagnose.checking.registry import load_check
from diagnose.checking.root_cause import findings
from diagnose.model import Confidence, Observation
from diagnose.model.kernel import MarkedSyn
from diagnose.model.tcp import Connection
from tests.support.check_evidence import TIMEOUT, judge, texts
from tests.support.server_tcp_evidence import (
    ADDRESS,
    PUBLISHED,
    capture,
    host,
    kernel,
    kernel_drop,
    nic,
)
from tests.support.tcp_evidence import HERE, attempt


def again(at: float = 4.0, address: str = ADDRESS) -> Connection:
    return replace(attempt(address, purpose="again", failure=TIMEOUT, took=4.0), at=at)


SILENT = (attempt(failure=TIMEOUT, took=4.0), again())
INSIDE: tuple[Observation, ...] = (PUBLISHED, host(), nic(), kernel())


def test_fires_where_nothing_came_in_while_it_was_tried() -> None:
    (claim,) = judge("tcp.never-arrives", *INSIDE, *SILENT, capture())
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["addresses"] == (ADDRESS,)
    assert not claim.facts["others_arrive"]
    assert "tcp.reverse-path-filter" in claim.ruled_out


def test_fires_where_others_come_in_and_this_machine_does_not() -> None:
    (claim,) = judge("tcp.never-arrives", *INSIDE, *SILENT, capture("198.51.100.77", ADDRESS))
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["others"] == ("198.51.100.77",)


def test_fires_with_less_certainty_where_the_server_may_know_this_machine_by_another_name() -> None:
    behind = (PUBLISHED, host(), nic(), kernel(client="198.51.100.1"))
    (claim,) = judge("tcp.never-arrives", *behind, *SILENT, capture("198.51.100.77"))
    assert claim.confidence is Confidence.POSSIBLE


def test_fires_for_an_address_that_may_be_translated_to_a_private_one() -> None:
    private = (PUBLISHED, host(), nic("eth0", "172.16.0.5"), kernel())
    (claim,) = judge("tcp.never-arrives", *private, *SILENT, capture())
    assert claim.confidence is Confidence.LIKELY
    assert not claim.facts["held"]


def test_explains_the_silence() -> None:
    observations = (*INSIDE, *SILENT, capture())
    (claim,) = judge("tcp.never-arrives", *observations)
    (silence,) = judge("tcp.timeout", *observations)
    cause, symptom = findings(
        [(load_check("tcp.timeout"), silence), (load_check("tcp.never-arrives"), claim)]
    )
    assert (cause.check.id, symptom.explained_by) == ("tcp.never-arrives", cause.id)


def test_silent_where_the_server_may_have_begun_to_watch_too_late() -> None:
    """The last SYN of the second try was sent at 7.0 s."""
    late = replace(capture(), begun=7.1, ended=8.4)
    assert not judge("tcp.never-arrives", *INSIDE, *SILENT, late)
    assert judge("tcp.never-arrives", *INSIDE, *SILENT, replace(late, begun=6.9))


def test_silent_where_it_came_in() -> None:
    assert not judge("tcp.never-arrives", *INSIDE, *SILENT, capture(HERE[4]))


def test_silent_where_it_came_in_by_the_name_that_the_session_has() -> None:
    behind = (PUBLISHED, host(), nic(), kernel(client="198.51.100.1"))
    assert not judge("tcp.never-arrives", *behind, *SILENT, capture("198.51.100.1"))


def test_silent_where_nobody_watched_at_the_time_or_not_everything_was_seen() -> None:
    assert not judge("tcp.never-arrives", *INSIDE, *SILENT)
    assert not judge("tcp.never-arrives", *INSIDE, *SILENT, capture(at=9.0))
    assert not judge("tcp.never-arrives", *INSIDE, *SILENT, capture(complete=False))


def test_silent_about_an_address_of_another_machine() -> None:
    elsewhere = (attempt("192.0.2.99", failure=TIMEOUT, took=4.0), again(address="192.0.2.99"))
    assert not judge("tcp.never-arrives", *INSIDE, *elsewhere, capture())


def test_silent_where_the_port_answers() -> None:
    assert not judge("tcp.never-arrives", *INSIDE, attempt(), capture())


def test_silent_where_the_kernel_dropped_what_arrived() -> None:
    assert not judge("tcp.never-arrives", *INSIDE, *SILENT, capture(), kernel_drop())


def test_silent_without_a_packet_that_shows_that_the_capture_works() -> None:
    blind = replace(capture(), control=False)
    assert not judge("tcp.never-arrives", *INSIDE, *SILENT, blind)
    marked = replace(blind, marked=(MarkedSyn(HERE[4], 22, 1111),))
    assert not judge("tcp.never-arrives", *INSIDE, *SILENT, marked)
    control = replace(attempt(port=22, purpose="control"), mss=1111)
    assert judge("tcp.never-arrives", *INSIDE, *SILENT, control, marked)


def test_silent_where_a_marked_syn_came_from_a_translated_address() -> None:
    """Without the mark it would be taken for another visitor's."""
    others = capture("198.51.100.77")
    first, second = SILENT
    assert judge("tcp.never-arrives", *INSIDE, first, replace(second, mss=1111), others)
    ours = replace(others, marked=(MarkedSyn("198.51.100.77", 443, 1111),))
    assert not judge("tcp.never-arrives", *INSIDE, first, replace(second, mss=1111), ours)
    strange = replace(others, marked=(MarkedSyn("198.51.100.77", 443, 1112),))
    assert judge("tcp.never-arrives", *INSIDE, first, replace(second, mss=1111), strange)


def test_fires_with_doubt_where_an_xdp_program_comes_before_any_capture() -> None:
    hooked = (PUBLISHED, host(), replace(nic(), xdp=True), kernel())
    (claim,) = judge("tcp.never-arrives", *hooked, *SILENT, capture())
    assert claim.confidence is Confidence.POSSIBLE
    assert claim.facts["xdp"] == ("eth0",)
    assert any("bpftool" in text for text in texts("tcp.never-arrives", claim))
