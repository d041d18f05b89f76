"""A <Directory> section of a virtual host is for a folder whose name is nearly that of the site's,
or has the path of the URL in the place of the folder: what it allows and rewrites does not count
for the site (core, "Directory"). Apache says nothing of a section whose folder is not there.

The page gets 403, and the section grants access, or 404, and the section has rules that lead a path
to another file. The site's folder is there. No other site has the folder of the section, and no
section of the virtual host has the site's own.
"""

import re
from collections.abc import Iterator

from checks.server import ServerView, line_edit, line_text, place_text, reload_steps, server_on_port
from checks.server._near_routes import is_misspelt
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, error_pages
from diagnose.model.site_folders import SiteFolder
from diagnose.model.web_servers import WebServer, WebServerConfig, WebSite

_SECTION = re.compile(r"(?i)\s*<Directory\s+\"?(/[^\">*?~\s]{1,300})\"?\s*>")
#: What a section needs to be missed, by the status of the page.
_MISSED = {
    403: re.compile(r"(?i)\s*(?:Require|Allow|Options|DirectoryIndex|FallbackResource)\s"),
    404: re.compile(r"(?i)\s*(?:RewriteRule|FallbackResource|AllowOverride|DirectoryIndex)\s"),
}
#: Maximum number of lines of a virtual host.
_MAX_LINES = 2_000


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, SiteFolder, Exchange],
    explains=[
        "http.server-error",
        "server.access-not-granted",
        "server.file-forbidden",
        "server.other-requests-failed",
        "server.page-missing",
        "server.request-failed",
        "server.request-refused",
        "server.own-answer",
    ],
)
def apache_section_misses_folder(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_on_port(evidence), evidence.target
    pages = tuple(page for page in error_pages(evidence) if page.status in _MISSED)
    if view is None or view.config is None or view.server.product != "apache" or not pages:
        return
    folders = {
        site_folder.path.rstrip("/"): site_folder
        for site_folder in evidence.good(SiteFolder)
        if site_folder.exists
    }
    for site in view.answering_sites[:1]:
        folder = folders.get(site.root.rstrip("/"))
        section = _missing_section(view, site, folder) if folder else None
        if section is None or folder is None:
            continue
        if not _is_missed(view, site, section, pages[0]):
            continue
        edit = line_edit(view, site.file, {section.number: (section.corrected,)})
        step = edit or Manual("write-the-folder", Where.SERVER)
        yield Claim(
            about=Subject(port=target.port, path=target.path),
            covers=(Subject(port=target.port),),
            because=(view.server, view.config, folder, *pages),
            facts={
                **view.facts,
                "written": section.path,
                "place": place_text(site.file, section.number),
                "root": section.meant,
                "by_url": section.is_address,
                "status": pages[0].status,
                "path": target.path,
            },
            confidence=Confidence.LIKELY,
            severity=Severity.WARNING if target.path.strip("/") else None,
            fix=Fix(
                (step, *reload_steps(view.server)),
                Applicability.REVIEW if edit else Applicability.MANUAL,
            ),
        )


@frozen
class _Section:
    """The line of a section, from 1, its folder, the folder that is meant, and the line with that.
    `is_address` is True if the section has the path of the URL."""

    number: int
    path: str
    meant: str
    corrected: str
    is_address: bool


def _missing_section(view: ServerView, site: WebSite, folder: SiteFolder) -> _Section | None:
    """Return the only section whose folder is nearly the site's, or the path of a folder in it;
    None if a section has the folder."""
    root, near = site.root.rstrip("/"), list[_Section]()
    others = {each.root.rstrip("/") for each in (view.config.sites if view.config else ())}
    written: set[str] = set()
    for number in range(site.line + 1, min(site.end, site.line + _MAX_LINES)):
        line = line_text(view, site.file, number)
        match = _SECTION.match(line)
        path = match[1].rstrip("/") if match else ""
        if match is None or not root:
            continue
        written.add(path)
        is_address = _is_address(path, root, folder)
        if path not in others and (is_address or _is_near(path, root)):
            meant = f"{root}{match[1]}" if is_address else site.root
            corrected = line.replace(match[1], meant, 1)
            near.append(_Section(number, path, meant, corrected, is_address))
    section = near[0] if len(near) == 1 else None
    return None if section is None or section.meant.rstrip("/") in written else section


def _is_address(path: str, root: str, folder: SiteFolder) -> bool:
    """Return whether a section has the path of the URL of a folder that is there, on the way to
    the requested file."""
    way = folder.path + folder.requested if folder.page_exists else f"{folder.deepest}/"
    return bool(path) and not f"{root}/".startswith(f"{path}/") and way.startswith(f"{root}{path}/")


def _is_missed(view: ServerView, site: WebSite, section: _Section, page: Exchange) -> bool:
    """Return whether the section has what the page lacks."""
    pattern = _MISSED[page.status or 404]
    for number in range(section.number + 1, site.end):
        line = line_text(view, site.file, number)
        if line.strip().lower().startswith("</directory"):
            return False
        if pattern.match(line):
            return True
    return False


def _is_near(path: str, root: str) -> bool:
    """Return whether one folder of a path is misspelt. Names that differ in a number are chosen."""
    parts, own = path.split("/"), root.split("/")
    differing = [pair for pair in zip(parts, own, strict=False) if pair[0] != pair[1]]
    if len(parts) != len(own) or len(differing) != 1:
        return False
    first, second = (re.sub(r"\d", "", part) for part in differing[0])
    return first != second and is_misspelt(*differing[0])
