"""A rule of Apache or Caddy leads every path to the page of an application in the browser, also
those of its files: a `RewriteRule` without a condition on the file (mod_rewrite, "RewriteCond"), or
a `try_files` without `{path}` (Caddyfile, "try_files"). Browsers get the page in place of scripts
and styles, and it stays blank. The evidence is the file, which is in the site's folder.

The rules of an .htaccess: server.apache-rules-miss-files.
"""

import re
from collections.abc import Iterator

from checks.http import _page_files
from checks.server import (
    ServerView,
    indentation,
    line_edit,
    line_text,
    place_text,
    reload_steps,
    server_on_port,
)
from checks.server._apache_sections import lines_for
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
from diagnose.model.frozen import frozen
from diagnose.model.pages import PageFileResponse
from diagnose.model.server_rules import HandledPath
from diagnose.model.web_servers import WebServer, WebServerConfig, WebSite

#: A page that says that the site is closed for a while takes the place of all on purpose.
_PAGE = (
    r"/?(?!(?i:[\w-]{0,40}(?:maint|offline|closed|down(?!load)|50\d|soon|wartung|weihu)))"
    r"[\w-]{1,60}\.(?:html?|php)"
)
_RULE = re.compile(
    rf"(?i)\s*RewriteRule\s+\"?(?:\^|\.|\^?/?\??\(?\.[*+]\)?\$?)\"?\s+\"?{_PAGE}(?:\?\S{{0,60}})?\"?"
    r"(?:\s+\[(?P<flags>[\w=,]{1,60})\])?\s*"
)
_CONDITION = re.compile(r"(?i)\s*RewriteCond\s.*")
_TRY = re.compile(rf"(\s*)(?:try_files|rewrite\s+\*|rewrite)\s+({_PAGE})\s*")


@frozen
class _Rule:
    """The one line that takes every path, its place and its edit."""

    text: str
    place: str
    edit: Edit | None


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerConfig, PageFileResponse, HandledPath],
    explains=["http.page-file-type", "http.page-file-missing", "http.blank-page"],
)
def fallback_hides_files(evidence: Evidence) -> Iterator[Claim]:
    view = server_on_port(evidence)
    if view is None or len(view.answering_sites) != 1:
        return
    there = {path.path: path for path in evidence.good(HandledPath) if path.replaced_file}
    files = [
        file
        for file in _page_files.refused_files(evidence)
        if file.path in there and file.response.status == 200 and file.response.is_html
    ]
    rule = _rule(view, view.answering_sites[0], there[files[0].path]) if files else None
    if rule is None:
        return
    files_there = [there[file.path] for file in files]
    yield Claim(
        about=_page_files.page_subject(files[0].page),
        because=(
            view.server, *((view.config,) if view.config else ()),
            *(file.response for file in files), *files_there,
        ),
        confidence=Confidence.LIKELY,
        severity=_page_files.severity(files[0].page, [file.response.url for file in files]),
        facts={
            **view.facts,
            "page": files[0].page.url,
            "url": files[0].response.url,
            "others": len(files) - 1,
            "file": files_there[0].replaced_file,
            "line": rule.text,
            "place": rule.place,
            view.server.product: True,
        },
        fix=Fix((rule.edit, *reload_steps(view.server)), Applicability.REVIEW)
        if rule.edit
        else Fix((Manual("let-files-pass", Where.SERVER),), Applicability.MANUAL),
    )  # fmt: skip


def _rule(view: ServerView, site: WebSite, handled: HandledPath) -> _Rule | None:
    """Return the rule for every path, if there is one alone."""
    rules = list(
        _apache(view, site, handled.path)
        if view.server.product == "apache"
        else _caddy(view, site, handled)
    )
    return rules[0] if len(rules) == 1 else None


def _apache(view: ServerView, site: WebSite, path: str) -> Iterator[_Rule]:
    """Yield the rules without any condition that ask for no file. In the virtual host itself a path
    is no file yet (mod_rewrite, "REQUEST_FILENAME")."""
    for line in lines_for(view, site, path):
        match = _RULE.fullmatch(line.text)
        flags = {flag.upper() for flag in (match["flags"] or "").split(",")} if match else {"R"}
        before = _line_before(view, site, line.number)
        if match is None or any(flag[:1] in {"R", "P", "F"} for flag in flags):
            continue
        if line.order > 1 or _CONDITION.match(before):
            continue
        name = "%{DOCUMENT_ROOT}%{REQUEST_URI}" if line.order == 0 else "%{REQUEST_FILENAME}"
        # What is hidden (.env, .git) stays so: no browser asked for it until now.
        added = ("RewriteCond %{REQUEST_URI} /\\. [OR]", f"RewriteCond {name} !-f")
        rows = (*(f"{indentation(line.text)}{row}" for row in added), line.text)
        edit = line_edit(view, site.file, {line.number: rows})
        yield _Rule(line.text.strip(), place_text(site.file, line.number), edit)


def _line_before(view: ServerView, site: WebSite, number: int) -> str:
    """Return the line before another one, without those that say nothing."""
    for before in range(number - 1, site.line, -1):
        text = line_text(view, site.file, before)
        if text.strip() and not text.lstrip().startswith("#"):
            return text
    return ""


def _caddy(view: ServerView, site: WebSite, handled: HandledPath) -> Iterator[_Rule]:
    """Yield the lines that lead to the page from which the path is answered."""
    pages = {page for folder in handled.folders for page in (folder.fallback, folder.path)}
    for number in range(site.line + 1, site.end):
        text = line_text(view, site.file, number)
        if match := _TRY.fullmatch(text):
            page = f"/{match[2].lstrip('/')}"
            if page not in pages:
                continue
            line = f"{match[1]}try_files {{path}} {page}"
            edit = line_edit(view, site.file, {number: (line,)})
            yield _Rule(text.strip(), place_text(site.file, number), edit)
