"""Which finding is the cause, in which order, and what the verdict is."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from diagnose.checking.root_cause import claims, findings
from diagnose.checking.verdicts import is_healthy_from_server, layer_statuses, verdict
from diagnose.model import (
    Applicability,
    Check,
    Claim,
    Command,
    Confidence,
    Crash,
    Edit,
    Effect,
    Evidence,
    Fix,
    Ignore,
    Manual,
    Observation,
    Risk,
    Severity,
    Subject,
    Symptom,
    Vantage,
    Where,
    merge_subjects,
)
from diagnose.model.http import Upgrade
from diagnose.model.nginx import NginxConfig
from diagnose.model.server import Listener
from diagnose.model.tcp import Connection
from tests.support import nginx_evidence
from tests.support.check_evidence import NOW, SHOP
from tests.support.report_builder import (
    ANSWER,
    CLOSED,
    NAME,
    NO_IPV6,
    OPEN,
    SECURE,
    WELL,
    check,
    healthy,
    judging,
    report,
)

AT_443 = Subject(address="203.0.113.10", port=443)
AT_80 = Subject(address="203.0.113.10", port=80)


def claim(about: Subject = AT_443, **fields: object) -> Claim:
    return Claim(about=about, because=(), **fields)  # type: ignore[arg-type]


def explanations(*raised: tuple[Check, Claim]) -> list[tuple[str, str | None]]:
    """Each finding's check and the check that explains it."""
    found = findings(raised)
    by_id = {one.id: one.check.id for one in found}
    return [(one.check.id, by_id.get(one.explained_by or "")) for one in found]


@pytest.mark.parametrize(
    ("host", "ids"),
    [
        ("shop.example.com", ["firewall.port-closed", "tls.plain-http"]),
        ("localhost", ["tls.plain-http"]),
    ],
)
def test_how_visitors_get_in_is_not_asked_of_this_machines_own_address(
    host: str, ids: list[str]
) -> None:
    """Issue 7 of Nice-PLQ/devtools-remote-debugger: wss://localhost:8080 of a program without
    TLS."""
    target = replace(SHOP, host=host)
    names = ("firewall.port-closed", "tls.plain-http")
    checks = [judging(name, lambda _: iter((claim(),))) for name in names]
    crashes: list[Crash] = []
    raised = claims(checks, Evidence(target, NOW), crashes.append)
    assert [check.id for check, _ in raised] == ids
    assert not crashes


def test_a_check_of_what_the_server_sends_to_itself_judges_a_local_target_too() -> None:
    target = replace(SHOP, host="localhost")
    blocked = replace(judging("firewall.own", lambda _: iter((claim(),))), on_loopback=True)
    crashes: list[Crash] = []
    raised = claims([blocked], Evidence(target, NOW), crashes.append)
    assert [check.id for check, _ in raised] == ["firewall.own"]


def test_a_cause_explains_what_it_declares_about_the_same_subject() -> None:
    cause = check("firewall.closed", Severity.ERROR, "tcp.rejected")
    assert explanations((check("tcp.rejected"), claim()), (cause, claim())) == [
        ("firewall.closed", None),
        ("tcp.rejected", "firewall.closed"),
    ]


def test_a_guess_stands_back_where_a_line_is_proved_by_the_same_answer() -> None:
    """Issue 1818 of frappe/frappe_docker: Host is proved, and another field was blamed too."""
    refused = Upgrade(url="wss://a/ws", path="/ws", address="1", port=443, status=400)
    other = replace(refused, path="/other")
    assert refused.shows_fault
    guess = replace(check("server.application-answers"), stands_back=True)
    proof = check("server.host-not-passed")
    fix = Fix((Edit("/etc/caddy/Caddyfile", "-a\n+b\n"),), Applicability.REVIEW)

    def cause_of(proved: Claim, because: Upgrade, by: Check = guess) -> str | None:
        likely = claim(AT_80, confidence=Confidence.LIKELY)
        found = dict(explanations((by, replace(likely, because=(because,))), (proof, proved)))
        return found[by.id]

    proved = replace(claim(fix=fix), because=(refused,))
    assert cause_of(proved, refused) == proof.id
    assert cause_of(proved, other) is None
    assert cause_of(replace(proved, confidence=Confidence.LIKELY), refused) is None
    assert cause_of(replace(proved, fix=None), refused) is None
    # A claim with a place of its own is a second fault until a control says otherwise.
    assert cause_of(proved, refused, check("websocket.origin-refused")) is None


def test_what_visitors_get_now_comes_before_what_a_reboot_would_bring() -> None:
    later = replace(check("listener.disabled", Severity.WARNING), comes_later=True)
    now = check("http.page-missing", Severity.WARNING)
    raised = ((later, claim()), (now, claim(AT_80, confidence=Confidence.LIKELY)))
    assert [finding.check.id for finding in findings(raised)] == [now.id, later.id]


def test_paths_that_differ_in_their_query_are_one_finding() -> None:
    socket = Subject(port=443, path="/socket.io/")
    polled = replace(socket, path="/socket.io/?EIO=4&transport=websocket")
    lost = check("server.websocket-not-passed")
    raised = [(lost, claim(polled)), (lost, claim(socket))]
    (finding,) = findings(raised)
    assert set(finding.claim.covers) == {polled, socket}
    other = Fix((), Applicability.MANUAL)
    assert len(findings([(lost, claim(polled)), (lost, claim(socket, fix=other))])) == 2
    assert len(findings([(lost, claim(socket)), (lost, claim(replace(socket, port=80)))])) == 2


def test_the_cause_of_what_a_person_reported_comes_first() -> None:
    """Also before a heavier one: it is what the person asks about."""
    raised = (
        (check("dns.wrong-address", Severity.ERROR), claim()),
        (check("firewall.closed", Severity.WARNING, "tcp.refused"), claim()),
        (check("tcp.refused"), claim()),
        (check("http.no-redirect", Severity.WARNING), claim()),
    )
    own, other = (
        [finding.check.id for finding in findings(raised, reported=Symptom(kind, "m"))]
        for kind in ("refused", "certificate-expired")
    )
    assert own[:3] == ["firewall.closed", "tcp.refused", "dns.wrong-address"]
    assert other == ["dns.wrong-address", "firewall.closed", "tcp.refused", "http.no-redirect"]


def test_what_may_lead_to_it_comes_before_others_of_its_severity() -> None:
    """413: the limit is in the configuration, and no response of this run shows it."""
    raised = (
        (check("dns.wrong-address", Severity.ERROR), claim()),
        (check("http.no-redirect", Severity.WARNING), claim()),
        (check("nginx.body-limit", Severity.WARNING), claim(confidence=Confidence.LIKELY)),
    )
    order = findings(raised, reported=Symptom("status", "413", 413))
    ids = [finding.check.id for finding in order]
    assert ids == ["dns.wrong-address", "nginx.body-limit", "http.no-redirect"]


def test_what_is_ignored_stays_last_although_somebody_reported_it() -> None:
    raised = (
        (check("tcp.refused"), claim()),
        (check("http.no-redirect", Severity.WARNING), claim()),
    )
    ignores = (Ignore("tcp.refused", reason="known"),)
    found = findings(raised, ignores, Symptom("refused", "m"))
    assert [finding.check.id for finding in found] == ["http.no-redirect", "tcp.refused"]


def test_about_another_subject_it_explains_nothing() -> None:
    cause = check("firewall.closed", Severity.ERROR, "tcp.rejected")
    assert explanations((check("tcp.rejected"), claim(AT_80)), (cause, claim())) == [
        ("tcp.rejected", None),
        ("firewall.closed", None),
    ]


def test_an_open_side_of_a_subject_covers_all() -> None:
    cause = check("nginx.stopped", Severity.ERROR, "tcp.*")
    port = claim(Subject(port=443))
    assert explanations((check("tcp.refused"), claim()), (cause, port))[1] == (
        "tcp.refused",
        "nginx.stopped",
    )
    assert explanations((check("tcp.refused"), claim(AT_80)), (cause, port))[0] == (
        "tcp.refused",
        None,
    )


def test_what_a_claim_covers_may_be_more_than_what_it_is_about() -> None:
    cause = check("firewall.closed", Severity.ERROR, "tcp.rejected")
    raised = claim(Subject(text="zone public"), covers=(AT_80, AT_443))
    six = Subject(address="2001:db8::10", port=443)
    assert [
        why for _, why in explanations((check("tcp.rejected"), claim(six)), (cause, raised))
    ] == [None] * 2
    assert (
        explanations((check("tcp.rejected"), claim()), (cause, raised))[1][1] == "firewall.closed"
    )


def test_a_claim_may_say_what_it_follows_from() -> None:
    renewal = check("certificate.renewal-failed", Severity.WARNING)
    closed = check("http.port-closed", Severity.WARNING)
    firewall = check("firewall.port-closed", Severity.ERROR, "http.port-closed")
    follows = claim(Subject(port=80), consequence_of=("http.port-closed",))
    for cause in (closed, firewall):
        raised = explanations((cause, claim(AT_80)), (renewal, follows))
        assert (renewal.id, cause.id) in raised
        # Another reason, and another port.
        assert (renewal.id, None) in explanations((cause, claim(AT_80)), (renewal, claim(AT_80)))
        assert (renewal.id, None) in explanations((cause, claim(AT_443)), (renewal, follows))


def test_a_whole_layer_is_what_is_met_there_and_not_what_nginx_has_in_its_files() -> None:
    met = replace(check("websocket.not-upgraded"), needs=(Upgrade,))
    read = replace(check("websocket.no-location"), needs=(NginxConfig,))
    away = check("firewall.forward", Severity.ERROR, "websocket.*")
    assert dict(explanations((away, claim()), (met, claim()), (read, claim()))) == {
        "firewall.forward": None,
        "websocket.not-upgraded": "firewall.forward",
        "websocket.no-location": None,
    }
    other = check("nginx.other-file", Severity.ERROR, "websocket.*")
    assert ("websocket.no-location", "nginx.other-file") in explanations(
        (other, claim()), (read, claim())
    )


def test_several_addresses_make_one_subject() -> None:
    both = merge_subjects((AT_443, Subject(address="2001:db8::10", port=443)))
    assert str(both) == "203.0.113.10:443, [2001:db8::10]:443"
    assert both.covers(AT_443)
    assert not both.covers(AT_80)


def test_a_chain_of_explanations_has_one_root() -> None:
    root = check("nginx.broken", Severity.ERROR, "nginx.stopped")
    middle = check("nginx.stopped", Severity.ERROR, "tcp.refused")
    assert explanations((check("tcp.refused"), claim()), (middle, claim()), (root, claim())) == [
        ("nginx.broken", None),
        ("tcp.refused", "nginx.broken"),
        ("nginx.stopped", "nginx.broken"),
    ]


#: A closed port, a program that does not listen there, and why.
CLOSED_IN_RULES = check("firewall.port-closed", Severity.ERROR, "tcp.refused")
IDLE = replace(
    check("listener.missing", Severity.ERROR, "tcp.refused", "firewall.port-closed"),
    excuses=("firewall.port-closed",),
)
STOPPED = check("nginx.not-running", Severity.ERROR, "listener.missing")
REFUSED_AT = check("tcp.refused", Severity.ERROR)


def test_a_port_without_a_program_is_rightly_closed() -> None:
    assert explanations((CLOSED_IN_RULES, claim()), (IDLE, claim())) == [
        ("listener.missing", None),
        ("firewall.port-closed", "listener.missing"),
    ]


def test_a_port_that_is_closed_to_a_program_which_does_not_run_is_a_fault_of_its_own() -> None:
    """Also if the program's cause is less sure: it must run before the port is opened."""
    likely = claim(confidence=Confidence.LIKELY)
    raised = [(CLOSED_IN_RULES, claim()), (REFUSED_AT, claim()), (IDLE, claim()), (STOPPED, likely)]
    assert explanations(*raised) == [
        ("nginx.not-running", None),
        ("tcp.refused", "nginx.not-running"),
        ("listener.missing", "nginx.not-running"),
        ("firewall.port-closed", None),
    ]


def test_the_heavier_of_two_roots_explains_the_symptom_that_both_would() -> None:
    one = check("firewall.closed", Severity.ERROR, "tcp.rejected")
    other = check("nginx.odd", Severity.WARNING, "tcp.rejected")
    assert ("tcp.rejected", "firewall.closed") in explanations(
        (other, claim()), (check("tcp.rejected"), claim()), (one, claim())
    )


def test_two_faults_are_two_causes() -> None:
    raised = (check("tcp.refused"), claim()), (check("certificate.expired"), claim())
    assert [finding.is_cause for finding in findings(raised)] == [True, True]


def test_causes_are_ordered_by_severity_then_confidence_then_layer() -> None:
    raised = (
        (check("dns.note", Severity.NOTE), claim()),
        (check("dns.warning", Severity.WARNING), claim()),
        (check("http.error"), claim()),
        (check("tcp.error"), claim()),
        (check("dns.error"), claim(confidence=Confidence.LIKELY)),
    )
    order = ["tcp.error", "http.error", "dns.error", "dns.warning", "dns.note"]
    assert [check_id for check_id, _ in explanations(*raised)] == order


def test_a_claim_may_be_milder_than_its_check() -> None:
    (found,) = findings([(check("dns.hosts"), claim(severity=Severity.NOTE))])
    assert found.severity is Severity.NOTE
    assert not found.is_cause


def test_a_note_explains_notes_alone() -> None:
    note = check("upstream.limit", Severity.NOTE, "nginx.failed")
    for severity, cause in ((Severity.NOTE, "upstream.limit"), (Severity.WARNING, None)):
        raised = (note, claim()), (check("nginx.failed", severity), claim())
        assert ("nginx.failed", cause) in explanations(*raised)


def test_findings_are_numbered_in_their_order() -> None:
    cause = check("firewall.closed", Severity.ERROR, "tcp.rejected")
    raised = [(check("http.slow", Severity.WARNING), claim()), (check("tcp.rejected"), claim())]
    assert [finding.id for finding in findings([*raised, (cause, claim())])] == ["f1", "f2", "f3"]


def test_a_check_whose_needs_were_not_seen_is_not_asked() -> None:
    def judge(evidence: Evidence) -> Iterator[Claim]:
        raise AssertionError("asked")
        yield

    crashes: list[Crash] = []
    assert (
        claims([judging("tcp.x", judge, Connection)], Evidence(SHOP, NOW, (NAME,)), crashes.append)
        == []
    )
    assert crashes == []


def test_a_check_that_raises_is_our_fault_and_the_others_are_heard() -> None:
    def broken(evidence: Evidence) -> Iterator[Claim]:
        yield claim()
        raise ValueError("no")

    def sound(evidence: Evidence) -> Iterator[Claim]:
        yield claim()

    crashes: list[Crash] = []
    checks = [judging("tcp.broken", broken), judging("tcp.sound", sound)]
    raised = claims(checks, Evidence(SHOP, NOW), crashes.append)
    assert [check.id for check, _ in raised] == ["tcp.sound"]
    assert [(crash.where, crash.message) for crash in crashes] == [("tcp.broken", "ValueError: no")]


def test_what_nginx_refuses_is_patched_by_the_check_that_says_why_alone() -> None:
    edit = Edit(nginx_evidence.FILE, "--- a\n+++ a\n@@ -1 +1 @@\n-http {\n+http { # a\n")
    refused = nginx_evidence.nginx_says("unexpected end of file")

    def judge(evidence: Evidence) -> Iterator[Claim]:
        yield claim(fix=Fix((edit,)))

    def judge_refused(evidence: Evidence) -> Iterator[Claim]:
        yield replace(claim(fix=Fix((edit,))), because=(refused,))

    def remedies(*seen: Observation) -> list[bool]:
        """Whether each remedy is a patch; without it a person makes the change."""
        checks = [judging("upstream.x", judge), judging("nginx.y", judge_refused)]
        raised = claims(checks, Evidence(SHOP, NOW, seen), lambda crash: None)
        fixes = [claim.fix for _, claim in raised if claim.fix]
        assert len(fixes) == 2
        return [bool(fix.edits) for fix in fixes]

    assert remedies(nginx_evidence.config(), refused) == [False, True]
    assert remedies(nginx_evidence.config(), nginx_evidence.nginx_says()) == [True, True]


@pytest.mark.parametrize(
    ("severity", "status", "code"),
    [(Severity.ERROR, "critical", 2), (Severity.WARNING, "warning", 1), (Severity.NOTE, "ok", 0)],
)
def test_the_verdict_is_that_of_the_worst_cause(severity: Severity, status: str, code: int) -> None:
    judged = verdict(report(*WELL, raised=((check("tcp.x", severity), claim()),)))
    assert (judged.status, judged.exit_status) == (status, code)


def test_a_warning_that_explains_an_error_is_as_severe_as_the_error() -> None:
    cause = check("firewall.closed", Severity.WARNING, "tcp.rejected")
    raised = (check("tcp.rejected", Severity.ERROR), claim()), (cause, claim())
    judged = verdict(report(*WELL, raised=raised))
    assert judged.status == "critical"
    assert [finding.check.id for finding in judged.causes] == ["firewall.closed"]


def test_a_site_of_which_nothing_could_be_seen_is_unknown() -> None:
    assert verdict(report()).exit_status == 3
    assert verdict(report(NAME, CLOSED)).status == "unknown"
    assert verdict(healthy()).status == "ok"


def test_a_site_that_was_tried_in_vain_is_not_called_healthy() -> None:
    inside = Listener(vantage=Vantage.SERVER, address="0.0.0.0", port=443, family=4)
    assert verdict(report(NAME, NO_IPV6, inside)).status == "unknown"
    assert verdict(report(NAME, NO_IPV6, CLOSED, inside)).status == "unknown"
    assert verdict(report(CLOSED, *WELL, inside)).status == "ok"


def test_a_layer_is_its_worst_finding_or_what_was_seen_of_it() -> None:
    states = dict(
        layer_statuses(
            report(NAME, CLOSED, raised=((check("dns.odd", Severity.WARNING), claim()),))
        )
    )
    assert states["dns"] == "warning"
    assert states["tcp"] == "unknown"
    assert states["http"] == "skipped"
    assert dict(layer_statuses(healthy()))["tcp"] == "ok"


def test_a_question_about_one_visitor_that_was_not_answered_leaves_it_unknown() -> None:
    told = replace(healthy(), findings=())
    assert verdict(told).status == "ok"
    unanswered = (check("host.visitor-unjudged", Severity.NOTE, unanswered=True), claim())
    observations = told.evidence.observations
    assert verdict(report(*observations, raised=(unanswered,))).status == "unknown"


@pytest.mark.parametrize(
    ("source", "is_own"), [("203.0.113.10", True), ("198.51.100.7", False), ("", False)]
)
def test_a_visit_of_an_own_address_does_not_show_the_way(source: str, is_own: bool) -> None:
    visit = replace(OPEN, source=source)
    outside = report(NAME, visit, SECURE, ANSWER, NO_IPV6)
    assert verdict(outside).status == "ok"
    assert is_healthy_from_server(outside) is is_own


def test_a_visit_of_loopback_is_the_whole_way() -> None:
    visit = replace(OPEN, address="127.0.0.1", source="127.0.0.1")
    handshake = replace(SECURE, address="127.0.0.1")
    page = replace(ANSWER, address="127.0.0.1")
    name = replace(NAME, addresses=("127.0.0.1",))
    assert not is_healthy_from_server(report(name, visit, handshake, page, NO_IPV6))


def test_what_the_very_same_edit_mends_is_one_cause() -> None:
    page, page_fix = check("http.mixed-content"), Fix((Edit("/etc/nginx/a.conf", "-a\n+b\n"),))
    step = check("http.redirect-downgrade")
    other = Fix((Edit("/etc/nginx/a.conf", "-a\n+c\n"),))
    bare = Fix((Manual("restart", Where.SERVER),))
    likely = Confidence.LIKELY
    first, second = (page, claim(fix=page_fix)), claim(AT_80, fix=page_fix)
    joined = [("http.mixed-content", None), ("http.redirect-downgrade", "http.mixed-content")]
    apart = [("http.mixed-content", None), ("http.redirect-downgrade", None)]
    assert explanations(first, (step, second)) == joined
    assert explanations(first, (step, claim(AT_80, fix=other))) == apart
    assert explanations((page, claim(fix=bare)), (step, claim(AT_80, fix=bare))) == apart
    unsure = (page, claim(fix=page_fix, severity=Severity.ERROR, confidence=likely))
    sure = (step, claim(AT_80, fix=page_fix, severity=Severity.WARNING))
    assert explanations(unsure, sure) == apart


def test_a_remedy_that_restarts_what_runs_is_not_automatic() -> None:
    def applied(command: Command) -> Applicability:
        def judge(evidence: Evidence) -> Iterator[Claim]:
            yield claim(fix=Fix((command,), Applicability.AUTOMATIC))

        raised = claims([judging("tcp.x", judge)], Evidence(SHOP, NOW), lambda crash: None)
        fix = raised[0][1].fix
        assert fix
        return fix.applicability

    restart = Command(("systemctl", "restart", "caddy"), Effect.RESTART)
    assert applied(restart) is Applicability.REVIEW
    # What is dead has no connections.
    dead = replace(restart, undo=("systemctl", "stop", "caddy"))
    assert applied(dead) is Applicability.AUTOMATIC
    assert applied(replace(restart, effect=Effect.RELOAD)) is Applicability.AUTOMATIC
    # Stopped by one step and started by the next.
    assert applied(replace(dead, effect=Effect.STOP)) is Applicability.REVIEW
    ended = replace(restart, effect=Effect.CHANGE, risk=Risk.STOPS)
    assert applied(ended) is Applicability.REVIEW
    assert applied(replace(ended, undo=dead.undo)) is Applicability.AUTOMATIC
