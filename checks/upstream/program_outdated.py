"""The application is older than its files: after a deployment the old program still runs. Its
folder was deleted under it, or the file that it runs, or the build whose files it knows by name,
was replaced (proc_pid_cwd(5), proc_pid_exe(5)).

A program has read its code when it started. What it opens later (templates, parts of the code, the
files of a build) is no longer there or is of another build.
"""

from collections.abc import Iterator

from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Observation,
    Severity,
    Subject,
    Where,
    commands,
)
from diagnose.model.http import page_exchanges
from diagnose.model.pages import PageFileResponse
from diagnose.model.processes import RunningProgram, RunningPrograms
from diagnose.model.program_logs import ProgramLine


@check(
    severity=Severity.ERROR,
    needs=[RunningPrograms],
    explains=[
        "http.server-error", "http.page-file-missing", "http.app-file-refused",
        "http.page-file-type", "upstream.application-log", "upstream.own-answer",
        "server.own-answer", "websocket.not-upgraded",
    ],
)  # fmt: skip
def program_outdated(evidence: Evidence) -> Iterator[Claim]:
    pages = [page for page in page_exchanges(evidence) if (page.status or 0) >= 500]
    files = [item for item in evidence.good(PageFileResponse) if (item.status or 0) >= 400]
    for programs in evidence.good(RunningPrograms) if pages or files else ():
        for program in programs.programs:
            confidence = _confidence(evidence, programs, program, bool(pages))
            if confidence is None:
                continue
            failed: tuple[Observation, ...] = (*pages, *files)
            path = evidence.target.path_without_query
            yield Claim(
                about=Subject(port=evidence.target.port, path=path),
                covers=(
                    Subject(port=evidence.target.port, path=path),
                    Subject(port=evidence.target.port),
                    *(Subject(address=file.address, port=file.port) for file in files),
                ),
                because=(programs, *evidence.good(ProgramLine), *failed),
                severity=Severity.ERROR if pages else Severity.WARNING,
                confidence=confidence,
                facts=_facts(programs, program),
                fix=_fix(program),
            )
            return


def _confidence(
    evidence: Evidence, programs: RunningPrograms, program: RunningProgram, is_page: bool
) -> Confidence | None:
    """Return how sure it is that the age is the reason; None if the program is not older. Where the
    log names another reason it is none."""
    if program.is_folder_gone:
        return Confidence.LIKELY
    if not program.is_older_than_its_file:
        return None
    is_build = program.changed_file.endswith(_BUILDS)
    lines = [
        line.message
        for line in evidence.good(ProgramLine)
        if line.endpoint == programs.endpoint and line.message
    ]
    if any(not _is_about_files(message) for message in lines):
        return None
    is_shown = is_build or bool(lines) or not is_page
    return Confidence.LIKELY if is_shown else Confidence.POSSIBLE


#: What a build leaves behind, and archives of code that are read bit by bit.
_BUILDS = ("BUILD_ID", "nitro.json", "nuxt.json", "build/server/index.js", ".jar", ".war")

#: What programs say of files that are not those with which they started.
_ABOUT_FILES = (
    "enoent", "no such file", "not find module", "modulenotfound", "noclassdeffound",
    "classnotfound", "zipexception", "zip file", "chunk", "not found", "err_module_not_found",
    "templatedoesnotexist", "stale", "manifest", "importerror", "uv_cwd",
)  # fmt: skip


def _is_about_files(message: str) -> bool:
    return any(word in message.lower() for word in _ABOUT_FILES)


def _facts(programs: RunningPrograms, program: RunningProgram) -> dict[str, object]:
    is_gone = program.is_folder_gone
    return {
        "program": program.title,
        "name": program.name,
        "pid": program.pid,
        "endpoint": programs.endpoint,
        "folder": program.folder,
        "gone": is_gone,
        "file": "" if is_gone else program.changed_file,
        "command": programs.equivalent,
        "service": program.service.removesuffix(".service"),
    }


def _fix(program: RunningProgram) -> Fix:
    service = program.service.removesuffix(".service")
    if service and not service.startswith(("user@", "pm2-", "supervisor")):
        return Fix((commands.restart_service(service, Where.SERVER),), Applicability.REVIEW)
    if program.starter is not None and not program.is_folder_gone:
        # Imported late: most programs are services.
        from checks.upstream._setting_fixes import starting_fix

        return starting_fix(program.starter)
    return Fix((Manual("restart-it", Where.APPLICATION),), Applicability.MANUAL)
