"""PHP itself writes a warning above the page, which comes with status 200, or into its error
output, which nginx logs: sessions cannot be kept, a file lies outside of open_basedir, or cookies
and redirects are lost because something was sent before them.

Nobody stays logged in, or a part of the page is missing, and monitoring sees a healthy site. Only
words at the very start of a page count: a page about such an error has them further down. PHP's
message that it cannot clean up old sessions is harmless where a timer does it (Debian).
"""

from collections.abc import Iterator
from dataclasses import replace

from checks.http import shown_pages
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
from diagnose.model.files import PathComponent, SessionFolderAccess
from diagnose.model.http import Exchange
from diagnose.model.nginx import NginxConfig
from diagnose.model.pages import PhpMessage, PhpWarningKind

_KINDS: tuple[PhpWarningKind, ...] = ("session", "basedir", "headers", "other")
#: Debian's folder, in which every user may make files, and list none (package php-common).
_DEBIAN = "/var/lib/php/sessions"
_MISSING = 2


@check(
    severity=Severity.WARNING,
    needs=[PhpMessage],
    explains=[
        "http.error-as-page", "http.server-error", "http.session-cookie-missing",
        "http.cookie-refused", "http.charset-wrong", "nginx.other-requests-failed",
    ],
)  # fmt: skip
def php_warning(evidence: Evidence) -> Iterator[Claim]:
    # The page of now says more than a log.
    messages = sorted(
        evidence.good(PhpMessage), key=lambda each: (each.log != "", _KINDS.index(each.warning))
    )
    if not messages:
        return
    message = messages[0]
    access = next(iter(evidence.good(SessionFolderAccess)), None)
    access = access if message.warning == "session" else None
    if message.log and access and not _is_missing(message, access) and not access.closed_part:
        return  # mended since the line was written
    subject = Subject(port=message.port, path=evidence.target.path)
    pages = tuple(page for page in evidence.of(Exchange) if page.url == message.url)
    yield Claim(
        about=replace(subject, address=message.address),
        covers=(
            subject,
            *(Subject(address=page.address, port=page.port) for page in pages),
            Subject(port=message.port),
        ),
        because=(message, *([access] if access else [])),
        confidence=_confidence(message, access),
        severity=_severity(evidence, message, access),
        facts=_facts(message, access),
        fix=_fix(evidence, message, access),
    )


def _is_missing(message: PhpMessage, access: SessionFolderAccess | None) -> bool:
    """Return whether the folder of the sessions does not exist."""
    if access is None:
        return message.errno == _MISSING
    return bool(access.parts) and access.parts[-1].path != access.path and not access.denied_parts


def _closed(access: SessionFolderAccess | None) -> PathComponent | None:
    return access.closed_part if access else None


def _confidence(message: PhpMessage, access: SessionFolderAccess | None) -> Confidence:
    if (
        message.warning == "session"
        and access
        and (_closed(access) or _is_missing(message, access))
    ):
        return Confidence.CERTAIN
    is_seen = message.warning == "basedir" and not message.log
    return Confidence.CERTAIN if is_seen else Confidence.LIKELY


def _severity(
    evidence: Evidence, message: PhpMessage, access: SessionFolderAccess | None
) -> Severity | None:
    if message.warning == "other":
        return Severity.NOTE
    # A line of the log may be older than what mended it. PHP stops where it may not open a file.
    has_stopped = message.warning == "basedir" and any(
        page.status == 500 for page in shown_pages(evidence)
    )
    is_proven = not message.log or _closed(access) is not None or _is_missing(message, access)
    is_proven = is_proven or has_stopped
    return None if is_proven or evidence.target.symptom is not None else Severity.NOTE


def _facts(message: PhpMessage, access: SessionFolderAccess | None) -> dict[str, object]:
    from diagnose.parsers.php_warnings import wider_basedir

    closed = _closed(access)
    return {
        "url": message.url,
        "words": message.words,
        "script": message.script,
        "line": message.line,
        "folder": message.folder,
        "file": message.file,
        "allowed": message.allowed,
        "wider": wider_basedir(message.allowed, message.file) if message.allowed else "",
        "log": message.log,
        "written": message.written,
        "missing": message.warning == "session" and _is_missing(message, access),
        "closed": closed.path if closed else "",
        "permissions": closed.mode_and_owner if closed else "",
        "user": access.user if access else "",
        **{kind: kind == message.warning for kind in _KINDS},
    }


def _fix(evidence: Evidence, message: PhpMessage, access: SessionFolderAccess | None) -> Fix:
    if message.warning == "session":
        if _is_missing(message, access):
            return Fix((Manual("make-the-folder", Where.SERVER),), Applicability.MANUAL)
        return _opened(access) or Fix(
            (Manual("let-php-write", Where.SERVER),), Applicability.MANUAL
        )
    if message.warning == "basedir" and (edit := _basedir_edit(evidence, message)):
        return edit
    where = Where.SERVER if message.warning == "basedir" else Where.APPLICATION
    return Fix((Manual(message.warning, where),), Applicability.MANUAL)


def _opened(access: SessionFolderAccess | None) -> Fix | None:
    """Let the user of PHP write in the folder: on Debian as its package has it, elsewhere by the
    folder's group. None if that is not enough, or would give more than that."""
    closed = _closed(access)
    if access is None or closed is None:
        return None
    if closed.path != access.path:
        steps = (commands.chmod("o+x", closed.path, before=closed.mode),)
        return Fix(steps, Applicability.REVIEW) if closed.path.count("/") > 1 else None
    if access.path == _DEBIAN:
        return Fix((commands.chmod("1733", closed.path, before=closed.mode),), Applicability.REVIEW)
    if not access.group or access.group == "root":
        return None
    regroup = commands.chgrp(access.group, closed.path, before=closed.group)
    return Fix(
        (
            *([] if access.group == closed.group else [regroup]),
            commands.chmod("g+rwx", closed.path, before=closed.mode),
        ),
        Applicability.REVIEW,
    )


def _basedir_edit(evidence: Evidence, message: PhpMessage) -> Fix | None:
    """Allow the folder in the only `fastcgi_param` of nginx's that has this very value."""
    from checks.nginx import Nginx
    from checks.nginx._commands import reload_steps
    from checks.nginx._edits import config_edits
    from diagnose.parsers.nginx.config import walk
    from diagnose.parsers.nginx.edits import replace_directive
    from diagnose.parsers.php_warnings import wider_basedir

    wider = wider_basedir(message.allowed, message.file)
    if not wider or not evidence.good(NginxConfig):
        return None
    nginx = Nginx.of(evidence)
    lines = [
        directive
        for directive in walk(nginx.config.main if nginx.config else ())
        if directive.name == "fastcgi_param" and f"={message.allowed}" in directive.args[-1]
    ]
    file = nginx.file(lines[0]) if len(lines) == 1 else None
    if file is None:
        return None
    written = file.text[lines[0].start : lines[0].stop]
    change = replace_directive(lines[0], written.replace(message.allowed, wider))
    edits = config_edits(nginx, {file.path: [change]})
    return Fix((*edits, *reload_steps(nginx)), Applicability.REVIEW) if edits else None
