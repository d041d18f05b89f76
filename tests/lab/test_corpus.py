"""The corpus: what a tool says is judged fairly, and the table can be made."""

import json

import pytest

from .corpus import Row, outcome, play, sample, sums_table, table_row, visit_of
from .corpus_tools import TOOLS, Answer, answer_of_blackbox, answer_of_diagnose, installed, named
from .lab import Lab
from .scenario import found


@pytest.mark.parametrize(
    ("answer", "expected", "judged"),
    [
        (Answer(True, ("tcp.refused",)), "tcp.refused", "cause"),
        (Answer(True, ("tcp.timeout",), concludes=True), "tcp.refused", "other"),
        (Answer(True, ("dns.slow",), concludes=True), "tcp.refused", "symptom"),
        (Answer(True, ("tcp.timeout",)), "tcp.refused", "symptom"),
        (Answer(True), "tcp.refused", "symptom"),
        (Answer(False), "tcp.refused", "missed"),
        (Answer(None), "tcp.refused", "unsure"),
        (Answer(False), None, "well"),
        (Answer(True, ("tcp.refused",)), None, "false alarm"),
        (Answer(None), None, "unsure"),
    ],
)
def test_an_answer_is_judged(answer: Answer, expected: str | None, judged: str) -> None:
    assert outcome(answer, expected, expected is None, also=("dns.slow",)) == judged


@pytest.mark.parametrize(("failed", "judged"), [(True, "symptom"), (False, "unseen")])
def test_a_fault_that_cannot_be_named_from_there(failed: bool, judged: str) -> None:
    assert outcome(Answer(failed), None, is_healthy=False) == judged


@pytest.mark.parametrize(
    ("message", "checks"),
    [
        ("curl: (60) SSL certificate problem: certificate has expired", ("certificate.expired",)),
        ("curl: (60) SSL certificate problem: unable to get local issuer certificate", ()),
        ("curl: (6) Could not resolve host: shop.example.com", ()),
        ("curl: (28) Connection timed out after 15009 milliseconds", ("tcp.timeout",)),
        ("curl: (22) The requested URL returned error: 502", ("http.server-error",)),
        ("curl: (47) Maximum (50) redirects followed", ("http.redirect-loop",)),
        ("dial tcp 203.0.113.10:443: connect: connection refused", ("tcp.refused",)),
        ("dial tcp 203.0.113.10:443: connect: no route to host", ()),
    ],
)
def test_a_message_names_a_cause_or_none(message: str, checks: tuple[str, ...]) -> None:
    assert named(message) == checks


def test_every_check_that_a_message_stands_for_exists() -> None:
    from diagnose.checking.registry import check_ids

    from .corpus_tools import MESSAGES

    assert {check for _, check in MESSAGES} <= set(check_ids())


def test_the_exporters_answer_is_read() -> None:
    text = 'level=error msg="Error for HTTP request" err="Get: connection refused"\n'
    answer = answer_of_blackbox(f"{text}# TYPE probe_success gauge\nprobe_success 0\n")
    assert (answer.failed, answer.causes) == (True, ("tcp.refused",))
    text = 'level=info msg="Invalid HTTP response" status_code=502 valid=200\nprobe_success 0\n'
    assert answer_of_blackbox(text).causes == ("http.server-error",)
    assert answer_of_blackbox("probe_success 1\n").failed is False
    assert answer_of_blackbox("").failed is None


def test_our_own_answer_is_read() -> None:
    findings = [
        {"id": "f1", "check": "tcp.refused", "severity": "error"},
        {"id": "f2", "check": "dns.slow", "severity": "note"},
    ]
    verdict = {"status": "critical", "summary": "", "root_causes": ["f1", "f2"]}
    text = json.dumps({"verdict": verdict, "findings": findings})
    assert answer_of_diagnose(text) == Answer(True, ("tcp.refused",), concludes=True)
    assert answer_of_diagnose("").failed is None


def test_a_sample_is_the_same_each_time_and_of_every_layer() -> None:
    scenarios = list(found().values())
    layers = {scenario.layer for scenario in scenarios}
    chosen = sample(scenarios, len(layers))
    assert {scenario.layer for scenario in chosen} == layers
    assert chosen == sample(scenarios[::-1], len(layers))
    assert len(sample(scenarios, 10**6)) == len(scenarios)


def test_a_websocket_is_visited_by_its_path() -> None:
    visit = visit_of(found()["upgrade_headers_missing"])
    assert (visit.origin, visit.path, visit.websockets) == (
        "https://shop.example.com",
        "/",
        ("/ws",),
    )


@pytest.mark.lab
def test_tools_are_tried_on_a_fault(lab: Lab) -> None:
    notes: list[str] = []
    tools = [tool for tool in TOOLS if installed(tool)]
    row = play(lab, found()["https_closed_in_firewalld"], tools, notes.append)
    assert isinstance(row, Row), notes
    assert row.outcomes["diagnose outside"] == row.outcomes["diagnose on server"] == "cause"
    assert row.outcomes["curl"] == row.outcomes["openssl"] == "symptom"
    names = [tool.name for tool in tools]
    cells = "| `https_closed_in_firewalld` | tcp.rejected-by-host / firewall.port-closed | cause |"
    assert table_row(row, names).startswith(cells)
    assert sum("cause | 1 | 1 | 0" in line for line in sums_table([row], names)) == 1
