"""A service may not read a file of TLS, as somebody pasted from its journal. It has a port of its
own: the site's port is served, and shows nothing of it.

The journal of one service names a file of the same folder, where a certificate and its key lie
together: that makes it certain.
"""

import posixpath
from collections.abc import Iterator

from checks._granted_access import PRIVATE_FOLDERS, closed_parts, steps_to_read
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.files import ServiceFileAccess
from diagnose.model.server import Listeners
from diagnose.model.services import ServiceFailure


@check(severity=Severity.ERROR, needs=[ServiceFailure, Listeners], needs_message=True)
def file_closed_to_service(evidence: Evidence) -> Iterator[Claim]:
    symptom, port = evidence.target.symptom, evidence.target.port
    if symptom is None or not any(listener.on(port) for listener in evidence.good(Listeners)):
        return
    failures = [
        failure
        for failure in evidence.good(ServiceFailure)
        if failure.reason == "file-permission" and _is_told(failure.file, symptom.text)
    ]
    if len({failure.unit for failure in failures}) != 1:
        return  # Which of two is meant is not known.
    failure = failures[0]
    accesses = [each for each in evidence.good(ServiceFileAccess) if each.unit == failure.unit]
    closed = closed_parts(accesses)
    steps = steps_to_read(accesses)
    by_hand = Fix((Manual("let-it-read", Where.SERVER),), Applicability.MANUAL)
    yield Claim(
        about=Subject(text=f"{failure.unit}.service"),
        because=(failure, *accesses),
        facts={
            "unit": failure.unit,
            "user": failure.user,
            "file": failure.file,
            "message": failure.message,
            "closed": tuple(f"{part.path} ({part.mode_and_owner})" for part in closed),
            "private": any(part.path.startswith(PRIVATE_FOLDERS) for part in closed),
            "readable": bool(accesses) and not closed,
        },
        fix=Fix(steps, Applicability.REVIEW) if steps else by_hand,
    )


def _is_told(path: str, message: str) -> bool:
    folder = posixpath.dirname(path)
    return len(folder) > 1 and f"{folder}/" in message
