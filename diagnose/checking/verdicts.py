"""What a report comes to: its verdict, its exit status, and the status of each layer. No I/O."""

from functools import lru_cache
from typing import Literal

from diagnose.checking import proof
from diagnose.checking.proof import UnfinishedReason
from diagnose.checking.target_proof import MissingProof
from diagnose.model import LAYERS, Evidence, Finding, Host, Report, Severity, Vantage
from diagnose.model.addresses import is_loopback
from diagnose.model.frozen import frozen
from diagnose.model.tcp import Connection

Status = Literal["ok", "warning", "critical", "unknown"]
#: "running" only while a run continues: no final report contains it.
LayerStatus = Literal["ok", "warning", "error", "unknown", "skipped", "running"]

#: Exit status for each verdict (shells, Nagios, Icinga and Consul use the same values).
EXIT_STATUS: dict[Status, int] = {"ok": 0, "warning": 1, "critical": 2, "unknown": 3}


@frozen
class Verdict:
    """The verdict of a report. If it is "unknown", `missing` are the required observations that
    were not made, and `unfinished` is why the run did not finish."""

    status: Status
    causes: tuple[Finding, ...]
    missing: tuple[MissingProof, ...] = ()
    unfinished: tuple[UnfinishedReason, ...] = ()

    @property
    def exit_status(self) -> int:
        return EXIT_STATUS[self.status]


# Everything that writes a report asks for it, some of it many times.
@lru_cache(maxsize=4)
def verdict(report: Report) -> Verdict:
    """Return the verdict. A cause is as severe as the worst of its symptoms. Without a cause, "ok"
    requires complete proof (`diagnose.checking.proof`) and a finished run; otherwise it is
    "unknown"."""
    counted = (finding for finding in report.findings if finding.suppressed_by is None)
    severities = {finding.severity for finding in counted} if report.causes else set()
    if Severity.ERROR in severities:
        return Verdict("critical", report.causes)
    if Severity.WARNING in severities:
        return Verdict("warning", report.causes)
    unfinished, missing = proof.unfinished_reasons(report), proof.missing_proof(report)
    unanswered = bool(unanswered_findings(report)) or is_symptom_unexplained(report)
    status: Status = "unknown" if unfinished or missing or unanswered else "ok"
    return Verdict(status, (), missing, unfinished)


def unanswered_findings(report: Report) -> tuple[Finding, ...]:
    """Return the findings that leave the user's question open, but for those that are ignored. If
    such a report has no cause, the verdict is "unknown"."""
    return tuple(
        finding
        for finding in report.findings
        if finding.check.unanswered and finding.suppressed_by is None
    )


def is_symptom_unexplained(report: Report) -> bool:
    """Whether this run met what a pasted message reports, and nothing that counts explains it."""
    symptom = report.evidence.target.symptom
    if symptom is None or report.causes or report.suppressed:
        return False
    # Imported late: few runs have a pasted message.
    from diagnose.checking.met_symptoms import is_met

    return is_met(report.evidence, symptom)


def is_message_unread(report: Report) -> bool:
    """Whether nothing is known of what a pasted message says, and no finding counts: that nothing
    is wrong is then no answer to it."""
    symptom = report.evidence.target.symptom
    is_unread = symptom is not None and symptom.kind == "other"
    return is_unread and not report.causes and not report.suppressed


def is_healthy_from_server(report: Report) -> bool:
    """Whether nothing is wrong as seen from the server itself.

    Obstacles in front of the server, such as a cloud's security group, are visible only from
    another machine. A visit of an address of this machine passes none of them, and no rule of the
    packet filter either: the kernel hands it over by loopback.
    """
    return is_seen_from_server(report) and verdict(report).status == "ok"


def is_seen_from_server(report: Report) -> bool:
    """Whether all visits of this run were made on the server itself."""
    hosts = report.evidence.of(Host)
    on_server = any(host.vantage is Vantage.SERVER and host.via == "local" for host in hosts)
    inside_only = not report.evidence.scope.outside
    return on_server or inside_only or _is_own_address_visited(report.evidence)


def _is_own_address_visited(evidence: Evidence) -> bool:
    return any(
        connection.source == connection.address and not is_loopback(connection.address)
        for connection in evidence.good(Connection)
    )


def exit_status(report: Report) -> int:
    """Return the exit status for a process that ends with this report. If a signal ended the run,
    it is 128 plus the signal number, as in shells (bash(1), EXIT STATUS)."""
    return 128 + report.signal if report.signal else verdict(report).exit_status


def layer_statuses(report: Report) -> tuple[tuple[str, LayerStatus], ...]:
    """Return the status of each layer: its worst finding; else ok if the required observations were
    made, unknown if they were tried and are missing, skipped if nothing was tried or what is wrong
    is ignored."""
    return tuple((name, _layer_status(report, name)) for name in LAYERS)


def _layer_status(report: Report, layer: str) -> LayerStatus:
    layer_findings = [finding for finding in report.findings if finding.check.layer == layer]
    severities = {finding.severity for finding in layer_findings if finding.suppressed_by is None}
    if Severity.ERROR in severities:
        return "error"
    if Severity.WARNING in severities:
        return "warning"
    if layer in report.evidence.scope.skip:  # seen for other layers, and not judged
        return "skipped"
    if proof.is_proven(report, layer):
        return "ok"
    is_ignored = any(finding.suppressed_by for finding in layer_findings)
    if is_ignored or not proof.layer_observations(report, layer):
        return "skipped"
    return "running" if report.running else "unknown"
