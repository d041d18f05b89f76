from dataclasses import replace

import pytest

from diagnose.model.kernel import (
    Capture,
)
from diagnose.model.syn_watch import own_source_addresses, syn_watch
from tests.support.check_evidence import TIMEOUT, evidence
from tests.support.server_tcp_evidence import ADDRESS, capture, half_open, kernel, nic
from tests.support.tcp_evidence import HERE, attempt

SESSION, STRANGER = "198.51.100.1", "198.51.100.77"
TRY = replace(attempt(failure=TIMEOUT, took=4.0), at=5.0)


def test_the_server_knows_this_machine_by_its_source_and_by_its_session() -> None:
    inside = replace(attempt(source="10.0.0.5"), vantage=kernel().vantage)
    seen = evidence(TRY, attempt(source=""), inside, kernel(client=SESSION), kernel(client=""))
    assert own_source_addresses(seen) == {HERE[4], SESSION}


def test_a_capture_says_whether_our_syns_came_in_and_whose_else() -> None:
    seen = capture(HERE[4], STRANGER, ADDRESS, at=4.0, took=4.6)
    watch = syn_watch(evidence(TRY, kernel(), nic(), seen), [TRY])
    assert watch is not None
    assert (watch.capture, watch.ours, watch.others, watch.known) == (seen, True, (STRANGER,), True)
    renamed = syn_watch(evidence(TRY, kernel(client=SESSION), capture(STRANGER)), [TRY])
    assert renamed is not None
    assert (renamed.ours, renamed.others, renamed.known) == (False, (STRANGER,), False)


def test_a_half_open_connection_of_ours_on_the_port_has_come_in() -> None:
    for waiting, ours in ((half_open(HERE[4]), True), (half_open(STRANGER), False),
                          (replace(half_open(HERE[4]), port=80), False)):  # fmt: skip
        watch = syn_watch(evidence(TRY, kernel(), capture(), waiting), [TRY])
        assert watch is not None
        assert watch.ours is ours


@pytest.mark.parametrize(
    ("begun", "ended", "watched"),
    [
        (4.9, 5.1, True),  # the first SYN
        (5.1, 5.9, False),
        (5.1, 6.0, True),  # repeated after one second
        (6.1, 7.9, False),
        (8.0, 9.0, True),  # and after three
        (8.1, 9.0, False),
    ],
)
def test_a_capture_counts_only_if_it_ran_when_a_syn_was_sent(
    begun: float, ended: float, watched: bool
) -> None:
    """RFC 6298 section 2, for an attempt from 5.0 to 9.0 s."""
    seen = replace(capture(), begun=begun, ended=ended)
    assert (syn_watch(evidence(seen), [TRY]) is not None) is watched


def test_a_capture_proves_nothing_without_a_failed_attempt_or_its_end() -> None:
    whole = capture()
    assert syn_watch(evidence(whole), []) is None
    assert syn_watch(evidence(whole), [replace(TRY, failure=None)]) is None
    unreported = Capture(port=443, at=4.5, took=2.0)
    assert syn_watch(evidence(unreported), [replace(TRY, took=0.5)]) is None
    assert syn_watch(evidence(replace(whole, complete=False)), [TRY]) is None
