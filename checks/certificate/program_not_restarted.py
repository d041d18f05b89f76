"""A program that is no web server has the port (Node.js, Java, uvicorn), and still sends the old
certificate: it reads the files at its start only, and a tool has renewed them since.

Where none of its files names what it reads, this is likely and not certain. A program whose own
file is a copy with the old certificate gets the renewed one written into it.
"""

from collections.abc import Iterator

from checks.certificate import fact_or_empty
from checks.listener._port_services import port_service
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
    commands,
)
from diagnose.model.files import OtherCertificate
from diagnose.model.nginx import CertificateFile
from diagnose.model.processes import ProgramCertificate
from diagnose.model.server import Listener, Listeners
from diagnose.model.tls import Handshake, ServedCertificate, served_certificates
from diagnose.parsers.hostnames import covers

#: Programs that have checks of their own.
_SERVERS = {"apache2", "httpd", "caddy", "haproxy"}


@check(
    severity=Severity.ERROR,
    needs=[Handshake, Listeners, OtherCertificate],
    explains=["certificate.expired", "certificate.expires-soon", "http.hsts-traps-visitors"],
)
def program_not_restarted(evidence: Evidence) -> Iterator[Claim]:
    target = evidence.target
    holders = [
        listener
        for listeners in evidence.good(Listeners)
        for listener in listeners.on(target.port)
        if listener.process
    ]
    # Imported late: outside, nothing else needs the names.
    from diagnose.parsers.nginx.install_paths import PROGRAM_NAMES

    servers = _SERVERS.union(PROGRAM_NAMES)
    if not holders or any(holder.process in servers for holder in holders):
        return
    if evidence.good(CertificateFile) and not evidence.good(ProgramCertificate):
        return
    for served in served_certificates(evidence, lambda handshake: handshake.port == target.port):
        renewed = [
            other_certificate
            for other_certificate in evidence.good(OtherCertificate)
            if _replaces(other_certificate, served)
        ]
        if renewed and covers(target.host, served.leaf.dns_names, served.leaf.addresses):
            yield _claim(evidence, served, renewed[0], holders[0])
            return


def _replaces(renewed: OtherCertificate, served: ServedCertificate) -> bool:
    """Return whether a tool renewed the certificate: it has the key, and expires later."""
    return bool(renewed.key) and renewed.leaf.outlasts(served.leaf)


def _claim(
    evidence: Evidence, served: ServedCertificate, renewed: OtherCertificate, holder: Listener
) -> Claim:
    from checks.certificate._program_files import copy_fix, program_file

    is_expired = served.leaf.is_expired(evidence.started_at)
    unit = port_service(evidence, holder.process)
    copy, named = program_file(evidence, served.leaf), _named(evidence, renewed)
    fix = copy_fix(copy, renewed) if copy else _restart(evidence, unit, named)
    return Claim(
        about=served.subject,
        covers=served.subjects,
        because=(
            *served.handshakes,
            renewed,
            *((copy,) if copy else ()),
            *((named,) if named and not copy else ()),
            *evidence.good(Listeners),
        ),
        facts={
            "name": evidence.target.host,
            "port": evidence.target.port,
            "process": holder.process,
            "pid": holder.pid or "",
            "file": renewed.path,
            "copy": copy.path if copy else "",
            "unit": unit,
            "key": renewed.key,
            "tool": renewed.tool,
            "served_until": fact_or_empty(served.leaf.not_after),
            "other_until": fact_or_empty(renewed.leaf.not_after),
            "expired": is_expired,
        },
        confidence=Confidence.CERTAIN if copy or named else Confidence.LIKELY,
        severity=None if is_expired else Severity.WARNING,
        fix=fix or Fix((Manual("restart", Where.SERVER),), Applicability.MANUAL),
    )


def _named(evidence: Evidence, renewed: OtherCertificate) -> ProgramCertificate | None:
    """Return the file of the renewed certificate that the program names, None if it names none."""
    return next(
        (
            file
            for file in evidence.good(ProgramCertificate)
            if file.chain and file.chain[0].sha256 == renewed.leaf.sha256
        ),
        None,
    )


def _restart(evidence: Evidence, unit: str, named: ProgramCertificate | None) -> Fix | None:
    """Return the restart of the program; None if nothing is known that starts it. Without a line
    that names the file, another one may be what it reads."""
    from checks.certificate._program_files import restart_steps

    if unit:
        return Fix((commands.restart_service(unit),), Applicability.REVIEW)
    own = named or next(iter(evidence.good(ProgramCertificate)), None)
    steps = restart_steps(own) if own else ()
    return Fix(steps, Applicability.REVIEW) if steps else None
