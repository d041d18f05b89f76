"""A file is asked for in other upper and lower case than its name has: /Images/Logo.PNG, and the
file is images/logo.png. File systems of Linux tell them apart, those of Windows and macOS do not,
so that a link works on the desk and is 404 on the server.

Only one file has the name. Which of the two is the wrong one, the person knows: the address is the
one that nobody else asks for, if the pages of the site have the other. A link answers both.
"""

import posixpath
import shlex
from collections.abc import Collection, Iterator

from checks.http import _page_files, endpoint_subjects
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
    for case in evidence.good(FileInOtherCase):
        names.setdefault(path_of(case.url), case)
    pages = [page for page in page_exchanges(evidence) if page.status == 404]
    own = names.get(evidence.target.path_without_query) if pages else None
    if own is not None:
        subjects = endpoint_subjects(pages)
        covers = (*subjects, Subject(port=evidence.target.port, path=path_of(own.url)))
        yield Claim(
            about=merge_subjects(subjects),
            covers=covers,
            because=(*pages, own),
            confidence=Confidence.LIKELY,
            facts=_facts(evidence, own, "", ()),
            fix=_fix(own, ()),
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
            fix=_fix(names[first.path], others),
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
        "linked": name.is_free and not others,
        # Links are relative, or have another beginning.
        "command": shlex.join(("grep", "-rnIF", "--", written, name.folder or "/")),
    }


def _fix(name: FileInOtherCase, others: Collection[str]) -> Fix:
    """Return the links that have the names of the address; the words alone where the server has a
    folder of such a name as well, or where several files differ."""
    links = () if others or not name.is_free else tuple(_links(name))
    if not links:
        return Fix((Manual("write-the-name", Where.APPLICATION),), Applicability.MANUAL)
    return Fix(links, Applicability.REVIEW)


def _links(name: FileInOtherCase) -> Iterator[Command]:
    """Yield the links, the outermost folder first: each stands beside what it leads to."""
    asked, real = path_of(name.url).rstrip("/").split("/"), name.address.rstrip("/").split("/")
    path = name.path.split("/")
    for back in range(len(asked), 0, -1):
        if asked[-back] != real[-back]:
            place = "/".join(path[: len(path) - back + 1])
            yield commands.link(place, posixpath.join(posixpath.dirname(place), asked[-back]))
