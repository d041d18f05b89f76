"""`try_files` leads every path that is no file to a script or a page, and it is not there. nginx
looks for it (`try_files … =404`), a script before PHP gets the request, and answers 404 to every
such path.

An application in a folder of the site (WordPress in /blog) has its script there, and needs a
location of its own whose `try_files` leads to it.
"""

import posixpath
import re
from collections.abc import Iterator

from checks.http import endpoint_subjects
from checks.nginx import Nginx, file_line
from checks.nginx._edits import config_edits
from checks.nginx._location_edits import copied_lines, location_fix
from checks.nginx._near_edits import fallback_page_fix
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
    merge_subjects,
)
from diagnose.model.files import PageFileAccess
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.file_paths import fixed_file, served_file
from diagnose.parsers.nginx.locations import LocationMatch, location_pattern

_FOLDER = re.compile(r"/[\w./~-]+/")
#: Words that need no quotes.
_BARE = re.compile(r"[\w$./?=&~-]+")


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig, PageFileAccess, Exchange],
    explains=["nginx.own-answer", "nginx.target-not-found", "nginx.front-controller-missing"],
)
def fallback_file_missing(evidence: Evidence) -> Iterator[Claim]:
    pages = [page for page in page_exchanges(evidence) if page.status == 404]
    accesses = {access.url: access for access in evidence.good(PageFileAccess)}
    access = accesses.get(pages[0].url) if pages else None
    nginx = Nginx.of(evidence)
    match = next(iter(nginx.location_matches(evidence.target.path_without_query)), None)
    fallback = match.directive("try_files") if match else None
    if access is None or match is None or fallback is None:
        return
    uri = fixed_file(match)
    served = served_file(match, uri, start=nginx.start_folder) if uri else None
    is_page = served is not None and served.path == access.path
    if access.mistake != "no-fallback" and not is_page:
        return
    subjects = endpoint_subjects(pages)
    root = posixpath.dirname(access.path)
    below = posixpath.dirname(access.elsewhere).removeprefix(root.rstrip("/"))
    folder = f"{below}/" if access.elsewhere and not is_page else ""
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*pages, access, *nginx.configs),
        confidence=Confidence.LIKELY,
        location=nginx.location(fallback),
        facts={
            "url": pages[0].url,
            "path": access.path,
            "script": access.path.endswith(".php"),
            "elsewhere": access.elsewhere if folder else "",
            "built": access.elsewhere if is_page else "",
            "folder": folder,
            "own": _own_location(folder, fallback) if folder else "",
            "place": file_line(fallback),
            "directive": fallback.text,
        },
        fix=_fix(nginx, match, folder, fallback)
        if folder
        else fallback_page_fix(nginx, match, access, uri) or _manual("put-it-back"),
    )


def _manual(step: str) -> Fix:
    return Fix((Manual(step, Where.SERVER),), Applicability.MANUAL)


def _fix(nginx: Nginx, match: LocationMatch, folder: str, fallback: Directive) -> Fix:
    """Write the folder's location, with the other lines of the one that answers now: what it closes
    stays closed. A person does it where that one is no prefix of the server block, or has blocks
    of its own."""
    file, is_block = nginx.file(match.blocks[1]), match.block.name == "server"
    pattern = None if is_block else location_pattern(match.block)
    head, body = f"location {folder}", [f"{_fallback_line(folder, fallback)};"]
    is_prefix = pattern is not None and pattern.modifier == "" and len(match.blocks) == 3
    lines = copied_lines(nginx, match.block, {"try_files": body[0]}) if is_prefix else None
    is_inherited = lines is not None and body[0] not in lines
    if lines is not None:
        body = [*lines, *(body if is_inherited else [])]
    is_plain = _FOLDER.fullmatch(folder) and all(map(_BARE.fullmatch, fallback.args))
    if file is None or not (is_block or lines) or not is_plain:
        return _manual("its-own-location")
    change = edits.insert_location(file.text, match.blocks[1], head, body)
    file_edits = config_edits(nginx, {file.path: [change]})
    if not file_edits:
        return _manual("its-own-location")
    return location_fix(nginx, match, file_edits, sure=False)


def _fallback_line(folder: str, fallback: Directive) -> str:
    last = f"{folder}{fallback.args[-1].removeprefix('/')}"
    return " ".join(("try_files", *fallback.args[:-1], last))


def _own_location(folder: str, fallback: Directive) -> str:
    """Return the location that an application in this folder needs."""
    return f"location {folder} {{ {_fallback_line(folder, fallback)}; }}"
