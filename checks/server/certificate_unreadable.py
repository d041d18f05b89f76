"""Caddy, Traefik or another web server does not run, and the user as whom its service starts it
(User= in the unit) may not read a certificate or key that its configuration names.

Such a server opens the files as that user: certbot's folders live and archive, and its keys, are
root's alone. A start by root hides the fault until the service itself starts the server.
"""

from collections.abc import Iterator

from checks._granted_access import PRIVATE_FOLDERS, grant_read, is_of_others, joining
from checks.certificate import lineage_of
from checks.server import place_text, server_view, start_steps_of_unit
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Step,
    Subject,
    Where,
)
from diagnose.model.files import PathComponent, StartFileAccess
from diagnose.model.web_servers import SiteFile, WebServer, WebServerConfig


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, StartFileAccess],
    explains=[
        "server.not-running", "server.port-not-served", "server.certificate-refused",
        "server.certificate-not-loaded", "listener.missing", "tcp.refused", "http.port-closed",
    ],
)  # fmt: skip
def certificate_unreadable(evidence: Evidence) -> Iterator[Claim]:
    view = server_view(evidence)
    if view is None or view.config is None or view.server.pid is not None:
        return
    named = {file.path: file for site in view.answering_sites for file in site.files}
    denied = [
        access
        for access in evidence.good(StartFileAccess)
        if access.path in named and access.denied_parts
    ]
    by_systemd = view.server.start[:1] == ("systemctl",)
    if not by_systemd and not _is_told(evidence):
        # The unit may not be what starts the server here. certbot closes its folders itself.
        denied = [access for access in denied if _is_certbots(access.path)]
    if not denied:
        return
    closed = {part.path: part for access in denied for part in access.denied_parts}
    first = denied[0]
    yield Claim(
        about=Subject(text=first.path),
        covers=(Subject(), Subject(port=evidence.target.port)),
        because=(view.server, view.config, *denied),
        facts={
            **view.facts,
            "file": first.path,
            "place": _place(named[first.path]),
            "key": named[first.path].role == "key",
            "unit": first.unit,
            "user": first.user,
            "group": first.group,
            "closed": tuple(f"{part.path} ({part.mode_and_owner})" for part in closed.values()),
            "joins": bool(joining(closed.values(), first.user, first.group)),
            "shared": any(is_of_others(part, first.group) for part in closed.values()),
            "private": any(path.startswith(PRIVATE_FOLDERS) for path in closed),
            "certbot": any(_is_certbots(access.path) for access in denied),
        },
        confidence=Confidence.CERTAIN if by_systemd else Confidence.LIKELY,
        fix=_fix(view.server, first, tuple(closed.values())),
    )


def _is_told(evidence: Evidence) -> bool:
    """Return whether the message that was pasted says that something may not be read."""
    symptom = evidence.target.symptom
    return symptom is not None and "permission denied" in symptom.text.lower()


def _place(file: SiteFile) -> str:
    return place_text(file.file, file.line) if file.file else ""


def _is_certbots(path: str) -> bool:
    lineage = lineage_of(path.replace("privkey", "fullchain"))
    return lineage is not None and lineage.tool == "certbot"


def _fix(server: WebServer, access: StartFileAccess, closed: tuple[PathComponent, ...]) -> Fix:
    """Return the commands that let the group of that user read the files, and start the server as
    its service does."""
    start = start_steps_of_unit(server, (access,))
    if not access.group or any(part.path.startswith(PRIVATE_FOLDERS) for part in closed):
        return Fix((Manual("copy", Where.SERVER), *start), Applicability.MANUAL)
    steps: tuple[Step, ...] = joining(closed, access.user, access.group)
    if steps and server.start[:1] != ("systemctl",):
        steps = ()  # What starts it has the groups of before.
    if not steps and any(is_of_others(part, access.group) for part in closed):
        return Fix((Manual("copy", Where.SERVER), *start), Applicability.MANUAL)
    if not steps:
        steps = tuple(step for part in closed for step in grant_read(part, access.group))
    return Fix((*steps, *start), Applicability.REVIEW)
