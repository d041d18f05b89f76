"""nginx cannot write a temporary file: the rest of a large response, or the body of an upload.

A response that does not fit into the buffers goes to a temporary file (proxy_temp_path,
fastcgi_temp_path …), an upload too (client_body_temp_path). If the worker may not write there, or
the disk is full, small pages work, large ones are cut off, and uploads get 500.
"""

import re
from collections.abc import Iterator, Sequence

from checks.nginx import NO_PORT, Nginx
from checks.nginx._commands import owner_test_command, reload_command, reload_steps
from checks.nginx._edits import config_edit
from checks.nginx._failed_requests import current_failures
from checks.nginx._page_errors import logged_errors
from checks.nginx._temp_file_moves import (
    answers_passed_on_fix,
    largest_body,
    memory_of,
    temp_file_move,
)
from checks.nginx.file_forbidden import is_private, opened_to_others
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
from diagnose.model.files import BodyFolderAccess, TempFolderAccess
from diagnose.model.http import Exchange, ResponseBody
from diagnose.model.logs import LogLine
from diagnose.model.nginx import NginxConfig
from diagnose.model.resources import FileSystem
from diagnose.parsers.nginx.edits import insert_before
from diagnose.parsers.nginx.error_log import temp_folder

_UNWRITABLE = re.compile(
    r'(?:open|pwritev?|writev?|mkdir)\(\) "([^"]+)" failed \((13|28|30|122): ([^)]*)\)'
    r"(?: while (?:reading upstream|reading client request body|sending request to upstream)|$)"
)
#: The name of a temporary file (ngx_create_temp_file): ten digits. Of an upload nginx does not say
#: what it was doing, so that its line is like that of a static file.
_TEMP_NAME = re.compile(r"/\d{10}$")
#: What the folders of temporary files are called. One of another name may have other things in it.
_TEMP_FOLDER = re.compile(
    r"(?i)/(?:nginx|openresty)/[\w.-]+$"
    r"|/[^/]*(?:te?mp(?!late)|cache|body|proxy|fastcgi|uwsgi|scgi)[^/]*$(?<!^/tmp)(?<!^/var/tmp)"
)
#: Enough for an upload of a usual size, in bytes.
_ROOM = 4 * 1024**2
_KINDS = {"13": "denied", "28": "full", "30": "read_only", "122": "full"}


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig],
    explains=[
        "http.server-error",
        "http.body-cut",
        "http.page-file-broken",
        "nginx.other-requests-failed",
    ],
)
def temp_files_unwritable(evidence: Evidence) -> Iterator[Claim]:
    matches = [
        (line, match)
        for line, match in logged_errors(evidence, _UNWRITABLE)
        if line.doing or (_is_upload(line) and _TEMP_NAME.search(match[1]))
    ]
    if not matches:
        yield from _closed_folder(evidence)
        return
    line, match = matches[-1]
    kind = _KINDS[match[2]]
    failed = _failed_responses(evidence)
    folder, nginx = temp_folder(match[1]), Nginx.of(evidence)
    accesses = _accesses(evidence, folder)
    user = next((access.user for access in accesses), "")
    if not failed and _is_over(evidence, kind, line, folder, accesses):
        return
    move = temp_file_move(nginx, line, folder) if kind == "full" else None
    passed_on = answers_passed_on_fix(nginx, line, folder) if kind == "full" else None
    # nginx gave the folder back while this run lasted, or it is closed.
    is_seen = any(access.closed_part or access.given_back for access in accesses)
    yield Claim(
        about=Subject(text=folder),
        covers=(
            *(Subject(address=page.address, port=page.port) for page in failed),
            Subject(port=evidence.target.port, path=line.path),
        ),
        because=(line, *failed, *accesses, *([move.memory] if move else [])),
        confidence=(
            Confidence.LIKELY
            if kind == "denied" and not failed and not is_seen
            else Confidence.CERTAIN
        ),
        facts={
            "folder": folder,
            "message": line.text,
            "log": line.file,
            "when": line.written,
            "times": sum(line.times for line, _ in matches),
            "path": line.path,
            "upload": not line.doing or "client request body" in line.doing,
            "closed": "",
            "permissions": "",
            "user": user or _worker_number(nginx),
            "given_away": kind == "denied" and _is_given_away(nginx),
            "memory": -(-move.memory.size // 2**20) if move else "",
            "moved": move.folder if move else "",
            "passed_on": passed_on is not None and move is None,
            **{name: kind == name for name in ("denied", "full", "read_only")},
        },
        severity=None if failed else Severity.WARNING,
        fix=(
            (
                (move.fix if move else passed_on)
                or Fix((Manual("make-room", Where.SERVER),), Applicability.MANUAL)
            )
            if kind == "full"
            else _fix(nginx, user, accesses if kind == "denied" else ())
        ),
    )


def _failed_responses(evidence: Evidence) -> list[Exchange | ResponseBody]:
    """Return the target's errors, and the bodies that were cut."""
    failed: list[Exchange | ResponseBody] = [
        exchange
        for exchange in evidence.of(Exchange)
        if exchange.purpose == "target" and (exchange.failure or (exchange.status or 0) >= 500)
    ]
    failed += [
        body
        for body in evidence.of(ResponseBody)
        if body.end == "cut" and body.request in {"target", "browser"}
    ]
    return failed


def _worker_number(nginx: Nginx) -> str:
    """Return the number of the user that all workers run as, "" if it is not known: `chown` takes
    it like a name."""
    number = nginx.master.worker_user if nginx.master else None
    return str(number) if number else ""


def _is_given_away(nginx: Nginx) -> bool:
    """Return whether `nginx -t`, run by root, gives the folders to another user than that of the
    workers."""
    return nginx.test is not None and nginx.test.keeps_owners


def _fix(nginx: Nginx, user: str, accesses: Sequence[BodyFolderAccess]) -> Fix:
    """Let the workers write in the folder: by a reload where a changed `user` waits, by the missing
    `user` where root does not run the master, by the rights of the folders that were seen to be
    closed, else by hand."""
    by_hand = Fix((Manual("let-nginx-write", Where.SERVER),), Applicability.MANUAL)
    if not _is_given_away(nginx):
        steps = _opening_commands(user, accesses)
        return Fix(steps, Applicability.REVIEW) if steps else by_hand
    if nginx.master is None or nginx.config is None:
        return by_hand
    if not nginx.master.user:
        return Fix(reload_steps(nginx), Applicability.REVIEW)
    main = nginx.config.main
    first = next((line for line in main if line.file == nginx.config.path), None)
    file = nginx.file(first) if first else None
    if not user or first is None or file is None or any(line.name == "user" for line in main):
        return by_hand
    edit = config_edit(nginx, first.file, insert_before(file.text, first, [f"user {user};"]))
    if edit is None:
        return by_hand
    return Fix((edit, owner_test_command(nginx), reload_command(nginx)), Applicability.REVIEW)


def _opening_commands(user: str, accesses: Sequence[BodyFolderAccess]) -> tuple[Command, ...]:
    """Return the commands that let the workers enter the folders above, and that give them the
    folder itself if it, or one that nginx made in it, is of somebody else. () if none of them is
    closed, or if other things than temporary files may be in it."""
    if not accesses or not user:
        return ()
    # One in the folder is behind the folder; the workers own what they make there.
    folder = min((access.path for access in accesses), key=len)
    above = dict.fromkeys(
        part
        for access in accesses
        for part in access.denied_parts
        if not f"{part.path}/".startswith(f"{folder}/")
    )
    if is_private(folder, above):
        return ()
    inside = [
        part
        for access in accesses
        for part in access.parts
        if f"{part.path}/".startswith(f"{folder}/") and not access.may_write(part)
    ]
    opened = tuple(map(opened_to_others, above))
    if not inside:
        return opened
    if any(part.uid == access.uid for part in inside for access in accesses[:1]):
        return ()
    is_temporary = _TEMP_FOLDER.search(folder)
    return (*opened, commands.chown_tree(user, folder)) if is_temporary else ()


def _closed_folder(evidence: Evidence) -> Iterator[Claim]:
    """Yield the claim about the folder of uploads in which the workers may not write, before
    anybody has sent one that is too large for the buffer."""
    nginx = Nginx.of(evidence)
    for access in evidence.good(BodyFolderAccess):
        closed = access.closed_part
        if closed is None:
            continue
        yield Claim(
            about=Subject(text=access.path),
            covers=(NO_PORT,),
            because=(access,),
            confidence=Confidence.LIKELY,
            facts={
                "folder": access.path,
                "message": "",
                "log": "",
                "when": "",
                "times": 0,
                "path": "",
                "upload": True,
                "closed": closed.path,
                "permissions": closed.mode_and_owner,
                "user": access.user,
                "given_away": _is_given_away(nginx),
                "memory": "",
                "moved": "",
                "passed_on": False,
                "denied": True,
                "full": False,
                "read_only": False,
            },
            severity=Severity.WARNING,
            fix=_fix(nginx, access.user, (access,)),
        )


def _accesses(evidence: Evidence, folder: str) -> list[TempFolderAccess]:
    """Return what was seen of this folder's rights, and of those in it."""
    return [
        access
        for access in evidence.good(TempFolderAccess)
        if f"{access.path}/".startswith(f"{folder}/")
    ]


def _is_over(
    evidence: Evidence, kind: str, line: LogLine, folder: str, accesses: Sequence[TempFolderAccess]
) -> bool:
    """Return whether somebody has mended since what the line tells of. The log has whole
    seconds."""
    if kind == "full":
        return _has_room_again(evidence, folder, line)
    is_closed = any(access.closed_part or access.given_back for access in accesses)
    mended = (
        access
        for access in accesses
        if access.path == folder and access.is_open and (access.changed or 0) >= int(line.when)
    )
    return kind == "denied" and not is_closed and any(mended) and not _fails_still(evidence, line)


def _fails_still(evidence: Evidence, line: LogLine) -> bool:
    """Return whether nobody's request of the line's path has succeeded since it failed."""
    failures = current_failures(evidence, range(500, 600))
    return any(failure.path == line.path for failure in failures)


def _has_room_again(evidence: Evidence, folder: str, line: LogLine) -> bool:
    """Return whether somebody has made room since. A folder that was not looked at is unknown. A
    file system in memory has its room back as soon as the upload that filled it has failed."""
    room = _ROOM
    if memory_of(evidence, folder):
        most = largest_body(Nginx.of(evidence), line.path)
        if not most:
            return False
        room = max(room, most)
    return any(
        folder in system.paths and system.free > room and system.free_files != 0
        for system in evidence.good(FileSystem)
    )


def _is_upload(line: LogLine) -> bool:
    """Return whether a request has a body (RFC 9110 section 9.3)."""
    return line.request.partition(" ")[0] not in {"", "GET", "HEAD", "OPTIONS", "TRACE"}
