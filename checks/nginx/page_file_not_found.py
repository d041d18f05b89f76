"""nginx looks for a style sheet or script of the page in a place where it is not
(ngx_http_core_module: root, alias, try_files).

The file's path follows from the location that answers. Where the file was seen at another path, the
setting is wrong: `alias` without its last slash, `root` where `alias` is meant, or the base path
with which the page was built; or a location with a regular expression gets the request before the
folder's own; or the page names it with a version that no `rewrite` takes away. If the page comes
from an application in a sub-folder, and asks for its file outside of that, the application does not
know of the folder. Otherwise the file was not deployed.
"""

import posixpath
import shlex
from collections.abc import Iterator, Sequence

from checks.http import _page_files as page_files
from checks.nginx import Nginx, file_line
from checks.nginx._collected_files import collecting_fix, collecting_words
from checks.nginx._expressions import folder_fix, outdone_match
from checks.nginx._page_files import (
    ExaminedFile,
    address_below_the_page,
    aliased_fix,
    corrected_directive,
    corrected_fix,
    examined_files,
)
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Where
from diagnose.model.files import PageFileAccess, SiblingFile
from diagnose.model.nginx import NginxConfig
from diagnose.model.pages import PageFileResponse
from diagnose.model.site_folders import StaticProject
from diagnose.parsers.nginx.file_paths import ServedFile, named_version, served_file
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.urls import parse_url

_MISTAKES = ("slash", "root", "alias", "base", "version", "compressed")
_STEPS = {
    "": "deploy",
    "base": "base-path",
    "version": "take-the-version-away",
    "compressed": "unpack",
}


@check(
    severity=Severity.WARNING,
    needs=[NginxConfig, PageFileResponse, PageFileAccess],
    explains=["http.page-file-missing", "http.page-file-type"],
)
def page_file_not_found(evidence: Evidence) -> Iterator[Claim]:
    missing = [
        file for file in examined_files(evidence) if file.is_missing and not file.is_forbidden
    ]
    if not missing:
        return
    nginx, first = Nginx.of(evidence), missing[0]
    location = next(iter(nginx.location_matches(first.refused.path)), None)
    served = (
        served_file(location, first.refused.path, start=nginx.start_folder) if location else None
    )
    if served is None or location is None:
        return
    urls = [file.url for file in missing]
    is_outdone = first.access.mistake == "expression"
    outdone = outdone_match(nginx, first.refused.path) if is_outdone else None
    severity = page_files.severity(first.page, urls)
    mistake = first.access.mistake
    from checks.http._known_application import own_setting

    folder, application = ("", "") if mistake else _sub_folder(nginx, first)
    below = _address_below(nginx, first)
    # The folder is the right one, and the location takes its prefix as a part of the path.
    aliased = _aliased_fix(nginx, first, served, location)
    shown = "root" if aliased else mistake
    yield Claim(
        about=page_files.page_subject(first.page),
        because=tuple(
            observation for file in missing for observation in (file.refused.response, file.access)
        ),
        severity=severity,
        location=nginx.location(served.directive),
        facts={
            **_file_facts(missing),
            **_location_facts(location, served, first),
            "breaks": severity is Severity.ERROR,
            "folder": folder,
            "application": application,
            **(own_setting(evidence, "base_path", "public_url") if folder else {}),
            "mistake": bool(mistake or below),
            "corrected": f"alias {served.folder.rstrip('/')}/;"
            if aliased
            else corrected_directive(served, mistake),
            "below": below,
            **_collecting(evidence, first),
            **_outdone_facts(location, outdone),
            **{name: shown == name for name in _MISTAKES},
        },
        fix=_by_the_application("page-address" if below else "tell-the-folder")
        if below or folder
        else folder_fix(nginx, location, outdone)
        if outdone
        else aliased or _fix(nginx, first, served),
    )


def _sub_folder(nginx: Nginx, file: ExaminedFile) -> tuple[str, str]:
    """Return the folder of the application from which the page comes, and the application."""
    page_url = parse_url(file.page.url)
    if page_url is None:
        return "", ""
    return page_files.sub_folder(nginx, page_url.path.partition("?")[0], file.refused.path)


def _file_facts(missing: Sequence[ExaminedFile]) -> dict[str, object]:
    """Return the files of the page that are missing: where nginx looks for them, and where the
    first was seen."""
    first = missing[0]
    return {
        "page": first.page.url,
        "written": first.page.base or first.page.url,
        "file": first.url,
        "path": first.access.path,
        "name": posixpath.basename(first.access.path),
        "others": tuple(file.access.path for file in missing[1:]),
        "elsewhere": first.access.elsewhere,
        "image": first.refused.response.file_kind == "image",
        "unpack": shlex.join(("gunzip", "-k", first.access.elsewhere)),
    }


def _location_facts(
    location: LocationMatch, served: ServedFile, file: ExaminedFile
) -> dict[str, object]:
    """Return the line by which nginx looks for the file, and what it lacks."""
    try_files, version = location.directive("try_files"), named_version(file.refused.path)
    return {
        "directive": served.directive.text,
        "place": file_line(served.directive),
        "fallback": try_files.text if try_files and file.refused.response.is_html else "",
        "rewrite": version.rewrite if version and file.access.mistake == "version" else "",
    }


def _by_the_application(step: str) -> Fix:
    return Fix((Manual(step, Where.APPLICATION),), Applicability.MANUAL)


def _outdone_facts(location: LocationMatch, outdone: LocationMatch | None) -> dict[str, str]:
    """Return the regular expression that gets the request, and the prefix that is meant."""
    return {
        "expression": " ".join(location.block.args) if outdone else "",
        "expression_place": file_line(location.block),
        "prefix": outdone.block.args[-1] if outdone else "",
        "prefix_place": file_line(outdone.block) if outdone else "",
    }


def _address_below(nginx: Nginx, file: ExaminedFile) -> str:
    """Return the path below the page's folder at which nginx serves the file; "" if none is
    known."""
    siblings = (
        sibling_file
        for sibling_file in nginx.evidence.good(SiblingFile)
        if sibling_file.url == file.url
    )
    addresses = (address_below_the_page(nginx, file.refused, sibling) for sibling in siblings)
    return "" if file.access.mistake else next(filter(None, addresses), "")


def _collecting(evidence: Evidence, file: ExaminedFile) -> dict[str, str]:
    """Return the command that lays Django's static files where nginx looks for them, that folder,
    and the setting that has to name it; "" where no project is known, or a line of nginx is
    wrong."""
    projects = [
        static_project for static_project in evidence.good(StaticProject) if not file.access.mistake
    ]
    if not projects:
        return dict.fromkeys(("collect", "collected", "static_root", "moved"), "")
    project = projects[0]
    is_same = bool(project.root) and project.root.rstrip("/") == project.folder.rstrip("/")
    return {
        "collect": shlex.join(collecting_words(project.owner, project.python, project.path)),
        "collected": project.folder,
        "static_root": project.setting,
        "moved": project.root if project.root and not is_same else "",
    }


def _aliased_fix(
    nginx: Nginx, file: ExaminedFile, served: ServedFile, match: LocationMatch
) -> Fix | None:
    if file.access.mistake != "base":
        return None
    return aliased_fix(nginx, served, match, file.refused.path, file.access.elsewhere)


def _fix(nginx: Nginx, file: ExaminedFile, served: ServedFile) -> Fix:
    """Return the corrected directive, if the file was seen where that leads."""
    mistake = file.access.mistake
    step = _STEPS.get(mistake, "deploy")
    if step == "deploy" and (projects := [*nginx.evidence.good(StaticProject)]):
        if collected := collecting_fix(nginx, served, projects[0]):
            return collected
        step = "collect"
    by_hand = Manual(step, Where.SERVER)
    return corrected_fix(nginx, served, mistake) or Fix((by_hand,), Applicability.MANUAL)
