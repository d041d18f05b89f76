"""A file of the page does not come, and it is in the project behind the site: a step of its
deployment is missing, which brings it to where visitors get it. Or the page of Django is an error
without a line in a log, and its storage of static files has no list of them.

Laravel: the link public/storage (`artisan storage:link`). Next.js, `output: 'standalone'`: a copy
of `.next/static` and `public`, of which the program makes a list when it starts. Django: with
WhiteNoise, or a storage with a manifest, `collectstatic`, of which both read when they start.

That this file lies there shows no more than that the step is missing: so it is likely.
"""

import posixpath
from collections.abc import Iterator

from checks.nginx._collected_files import as_owner, collecting_words
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Confidence,
    Effect,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
    commands,
)
from diagnose.model.pages import Page, PageFileResponse
from diagnose.model.program_commands import restart_by
from diagnose.model.services import UnpublishedFiles
from diagnose.model.steps import Risk

_REASONS = ("laravel", "next", "django", "manifest")


@check(
    severity=Severity.ERROR,
    needs=[UnpublishedFiles],
    explains=[
        "http.page-file-missing", "http.page-file-type", "http.server-error",
        "nginx.page-file-not-found", "nginx.file-elsewhere", "server.file-beside-program",
        "server.own-answer", "server.page-missing", "server.request-logged",
        "server.file-forbidden", "upstream.own-answer",
    ],
)  # fmt: skip
def files_unpublished(evidence: Evidence) -> Iterator[Claim]:
    for files in evidence.good(UnpublishedFiles):
        port, target = evidence.target.port, evidence.target
        responses = [
            response for response in evidence.good(PageFileResponse) if response.url == files.url
        ]
        pages = evidence.good(Page) if responses else []
        subject = Subject(port=port, path=target.path_without_query)
        if pages:
            subject = Subject(address=pages[0].address, port=pages[0].port)
        steps = _steps(files)
        is_whole = _restart(files) != () or files.reason == "laravel"
        yield Claim(
            about=subject,
            covers=(subject, Subject(port=port)),
            because=(files, *responses, *pages[:1]),
            severity=Severity.ERROR if files.reason != "laravel" else Severity.WARNING,
            confidence=Confidence.LIKELY,
            facts={
                "file": files.url,
                "source": files.source,
                "place": files.target,
                "project": files.project,
                "broken": files.is_broken,
                "public": files.public,
                "restarts": is_whole,
                **{reason: files.reason == reason for reason in _REASONS},
            },
            fix=Fix(steps, Applicability.REVIEW)
            if is_whole
            else Fix((*steps, Manual("start-it-again", Where.SERVER)), Applicability.MANUAL),
        )
        return


def _steps(files: UnpublishedFiles) -> tuple[Command, ...]:
    """Return what brings the files, as the owner of the project, and what starts the program
    again."""
    if files.reason == "laravel":
        make = commands.relink if files.is_broken else commands.link
        return (make(files.source, files.target),)
    if files.reason == "next":
        folder = posixpath.dirname(files.target)
        copies = [_copy(files, files.source, f"{folder}/")]
        if files.public:
            copies.append(_copy(files, files.public, f"{posixpath.dirname(folder)}/"))
        return (*copies, *_restart(files))
    words = collecting_words(files.owner, files.python, files.manage)
    collect = Command(words, Effect.CHANGE, changes=(files.target,), risk=Risk.EDITS_FILES)
    return (collect, *_restart(files))


def _copy(files: UnpublishedFiles, source: str, folder: str) -> Command:
    made = folder + posixpath.basename(source)
    return Command(
        as_owner(files.owner, ("cp", "-r", source, folder)), Effect.CHANGE,
        undo=("rm", "-r", made), changes=(made,), aspect="entry", risk=Risk.EDITS_FILES,
    )  # fmt: skip


def _restart(files: UnpublishedFiles) -> tuple[Command, ...]:
    if files.unit:
        return (commands.restart_service(files.unit),)
    return restart_by(files.starter) if files.starter else ()
