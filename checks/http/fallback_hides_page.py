"""The path has a page of its own, and visitors get the start page: `try_files` looks for a file of
the very name alone, and leads all else to its last word (ngx_http_core_module; Caddyfile,
"try_files"). That is meant for an application in the browser, and hides the pages of a site that
has a file for each: about.html, or about/index.html.
"""

import re
from collections.abc import Iterator, Sequence

from checks.http import endpoint_subjects, exchanges_by_purpose
from checks.nginx import Nginx, file_line
from checks.nginx._location_edits import location_fix, setting_edits
from checks.server import ServerView, line_edit, line_text, place_text, reload_steps, server_on_port
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

_TRY_FILES = re.compile(r"(\s*try_files(?:\s+\S{1,300}){0,20}?\s+\{path\})((?:\s+\S{1,300})+)\s*")


@check(
    severity=Severity.WARNING,
    needs=[HiddenPage, Exchange],
    explains=["http.page-for-api", "http.page-file-type"],
)
def fallback_hides_page(evidence: Evidence) -> Iterator[Claim]:
    pages = [page for page in exchanges_by_purpose(evidence, "target") if page.status == 200]
    for hidden in evidence.good(HiddenPage)[:1]:
        if not pages or hidden.folder:
            return
        is_folder = hidden.file.endswith("/index.html")
        place, line, fix = (_nginx if hidden.product == "nginx" else _caddy)(evidence, hidden)
        subjects = endpoint_subjects(pages)
        yield Claim(
            about=merge_subjects(subjects),
            covers=subjects,
            because=(hidden, *pages),
            # Whether the page is meant for visitors, nobody asked.
            confidence=Confidence.LIKELY,
            facts={
                "url": pages[0].url,
                "path": hidden.path,
                "file": hidden.file,
                "shown": hidden.shown_file,
                "fallback": hidden.fallback,
                "place": place,
                "line": line,
                "nginx": hidden.product == "nginx",
                "folder": is_folder,
            },
            fix=fix or Fix((Manual("look-for-the-page", Where.SERVER),), Applicability.MANUAL),
        )


def _missing_words(hidden: HiddenPage, variable: str, folder: str, words: Sequence[str]) -> str:
    """Return what `try_files` has to look for, and does not: the folder, and the name with its
    ending, since a site may have pages of both kinds. "" if it looks for this page's kind."""
    kinds = {f"{variable}{folder}", f"{variable}/", f"{variable}/index.html"}, {f"{variable}.html"}
    own, other = kinds if hidden.file.endswith("/index.html") else kinds[::-1]
    names = [f"{variable}{folder}", f"{variable}.html"]
    if own & set(words):
        return ""
    return " ".join(
        name
        for name in sorted(names, key=lambda name: name not in own)
        if name in own or not other & set(words)
    )


def _nginx(evidence: Evidence, hidden: HiddenPage) -> tuple[str, str, Fix | None]:
    """Return the place of the line, the line, and the fix if a word is all that it lacks."""
    nginx = Nginx.of(evidence)
    match = next(iter(nginx.location_matches(hidden.path)), None)
    directive = match.directive("try_files") if match else None
    if match is None or directive is None:
        return "", "", None
    words = list(directive.args)
    # A folder without an index is answered by 403 where `$uri/` is tried.
    folder = "/" if hidden.file.endswith("/index.html") else "/index.html"
    added = _missing_words(hidden, "$uri", folder, words)
    place, line = file_line(directive), " ".join(("try_files", *words))
    if "$uri" not in words or not added or match.block.name != "location":
        return place, line, None
    words.insert(words.index("$uri") + 1, added)
    file_edits = setting_edits(nginx, match, {"try_files": " ".join(words)})
    return place, line, location_fix(nginx, match, file_edits, sure=False) if file_edits else None


def _caddy(evidence: Evidence, hidden: HiddenPage) -> tuple[str, str, Fix | None]:
    view = server_on_port(evidence)
    caddy_option = caddy_line(view, hidden) if view else None
    if view is None or caddy_option is None:
        return "", "", None
    file, number, text = caddy_option
    place, line = place_text(file, number), " ".join(text.split())
    # `{path}/` would be answered by a redirect to the folder (file_server, "canonical URIs").
    added = _missing_words(hidden, "{path}", "/index.html", line.split())
    match = _TRY_FILES.fullmatch(text)
    if match is None or not added:
        return place, line, None
    edit = line_edit(view, file, {number: (f"{match[1]} {added}{match[2]}",)})
    return (
        place,
        line,
        Fix((edit, *reload_steps(view.server)), Applicability.REVIEW) if edit else None,
    )


def caddy_line(view: ServerView, hidden: HiddenPage) -> tuple[str, int, str] | None:
    """Return the only `try_files` of the site that ends with the fallback: file, number, text."""
    lines = [
        (site.file, number, text)
        for site in view.answering_sites[:1]
        for number in range(site.line, site.end + 1)
        if (text := line_text(view, site.file, number)).split()[:1] == ["try_files"]
        if hidden.fallback in text.split()[-1:]
    ]
    return lines[0] if len(lines) == 1 else None
