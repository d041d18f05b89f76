"""Apache lets nobody see the site's folder: AH01630, client denied by server configuration. No
section says who may see it, so the server's default counts, which is "Require all denied" (httpd,
"Access Control"; Debian and Red Hat grant /var/www alone).

Where a section does say it, the refusal is meant, and this check is silent. It is not meant where
the folder's own section lets everybody in with the words of Apache 2.2: a "Require all denied" from
above, as of a parent's .htaccess, counts beside them ("Upgrading to 2.4 from 2.2").
"""

import re
from collections.abc import Iterator

from checks.server import (
    ServerView,
    line_edit,
    line_text,
    manual_fix,
    pages_with_status,
    reload_steps,
    server_view,
)
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Evidence, Fix, Severity, Subject
from diagnose.model.http import Exchange
from diagnose.model.web_servers import ServerRequestError, WebServer, WebServerConfig, WebSite


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
    path = view.evidence.target.path.partition("?")[0]
    rules = view.config.rules if view.config else ()
    is_root = error.file.rstrip("/") == site.root.rstrip("/")
    return is_root and not any(rule.path == path for rule in rules)


def _folder(view: ServerView, error: ServerRequestError, site: WebSite) -> str:
    """Return the folder that has to be granted: that of the WSGI script, if it was refused."""
    script = re.compile(rf"(?im)^\s*WSGIScriptAlias\s+/\s+\"?{re.escape(error.file)}\"?(?:\s|$)")
    files = view.config.files if view.config else ()
    is_script = any(script.search(file.text) for file in files)
    return error.file.rpartition("/")[0] if is_script else site.root


def _fix(view: ServerView, site: WebSite, folder: str) -> Fix:
    """Grant the site's own folder. A person looks at it first: files of others may lie there."""
    end = line_text(view, site.file, site.end)
    if not end.strip().lower().startswith("</virtualhost"):
        return manual_fix(view, "grant")
    section = (f"    <Directory {folder}>", "        Require all granted", "    </Directory>")
    edit = line_edit(view, site.file, {site.end: (*section, end)})
    if edit is None or set(folder) & set(" \t\"'*?[]"):
        return manual_fix(view, "grant")
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
