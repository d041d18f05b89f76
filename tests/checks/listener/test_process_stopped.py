from dataclasses import replace

from diagnose.checking.registry import load_check
from diagnose.checking.root_cause import findings
from diagnose.model import Applicability, Confidence, Vantage, commands
from diagnose.model.kernel import Queue
from diagnose.model.nginx import UpstreamTry
from diagnose.model.processes import Holder, PortHolders
from tests.support.check_evidence import TIMEOUT, judge
from tests.support.server_tcp_evidence import kernel, queues
from tests.support.tcp_evidence import attempt
from tests.support.tls_evidence import SILENCE, shake

CHECK = "listener.process-stopped"
MASTER, WORKER = Holder(35, "nginx", "S"), Holder(36, "nginx", "T")
HELD = PortHolders(vantage=Vantage.SERVER, port=443, holders=(MASTER, WORKER))
STALLED = shake(failure=SILENCE)
APPLICATION = UpstreamTry(
    target="http://127.0.0.1:3000", host="127.0.0.1", port=3000, asked=True, failure=TIMEOUT
)


def test_fires_and_lets_it_continue() -> None:
    (claim,) = judge(CHECK, HELD, STALLED)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.fix is not None
    assert claim.fix.steps == (commands.continue_processes(("36",)),)
    assert claim.fix.applicability is Applicability.AUTOMATIC


def test_fires_and_lets_a_person_read_first_where_a_debugger_holds_it() -> None:
    held = replace(HELD, holders=(Holder(36, "node", "t"),))
    (claim,) = judge(CHECK, held, STALLED)
    assert claim.fix is not None
    assert claim.fix.applicability is Applicability.REVIEW


def test_fires_for_the_application_behind_nginx() -> None:
    held = replace(HELD, port=3000, holders=(Holder(40, "node", "T"),))
    (claim,) = judge(CHECK, held, APPLICATION)
    assert (claim.facts["application"], claim.facts["process"]) == (True, "node")
    assert 443 in {subject.port for subject in claim.covers}


def test_fires_with_less_certainty_where_others_are_at_work() -> None:
    held = replace(HELD, holders=(MASTER, replace(MASTER, pid=34), WORKER))
    (claim,) = judge(CHECK, held, STALLED)
    assert claim.confidence is Confidence.LIKELY


def test_a_full_queue_is_its_consequence() -> None:
    lost, full = attempt(failure=TIMEOUT, took=4.0), queues(Queue("0.0.0.0", 443, 512, 511))
    evidence = (kernel(), full, lost, HELD)
    raised = [
        (load_check(check_id), claim)
        for check_id in (CHECK, "tcp.accept-queue-full")
        for claim in judge(check_id, *evidence)
    ]
    cause, symptom = findings(raised)
    assert (cause.check.id, symptom.explained_by) == (CHECK, cause.id)


def test_silent_where_it_answers_or_runs() -> None:
    assert not judge(CHECK, HELD, shake())
    assert not judge(CHECK, replace(HELD, holders=(MASTER,)), STALLED)
    assert not judge(CHECK, replace(HELD, port=8443), STALLED)
