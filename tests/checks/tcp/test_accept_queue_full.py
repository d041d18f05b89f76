from dataclasses import replace

from diagnose.checking.registry import load_check
from diagnose.checking.root_cause import findings
from diagnose.model import Applicability, Command, Confidence, Edit, Manual, Severity
from diagnose.model.kernel import Queue
from diagnose.model.processes import Holder, PortHolders
from tests.support.check_evidence import TIMEOUT, judge
from tests.support.nginx_evidence import RUNNING, config
from tests.support.server_tcp_evidence import counters, kernel, queues
from tests.support.tcp_evidence import attempt

FULL = queues(Queue("0.0.0.0", 443, 3, 2), Queue("0.0.0.0", 80, 0, 511))
BRIM = queues(Queue("0.0.0.0", 443, 2, 2))
LOST = attempt(failure=TIMEOUT, took=4.0)


def test_fires_where_more_wait_than_may() -> None:
    (claim,) = judge("tcp.accept-queue-full", kernel(), FULL, LOST)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.severity is Severity.ERROR
    assert (claim.facts["waiting"], claim.facts["limit"]) == (3, 2)
    assert claim.facts["small"]
    assert [subject.port for subject in claim.covers] == [443]


def test_fires_and_names_the_processes_that_wait_for_a_disk() -> None:
    holders = PortHolders(port=443, holders=(Holder(37, "nginx", "D"), Holder(35, "nginx", "S")))
    (claim,) = judge("tcp.accept-queue-full", kernel(), FULL, LOST, holders)
    assert claim.facts["waits"] == ("37",)
    assert claim.facts["process"] == "nginx"
    other = replace(holders, port=3000)
    (claim,) = judge("tcp.accept-queue-full", kernel(), FULL, LOST, other)
    assert claim.facts["waits"] == ()


def test_fires_with_nginxs_own_length_in_place_of_a_shorter_one() -> None:
    text = "server {\n    listen 443 ssl backlog=2; # few\n}\n"
    (claim,) = judge("tcp.accept-queue-full", kernel(), RUNNING, config(text), FULL, LOST)
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.REVIEW
    edit, *taken = claim.fix.steps
    assert isinstance(edit, Edit)
    assert "+    listen 443 ssl backlog=511; # few\n" in edit.diff
    assert [one.argv[-1] for one in taken if isinstance(one, Command)] == ["-t", "reload"]


def test_fires_where_the_queue_is_as_full_as_it_may_be_and_connections_are_lost() -> None:
    before, after = counters(ListenOverflows=7), counters(ListenOverflows=9)
    (claim,) = judge("tcp.accept-queue-full", before, BRIM, LOST, after, BRIM)
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["lost"] == 2
    assert claim.fix is not None
    assert isinstance(claim.fix.steps[0], Manual)


def test_fires_as_a_warning_where_the_tries_came_through() -> None:
    (claim,) = judge("tcp.accept-queue-full", FULL, attempt())
    assert claim.severity is Severity.WARNING


def test_explains_a_port_that_answers_sometimes() -> None:
    observations = (FULL, LOST, attempt(purpose="again"))
    (claim,) = judge("tcp.accept-queue-full", *observations)
    (unstable,) = judge("tcp.unstable", *observations)
    cause, symptom = findings(
        [(load_check("tcp.unstable"), unstable), (load_check("tcp.accept-queue-full"), claim)]
    )
    assert (cause.check.id, symptom.explained_by) == ("tcp.accept-queue-full", cause.id)


def test_silent_about_a_busy_queue_that_is_not_full() -> None:
    assert not judge("tcp.accept-queue-full", queues(Queue("0.0.0.0", 443, 300, 511)), LOST)


def test_silent_about_a_full_queue_while_nothing_is_lost() -> None:
    still = counters(ListenOverflows=7000)
    assert not judge("tcp.accept-queue-full", still, BRIM, LOST, still, BRIM)


def test_silent_about_losses_at_another_port() -> None:
    other = queues(Queue("0.0.0.0", 443, 0, 511), Queue("0.0.0.0", 9000, 129, 128))
    before, after = counters(ListenOverflows=7), counters(ListenOverflows=99)
    assert not judge("tcp.accept-queue-full", before, other, LOST, after, other)


def test_silent_where_it_was_full_and_is_no_longer() -> None:
    assert not judge("tcp.accept-queue-full", FULL, queues(Queue("0.0.0.0", 443, 0, 2)), LOST)


def test_silent_where_the_limit_is_not_known() -> None:
    assert not judge("tcp.accept-queue-full", queues(Queue("0.0.0.0", 443, 900)), LOST)
