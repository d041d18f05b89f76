"""A service of this machine should have the port and could not start: it may not open a port below
1024 (capabilities(7), CAP_NET_BIND_SERVICE), or may not read the key or the certificate.

That the journal names the port makes it certain. A service that only fails to read a file of TLS
may be another one, unless the file is that of the site's name by its path, and the permissions
still stop the user.
"""

from collections.abc import Iterator

from checks._granted_access import PRIVATE_FOLDERS, closed_parts, steps_to_read
from checks._unit_corrections import correction_of, correction_steps
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.files import ServiceFileAccess
from diagnose.model.server import Listeners
from diagnose.model.services import ServiceFailure, UnitCorrection


@check(
    severity=Severity.ERROR,
    needs=[Listeners, ServiceFailure],
    explains=["listener.missing", "tcp.refused", "http.port-closed"],
)
def service_failed(evidence: Evidence) -> Iterator[Claim]:
    port, listeners = evidence.target.port, evidence.good(Listeners)
    if not listeners or any(listener.on(port) for listener in listeners):
        return
    failures = evidence.good(ServiceFailure)
    about_port = [failure for failure in failures if failure.reason != "file-permission"]
    failure = next(iter(about_port or failures), None)
    # Two services with such a fault leave it open which of them serves the site.
    if failure is None or (not about_port and len(failures) > 1):
        return
    accesses = _accesses(evidence, failure)
    correction = _correction(evidence, failure)
    closed = closed_parts(accesses)
    is_sites = bool(closed) and _is_of_the_site(failure.file, evidence.target.host)
    ports = (port,) if any(listener.on(80) for listener in listeners) else (port, 80)
    yield Claim(
        about=Subject(port=port),
        covers=tuple(Subject(port=number) for number in ports),
        because=(failure, *listeners, *accesses, *((correction,) if correction else ())),
        facts={
            "unit": failure.unit,
            "port": port,
            "name": evidence.target.host,
            "message": failure.message,
            "user": failure.user,
            "file": failure.file,
            "closed": tuple(f"{part.path} ({part.mode_and_owner})" for part in closed),
            "private": any(part.path.startswith(PRIVATE_FOLDERS) for part in closed),
            "readable": bool(accesses) and not closed,
            "bounded": correction is not None and len(correction.lines) > 1,
            failure.reason: True,
        },
        confidence=Confidence.CERTAIN if about_port or is_sites else Confidence.LIKELY,
        fix=_fix(failure, accesses, correction),
    )


def _accesses(evidence: Evidence, failure: ServiceFailure) -> list[ServiceFileAccess]:
    """Return who may read the file that the service could not read, and the key beside it."""
    if failure.reason != "file-permission":
        return []
    return [item for item in evidence.good(ServiceFileAccess) if item.unit == failure.unit]


def _is_of_the_site(path: str, host: str) -> bool:
    """Return whether the path of a certificate names the site: /etc/letsencrypt/live/NAME/…."""
    return any(
        f"/{name}{end}" in path for name in (host, host.removeprefix("www.")) for end in "/."
    )


def _correction(evidence: Evidence, failure: ServiceFailure) -> UnitCorrection | None:
    is_about_port = failure.reason == "port-permission"
    return correction_of(evidence, failure.unit) if is_about_port else None


def _fix(
    failure: ServiceFailure,
    accesses: list[ServiceFileAccess],
    correction: UnitCorrection | None,
) -> Fix:
    if correction is not None:
        return Fix(correction_steps(correction), Applicability.REVIEW)
    if steps := steps_to_read(accesses):
        return Fix(steps, Applicability.REVIEW)
    return Fix((Manual(failure.reason, Where.SERVER),), Applicability.MANUAL)
