"""The address of a file (a script, a style sheet, JSON, a picture) answers 200 with a page: nginx
does not find the file, and `try_files` ends with the page of an application for all addresses, or
`error_page 404 =200` names it (ngx_http_core_module, "try_files", "error_page"). Browsers refuse
the page in the place of a script, and programs say "Unexpected token '<'".

The address is the target's own: for the files that a page loads, nginx.page-file-not-found says it.
Programs that show a file in a page (a forge with /blob/main/app.js) answer themselves: there nginx
passes the request on.
"""

import posixpath
import re
from collections.abc import Iterator

from checks.http import endpoint_subjects
from checks.nginx import Nginx, file_line
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
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.model.pages import Page
from diagnose.parsers.browser_types import mime_type
from diagnose.parsers.nginx.file_paths import served_file
from diagnose.parsers.nginx.final_requests import final_request, has_unknown_rules
from diagnose.parsers.nginx.locations import LocationMatch, match_location
from diagnose.parsers.nginx.server_blocks import Server
from diagnose.parsers.nginx.upstreams import pass_directive_of
from diagnose.parsers.urls import path_of

#: Names of files that are no page.
_FILE = re.compile(
    r"\.(?:m?js|css|map|json|webmanifest|wasm|woff2?|ttf|png|jpe?g|gif|webp|avif|svg|ico|pdf|zip)$",
    re.IGNORECASE,
)
_PAGE = re.compile(r"\.html?$")


@check(
    severity=Severity.WARNING,
    needs=[NginxConfig, Exchange],
    # The page that browsers kept asks for the file: one edit mends both.
    explains=["http.page-kept-too-long", "http.page-for-file"],
)
def page_for_file(evidence: Evidence) -> Iterator[Claim]:
    path = evidence.target.path_without_query
    pages = [page for page in page_exchanges(evidence) if page.status == 200]
    nginx = Nginx.of(evidence)
    if not pages or not _FILE.search(path) or nginx.is_refused:
        return
    if any(mime_type(page.headers) != "text/html" for page in pages):
        return
    for selected in nginx.answering_servers():
        wanted, page = _files(selected.server, path, nginx.start_folder)
        match = match_location(selected.server, path)
        fallback = match.directive("try_files")
        if not page and (replacing := _replacing_line(match)):
            wanted, page = _replaced(selected.server, path, replacing, nginx.start_folder)
            fallback = replacing
        if not page or fallback is None:
            continue
        subjects, edited = endpoint_subjects(pages), _old_build_fix(nginx, path, fallback)
        yield Claim(
            about=merge_subjects(subjects),
            covers=subjects,
            because=(*pages, *((nginx.config,) if nginx.config else ())),
            location=nginx.location(fallback),
            facts={
                "url": pages[0].url,
                "file": wanted,
                "name": posixpath.basename(path),
                "page": page,
                "fallback": fallback.text,
                "place": file_line(fallback),
                "replaced": fallback.name == "error_page",
                "folder": _folder(path),
                "edited": edited is not None,
            },
            fix=edited or Fix((Manual("put-the-file", Where.SERVER),), Applicability.MANUAL),
        )
        return


def _old_build_fix(nginx: Nginx, path: str, fallback: Directive) -> Fix | None:
    """Return the fix where today's page loads files of the same folder whose names have a hash of
    their content, as this one: it is of an old build, which a page asks for that browsers kept."""
    # Imported late: few addresses are those of files that have gone.
    from checks.http._hashed_names import is_hashed
    from checks.http._page_locations import built_folder_fix

    folder = _folder(path)
    files = (file.url for page in nginx.evidence.good(Page) for file in page.files)
    own = (path_of(url) for url in files)
    is_built = any(each.startswith(folder) and is_hashed(each) for each in own)
    if fallback.name != "try_files" or not is_hashed(path) or not is_built:
        return None
    return built_folder_fix(nginx, path, folder)


def _folder(path: str) -> str:
    """Return the folder of built files: the first one of the path, "/assets/" if it has none."""
    first, slash, _ = path.lstrip("/").partition("/")
    return f"/{first}/" if slash and re.fullmatch(r"[\w.-]{1,100}", first) else "/assets/"


def _replacing_line(match: LocationMatch) -> Directive | None:
    """Return the `error_page` that answers a missing file with a page and the status 200
    (ngx_http_core_module, "error_page": `=200`, or `=` for the page's own)."""
    if match.directive("try_files") or pass_directive_of(match):
        return None
    lines = match.directives("error_page")
    own = (line for line in lines if "404" in line.args and {"=200", "="} & set(line.args))
    return next((line for line in own if line.args[-1].startswith("/")), None)


def _replaced(server: Server, path: str, line: Directive, start: str) -> tuple[str, str]:
    """Return the file for which nginx looks, and the page by which `error_page` replaces the error;
    ("", "") if something else answers."""
    last = match_location(server, line.args[-1])
    if has_unknown_rules(server, path) or pass_directive_of(last) or "$" in line.args[-1]:
        return "", ""
    wanted = served_file(match_location(server, path), path, start=start)
    page = served_file(last, line.args[-1], start=start)
    if wanted is None or page is None or not _PAGE.search(page.path):
        return "", ""
    return wanted.path, page.path


def _files(server: Server, path: str, start: str) -> tuple[str, str]:
    """Return the file for which nginx looks first, and the page to which `try_files` leads when it
    is not there; ("", "") if something else answers."""
    first = match_location(server, path)
    last, final_path = final_request(server, path)
    if final_path == path or has_unknown_rules(server, path) or pass_directive_of(last):
        return "", ""
    wanted = served_file(first, path, start=start)
    page = served_file(last, final_path, start=start)
    if wanted is None or page is None or not _PAGE.search(page.path):
        return "", ""
    return wanted.path, page.path
