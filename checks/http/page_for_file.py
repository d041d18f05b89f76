"""The address of a script, a style sheet or a picture answers 200 with a page: the file is not
there, and what answers in its place is the page that a single-page application has for all paths.
Browsers refuse it: "Refused to apply style … its MIME type ('text/html')".

The address is the target's own; of the files that a page loads, http.page-file-type says it. A
forge shows files in pages of such names (/blob/main/app.js), so that only a message shows a fault.
What nginx looked for, nginx.page-for-file says.
"""

import re
from collections.abc import Iterator
from itertools import chain

from checks.http import endpoint_subjects
from checks.http._hashed_names import is_hashed, tells_of_old_build
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
    merge_subjects,
)
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.pages import Page
from diagnose.parsers.browser_types import mime_type
from diagnose.parsers.http import document_kind
from diagnose.parsers.urls import path_of

_FILE = re.compile(
    r"\.(?:m?js|css|map|webmanifest|wasm|woff2?|ttf|png|jpe?g|gif|webp|avif|svg|ico)$",
    re.IGNORECASE,
)
#: Kinds of messages about files that browsers do not use.
_TOLD = frozenset({"mime", "page-files"})


@check(severity=Severity.WARNING, needs=[Exchange], needs_message=True)
def page_for_file(evidence: Evidence) -> Iterator[Claim]:
    path, symptom = evidence.target.path_without_query, evidence.target.symptom
    pages = [page for page in page_exchanges(evidence) if _is_document(page)]
    # Where an old page asks for it, that page is the fault to name.
    if not pages or not _FILE.search(path) or tells_of_old_build(symptom):
        return
    if symptom is None or symptom.kind not in _TOLD:
        return
    is_build = _is_of_build(evidence, path)
    # Imported late: few addresses are those of files that have gone.
    from checks.server import server_on_port
    from checks.server._gone_files import fallback_of, gone_files_fix

    subjects, view = endpoint_subjects(pages), server_on_port(evidence)
    fallback = fallback_of(view) if view else None
    edited = gone_files_fix(view, _folder(path)) if view and is_build else None
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*pages, *((view.server,) if view and fallback else ())),
        facts={
            "url": pages[0].url,
            "folder": _folder(path),
            "line": fallback.text if fallback else "",
            "place": fallback.place if fallback else "",
            "root": fallback.root if fallback else "",
            "server": view.server.title if view and fallback else "",
            "edited": edited is not None,
        },
        fix=edited or Fix((Manual("put-the-file", Where.SERVER),), Applicability.MANUAL),
    )


def _is_document(answer: Exchange) -> bool:
    return (
        answer.status == 200
        and mime_type(answer.headers) == "text/html"
        and document_kind(answer.body) == "html"
    )


def _is_of_build(evidence: Evidence, path: str) -> bool:
    """Return whether a file has the name of one of a build, and the page in its place loads others
    of the same folder."""
    files = chain.from_iterable(page.files for page in evidence.good(Page))
    own = (path_of(file.url) for file in files)
    folder = _folder(path)
    return is_hashed(path) and any(each.startswith(folder) and is_hashed(each) for each in own)


def _folder(path: str) -> str:
    """Return the folder of built files: the first one of the path, "/assets/" if it has none."""
    first, slash, _ = path.lstrip("/").partition("/")
    return f"/{first}/" if slash and re.fullmatch(r"[\w.-]{1,60}", first) else "/assets/"
