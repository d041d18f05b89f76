"""PHP stops at the page, and its own message names a reason that is known: a limit of PHP's
(memory_limit, max_execution_time), a part of PHP that is not installed or that this version has no
more, packages of Composer's that are missing, or a file that is no PHP.

The message is in the error output, which nginx and Apache log, in the log of PHP-FPM, or in the
page itself (`display_errors`). It counts if it was written in this run. Visitors get an error 500
with an empty body, or a page that ends with the message.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from checks.http import endpoint_subjects, is_looked_into, shown_pages
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
    merge_subjects,
)
from diagnose.model.http import Exchange

if TYPE_CHECKING:
    from diagnose.model.applications import ReadSetting
    from diagnose.parsers.php_failures import PhpFailure

_KINDS = ("memory", "time", "extension", "driver", "removed", "version", "syntax", "packages")
#: Where a page is shown whole, PHP's message is at its end.
_LOOKED_AT = 8192
#: WordPress's own limit of a page (wp-includes/default-constants.php, WP_MEMORY_LIMIT).
_WORDPRESS = 40 << 20
#: The seconds that are written for a page that takes long.
_SECONDS = 300
_STDERR = r'FastCGI sent in stderr: "(?s:.{0,8000}?)PHP (?:Fatal|Parse) error: '


@check(
    severity=Severity.ERROR,
    needs=[Exchange],
    explains=[
        "http.server-error", "http.error-as-page", "http.blank-page", "http.php-warning",
        "server.request-logged", "server.own-answer", "server.application-answers",
        "upstream.own-answer", "upstream.application-log", "nginx.other-requests-failed",
        "http.not-the-site",
    ],
)  # fmt: skip
def php_stopped(evidence: Evidence) -> Iterator[Claim]:
    pages = [page for page in shown_pages(evidence) if _may_be_stopped(page)]
    if not pages:
        return
    php_failure = _logged(evidence) or _failure_on_page(pages)
    if php_failure is None:
        return
    failure, source = php_failure
    subjects = endpoint_subjects(pages)
    reads = _limit_settings(evidence, failure.kind)
    port = evidence.target.port
    yield Claim(
        about=merge_subjects(subjects),
        covers=(*subjects, Subject(port=port), Subject(port=port, path=evidence.target.path)),
        because=(*([source] if source else []), *pages, *reads),
        # The pool's own log has the errors of all pages, and another one may have failed now.
        confidence=Confidence.LIKELY if hasattr(source, "process") else Confidence.CERTAIN,
        facts={
            "url": pages[0].url,
            "status": pages[0].status or "",
            **_facts(evidence, failure, source, reads),
            **{kind: kind == failure.kind for kind in _KINDS},
        },
        fix=_fix(failure.kind, reads),
    )


def _may_be_stopped(page: Exchange) -> bool:
    """Return whether PHP may have stopped: it fails with 500, or the page ends with the words of
    PHP's message."""
    end = page.body[-_LOOKED_AT:]
    return page.status == 500 or "atal error" in end or "Parse error" in end


def _logged(evidence: Evidence) -> "tuple[PhpFailure, Observation] | None":
    """Return why PHP stopped by a log that has this run's request."""
    if not is_looked_into(evidence):
        return None
    from checks.nginx._page_errors import page_error
    from diagnose.model.logs import ServerRequestError
    from diagnose.model.program_logs import ProgramLine
    from diagnose.parsers.php_failures import logged_failure

    error = page_error(evidence, _STDERR, {200, 500})
    if error is not None and error.in_run and (failure := logged_failure(error.line.text)):
        return failure, error.line
    lines = (
        *((each.message, each) for each in evidence.good(ServerRequestError)),
        *((program_line.message, program_line) for program_line in evidence.good(ProgramLine)),
    )
    return next(
        ((line_failure, line) for text, line in lines if (line_failure := logged_failure(text))),
        None,
    )


def _failure_on_page(pages: list[Exchange]) -> "tuple[PhpFailure, None] | None":
    from diagnose.parsers.php_failures import shown_failure

    failures = (shown_failure(page.body) for page in pages)
    failure = next(filter(None, failures), None)
    return (failure, None) if failure else None


def _limit_settings(evidence: Evidence, kind: str) -> "list[ReadSetting]":
    if kind not in {"memory", "time"}:
        return []
    from diagnose.model.applications import ReadSetting

    reads = evidence.good(ReadSetting)
    return [read for read in reads if read.application == "php" and read.topic == kind]


def _facts(
    evidence: Evidence,
    failure: "PhpFailure",
    source: Observation | None,
    reads: "list[ReadSetting]",
) -> dict[str, object]:
    from diagnose.parsers.nginx.proxy_headers import size_text
    from diagnose.parsers.php_limits import raised_memory

    version = _version(evidence, source)
    system = _system(evidence)
    is_debian = "debian" in system or "ubuntu" in system
    prefix = f"php{version}" if version else "php"
    return {
        "words": failure.words,
        "script": failure.script,
        "line": failure.line,
        "limit": size_text(failure.amount).upper() if failure.kind == "memory" else failure.amount,
        "wordpress": failure.kind == "memory" and failure.amount == _WORDPRESS,
        "name": failure.name,
        "extensions": ", ".join(failure.extensions),
        "built": " ".join(failure.extensions),
        "debian": " ".join(f"{prefix}-{package}" for package in failure.packages),
        "fedora": " ".join(
            f"php-{'mysqlnd' if package == 'mysql' else package}" for package in failure.packages
        ),
        "prefix": prefix,
        "on_debian": is_debian,
        "elsewhere": not is_debian,
        "unit": f"php{version}-fpm" if version else "php-fpm",
        "running": failure.running,
        "project": failure.folder,
        "place": reads[0].place if reads else "",
        "set": reads[0].line.strip() if reads else "",
        "wanted": reads[0].wanted if reads else raised_memory(failure.amount),
        # nginx and Apache wait a little longer than PHP works.
        "seconds": max(_SECONDS, 2 * failure.amount if failure.kind == "time" else 0),
        "waited": max(_SECONDS, 2 * failure.amount if failure.kind == "time" else 0) + 10,
        "logged": source is not None,
    }


def _version(evidence: Evidence, source: Observation | None) -> str:
    """Return the version of the PHP-FPM that has the page ("8.2"): its socket tells it, or the only
    one that listens; "" if neither does."""
    if source is None:
        return ""
    from diagnose.model.server import Listeners
    from diagnose.parsers.php_failures import php_version

    named = getattr(source, "upstream", "") or getattr(source, "process", "")
    if version := php_version(named):
        return version
    names = (socket.process or "" for all_ in evidence.good(Listeners) for socket in all_.sockets)
    versions = {php_version(name) for name in names if name.startswith("php-fpm")} - {""}
    return versions.pop() if len(versions) == 1 else ""


def _system(evidence: Evidence) -> str:
    from diagnose.model import Host

    return " ".join(host.system.lower() for host in evidence.good(Host) if host.role == "server")


def _fix(kind: str, reads: "list[ReadSetting]") -> Fix:
    if not reads:
        where = (
            Where.SERVER if kind in {"memory", "time", "extension", "driver"} else Where.APPLICATION
        )
        return Fix((Manual(kind, where),), Applicability.MANUAL)
    # Imported late: few pages meet a limit.
    from checks.upstream._setting_fixes import setting_fix

    return setting_fix(reads, kind)
