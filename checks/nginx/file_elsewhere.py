"""A file that the page loads is answered with 404, or with a page, and it exists: in the folder of
another location of the site, in that of the program behind nginx, which does not serve files
itself (Django with DEBUG off, and other frameworks in production), or as the only file of this path
on the server.

Nothing else shows that the file is the same, so the cause is likely. Where the path that nginx
opens differs by a known mistake, nginx.page-file-not-found says it.
"""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import replace

from checks.http import _page_files
from checks.nginx import Nginx, file_line
from checks.nginx._commands import chosen_edits
from checks.nginx._edits import config_edits
from checks.nginx._location_edits import location_fix
from checks.nginx._page_files import address_below_the_page, examined_files
from checks.nginx._sibling_files import (
    free_folder,
    location_owner,
    paths_that_come,
    real_folder,
)
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Edit,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
)
from diagnose.model.files import SiblingFile
from diagnose.model.frozen import frozen
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.model.pages import PageFileResponse
from diagnose.model.processes import RunningPrograms
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.file_paths import ServedFile, served_file
from diagnose.parsers.nginx.final_requests import final_request
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.nginx.server_blocks import Server
from diagnose.parsers.nginx.upstreams import pass_directive_of

#: The servers of Rails by their command lines.
_RUBY = re.compile(r"\b(?:puma|rails|unicorn|ruby|passenger)\b")


@check(
    severity=Severity.WARNING,
    needs=[NginxConfig, PageFileResponse, SiblingFile],
    explains=["http.page-file-missing", "http.page-file-type", "nginx.page-file-not-found"],
)
def file_elsewhere(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    explained = {
        file.url for file in examined_files(evidence) if file.access.mistake or file.access.exists
    }
    refused = {file.response.url: file for file in _page_files.refused_files(evidence)}
    folders: set[str] = set()
    for sibling in evidence.good(SiblingFile):
        file = refused.get(sibling.url)
        selected = next(iter(nginx.answering_servers()), None)
        if file is None or selected is None or nginx.is_refused:
            continue
        answer = _Answer.of(nginx, selected.server, file.named_path)
        folder = free_folder(evidence, file.named_path)
        # That a prefix with a folder is longer explains nothing there: the `root` is missing.
        if sibling.url in explained and not answer.is_rootless:
            continue
        if not answer.is_known or folder in folders:
            continue
        if answer.served is not None and answer.served.path == sibling.path:
            continue
        if not folder or address_below_the_page(nginx, file, sibling):
            continue
        folders.add(folder)
        # The whole folder is looked for there.
        urls = [
            each.response.url for each in refused.values() if each.named_path.startswith(folder)
        ]
        severity = _page_files.severity(file.page, urls)
        yield replace(_claim(nginx, file, sibling, answer, folder), severity=severity)


@frozen
class _Answer:
    """How nginx answers for a file: the location and the path in the end, and the directive that
    passes it on, or the place where nginx looks for it. `is_rootless` says that it looks in its own
    folder."""

    match: LocationMatch
    path: str
    passing: Directive | None
    served: ServedFile | None
    is_rootless: bool

    @classmethod
    def of(cls, nginx: Nginx, server: Server, asked_path: str) -> "_Answer":
        match, path = final_request(server, asked_path)
        passing = pass_directive_of(match)
        served = None if passing else served_file(match, path, start=nginx.start_folder)
        is_rootless = passing is None and served is None and _is_rootless(match)
        return cls(match, path, passing, served, is_rootless)

    @property
    def is_known(self) -> bool:
        return self.passing is not None or self.served is not None or self.is_rootless

    @property
    def directive(self) -> Directive:
        return self.passing or (self.served.directive if self.served else self.match.block)

    def looked_for(self, nginx: Nginx) -> str:
        """Return the path at which nginx looks for the file; "" if it passes it on."""
        if self.served:
            return self.served.path
        default = posixpath.join(nginx.start_folder, "html")
        return f"{default}{self.path}" if self.is_rootless else ""


def _claim(
    nginx: Nginx, file: _page_files.RefusedFile, sibling: SiblingFile, answer: _Answer, folder: str
) -> Claim:
    match, passing, served = answer.match, answer.passing, answer.served
    real = real_folder(sibling.path, file.named_path, folder)
    owner = location_owner(nginx, folder)
    right = "" if passing else _right_line(served, sibling.path, answer.path)
    framework = _framework(nginx.evidence, sibling) if passing else ""
    return Claim(
        about=_page_files.page_subject(file.page),
        because=(file.response, sibling, *((nginx.config,) if nginx.config else ())),
        confidence=Confidence.LIKELY,
        location=nginx.location(answer.directive),
        facts={
            "page": file.page.url,
            "file": sibling.url,
            "status": file.response.status,
            "redirect": file.response.redirects[-1] if file.response.redirects else "",
            "asked": answer.looked_for(nginx),
            "application": passing.args[0] if passing else "",
            "directive": answer.directive.text,
            "place": file_line(answer.directive),
            "found": sibling.path,
            "program": sibling.of_program,
            "only": sibling.is_only,
            "rootless": answer.is_rootless,
            "rails": framework == "rails",
            "next": framework == "next",
            "right": right,
            "folder": folder,
            "owner": " ".join(("location", *owner.args)) if owner else "",
            "owner_place": file_line(owner) if owner else "",
            "real": real,
            "denied": tuple(part.path for part in sibling.denied_parts),
            "user": sibling.user,
        },
        fix=_fix(nginx, match, served, right)
        or _serving_fix(nginx, match, folder, "" if owner else real),
    )


def _framework(evidence: Evidence, sibling: SiblingFile) -> str:
    """Return the framework that serves such files by itself if it is told so: "rails", "next"; ""
    for others."""
    if "/.next/static/" in sibling.path:
        return "next"
    commands = " ".join(
        program.command
        for running_program in evidence.good(RunningPrograms)
        for program in running_program.programs
    )
    return "rails" if "/public/" in sibling.path and _RUBY.search(commands) else ""


def _is_rootless(match: LocationMatch) -> bool:
    """Return whether nginx looks in its own folder, since no `root` applies, and nothing else
    answers (ngx_http_core_module, "root": html)."""
    others = ("root", "alias", "return", "try_files")
    return not any(match.directive(name) for name in others)


def _right_line(served: ServedFile | None, file: str, path: str) -> str:
    """Return the `root` or `alias` that leads from this path to the file; "" if none does."""
    is_alias = served is not None and served.directive.name == "alias"
    prefix = served.prefix if served and is_alias else ""
    rest = path.removeprefix(prefix)
    if not rest or not file.endswith(rest):
        return ""
    base = file.removesuffix(rest)
    if is_alias:
        return f"alias {base};" if base.endswith("/") and prefix.endswith("/") else ""
    return f"root {base};" if rest.startswith("/") and base else ""


def _fix(nginx: Nginx, match: LocationMatch, served: ServedFile | None, right: str) -> Fix | None:
    """Correct the folder; None if files that come are in the folder as it is, or if the new one
    has what cannot be written plainly. All of it becomes public, so a person looks."""
    if not re.fullmatch(r"(?:root|alias) /[\w./-]+;", right):
        return None
    server = match.blocks[1] if len(match.blocks) > 1 else match.block
    changed = served.directive if served else server
    file = nginx.file(changed)
    if file is None or (served is not None and _is_needed(nginx, served)):
        return None
    change = (
        edits.replace_directive(served.directive, right)
        if served
        else edits.insert_first(file.text, server, [right])
    )
    file_edits = config_edits(nginx, {file.path: [change]})
    return location_fix(nginx, match, file_edits, sure=False) if file_edits else None


def _serving_fix(nginx: Nginx, match: LocationMatch, folder: str, real: str) -> Fix:
    """Serve the folder by a location of its own. All of it becomes public, so a person looks first:
    the edit stands beside the words."""
    server = next((block for block in match.blocks if block.name == "server"), None)
    file = nginx.file(server) if server else None
    file_edits: tuple[Edit, ...] = ()
    is_plain = re.fullmatch(r"/[\w./-]*/", real) and re.fullmatch(r"/[\w./-]+/", folder)
    if server is not None and file is not None and is_plain:
        head, lines = f"location {folder}", [f"alias {real};"]
        change = edits.insert_location(file.text, server, head, lines)
        file_edits = config_edits(nginx, {server.file: [change]})
    typed = chosen_edits(nginx, file_edits)
    step = Manual("serve-the-folder", Where.SERVER, commands=typed)
    return Fix((step,), Applicability.MANUAL)


def _is_needed(nginx: Nginx, served: ServedFile) -> bool:
    """Return whether something of the site comes by this `root` or `alias`."""
    for came in paths_that_come(nginx.evidence):
        for selected in nginx.answering_servers():
            match, path = final_request(selected.server, came)
            other = served_file(match, path, start=nginx.start_folder)
            if other is not None and other.directive is served.directive:
                return True
    return False
