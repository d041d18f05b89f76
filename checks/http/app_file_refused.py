"""The server answers 200 for the page's manifest or its service worker, and browsers refuse it: an
HTML page comes in its place, or the service worker has no JavaScript type (W3C Service Workers,
"Update"; W3C Web Application Manifest).

The page itself works. It cannot be installed as an app, and has no push messages and nothing
offline. Usual reason: the file was not deployed, and `try_files … /index.html` answers for it.
"""

from collections.abc import Iterator

from checks.http import _page_files
from checks.nginx import Nginx
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Where
from diagnose.model.pages import Page, PageFileResponse


@check(severity=Severity.NOTE, needs=[Page, PageFileResponse])
def app_file_refused(evidence: Evidence) -> Iterator[Claim]:
    refused = _page_files.refused_app_files(evidence)
    if not refused:
        return
    page = refused[0].page
    workers = [file for file in refused if file.response.file_kind == "worker"]
    first = (workers or list(refused))[0]
    yield Claim(
        about=_page_files.page_subject(page),
        because=(page, *(file.response for file in refused)),
        severity=Severity.WARNING if workers else None,
        facts={
            "page": page.url,
            "file": first.response.url,
            "others": tuple(file.response.url for file in refused if file is not first),
            "worker": bool(workers),
            "html": first.response.is_html,
            "type": first.content_type,
            "place": _page_files.location_facts(Nginx.of(evidence), first.path)["place"],
        },
        fix=Fix((Manual("send-the-file", Where.SERVER),), Applicability.MANUAL),
    )
