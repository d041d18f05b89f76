"""dehydrated writes the files that answer HTTP-01 challenges (RFC 8555 section 8.3) into a folder
of its own (WELLKNOWN), and nginx answers these requests from another one, or from an application.
The authority gets 404, or a page in place of the file, and the renewal fails.

The files lie in the folder itself: nginx needs `alias` for it, and not `root` (dehydrated,
docs/wellknown.md).
"""

import posixpath
from collections.abc import Iterator

from checks.certificate import lineage_of
from checks.nginx import Nginx, file_line
from checks.nginx._challenge_answers import ChallengeAnswer, challenge_answer
from checks.nginx._challenge_locations import challenge_location
from checks.nginx._commands import reload_steps
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
    commands,
)
from diagnose.model.containers import NginxContainer
from diagnose.model.nginx import CertificateFile, NginxConfig
from diagnose.model.renewal import ChallengeAlias


@check(
    severity=Severity.WARNING,
    needs=[ChallengeAlias, NginxConfig],
    explains=[
        "certificate.expired", "certificate.expires-soon", "certificate.renewal-failed",
        "http.acme-challenge-answered", "http.acme-challenge-blocked",
        "http.acme-challenge-missing",
    ],
)  # fmt: skip
def challenge_alias(evidence: Evidence) -> Iterator[Claim]:
    if evidence.of(NginxContainer):
        return  # its folders are mounts, under other paths
    nginx, host = Nginx.of(evidence), evidence.target.host
    settings = next(
        (
            challenge_alia
            for challenge_alia in evidence.good(ChallengeAlias)
            if host in challenge_alia.names
        ),
        None,
    )
    answer = challenge_answer(nginx, host) if settings else None
    if settings is None or answer is None or nginx.config is None:
        return
    # Settings may be left over from before another tool.
    lineages = (lineage_of(file.path) for file in evidence.good(CertificateFile))
    if any(lineage and lineage.tool != "dehydrated" for lineage in lineages):
        return
    if answer.folder == posixpath.normpath(settings.folder):
        return
    expired = any(
        leaf.is_expired(evidence.started_at)
        for file in evidence.good(CertificateFile)
        for leaf in file.chain[:1]
    )
    yield Claim(
        about=Subject(text=settings.source),
        covers=(Subject(),),
        because=(settings, nginx.config),
        confidence=Confidence.LIKELY,
        severity=Severity.ERROR if expired else None,
        location=nginx.location(answer.directive),
        facts={
            "name": host,
            "source": settings.source,
            "folder": settings.folder,
            "looked": answer.folder,
            "directive": answer.directive.text,
            "place": file_line(answer.directive),
            "redirect": file_line(answer.redirect.directive) if answer.redirect else "",
        },
        fix=_fix(nginx, answer, settings),
    )


def _fix(nginx: Nginx, answer: ChallengeAnswer, settings: ChallengeAlias) -> Fix:
    """Answer challenges on port 80 from dehydrated's folder, and renew what is due."""
    added = challenge_location(nginx, answer.server, settings.folder, holds_files=True)
    if added is None:
        return Fix((Manual("one-folder", Where.SERVER),), Applicability.MANUAL)
    loading = reload_steps(nginx)
    renewal = commands.renew_certificate(("dehydrated", "--cron"))
    return Fix((added.edit, *loading, renewal, *loading), Applicability.REVIEW)
