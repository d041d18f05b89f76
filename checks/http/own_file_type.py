"""The target itself is a style sheet, a script or a program for WebAssembly, and comes without a
type, or with one of no file in particular.

Browsers refuse a module, a program and a style sheet of a wrong type (Fetch standard, section 3.6;
WebAssembly Web API). They take a style sheet without any type, and a script that is no module: that
is a note, unless a message tells of files that are not used: old browsers, proxies and
`X-Content-Type-Options: nosniff` of a later line do not take them. A program for WebAssembly is a
note too: most pages then load it in another way.

Of the files that a page loads, http.page-file-type says it.
"""

from collections.abc import Iterator

from checks.http import endpoint_subjects
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
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.pages import FileKind
from diagnose.parsers.browser_types import TYPES_BY_ENDING, mime_type, refusal
from diagnose.parsers.urls import path_of

_KINDS: dict[str, FileKind] = {
    "css": "stylesheet", "js": "script", "mjs": "module", "wasm": "wasm"
}  # fmt: skip
#: Types of no file in particular, and that of a program that names none itself.
_PLAIN = frozenset(
    {"", "text/plain", "text/html", "application/octet-stream", "binary/octet-stream"}
)
#: Kinds of messages about files that are not used.
_TOLD = frozenset({"mime", "page-files"})


@check(severity=Severity.WARNING, needs=[Exchange])
def own_file_type(evidence: Evidence) -> Iterator[Claim]:
    pages = [page for page in page_exchanges(evidence) if _is_untyped(page)]
    if not pages:
        return
    page, subjects = pages[0], endpoint_subjects(pages)
    kind, symptom = _KINDS[_ending(page)], evidence.target.symptom
    is_refused = refusal(kind, 200, page.headers) in {"type", "nosniff"}
    is_told = symptom is not None and symptom.kind in _TOLD
    if kind == "script" and not is_refused and not is_told:
        return
    is_lost = is_refused and kind != "wasm"
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=tuple(pages),
        confidence=Confidence.CERTAIN if is_refused else Confidence.LIKELY,
        severity=None if is_lost or is_told else Severity.NOTE,
        facts={
            "file": page.url,
            "type": mime_type(page.headers),
            "wanted": TYPES_BY_ENDING[_ending(page)],
            "refused": is_refused,
            "extension": _ending(page),
        },
        fix=_fix(evidence, path_of(page.url))
        or Fix((Manual("send-the-type", Where.SERVER),), Applicability.MANUAL),
    )


def _ending(page: Exchange) -> str:
    return path_of(page.url).rpartition("/")[2].rpartition(".")[2].lower()


def _is_untyped(page: Exchange) -> bool:
    """Return whether a file comes without a type of its own. A download may have that on purpose,
    and a document in the file's place is another fault."""
    body = page.body.lstrip()
    is_file = bool(body) and body[:1] != "<" and page.header("Content-Disposition") is None
    is_plain = mime_type(page.headers) in _PLAIN
    return page.status == 200 and _ending(page) in _KINDS and is_file and is_plain


def _fix(evidence: Evidence, path: str) -> Fix | None:
    """Return the fix of the server that answers: the type of an application's files, or of its
    own."""
    # Imported late: few files have no type.
    from checks.nginx import Nginx
    from checks.nginx._typed_locations import typed_location_fix
    from checks.server import server_on_port
    from checks.server._media_types import media_type_fix

    if fix := typed_location_fix(Nginx.of(evidence), path):
        return fix
    view = server_on_port(evidence)
    return media_type_fix(view, path) if view else None
