"""The page answers, but style sheets or scripts that it loads answer with an error status. Browsers
do not use such an answer, whatever its body is (HTML standard, 4.2.4.3 and 8.1.4.2).

It is an error if the page shows nothing or has no style at all without them.
"""

import shlex
from collections.abc import Iterator
from urllib.parse import unquote

from checks.http import _page_files
from checks.nginx import Nginx
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Where
from diagnose.model.pages import Page, PageFileResponse
from diagnose.parsers.hostnames import is_address, is_host
from diagnose.parsers.urls import is_related_host, parse_url

#: Endings of files, with which the names of folders end, too.
_ENDINGS = (".js", ".css", ".min")


@check(severity=Severity.WARNING, needs=[Page, PageFileResponse])
def page_file_missing(evidence: Evidence) -> Iterator[Claim]:
    refused = _page_files.refused_files(evidence)
    missing = [file for file in refused if file.reason == "status"]
    if not missing:
        return
    page = missing[0].page
    urls = [file.response.url for file in missing]
    first = missing[0]
    # Imported late: most pages get their files.
    from checks.http._doubled_paths import doubled_path

    facts, fix = doubled_path(Nginx.of(evidence), first.path)
    yield Claim(
        about=_page_files.page_subject(page),
        because=(page, *(file.response for file in missing)),
        severity=_page_files.severity(page, urls),
        facts={
            "page": page.url,
            "file": urls[0],
            "command": _search_command(first.path),
            "others": tuple(urls[1:]),
            "status": first.response.status,
            "style": first.response.file_kind == "stylesheet",
            "description": first.response.file_kind == "description",
            "image": first.response.file_kind == "image",
            "breaks": _page_files.severity(page, urls) is Severity.ERROR,
            "gateway": first.response.status in {502, 504},
            "refused": first.response.status in {401, 403},
            "redirected": bool(first.response.redirects),
            "bare": _bare_host(page.url, urls[0]),
            **_page_files.location_facts(Nginx.of(evidence), first.path),
            **_page_files.kept_prefix(Nginx.of(evidence), first.path),
            **facts,
        },
        fix=fix or Fix((Manual("serve-it", Where.SERVER),), Applicability.MANUAL),
    )


def _bare_host(page: str, file: str) -> str:
    """Return the host with which the path of a file begins, "" if it begins with none: an address
    that was written without its scheme ("cdn.example.com/app.js") is relative (URL standard)."""
    page_url, url = parse_url(page), parse_url(file)
    if page_url is None or url is None or url.host != page_url.host:
        return ""
    folder = page_url.path.partition("?")[0].rpartition("/")[0]
    first, slash, _ = url.path.removeprefix(folder).lstrip("/").partition("/")
    name = first.partition(":")[0].lower()
    if not slash or not is_host(name):
        return ""
    # Folders are called "jquery.ui" and "1.2.3".
    is_name = name.count(".") > 1 and name.rpartition(".")[2].isalpha()
    is_named = is_name or is_related_host(page_url.host, name)
    return first if is_address(name) or (is_named and not name.endswith(_ENDINGS)) else ""


def _search_command(path: str) -> str:
    """Return the command that finds a file by the last part of a URL's path."""
    name = unquote(path.partition("?")[0].rpartition("/")[2]) or "NAME"
    return shlex.join(("find", "/", "-name", name, "-not", "-path", "/proc/*"))
