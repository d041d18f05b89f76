"""nginx answers 404 because the folder in which it looks for the site's files is not there: the
path of `root` or `alias` is mistyped, a disk is not mounted, or a link leads to a release that was
deleted (ngx_http_core_module, "root"). The only folder that is a letter apart is written in.

Nobody names a folder that is not there to answer 404, so it is an error, also where an application
has other paths of the site. Only names that say "none" are meant (docs/adr/0050).
"""

import re
from collections.abc import Iterator

from checks.http import endpoint_subjects
from checks.nginx import Nginx, file_line
from checks.nginx._commands import reload_steps
from checks.nginx._inner_blocks import ending_locations
from checks.nginx._near_edits import near_edit
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Evidence,
    Fix,
    Host,
    Manual,
    Severity,
    Where,
    merge_subjects,
)
from diagnose.model.files import PageFileAccess
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.nginx import NginxConfig
from diagnose.parsers.nginx.file_paths import served_file

#: Folders that are named because they have no files: `root /nonexistent;`, `root /dev/null;`.
_NONE = re.compile(r"(?:^/dev/null|/(?:non-?existent|none|null|empty|nowhere|dummy))/?$")


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig, PageFileAccess, Exchange],
    explains=["upstream.script-not-found", "http.answer-says-why"],
)
def folder_missing(evidence: Evidence) -> Iterator[Claim]:
    nginx, path = Nginx.of(evidence), evidence.target.path_without_query
    match, path = next(ending_locations(nginx, path), (None, path))
    served = (
        served_file(match, path, with_scripts=True, start=nginx.start_folder) if match else None
    )
    accesses = [
        page_file_access
        for page_file_access in evidence.good(PageFileAccess)
        if page_file_access.mistake == "folder"
    ]
    pages = [page for page in page_exchanges(evidence) if page.status == 404]
    # Where a folder is closed to us, we see nothing of what is in it.
    sees_all = any(host.privileged for host in evidence.of(Host) if host.role == "server")
    if not accesses or not pages or served is None or not sees_all:
        return
    if accesses[0].path != served.path or _NONE.search(served.directive.args[0]):
        return
    near = near_edit(nginx, match, served, accesses[0]) if match and accesses[0].elsewhere else None
    access, subjects = accesses[0], endpoint_subjects(pages)
    existing = max((part.path for part in access.parts if part.folder), key=len, default="/")
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*pages, access, *nginx.configs),
        location=nginx.location(served.directive),
        facts={
            "url": pages[0].url,
            "folder": served.directive.args[0],
            "directive": served.directive.text,
            "place": file_line(served.directive),
            "existing": existing,
            "near": access.elsewhere,
        },
        fix=Fix((near, *reload_steps(nginx)), Applicability.REVIEW)
        if near
        else Fix((Manual("bring-it-back", Where.SERVER),), Applicability.MANUAL),
    )
