"""Apache does not start a script of its own interface (CGI): the system refuses it, for it is not
executable, or its first line names no interpreter that is there; or Apache does, where `Options
+ExecCGI` is missing; or a `ScriptAlias` of the system leads its path to another folder.

Apache's log has the system's error; what is wrong with the file, the file itself shows.
"""

import posixpath
import re
from collections.abc import Iterator, Sequence

from checks.server import ServerView, place_text, reload_steps, server_view
from checks.server._apache_overrides import added_lines, section_edit
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Confidence,
    Edit,
    Evidence,
    Fix,
    Manual,
    Severity,
    Step,
    Subject,
    Where,
    commands,
)
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.logs import ServerRequestError
from diagnose.model.site_folders import CgiScript, SiteFolder
from diagnose.model.web_servers import WebServer

#: Errors of execve(2).
_EACCES, _ENOENT, _ENOEXEC = 13, 2, 8
#: mod_cgi and mod_cgid, cgi_handler().
_OFF = re.compile(r"AH0(?:1262|2809): (?:stderr from )?(/[^:\n]{1,300}): Options ExecCGI is off")
_NOWHERE = re.compile(
    r"AH0(?:1264|2811): (?:stderr from )?(/[^:\n]{1,300}): script not found or unable to stat"
)
_PLAIN = re.compile(r"/[\w./+-]{1,300}")


@check(
    severity=Severity.ERROR,
    needs=[WebServer, ServerRequestError, Exchange],
    explains=[
        "server.request-logged", "server.own-answer", "server.page-missing",
        "server.path-excluded", "server.path-not-handled", "http.server-error",
        "http.answer-says-why",
    ],
)  # fmt: skip
def cgi_script_fails(evidence: Evidence) -> Iterator[Claim]:
    view, target = server_view(evidence), evidence.target
    errors = [error for error in evidence.good(ServerRequestError) if error.reason == "logged"]
    pages = [page for page in page_exchanges(evidence) if (page.status or 0) >= 400]
    if view is None or view.server.product != "apache" or not errors or not pages:
        return
    failure = _started(view, errors[0]) or _not_allowed(view, errors[0])
    if failure is None:
        return
    reason, script, steps = failure
    own = Subject(port=target.port, path=target.path_without_query)
    scripts = [cgi_script for cgi_script in evidence.good(CgiScript) if cgi_script.path == script]
    near = scripts[0].near[0] if scripts and scripts[0].near else ""
    sites = view.answering_sites
    yield Claim(
        about=own,
        covers=(own, Subject(port=target.port), Subject(port=80)),
        because=(errors[0], view.server, *scripts, *pages),
        facts={
            **view.facts,
            "url": f"{target.origin}{own.path}",
            "status": pages[0].status or "",
            "script": script,
            "message": errors[0].message,
            "place": place_text(sites[0].file, sites[0].line) if sites else "",
            "interpreter": scripts[0].interpreter if scripts else "",
            "near": near,
            "folder": posixpath.dirname(script),
            **dict.fromkeys(_REASONS, False),
            reason: True,
        },
        confidence=_confidence(reason, scripts),
        severity=None if (pages[0].status or 0) >= 500 else Severity.WARNING,
        fix=Fix(steps, Applicability.REVIEW)
        if steps
        else Fix((Manual(reason.replace("_", "-"), Where.SERVER),), Applicability.MANUAL),
    )


def _confidence(reason: str, scripts: Sequence[CgiScript]) -> Confidence:
    """Return how sure the reason is. A script that its owner or group may start may be refused for
    something else, if Apache is one of them."""
    is_partly_open = reason == "closed" and any((script.mode or 0) & 0o110 for script in scripts)
    return Confidence.LIKELY if reason == "elsewhere" or is_partly_open else Confidence.CERTAIN


_REASONS = ("closed", "returns", "no_interpreter", "no_first_line", "off", "elsewhere")
_Found = tuple[str, str, tuple[Step, ...]]


def _started(view: ServerView, error: ServerRequestError) -> _Found | None:
    """Return why the system did not start a script, its path, and what mends it."""
    script = next(
        (
            cgi_script
            for cgi_script in view.evidence.good(CgiScript)
            if cgi_script.path == error.file
        ),
        None,
    )
    if script is None or not _PLAIN.fullmatch(script.path):
        return None
    mode = script.mode
    if error.errno == _EACCES and mode is not None and not mode & 0o001:
        # The interpreter reads it as Apache's user. What is closed to others, a person opens.
        command = commands.chmod(f"{mode | 0o111:04o}", script.path, mode)
        return "closed", script.path, (command,) if mode & 0o004 else ()
    if error.errno == _ENOENT and script.has_returns:
        return "returns", script.path, (_rewritten(script.path, r"s/\r$//"),)
    near = script.near[0] if script.near else ""
    if error.errno == _ENOENT and script.interpreter and not script.has_interpreter:
        is_plain = _PLAIN.fullmatch(script.interpreter) and near
        old = re.sub(r"([.+])", r"\\\1", script.interpreter)
        sed = f"1s|^#! *{old}|#!{near}|" if is_plain else ""
        return "no_interpreter", script.path, (_rewritten(script.path, sed),) if sed else ()
    if error.errno == _ENOEXEC and not script.interpreter:
        return (
            "no_first_line",
            script.path,
            (_rewritten(script.path, f"1i #!{near}"),) if near else (),
        )
    return None


def _rewritten(path: str, script: str) -> Command:
    return commands.rewrite(path, (script,))


def _not_allowed(view: ServerView, error: ServerRequestError) -> _Found | None:
    """Return why Apache itself did not start a script, its path, and what mends it."""
    off, nowhere = _OFF.match(error.message), _NOWHERE.match(error.message)
    sites = view.answering_sites
    edit: Edit | None = None
    if off:
        folder = posixpath.dirname(off[1])
        if len(sites) == 1 and _PLAIN.fullmatch(folder):
            edit = section_edit(view, sites[0], folder, "Options +ExecCGI")
        return "off", off[1], (edit, *reload_steps(view.server)) if edit else ()
    folders = [
        site_folder for site_folder in view.evidence.good(SiteFolder) if site_folder.page_exists
    ]
    if not nowhere or not folders:
        return None
    path, root = folders[0].requested, folders[0].path.rstrip("/")
    own = f"{root}{path}"
    prefix = f"{posixpath.dirname(path)}/"
    is_alias = nowhere[1] != own and posixpath.basename(nowhere[1]) == posixpath.basename(own)
    if not is_alias or prefix == "/" or not _PLAIN.fullmatch(own):
        return None
    if len(sites) == 1:
        edit = added_lines(view, sites[0], (f"ScriptAlias {prefix} {posixpath.dirname(own)}/",))
    return "elsewhere", own, (edit, *reload_steps(view.server)) if edit else ()
