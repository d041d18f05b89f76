"""Apache lets nobody see the site's folder: AH01630, client denied by server configuration. No
section says who may see it, so the server's default counts, which is "Require all denied" (httpd,
"Access Control"; Debian and Red Hat grant /var/www alone).

Where a section does say it, the refusal is meant, and this check is silent. It is not meant where
the folder's own section lets everybody in with the words of Apache 2.2: a "Require all denied" from
above, as of a parent's .htaccess, counts beside them ("Upgrading to 2.4 from 2.2").
"""

import re
from collections.abc import Iterator, Sequence

from checks.server import (
    ServerView,
    file_rows,
    line_edit,
    line_text,
    manual_fix,
    pages_with_status,
    reload_steps,
    server_view,
)
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Edit,
    Evidence,
    Fix,
    Severity,
    Subject,
)
from diagnose.model.http import Exchange
from diagnose.model.logs import ServerRequestError
from diagnose.model.web_servers import WebServer, WebServerConfig, WebSite
from diagnose.parsers.web_sites import takes


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, ServerRequestError, Exchange],
    explains=["http.page-file-missing", "server.own-answer"],
)
def access_not_granted(evidence: Evidence) -> Iterator[Claim]:
    view, port = server_view(evidence), evidence.target.port
    error = next((e for e in evidence.good(ServerRequestError) if e.reason == "denied"), None)
    pages = pages_with_status(evidence, 403)
    if view is None or error is None or not pages or view.server.product != error.product:
        return
    sites = view.sites_at_target
    if not sites or not all(_is_unguarded(view, error, site) for site in sites):
        return
    folder = _folder(view, error, sites[0])
    left_over = _left_over(view, sites[0], folder)
    yield Claim(
        about=Subject(port=port, path=evidence.target.path),
        covers=(Subject(port=port),),
        because=(error, view.server, *((view.config,) if view.config else ()), *pages),
        facts={
            **view.facts,
            "folder": folder,
            "log": error.log,
            "message": error.message,
            "place": f"{sites[0].file}:{sites[0].line}",
            "old_words": sites[0].old_access,
            "inherited": sites[0].guarded is None,
            "other_folder": left_over[0] if left_over else "",
        },
        # A part that was not read may say it, and an .htaccess above the folder is not read.
        confidence=Confidence.CERTAIN
        if view.config and view.config.complete and sites[0].guarded is False
        else Confidence.LIKELY,
        fix=_fix(view, sites[0], folder),
    )


def _is_unguarded(view: ServerView, error: ServerRequestError, site: WebSite) -> bool:
    """Return whether nobody meant to close a folder: no section is about it, or its own section is
    open in old words, and no rule that is known refuses the request for the folder itself."""
    if site.guarded is not None or not site.old_access:
        return site.guarded is False
    path = view.evidence.target.path_without_query
    rules = view.config.rules if view.config else ()
    is_root = error.file.rstrip("/") == site.root.rstrip("/")
    return is_root and not any(rule.path == path for rule in rules)


def _folder(view: ServerView, error: ServerRequestError, site: WebSite) -> str:
    """Return the folder that has to be granted: that of the WSGI script, if it was refused."""
    script = re.compile(rf"(?im)^\s*WSGIScriptAlias\s+/\s+\"?{re.escape(error.file)}\"?(?:\s|$)")
    files = view.config.files if view.config else ()
    is_script = any(script.search(file.text) for file in files)
    return error.file.rpartition("/")[0] if is_script else site.root


_SECTION = re.compile(r"(?i)(\s*<Directory\s+\"?)(/[^\"*?\[>~]{1,300}?)(\"?\s*>\s*)")


def _left_over(view: ServerView, site: WebSite, folder: str) -> tuple[str, Edit] | None:
    """Return the folder of the only section in the file of the site or of its Alias that grants a
    folder which is no site's, and the edit that writes this one there: the folder was moved, or is
    misspelt. What else the section says, as of PHP, comes with it."""
    path = view.evidence.target.path_without_query
    aliases = (alias for own in view.answering_sites for alias in own.aliases)
    alias = next((alias for alias in aliases if takes(alias.prefix, path)), None)
    name = alias.file if alias else site.file
    file = view.config.file(name) if view.config else None
    sites = view.config.sites if view.config else ()
    used = {own.root.rstrip("/") for own in sites if own.root}
    used |= {alias.folder.rstrip("/") for own in sites for alias in own.aliases}
    lines = file_rows(view, file) if file else ()
    orphans = [
        (number, match)
        for number, line in enumerate(lines, 1)
        if (match := _SECTION.fullmatch(line)) and _grants(lines[number:])
        if not any(_are_related(match[2].rstrip("/"), own) for own in used)
    ]
    # The server's own file grants folders that packages use.
    is_main = name == view.server.config
    if len(orphans) != 1 or is_main or set(folder) & set(" \t\"'*?[]"):
        return None
    number, match = orphans[0]
    end = "/" if match[2].endswith("/") else ""
    changed = f"{match[1]}{folder.rstrip('/')}{end}{match[3]}"
    edit = line_edit(view, name, {number: (changed,)})
    return (match[2], edit) if edit else None


def _are_related(folder: str, other: str) -> bool:
    return takes(folder, other) or takes(other, folder)


def _grants(lines: Sequence[str]) -> bool:
    """Return whether the section that these lines begin with lets everybody in."""
    words = [" ".join(line.lower().split()) for line in lines[:100]]
    end = next((n for n, line in enumerate(words) if line.startswith("</directory")), 0)
    return "require all granted" in words[:end]


def _fix(view: ServerView, site: WebSite, folder: str) -> Fix:
    """Grant the site's own folder. A person looks at it first: files of others may lie there."""
    if left_over := _left_over(view, site, folder):
        return Fix((left_over[1], *reload_steps(view.server)), Applicability.REVIEW)
    end = line_text(view, site.file, site.end)
    if not end.strip().lower().startswith("</virtualhost"):
        return manual_fix(view, "grant")
    section = (f"    <Directory {folder}>", "        Require all granted", "    </Directory>")
    edit = line_edit(view, site.file, {site.end: (*section, end)})
    if edit is None or set(folder) & set(" \t\"'*?[]"):
        return manual_fix(view, "grant")
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
