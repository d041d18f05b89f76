"""A file is asked for in other upper and lower case than its name has: /Images/Logo.PNG, and the
file is images/logo.png. File systems of Linux tell them apart, those of Windows and macOS do not,
so that a link works on the desk and is 404 on the server.

Only one file has the name. Which of the two is the wrong one, the person knows: the address is the
one that nobody else asks for, if the pages of the site have the other.
"""

import posixpath
import shlex
from collections.abc import Iterator

from checks.http import _page_files, endpoint_subjects
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
from diagnose.model.http import page_exchanges
from diagnose.model.site_folders import FileInOtherCase
from diagnose.parsers.urls import path_of


@check(
    severity=Severity.WARNING,
    needs=[FileInOtherCase],
    explains=[
        "http.client-route-missing", "http.page-file-missing", "nginx.own-answer",
        "nginx.page-file-not-found", "server.own-answer", "server.page-missing",
    ],
)  # fmt: skip
def file_name_case(evidence: Evidence) -> Iterator[Claim]:
    names: dict[str, FileInOtherCase] = {}
    for each in evidence.good(FileInOtherCase):
        names.setdefault(path_of(each.url), each)
    pages = [page for page in page_exchanges(evidence) if page.status == 404]
    own = names.get(evidence.target.path.partition("?")[0]) if pages else None
    if own is not None:
        subjects = endpoint_subjects(pages)
        covers = (*subjects, Subject(port=evidence.target.port, path=path_of(own.url)))
        yield Claim(
            about=merge_subjects(subjects),
            covers=covers,
            because=(*pages, own),
            confidence=Confidence.LIKELY,
            facts=_facts(evidence, own, "", ()),
            fix=_fix(),
        )
    refused = [
        file
        for file in _page_files.refused_files(evidence)
        if file.response.status == 404 and file.path in names
    ]
    if refused:
        first = refused[0]
        urls = [file.response.url for file in refused]
        others = tuple(names[file.path].address for file in refused[1:])
        yield Claim(
            about=_page_files.page_subject(first.page),
            because=(first.page, *(file.response for file in refused), names[first.path]),
            severity=_page_files.severity(first.page, urls),
            confidence=Confidence.CERTAIN,
            facts=_facts(evidence, names[first.path], first.page.url, others),
            fix=_fix(),
        )


def _facts(
    evidence: Evidence, name: FileInOtherCase, page: str, others: tuple[str, ...]
) -> dict[str, object]:
    path = path_of(name.url)
    wrong = posixpath.commonprefix([path, name.address]).rpartition("/")[0]
    written = path[len(wrong) :].lstrip("/")
    return {
        "path": path,
        "file": name.path,
        "address": name.address,
        "url": evidence.target.origin + name.address,
        "page": page,
        "others": others,
        # Links are relative, or have another beginning.
        "command": shlex.join(("grep", "-rnIF", "--", written, name.folder or "/")),
    }


def _fix() -> Fix:
    return Fix((Manual("write-the-name", Where.APPLICATION),), Applicability.MANUAL)
