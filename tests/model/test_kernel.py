from dataclasses import replace

from diagnose.model.kernel import (
    Boot,
    Kernel,
    Queue,
    Queues,
    TimeSync,
    counter_growth,
    counter_value,
)
from tests.support.check_evidence import TIMEOUT, evidence
from tests.support.server_tcp_evidence import counters
from tests.support.summaries import summary_text
from tests.support.tcp_evidence import attempt

SESSION, STRANGER = "198.51.100.1", "198.51.100.77"
TRY = replace(attempt(failure=TIMEOUT, took=4.0), at=5.0)


def test_the_stricter_of_the_two_settings_is_in_effect() -> None:
    """ip-sysctl, rp_filter: the larger value of "all" and the interface."""
    settings = Kernel(reverse_path=(("all", 1), ("eth0", 0), ("eth1", 2)))
    assert [settings.strictness(name) for name in ("eth0", "eth1", "eth9")] == [1, 2, 1]
    assert Kernel().strictness("eth0") == 0


def test_a_counter_grew_by_the_difference_of_its_first_and_last_reading() -> None:
    seen = evidence(counters(drops=3), counters(), counters(drops=9))
    assert counter_growth(seen, "drops") == 6
    assert counter_value(seen, "drops") == 9


def test_a_counter_that_was_reset_or_read_once_has_not_grown() -> None:
    assert counter_growth(evidence(counters(drops=9), counters(drops=3)), "drops") == 0
    assert counter_growth(evidence(counters(drops=9)), "drops") == 0
    assert counter_growth(evidence(), "drops") == counter_value(evidence(), "drops") == 0
    failed = replace(counters(drops=9), failure=TIMEOUT)
    assert counter_value(evidence(counters(drops=3), failed), "drops") == 3
    assert counters(drops=9).get("other") is None


def test_an_accept_queue_is_full_with_one_more_than_its_limit() -> None:
    queue = Queue("0.0.0.0", 443, 128, 128)
    assert not queue.full
    assert replace(queue, waiting=129).full
    assert not replace(queue, waiting=129, limit=None).full
    other = Queue("0.0.0.0", 80, 0, 128)
    assert Queues(queues=(queue, other)).on(443) == (queue,)


def test_what_is_not_known_is_said() -> None:
    assert summary_text(Kernel())[1] == "no settings"
    assert summary_text(Kernel(trackable=1024))[1] == "nf_conntrack_max 1024"
    assert summary_text(TimeSync())[1] == "not known"
    assert summary_text(TimeSync(synchronized=False))[1] == "not synchronized"
    assert summary_text(Boot(manager="systemd", service="nginx", state=""))[1] == "not there"
