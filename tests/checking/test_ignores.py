"""Findings that the user ignores: they do not count, and neither does what follows from them."""

from datetime import date, timedelta

from diagnose.checking.root_cause import findings
from diagnose.checking.verdicts import exit_status, layer_statuses, verdict
from diagnose.model import Check, Claim, Evidence, Ignore, Observation, Report, Severity, Subject
from diagnose.model.dns import Resolution
from diagnose.model.http import Exchange
from diagnose.model.tcp import Connection
from diagnose.model.tls import Handshake
from tests.support.check_evidence import NOW, REFUSED, SHOP
from tests.support.report_builder import (
    ADDRESS,
    ANSWER,
    CLOSED,
    LEAF,
    NAME,
    NO_IPV6,
    OPEN,
    WELL,
    check,
    refusal,
)

SUBJECT = Subject(address=ADDRESS, port=443)
FIREWALL = check("firewall.closed", Severity.ERROR, "tcp.door-shut")
SHUT = check("tcp.door-shut")

EXPIRED = Handshake(
    address=ADDRESS, port=443, server_name="shop.example.com", protocol="TLSv1.3",
    verify_code=10, verify_message="certificate has expired", chain=(LEAF,), at=0.05,
)  # fmt: skip


def claim(*because: Observation) -> Claim:
    return Claim(about=SUBJECT, because=because)


def judge_report(
    *observations: Observation, raised: tuple[tuple[Check, Claim], ...], ignored: str
) -> Report:
    ignores = (Ignore(ignored),)
    return Report(Evidence(SHOP, NOW, observations), findings(raised, ignores), ignores=ignores)


def test_a_warning_that_is_ignored_leaves_a_healthy_site() -> None:
    raised = ((check("http.slow", Severity.WARNING), claim(ANSWER)),)
    report = judge_report(*WELL, raised=raised, ignored="http.slow")
    assert verdict(report).status == "ok"
    assert [finding.check.id for finding in report.suppressed] == ["http.slow"]
    assert dict(layer_statuses(report))["http"] == "ok"


def test_the_symptom_of_an_ignored_cause_is_no_root_cause() -> None:
    raised = ((FIREWALL, claim(CLOSED)), (SHUT, refusal()))
    report = judge_report(NAME, CLOSED, NO_IPV6, raised=raised, ignored="firewall.closed")
    assert report.causes == ()
    assert [(finding.check.id, finding.explained_by) for finding in report.findings] == [
        ("firewall.closed", None),
        ("tcp.door-shut", "f1"),
    ]
    assert all(each.suppressed_by for each in report.findings)
    assert exit_status(report) == 0
    assert dict(layer_statuses(report))["tcp"] == "skipped"


def test_the_cause_of_an_ignored_symptom_counts() -> None:
    raised = ((FIREWALL, claim(CLOSED)), (SHUT, refusal()))
    report = judge_report(NAME, CLOSED, NO_IPV6, raised=raised, ignored="tcp.door-shut")
    assert [cause.check.id for cause in report.causes] == ["firewall.closed"]
    assert verdict(report).status == "critical"


def test_a_symptom_of_two_causes_belongs_to_the_other_when_one_is_ignored() -> None:
    other = check("listener.missing", Severity.WARNING, "tcp.door-shut")
    raised = ((FIREWALL, claim(CLOSED)), (other, claim(CLOSED)), (SHUT, refusal()))
    report = judge_report(NAME, CLOSED, NO_IPV6, raised=raised, ignored="firewall.closed")
    explained = {finding.check.id: finding.explained_by for finding in report.findings}
    assert [cause.check.id for cause in report.causes] == ["listener.missing"]
    assert explained["tcp.door-shut"] == report.causes[0].id


def test_the_others_come_first() -> None:
    raised = ((SHUT, refusal()), (check("http.slow", Severity.WARNING), claim(ANSWER)))
    report = judge_report(NAME, CLOSED, raised=raised, ignored="tcp.door-shut")
    assert [cause.id for cause in report.causes] == ["f1"]
    assert verdict(report).status == "warning"


def test_what_fails_beside_it_is_still_missing() -> None:
    """Another address is refused, and no finding says so."""
    other = Connection(address="203.0.113.11", port=443, family=4, failure=REFUSED)
    both = Resolution(name="shop.example.com", family=4, addresses=(ADDRESS, "203.0.113.11"))
    report = judge_report(
        both, CLOSED, other, NO_IPV6, raised=((SHUT, refusal()),), ignored="tcp.door-shut"
    )
    outcome = verdict(report)
    assert outcome.status == "unknown"
    assert [item.places for item in outcome.missing] == [("203.0.113.11:443",)]


def test_an_ignored_certificate_still_asks_for_the_answer() -> None:
    raised = ((check("certificate.expired"), claim(EXPIRED)),)
    seen = (NAME, OPEN, EXPIRED, NO_IPV6)
    well = judge_report(*seen, ANSWER, raised=raised, ignored="certificate.expired")
    assert verdict(well).status == "ok"
    silent = Exchange(url="https://shop.example.com/", address=ADDRESS, port=443, failure=REFUSED)
    report = judge_report(*seen, silent, raised=raised, ignored="certificate.expired")
    assert [item.step for item in verdict(report).missing] == ["answer"]


def test_an_unfinished_run_stays_unknown() -> None:
    report = judge_report(
        NAME, CLOSED, NO_IPV6, raised=((SHUT, refusal()),), ignored="tcp.door-shut"
    )
    interrupted = Report(report.evidence, report.findings, interrupted=True)
    assert verdict(interrupted).status == "unknown"


def test_it_applies_to_the_end_of_its_day() -> None:
    ignore = Ignore("tcp.refused", date(2026, 11, 24))
    assert not ignore.is_expired(NOW.replace(hour=23, minute=59))
    assert ignore.is_expired(NOW + timedelta(hours=12))
    assert not Ignore("tcp.refused").is_expired(NOW + timedelta(days=9999))


def test_an_expired_ignore_is_told_and_suppresses_nothing() -> None:
    from diagnose.checking.conclusion import conclude

    ignore = Ignore("tcp.refused", date(2026, 11, 23))
    evidence = Evidence(SHOP, NOW, (NAME, CLOSED, NO_IPV6))
    report = conclude(evidence, (ignore,))
    assert report.expired_ignores == (ignore,)
    assert [cause.check.id for cause in report.causes] == ["tcp.refused"]
    active = conclude(evidence, [Ignore("tcp.refused", date(2026, 11, 24))])
    assert active.causes == ()
    assert verdict(active).status == "ok"
