"""The page asks for a path that nginx looks for among its own files, and no location passes it on;
the application to which another location passes other paths has it: Socket.IO's path beside an
API, or files that the application makes (ngx_http_core_module, "location").

The application, asked directly, answers this path with 200, and not a path that nobody has. For
Socket.IO the page's script names the path, and the answer is no page. Files that are served below
the page's own path, or would be if its address had the slash at its end, are those of
http.base-path-missing: a location for them would take the path from the whole site.
"""

import re
from collections.abc import Iterator

from checks.http import _missing_slashes, _page_files
from checks.http._page_files import RefusedFile
from checks.nginx import Nginx, file_line
from checks.nginx._commands import reload_steps
from checks.nginx._edits import Changes, config_edits
from checks.nginx._location_edits import host_variable
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
    merge_subjects,
)
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.model.pages import Page, PageFileResponse, PageFileTrial, WebSocketPath
from diagnose.model.requests import BypassedApplication
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.final_requests import final_location
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.nginx.neighbours import neighbours_of, origin_of
from diagnose.parsers.nginx.server_blocks import Server
from diagnose.parsers.unknown_paths import is_unknown_beside
from diagnose.parsers.urls import parse_url

_PLAIN = re.compile(r"/[\w./-]*")
#: The last word of `try_files` by which nginx refuses what it has no file for.
_REFUSED = re.compile(r"=4\d\d")


@frozen(eq=False)
class _Place:
    """The server block without the location, and the location that passes other paths on."""

    server: Server
    owner: LocationMatch
    directive: Directive


@frozen(eq=False)
class _Missing:
    """A folder, or a path, that the application has and no location passes on; the page's files
    there, or the connection that the page opens there."""

    answer: BypassedApplication
    folder: str
    place: _Place
    files: tuple[RefusedFile, ...]
    socket: WebSocketPath | None


@check(
    severity=Severity.WARNING,
    needs=[NginxConfig, BypassedApplication],
    explains=[
        "http.page-file-missing", "http.page-file-type", "nginx.page-file-not-found",
        "websocket.no-location", "websocket.not-tried", "websocket.not-upgraded",
        "nginx.other-requests-failed",
    ],
)  # fmt: skip
def location_missing(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    answers = [one for one in evidence.good(BypassedApplication) if one.by == "neighbour"]
    sockets = [one for one in evidence.good(WebSocketPath) if one.library == "Socket.IO"]
    if _names_another_host(evidence):
        sockets = []
    page = _page_files.page_of(evidence)
    refused = _page_files.all_refused_files(evidence) if answers else ()
    if page and refused and _is_of_page(evidence, nginx, page):
        refused = ()
    groups: dict[object, list[_Missing]] = {}
    for answer in answers:
        having = [one for one in answers if one.path == answer.path and _has_path(answers, one)]
        place = _place(nginx, having[0]) if len(having) == 1 else None
        if place is None or answer is not having[0]:
            continue
        folder = _folder(answer.path)
        files = tuple(file for file in refused if _folder(file.path) == folder)
        socket = next((one for one in sockets if _folder(one.path) == folder), None)
        if files or socket:
            own = _own_folder(evidence, answer.path)
            group = groups.setdefault((origin_of(place.directive), id(place.server.block)), [])
            if folder not in {_folder(missing.answer.path) for missing in group}:
                group.append(_Missing(answer, own, place, files, socket))
    for group in groups.values():
        yield _claim(nginx, group)


def _is_of_page(evidence: Evidence, nginx: Nginx, page: Page) -> bool:
    """Return whether the files are those of the page's application, and are served below the page's
    own path: then their addresses are wrong, and no location is missing."""
    used = {trial.file for trial in evidence.good(PageFileTrial) if trial.is_used}
    is_below = any(response.url in used for response in evidence.good(PageFileResponse))
    return is_below or _missing_slashes.is_cause(nginx, page)


def _names_another_host(evidence: Evidence) -> bool:
    """Return whether the page opens its connections at another host: its library names the usual
    path all the same."""
    mentions = [
        *(url for exchange in evidence.good(Exchange) for url in exchange.mentions),
        *(url for response in evidence.good(PageFileResponse) for url in response.mentions),
    ]
    host = evidence.target.host
    return any((url := parse_url(text)) is None or url.host != host for text in mentions)


def _has_path(answers: list[BypassedApplication], answer: BypassedApplication) -> bool:
    """Return whether an application has a path, and not every path."""
    if not 200 <= (answer.status or 0) < 300 or answer.is_html:
        return False
    controls = [
        one
        for one in answers
        if (one.address, one.port) == (answer.address, answer.port)
        and is_unknown_beside(one.path, answer.path)
    ]
    return bool(controls) and all(
        not 200 <= (one.status or 200) < 300 or one.is_html for one in controls
    )


def _place(nginx: Nginx, answer: BypassedApplication) -> _Place | None:
    for selected in () if nginx.is_refused else nginx.answering_servers():
        for owner in neighbours_of(selected.server, answer.path):
            for directive in children(owner.block, "proxy_pass"):
                if (directive.file, directive.line) == (answer.file, answer.line):
                    return _Place(selected.server, owner, directive)
    return None


def _folder(path: str) -> str:
    """Return "/socket.io/" of "/socket.io/socket.io.js" and of "/socket.io"; a file at the root is
    its own."""
    first = path.partition("?")[0].lstrip("/").split("/")
    is_file = len(first) == 1 and "." in first[0] and first[0] != "socket.io"
    return f"/{first[0]}" if is_file or not first[0] else f"/{first[0]}/"


def _own_folder(evidence: Evidence, path: str) -> str:
    """Return the folder of a path, or the path alone where nginx has other files of the folder."""
    folder = _folder(path)
    has_others = any(
        response.status == 200 and not response.is_html and not response.redirects
        for response in evidence.good(PageFileResponse)
        if (url := parse_url(response.url)) and _folder(url.path) == folder
    )
    return path if has_others else folder


def _claim(nginx: Nginx, group: list[_Missing]) -> Claim:
    """Return the claim about all that one application has and one server block does not pass on:
    the page is whole only when each has its location."""
    port, first = nginx.evidence.target.port, group[0]
    place, answer = first.place, first.answer
    own = final_location(place.server, answer.path).block
    files = [file for missing in group for file in missing.files]
    socket = next((missing.socket for missing in group if missing.socket), None)
    urls = [file.response.url for file in files]
    subjects = (
        *((_page_files.page_subject(files[0].page),) if files else ()),
        *(Subject(port=port, path=path) for path in _socket_paths(socket)),
        *(Subject(port=port, path=missing.answer.path) for missing in group),
    )
    controls = tuple(
        one
        for one in nginx.evidence.good(BypassedApplication)
        if any(is_unknown_beside(one.path, missing.answer.path) for missing in group)
    )
    severity = _page_files.severity(files[0].page, urls) if files else Severity.WARNING
    folders = [missing.folder for missing in group]
    return Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(
            *(missing.answer for missing in group), *controls, *(file.response for file in files),
            *((socket,) if socket else ()), *((nginx.config,) if nginx.config else ()),
        ),
        severity=severity,
        confidence=Confidence.CERTAIN if files else Confidence.LIKELY,
        location=nginx.location(own),
        facts={
            "path": answer.path,
            "paths": tuple(missing.answer.path for missing in group),
            "folder": first.folder,
            "folders": tuple(folders),
            "more": tuple(folders[1:]),
            "page": files[0].page.url if files else socket.source if socket else "",
            "status": files[0].response.status if files else "",
            "files": tuple(urls),
            "socket": bool(socket) or "/socket.io/" in folders,
            "socket_path": socket.path if socket else "",
            "place": file_line(own),
            "block": own.text,
            "owner": " ".join(("location", *place.owner.block.args)),
            "owner_place": file_line(place.owner.block),
            "application": origin_of(place.directive),
            "direct_status": answer.status,
            "modifier": "" if first.folder.endswith("/") else "= ",
        },
        fix=_fallback_fix(nginx, place, group) or _fix(nginx, place, folders),
    )  # fmt: skip


def _socket_paths(socket: WebSocketPath | None) -> tuple[str, ...]:
    return (socket.path,) if socket else ()


def _fallback_fix(nginx: Nginx, place: _Place, group: list[_Missing]) -> Fix | None:
    """Let the locations that end in `try_files … =404` end in the application: in the named
    location that passes other paths on, or in a new one. None where a folder has no such location:
    one of its own can be added then."""
    changes: Changes = {}
    owner = place.owner.block.args[0] if place.owner.block.args else ""
    name = owner if owner.startswith("@") else "@application"
    for missing in group:
        own = final_location(place.server, missing.answer.path).block
        ends = [line for line in children(own, "try_files") if _REFUSED.fullmatch(line.args[-1])]
        is_folders = own.name == "location" and own.args[-1].rstrip("/") == missing.folder.rstrip(
            "/"
        )
        if not is_folders or len(ends) != 1:
            return None
        words = " ".join(("try_files", *ends[0].args[:-1], name))
        changes.setdefault(ends[0].file, []).append(edits.replace_directive(ends[0], f"{words};"))
    file = nginx.file(place.server.block)
    if name != owner and file is not None:
        head, body = f"location {name}", _passing_lines(nginx, place)
        added = edits.insert_location(file.text, place.server.block, head, body)
        changes.setdefault(file.path, []).append(added)
    file_edits = config_edits(nginx, changes)
    return Fix((*file_edits, *reload_steps(nginx)), Applicability.REVIEW) if file_edits else None


def _passing_lines(nginx: Nginx, place: _Place) -> list[str]:
    return [
        f"proxy_pass {origin_of(place.directive)};",
        f"proxy_set_header Host {host_variable(nginx.evidence.target)};",
    ]


def _fix(nginx: Nginx, place: _Place, folders: list[str]) -> Fix:
    """Add the locations to the block. A person looks whether the application has anything else
    there."""
    file = nginx.file(place.server.block)
    manual = Fix((Manual("add-the-location", Where.SERVER),), Applicability.MANUAL)
    # Imported late: few sites lack a location.
    from checks.nginx._exact_locations import prefix_fix

    if wider := prefix_fix(nginx, place.server.block, place.directive):
        return wider
    if file is None or not all(map(_PLAIN.fullmatch, folders)):
        return manual
    changes = {file.path: [_addition(nginx, file.text, place, folder) for folder in folders]}
    file_edits = config_edits(nginx, changes)
    if not file_edits:
        return manual
    return Fix((*file_edits, *reload_steps(nginx)), Applicability.REVIEW)


def _addition(nginx: Nginx, text: str, place: _Place, folder: str) -> edits.TextEdit:
    body = _passing_lines(nginx, place)
    if folder == "/socket.io/":
        body += [
            "proxy_http_version 1.1;",
            "proxy_set_header Upgrade $http_upgrade;",
            'proxy_set_header Connection "upgrade";',
            "proxy_read_timeout 3600s;",
        ]
    modifier = "^~" if folder.endswith("/") else "="
    return edits.insert_location(text, place.server.block, f"location {modifier} {folder}", body)
