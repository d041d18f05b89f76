"""A location with a regular expression gets a file of the site before the location of its folder
(ngx_http_core_module, "location": a matching expression comes before a longer prefix without "^~").

A list of endings (`location ~* \\.(css|js)$`) passes such files on to the application, which does
not have them (Django with DEBUG off answers 404), or looks for them in another folder. Files with
other endings come from the right folder all the same. The file lies where the longest prefix leads.
"""

from collections.abc import Iterator, Mapping

from checks.http import _page_files, endpoint_subjects
from checks.nginx import Nginx, file_line
from checks.nginx._expressions import folder_fix, outdone_match
from diagnose.checking.registry import check
from diagnose.model import Claim, Evidence, Severity, merge_subjects
from diagnose.model.files import PageFileAccess
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.nginx import NginxConfig
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.nginx.upstreams import pass_directive_of


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig, PageFileAccess, Exchange],
    explains=[
        "http.last-slash", "http.page-file-missing", "http.page-file-type", "nginx.own-answer",
        "nginx.target-not-found", "upstream.own-answer", "upstream.wrong-path",
    ],
)  # fmt: skip
def expression_first(evidence: Evidence) -> Iterator[Claim]:
    accesses = {
        access.url: access
        for access in evidence.good(PageFileAccess)
        if access.mistake == "expression"
    }
    nginx = Nginx.of(evidence)
    if not accesses or nginx.is_refused:
        return
    yield from _of_target(nginx, accesses)
    yield from _of_page(nginx, accesses)


def _of_target(nginx: Nginx, accesses: Mapping[str, PageFileAccess]) -> Iterator[Claim]:
    pages = [page for page in page_exchanges(nginx.evidence) if page.status in {403, 404}]
    access = accesses.get(pages[0].url) if pages else None
    path = nginx.evidence.target.path_without_query
    places = _places(nginx, path) if access else None
    if access is None or places is None:
        return
    subjects = endpoint_subjects(pages)
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*pages, access, *((nginx.config,) if nginx.config else ())),
        location=nginx.location(places[0].block),
        facts={"page": "", "others": ()} | _facts(*places, access, pages[0].status),
        fix=folder_fix(nginx, *places),
    )


def _of_page(nginx: Nginx, accesses: Mapping[str, PageFileAccess]) -> Iterator[Claim]:
    """Yield the claim about the files that the same location passes on. Of those for which nginx
    looks itself, nginx.page-file-not-found says it."""
    files = [
        (file, places)
        for file in _page_files.refused_files(nginx.evidence)
        if file.response.url in accesses
        if (places := _places(nginx, file.path)) and pass_directive_of(places[0])
    ]
    if not files:
        return
    first, places = files[0]
    taken = [file for file, other in files if other[1].block is places[1].block]
    urls = [file.response.url for file in taken]
    access = accesses[urls[0]]
    yield Claim(
        about=_page_files.page_subject(first.page),
        because=(
            *(file.response for file in taken),
            *(accesses[url] for url in urls),
            *((nginx.config,) if nginx.config else ()),
        ),
        severity=_page_files.severity(first.page, urls),
        location=nginx.location(places[0].block),
        facts={"page": first.page.url, "others": tuple(urls[1:])}
        | _facts(*places, access, first.response.status),
        fix=folder_fix(nginx, *places),
    )


def _places(nginx: Nginx, path: str) -> tuple[LocationMatch, LocationMatch] | None:
    """Return the location that gets the request, and that of the file's folder."""
    chosen, outdone = next(nginx.location_matches(path), None), outdone_match(nginx, path)
    return (chosen, outdone) if chosen and outdone else None


def _facts(
    chosen: LocationMatch, outdone: LocationMatch, access: PageFileAccess, status: int | None
) -> dict[str, object]:
    passing = pass_directive_of(chosen)
    return {
        "file": access.url,
        "status": status,
        "expression": " ".join(chosen.block.args),
        "expression_place": file_line(chosen.block),
        "prefix": outdone.block.args[-1],
        "prefix_place": file_line(outdone.block),
        "elsewhere": access.elsewhere,
        "application": passing.args[0] if passing else "",
        "path": "" if passing else access.path,
    }
