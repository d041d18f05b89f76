"""nginx answers a path itself that another location passes on to an application: a location with a
regular expression for static files comes before a longer prefix (ngx_http_core_module, "location"),
a longer prefix is for other files (`location /.well-known/` for certificates, `location =
/robots.txt` for a log without its errors),
a `rewrite` leads the path to the page of a single-page application, `try_files` beside proxy_pass
looks for a file only, or the application has the location of one other path alone (`location = /`).
Or the regular expression passes the path on to another program, as those for cached files do.

The application, asked directly, has the path. So visitors get 404 or a page in place of a script or
of JSON. Or it wants another method there, or a login, and nginx says that nothing is there. The
path is the target's, or that of a file which its page loads. Where nginx has the file and may not
read it, or looks for it with a wrong `alias`, the location is there for that file. An application
that answers so for every path proves nothing: a path that nobody has is the control.
"""

import posixpath
import re
from collections.abc import Collection, Iterator

from checks.http import _page_files, endpoint_subjects
from checks.http._page_files import RefusedFile
from checks.nginx import Nginx, file_line
from checks.nginx._bypasses import bypasses
from checks.nginx._edits import config_edits
from checks.nginx._fallback_edits import has_taking_condition
from checks.nginx._location_edits import (
    closes_nothing,
    copied_lines,
    location_fix,
    setting_edits,
)
from checks.nginx._named_location import named_location_changes
from checks.nginx._page_errors import page_error
from checks.nginx._page_files import examined_files
from checks.nginx._pass_lines import line_for, line_without_uri
from checks.nginx._stray_locations import cause_of_stray
from checks.nginx._taking_edits import marked_prefix, taking_changes, taking_line
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
from diagnose.model.files import PageFileAccess, PathMistake
from diagnose.model.http import Exchange, error_pages, page_exchanges
from diagnose.model.nginx import NginxConfig
from diagnose.model.pages import Page
from diagnose.model.requests import BypassedApplication, BypassReason
from diagnose.parsers.nginx import error_log
from diagnose.parsers.nginx.bypasses import Bypass, empty_group
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.edits import (
    TextEdit,
    insert_first,
    insert_location,
    one_line,
    remove_directive,
    replace_directive,
)
from diagnose.parsers.nginx.locations import LocationMatch, location_pattern
from diagnose.parsers.nginx.upstreams import pass_directive_of

#: Mistakes in looking for a file that nginx has: the location is there for that file.
_OWN_FILE: frozenset[PathMistake] = frozenset({"slash", "root", "alias", "hidden", "ending"})
#: How the names of files end that are no page: an application that answers one of these with a page
#: has a page for every path.
_NO_PAGES = frozenset({
    ".png", ".jpg", ".jpeg", ".gif", ".webp", ".avif", ".svg", ".ico", ".mp4", ".webm", ".mp3",
    ".woff", ".woff2", ".ttf", ".pdf", ".zip", ".gz",
})  # fmt: skip
#: How an application refuses a GET for a path that it has.
_KNOWN_PATH = frozenset({401, 405})
_NOT_FOUND = 404
#: A path that stands in a configuration as it is.
_PLAIN = re.compile(r"(?:/[\w.~-]{1,80}){1,12}/?", re.ASCII)
_REASONS: tuple[BypassReason, ...] = (
    "regex", "rewrite", "last", "files", "longer", "exact", "program",
)  # fmt: skip


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig, Exchange, BypassedApplication],
    explains=[
        "http.application-setting",
        "http.last-slash",
        "http.page-for-api",
        "nginx.target-not-found",
        "nginx.own-answer",
        "nginx.file-elsewhere",
        "nginx.file-forbidden",
        "nginx.index-missing",
        "nginx.path-not-passed",
        "http.page-file-missing",
        "nginx.page-file-not-found",
        "upstream.own-answer",
    ],
)
def path_taken(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    for application in evidence.good(BypassedApplication):
        bypass = next(bypasses(nginx, application.path), None)
        if bypass is None or bypass.by != application.by:
            continue
        if application.path != evidence.target.path_without_query:
            yield from _of_page_files(nginx, application, bypass)
        elif pages := _worse_pages(nginx, application, bypass):
            subjects = endpoint_subjects(pages)
            is_known = application.status in _KNOWN_PATH
            yield Claim(
                about=merge_subjects(subjects),
                covers=subjects,
                because=(*pages, application, *nginx.configs),
                facts={"url": pages[0].url, "status": pages[0].status, "page": "", "others": ()}
                | _facts(application, bypass, taking_line(taking_changes(nginx, bypass))),
                # A login or another method shows that the application has the folder.
                confidence=Confidence.LIKELY if is_known else Confidence.CERTAIN,
                severity=Severity.WARNING if is_known else None,
                location=nginx.location(bypass.directive),
                fix=_fix(nginx, bypass, application.path),
                consequence_of=cause_of_stray(nginx, application.path),
            )


def _falls_back(nginx: Nginx, path: str) -> bool:
    """Return whether nginx answers what is no file with a page (`try_files … /index.html`)."""
    try_files = [match.directive("try_files") for match in nginx.location_matches(path)]
    return any(line and line.args[-1:] and line.args[-1].startswith("/") for line in try_files)


def _worse_pages(
    nginx: Nginx, application: BypassedApplication, bypass: Bypass
) -> tuple[Exchange, ...]:
    """Return the responses that visitors get in place of what the application has; none if nginx
    has a file of its own for the path."""
    evidence = nginx.evidence
    # A folder of files has pages of its own; the page of `try_files` is that of every path.
    is_fallback = bypass.by == "exact" and _falls_back(nginx, application.path)
    has_own_pages = bypass.by in {"longer", "exact"} and not is_fallback
    pages = error_pages(evidence) if has_own_pages else page_exchanges(evidence)
    own_urls = {
        access.url for access in evidence.good(PageFileAccess) if access.mistake in _OWN_FILE
    }
    if page_error(evidence, error_log.FILE_DENIED, {403, 404}):
        return ()
    if application.is_html and _has_page_for_every_path(evidence, application):
        return ()
    if application.is_html and _is_closed(evidence, application.path):
        return ()  # `location ~ /\. { deny all; }`, and an application that has a page for /.env
    is_known = _knows_path(evidence, application)
    return tuple(
        page
        for page in pages
        if _is_worse(page, application) or (is_known and page.status == _NOT_FOUND)
        if page.url not in own_urls
    )


def _knows_path(evidence: Evidence, application: BypassedApplication) -> bool:
    """Return whether the application has the path for another method, or for somebody whom it
    knows, and not every path."""
    controls = [
        control.status
        for control in evidence.good(BypassedApplication)
        if control.path != application.path
        and (control.by, control.target) == (application.by, application.target)
    ]
    return application.status in _KNOWN_PATH and bool(controls) and set(controls) == {_NOT_FOUND}


def _has_page_for_every_path(evidence: Evidence, application: BypassedApplication) -> bool:
    """Return whether the application answered a path that nobody has with a page too."""
    return any(
        control.path != application.path
        and (control.by, control.target) == (application.by, application.target)
        and control.is_html
        and 200 <= (control.status or 0) < 300
        and posixpath.dirname(control.path) == posixpath.dirname(application.path)
        for control in evidence.good(BypassedApplication)
    )


def _is_closed(evidence: Evidence, path: str) -> bool:
    """Return whether rules of the location refuse visitors."""
    matches = Nginx.of(evidence).location_matches(path)
    return any(match.directives("deny") for match in matches)


def _of_page_files(
    nginx: Nginx, application: BypassedApplication, bypass: Bypass
) -> Iterator[Claim]:
    """Yield the claim about the files of the page that the same directive takes away."""
    evidence = nginx.evidence
    files_of_nginx = {
        file.url
        for file in examined_files(evidence)
        if file.is_forbidden or file.access.mistake in _OWN_FILE
    }
    taken_files = [
        file
        for file in _page_files.all_refused_files(evidence)
        if file.response.status in {403, 404}
        and file.response.url not in files_of_nginx
        and (other := next(bypasses(nginx, file.path), None))
        and other.directive is bypass.directive
    ]
    is_asked = any(file.path == application.path for file in taken_files)
    has_file = 200 <= (application.status or 0) < 300 and not application.is_html
    if not is_asked or not has_file:
        return
    page = taken_files[0].page
    urls = [file.response.url for file in taken_files]
    yield Claim(
        about=_page_files.page_subject(page),
        because=(
            page,
            *(file.response for file in taken_files),
            application,
            *nginx.configs,
        ),
        severity=_severity(page, taken_files),
        facts={
            "url": urls[0],
            "status": taken_files[0].response.status,
            "page": page.url,
            "others": tuple(urls[1:]),
        }
        | _facts(application, bypass, taking_line(taking_changes(nginx, bypass))),
        confidence=Confidence.CERTAIN,
        location=nginx.location(bypass.directive),
        fix=_fix(nginx, bypass, application.path),
    )


def _severity(page: Page, files: Collection[RefusedFile]) -> Severity:
    """Return how much the files matter: an application that has a service worker needs it."""
    has_worker = any(file.response.file_kind == "worker" for file in files)
    severity = _page_files.severity(page, [file.response.url for file in files])
    return Severity.WARNING if has_worker and severity is Severity.NOTE else severity


def _facts(application: BypassedApplication, bypass: Bypass, written: str) -> dict[str, object]:
    folder = application.path[: application.path.find("/", 1) + 1]
    tries = children(bypass.directive, "try_files")
    passing = pass_directive_of(LocationMatch((bypass.directive,)))
    return {
        "path": application.path,
        "directive": bypass.directive.text,
        "place": file_line(bypass.directive),
        "owner": " ".join(("location", *bypass.match.block.args)),
        "owner_place": file_line(bypass.match.block),
        "prefix": bypass.match.block.args[-1],
        "application": application.endpoint,
        "taker": passing.args[0] if passing and application.by == "program" else "",
        "direct_status": application.status,
        "whole": bypass.match.block.args == ("/",) or _is_named(bypass),
        "named_line": line_without_uri(bypass.match),
        "own_line": line_for(bypass.match, folder or application.path),
        "own_location": f"location ^~ {folder}" if folder else f"location = {application.path}",
        "path_line": line_for(bypass.match, application.path),
        "tries": tries[0].text if tries else "",
        "written": written,
        **{reason: application.by == reason for reason in _REASONS},
    }


def _is_worse(page: Exchange, application: BypassedApplication) -> bool:
    """Return whether visitors get an error or a page in place of what the application has."""
    status = page.status or 0
    if page.method != "GET" or not 200 <= (application.status or 0) < 300:
        return False
    if application.by == "program" and status != 404:
        return False  # the other program has the path
    if application.is_html and posixpath.splitext(application.path)[1].lower() in _NO_PAGES:
        return False
    is_page = status == 200 and "html" in (page.header("Content-Type") or "")
    # nginx's 401 asks for a password: the path is closed.
    return (400 <= status < 500 and status != 401) or (is_page and not application.is_html)


def _fix(nginx: Nginx, bypass: Bypass, path: str) -> Fix:
    """Write "^~" before the prefix, so that regular expressions do not come before it. For the
    location "/" that would turn all of them off: there nginx looks for a file first, and asks the
    application if there is none."""
    if bypass.by == "last":
        return _break_fix(nginx, bypass)
    if bypass.by == "files":
        return _without_files(nginx, bypass)
    if bypass.by == "exact":
        return whole_folder_fix(nginx, bypass)
    if bypass.by == "longer":
        return _one_path_fix(nginx, bypass, path.partition("?")[0])
    if bypass.by == "regex" and _is_named(bypass):
        return _named_fix(nginx, bypass)
    pattern = location_pattern(bypass.match.block)
    is_plain = pattern is not None and not pattern.modifier and pattern.text != "/"
    manual = Fix((Manual(bypass.by, Where.SERVER),), Applicability.MANUAL)
    if all_edits := config_edits(nginx, taking_changes(nginx, bypass)):
        return location_fix(nginx, bypass.match, all_edits, sure=False)
    if bypass.by == "regex" and pattern is not None and pattern.text == "/":
        whole = config_edits(nginx, named_location_changes(nginx, bypass.match, bypass.directive))
        return location_fix(nginx, bypass.match, whole, sure=False) if whole else manual
    if bypass.by not in {"regex", "program"} or not is_plain:
        return manual
    edits = config_edits(nginx, marked_prefix(nginx, bypass))
    return location_fix(nginx, bypass.match, edits, sure=False) if edits else manual


def _one_path_fix(nginx: Nginx, bypass: Bypass, path: str) -> Fix:
    """Pass this one path on, with the lines of the application's location: in the location that is
    for it alone, or in a new one. All else of the folder stays as it is."""
    manual = Fix((Manual(bypass.by, Where.SERVER),), Applicability.MANUAL)
    taking, passing = bypass.directive, pass_directive_of(bypass.match)
    pattern, file = location_pattern(taking), nginx.file(taking)
    line = line_for(bypass.match, path)
    lines = copied_lines(nginx, bypass.match.block, {passing.name: line}) if passing else None
    server = bypass.match.blocks[1]
    if not line or lines is None or file is None or pattern is None or not _PLAIN.fullmatch(path):
        return manual
    added = [each for each in lines if not each.startswith("try_files ")]
    own = {child.name for child in taking.block or ()}
    if pattern.modifier == "=":
        is_free = own.isdisjoint(line.split()[0] for line in added)
        changes = [insert_first(file.text, taking, added)] if is_free else []
    else:
        place = nginx.file(server) if closes_nothing(taking) else None
        head = f"location = {path}"
        changes = [insert_location(place.text, server, head, added)] if place else []
        file = place or file
    edits = config_edits(nginx, {file.path: changes}) if changes else ()
    return location_fix(nginx, bypass.match, edits, sure=False) if edits else manual


def _is_named(bypass: Bypass) -> bool:
    """Return whether the application is that of a named location: `try_files $uri @app;`."""
    return bypass.match.block.args[:1] != () and bypass.match.block.args[0].startswith("@")


def _named_fix(nginx: Nginx, bypass: Bypass) -> Fix:
    """Ask the named location for what is no file, as the location of the prefix does."""
    files = LocationMatch((*bypass.match.blocks[:2], bypass.directive))
    line = {"try_files": f"$uri {bypass.match.block.args[0]}"}
    edits = () if has_taking_condition(bypass.directive) else setting_edits(nginx, files, line)
    if edits:
        return location_fix(nginx, files, edits, sure=False)
    return Fix((Manual("ask-the-named", Where.SERVER),), Applicability.MANUAL)


def _without_files(nginx: Nginx, bypass: Bypass) -> Fix:
    """Remove the `try_files`, so that every request reaches the application. What it serves of the
    folder goes too: that needs a look."""
    file = nginx.file(bypass.directive)
    changes = {file.path: [remove_directive(file.text, bypass.directive)]} if file else {}
    if edits := config_edits(nginx, changes):
        return location_fix(nginx, bypass.match, edits, sure=False)
    return Fix((Manual("files", Where.SERVER),), Applicability.MANUAL)


def whole_folder_fix(nginx: Nginx, bypass: Bypass) -> Fix:
    """Pass on what is below the path, too. That may be closed on purpose, so it needs a look."""
    block, file = bypass.match.block, nginx.file(bypass.match.block)
    changes = [TextEdit(block.start, block.opened, f"location {block.args[-1]} {{")]
    for line in children(block, "proxy_pass") if empty_group(block) else ():
        # With a variable nginx would send this one path for all of them.
        scheme, _, address = line.args[0].removesuffix(empty_group(block)).partition("://")
        whole = f"proxy_pass {scheme}://{address.partition('/')[0]};"
        changes.append(replace_directive(line, whole))
    edits = config_edits(nginx, {file.path: changes}) if file else ()
    if edits:
        return location_fix(nginx, bypass.match, edits, sure=False)
    return Fix((Manual("exact", Where.SERVER),), Applicability.MANUAL)


def _break_fix(nginx: Nginx, bypass: Bypass) -> Fix:
    """Stay in the location after the rewrite: `break` in the place of `last`."""
    directive = bypass.directive
    file = nginx.file(directive)
    text = one_line(file.text, directive) if file else ""
    bare = text.removesuffix(";").removesuffix("last").rstrip()
    edits = (
        config_edits(nginx, {file.path: [replace_directive(directive, f"{bare} break;")]})
        if file and bare
        else ()
    )
    if edits:
        return location_fix(nginx, bypass.match, edits, sure=False)
    return Fix((Manual("last", Where.SERVER),), Applicability.MANUAL)
