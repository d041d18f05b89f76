"""nginx reads an older file of the site than the one that was edited: `sites-enabled/shop` is a
copy of `sites-available/shop`, or a link to another file. What the newer file says of the path is
not what visitors get.

Debian links the files of sites-available into sites-enabled (/usr/share/doc/nginx,
README.Debian); a copy is a file of its own. A draft that nobody wants to load yet looks the same,
so it counts only where visitors do not get the path, or where the user says that a change has no
effect.
"""

from collections.abc import Iterator

from checks.http import endpoint_subjects
from checks.nginx import Nginx
from checks.nginx._commands import reload_steps
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
    commands,
)
from diagnose.model.http import Exchange, Upgrade, page_exchanges
from diagnose.model.nginx import NginxConfig
from diagnose.model.sites import UnreadCopy


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig, UnreadCopy],
    explains=[
        "http.answer-says-why",
        "http.error-as-page",
        "http.not-the-site",
        "http.page-for-api",
        "nginx.asked-file-elsewhere",
        "nginx.file-elsewhere",
        "nginx.location-misses-path",
        "nginx.other-requests-failed",
        "nginx.own-answer",
        "nginx.path-not-passed",
        "nginx.target-not-found",
        "upstream.other-application",
        "upstream.own-answer",
        "upstream.wrong-path",
        "websocket.no-location",
        "websocket.not-served",
        "websocket.not-upgraded",
    ],
)
def edited_file_unused(evidence: Evidence) -> Iterator[Claim]:
    nginx, target = Nginx.of(evidence), evidence.target
    if nginx.config is None or nginx.is_refused or nginx.is_idle:
        return
    for copy in evidence.good(UnreadCopy):
        answers = _answers(evidence, copy.request)
        if not answers:
            continue
        yield Claim(
            about=Subject(port=target.port, path=copy.request),
            covers=endpoint_subjects(page_exchanges(evidence))
            if copy.request == target.path_without_query
            else (),
            because=(*answers, copy, *nginx.configs),
            confidence=Confidence.LIKELY,
            facts={
                "path": copy.request,
                "file": copy.path,
                "place": f"{copy.path}:{copy.line}",
                "location": copy.location,
                "answer": copy.answer,
                "used": copy.used,
                "used_place": f"{copy.used}:{copy.used_line}",
                "link": copy.link,
                "replaces": copy.replaces,
                "status": next((answer.status for answer in answers if answer.status), None) or "",
            },
            fix=_fix(nginx, copy),
        )


def _answers(evidence: Evidence, path: str) -> tuple[Exchange | Upgrade, ...]:
    """Return what visitors got at the path."""
    if path == evidence.target.path_without_query:
        return page_exchanges(evidence)
    return tuple(
        upgrade
        for upgrade in evidence.good(Upgrade)
        if upgrade.is_visit and upgrade.path.partition("?")[0] == path
    )


def _fix(nginx: Nginx, copy: UnreadCopy) -> Fix:
    """Let the file that nginx reads be a link to the edited one, if that has all sites of it. The
    old copy is kept beside the edited file, where nginx does not read it."""
    if not copy.replaces:
        step = Manual("one-file", Where.SERVER)
        return Fix((step, *reload_steps(nginx)), Applicability.MANUAL)
    steps: tuple[Command, ...]
    if copy.link:
        steps = (commands.relink(copy.path, copy.used),)
    else:
        kept = commands.move(copy.used, f"{copy.path}.before-link")
        steps = (kept, commands.link(copy.path, copy.used))
    return Fix((*steps, *reload_steps(nginx)), Applicability.REVIEW)
