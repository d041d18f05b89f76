"""An application in the browser has a folder of the site, /app/, and the page for all that is no
file is that of another: `try_files … /index.html`, or `FallbackResource /index.html`, begins at the
site's start (ngx_http_core_module, "try_files"; mod_dir, "FallbackResource"; Caddyfile,
"try_files"). Its own start page comes, and every address below it shows the other application, with
status 200: after a reload, or from a link.

Both pages were read. The folder's page is built for that folder: its scripts lie there.
"""

from collections.abc import Iterator

from checks.http import endpoint_subjects, exchanges_by_purpose
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
from diagnose.model.http import Exchange
from diagnose.model.site_folders import HiddenPage


@check(
    severity=Severity.ERROR,
    needs=[HiddenPage, Exchange],
    explains=["http.page-for-api", "http.page-file-type"],
)
def fallback_leaves_folder(evidence: Evidence) -> Iterator[Claim]:
    pages = [page for page in exchanges_by_purpose(evidence, "target") if page.status == 200]
    hidden = next(
        (hidden_page for hidden_page in evidence.good(HiddenPage) if hidden_page.folder), None
    )
    if hidden is None or not pages:
        return
    # Imported late: a healthy run edits nothing.
    from checks.http._folder_fallbacks import own_fallback

    place, line, fix = own_fallback(evidence, hidden)
    subjects = endpoint_subjects(pages)
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(hidden, *pages),
        # Whether the path belongs to the folder's application, nobody asked.
        confidence=Confidence.LIKELY,
        facts={
            "url": pages[0].url,
            "folder": hidden.folder,
            "file": hidden.file,
            "shown": hidden.shown_file,
            "fallback": hidden.fallback,
            "page": f"{hidden.folder}index.html",
            "place": place,
            "line": line,
            "nginx": hidden.product == "nginx",
            "apache": hidden.product == "apache",
            "caddy": hidden.product == "caddy",
        },
        fix=fix or Fix((Manual("lead-to-own-page", Where.SERVER),), Applicability.MANUAL),
    )
