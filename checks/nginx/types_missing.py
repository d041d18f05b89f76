"""nginx does not know the type of a file of the page: no `types` in force has its extension
(ngx_http_core_module: types, default_type).

`include mime.types;` is missing, or a `types` further inside replaces the whole list: directives of
an inner block are not added to those of the outer one.
"""

import posixpath
from collections.abc import Iterator

from checks.http import _page_files as page_files
from checks.nginx import Nginx, file_line
from checks.nginx._commands import reload_steps
from checks.nginx._edits import config_edit
from checks.nginx._page_files import examined_files
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Edit,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.files import PageFileAccess
from diagnose.model.http import page_exchanges
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.parsers.browser_types import TYPES_BY_ENDING, mime_type, untyped_ending
from diagnose.parsers.front_ends import is_source
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.urls import path_of

#: The types that browsers demand, by endings that are missing in many lists of nginx (W3C Web
#: Application Manifest).
_TYPES = {**TYPES_BY_ENDING, "webmanifest": "application/manifest+json"}


@check(
    severity=Severity.WARNING,
    needs=[NginxConfig, PageFileAccess],
    explains=["http.page-file-type", "http.own-file-type"],
)
def types_missing(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    yield from _of_target(nginx, evidence)
    untyped = [
        (file, location)
        for file in examined_files(evidence)
        if file.access.exists
        and file.refused.response.status == 200
        and not is_source(file.refused.path)  # no type makes it run
        for location in nginx.location_matches(file.refused.path)
        if not _has_type(location, file.access.path)
    ]
    if not untyped:
        return
    first, location = untyped[0]
    urls = [file.url for file, _ in untyped]
    severity = page_files.severity(first.page, urls)
    own_types = location.directives("types")
    default = location.directive("default_type")
    yield Claim(
        about=page_files.page_subject(first.page),
        because=tuple(
            observation
            for file, _ in untyped
            for observation in (file.refused.response, file.access)
        ),
        severity=severity,
        location=nginx.location(own_types[0]) if own_types else None,
        facts={
            "page": first.page.url,
            "file": first.url,
            "others": tuple(urls[1:]),
            "extension": _extension(first.access.path),
            "type": default.args[0] if default and default.args else "text/plain",
            "types": file_line(own_types[0]) if own_types else "",
            "listed": bool(own_types) and _is_in_types_file(own_types[0]),
            "breaks": severity is Severity.ERROR,
        },
        fix=_fix(nginx, first.access, location, own_types),
    )


def _of_target(nginx: Nginx, evidence: Evidence) -> Iterator[Claim]:
    """The target itself is a style sheet or a script."""
    accesses = {access.url: access for access in evidence.good(PageFileAccess)}
    for page in page_exchanges(evidence):
        path = path_of(page.url)
        access = accesses.get(page.url)
        if page.status != 200 or access is None or not access.exists:
            continue
        if not untyped_ending(path, page.headers):
            continue
        for location in nginx.location_matches(path):
            if _has_type(location, access.path):
                continue
            own_types = location.directives("types")
            yield Claim(
                about=Subject(port=evidence.target.port, path=path),
                because=(page, access),
                severity=Severity.WARNING,
                location=nginx.location(own_types[0]) if own_types else None,
                facts={
                    "page": "",
                    "file": page.url,
                    "others": (),
                    "extension": _extension(access.path),
                    "type": mime_type(page.headers),
                    "types": file_line(own_types[0]) if own_types else "",
                    "listed": bool(own_types) and _is_in_types_file(own_types[0]),
                    "breaks": False,
                },
                fix=_fix(nginx, access, location, own_types),
            )
            return


def _extension(path: str) -> str:
    """Return what nginx looks up: the text behind the last dot of the last part, in lower case."""
    name = posixpath.basename(path)
    return name.rpartition(".")[2].lower() if "." in name else ""


def _has_type(location: LocationMatch, path: str) -> bool:
    extension = _extension(path)
    return any(
        extension in (argument.lower() for argument in entry.args)
        for types in location.directives("types")
        for entry in types.block or ()
    )


def _fix(
    nginx: Nginx, access: PageFileAccess, location: LocationMatch, own_types: tuple[Directive, ...]
) -> Fix:
    if edit := _include(nginx, access.types_file, location, own_types):
        return Fix((edit, *reload_steps(nginx)))
    if edit := _addition(nginx, access.path, own_types):
        # All sites of the server read this list.
        return Fix((edit, *reload_steps(nginx)), Applicability.REVIEW)
    return Fix((Manual("include-types", Where.SERVER),), Applicability.MANUAL)


def _addition(nginx: Nginx, path: str, own_types: tuple[Directive, ...]) -> Edit | None:
    """Return an edit that adds the ending to nginx's own list; None if that is not the list in
    force, or if it is no ending of which browsers demand one type."""
    ending = _extension(path)
    media_type = _TYPES.get(ending)
    types = own_types[0] if own_types and _is_in_types_file(own_types[0]) else None
    file = nginx.file(types) if types else None
    if types is None or file is None or media_type is None:
        return None
    if ending == "mjs":
        # As the list has scripts: lines of gzip_types name that type.
        scripts = (entry.name for entry in types.block or () if "js" in entry.args)
        media_type = next(scripts, media_type)
    line = f"{media_type} {ending};"
    return config_edit(nginx, types.file, edits.insert_last(file.text, types, [line]))


def _include(
    nginx: Nginx, types_file: str, location: LocationMatch, own_types: tuple[Directive, ...]
) -> Edit | None:
    """Return an edit that includes nginx's list before the types in force, or at the beginning of
    the http block."""
    anchor = own_types[0] if own_types else location.blocks[0]
    config_file = nginx.file(anchor)
    if not types_file or config_file is None or (own_types and _is_in_types_file(own_types[0])):
        return None
    lines = [f"include {posixpath.basename(types_file)};"]
    insert = edits.insert_before if own_types else edits.insert_first
    return config_edit(nginx, anchor.file, insert(config_file.text, anchor, lines))


def _is_in_types_file(types: Directive) -> bool:
    """Return whether the list itself lacks the extension: another include would not help."""
    return posixpath.basename(types.file) == "mime.types"
