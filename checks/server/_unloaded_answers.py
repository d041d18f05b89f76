"""What Apache's files on disk give for the target's page, where visitors get a refusal of Apache's
own that these files do not give: it has not loaded them.

The control is the file itself: it is there and may be read, the rules of an .htaccess lead to a
script that is there, a redirect takes the path, or everybody may see the folder.
"""

import re
from collections.abc import Iterator, Sequence

from checks.server import ServerView
from diagnose.model import Observation
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.logs import ServerRequestError
from diagnose.model.site_folders import FolderAccess, FolderRules, SiteFolder
from diagnose.model.web_servers import ServerFile, WebSite
from diagnose.parsers.apache.config import Directive, parse
from diagnose.parsers.apache.folder_rules import script_rule
from diagnose.parsers.http import proxy_page
from diagnose.parsers.web_sites import takes

#: A file that is not there: Apache writes it for the folder that it has loaded.
_NO_FILE = {"AH00128", "AH00127"}
_ACCESS_RULE = re.compile(r"(?im)^\s*(?:Require|Order|Allow|Deny|AuthType)\b")
_BY_PATH = {"location", "locationmatch", "directorymatch", "if"}


@frozen
class UnloadedAnswer:
    """What a file gives for a page that visitors do not get. `kind` is "gives_file",
    "gives_script", "gives_url" or "gives_folder"; `text` is that file, script, URL or folder.
    `file` is the file of the configuration that Apache has not loaded."""

    kind: str
    text: str
    file: str
    site: WebSite
    pages: tuple[Exchange, ...]
    because: tuple[Observation, ...] = ()


def unloaded_answer(view: ServerView) -> UnloadedAnswer | None:
    """Return what the files give, None if nothing shows that Apache has not loaded them."""
    pages, sites = page_exchanges(view.evidence), set(view.sites_at_target)
    newer = _newer_file(view)
    statuses = {page.status for page in pages}
    is_own = all(proxy_page(page.body) == "Apache" for page in pages)
    if newer is None or len(sites) != 1 or len(statuses) != 1 or not is_own or not pages:
        return None
    site, path = sites.pop(), view.evidence.target.path_without_query
    rules = view.config.rules if view.config else ()
    if any(rule.path == path and (rule.rule or rule.condition) for rule in rules):
        return None
    status = statuses.pop()
    answer = (
        _missing(view, site, path)
        if status == 404
        else _granted(view, site)
        if status == 403
        else None
    )
    if answer is None:
        return None
    kind, text, because = answer
    return UnloadedAnswer(kind, text, newer.path, site, pages, because)


_Answer = tuple[str, str, tuple[Observation, ...]]


def _newer_file(view: ServerView) -> ServerFile | None:
    """Return the file of the configuration that is newer than what Apache loaded: that of the
    site, or another. An .htaccess is read at every request."""
    loaded, config = view.server.loaded, view.config
    if view.server.product != "apache" or loaded is None or config is None:
        return None
    newer = [
        file
        for file in config.files
        if (file.changed or 0.0) > loaded and not file.path.endswith("/.htaccess")
    ]
    own = {site.file for site in view.answering_sites}
    return min(newer, key=lambda file: file.path not in own, default=None)


def _missing(view: ServerView, site: WebSite, path: str) -> _Answer | None:
    """Return what the files give for a page that is 404."""
    evidence = view.evidence
    errors = evidence.good(ServerRequestError)
    if any(error.code not in _NO_FILE for error in errors):
        return None  # the log has another reason
    for redirect in site.redirects:
        is_plain = not redirect.pattern and not redirect.conditional and not site.routes
        if is_plain and (path == redirect.path if redirect.exact else takes(redirect.path, path)):
            return "gives_url", redirect.target, ()
    modules = view.config.modules if view.config else ()
    if site.reads_htaccess and "rewrite" in modules:
        for rules in evidence.good(FolderRules):
            rule = script_rule(rules.file.text, rules.file.path, rules.folder)
            if rule is not None and rules.script_exists:
                return "gives_script", rules.script, (rules,)
    for folder in evidence.good(SiteFolder)[:1]:
        is_ruled = folder.has_rewrite_rules and site.reads_htaccess is not False
        is_page = folder.page_exists and (
            not folder.requested.endswith("/") or "index.html" in folder.index_files
        )
        for access in evidence.good(FolderAccess)[:1]:
            if is_page and not is_ruled and not access.denied_parts and not access.hidden:
                return "gives_file", access.path, (folder, access)
    return None


def _granted(view: ServerView, site: WebSite) -> _Answer | None:
    """Return the folder that everybody may see by the files, where Apache writes that its
    configuration denies the client."""
    errors = view.evidence.good(ServerRequestError)
    denied = next((error for error in errors if error.reason == "denied"), None)
    config, root = view.config, site.root.rstrip("/")
    if denied is None or config is None or not root:
        return None
    own = [parse(file.text, file.path) for file in config.files if _is_server_file(file)]
    sections = [section for parts in own for section in _sections(parts)]
    by_path = [section for section in sections if section.name in _BY_PATH]
    if any(_access_rules(section) for section in by_path) or "/.ht" in denied.file:
        return None
    of_folder = [
        (len(path), section)
        for section in sections
        if section.name == "directory" and _access_rules(section)
        if takes(path := "".join(section.args[:1]).rstrip("/") or "/", denied.file)
    ]
    deepest = max(of_folder, key=lambda each: each[0], default=None)
    rules = _access_rules(deepest[1]) if deepest else []
    is_open = rules == [("require", ("all", "granted"))]
    if not is_open or not takes(root, denied.file) or _may_deny_itself(view, site, denied.file):
        return None
    return "gives_folder", root, (denied,)


def _may_deny_itself(view: ServerView, site: WebSite, file: str) -> bool:
    """Return whether an .htaccess may deny a file: one with rules of access, or one that nobody has
    read, in a folder below the site's own."""
    if site.reads_htaccess is False:
        return False
    files, root = view.config.files if view.config else (), site.root.rstrip("/")
    own = next((each for each in files if each.path == f"{root}/.htaccess"), None)
    is_deeper = "/" in file.removeprefix(root).strip("/")
    return is_deeper or (own is not None and bool(_ACCESS_RULE.search(own.text)))


def _is_server_file(file: ServerFile) -> bool:
    return not file.path.endswith("/.htaccess")


def _sections(parts: Sequence[Directive]) -> Iterator[Directive]:
    """Yield the sections of folders and paths, in virtual hosts too."""
    for part in parts:
        if part.name in _BY_PATH or part.name == "directory":
            yield part
        elif part.block is not None:
            yield from _sections(part.block)


def _access_rules(section: Directive) -> list[tuple[str, tuple[str, ...]]]:
    """Return the rules of access of a section: the names of their directives and their words, all
    in lower case; a container of rules counts as one."""
    names = ("require", "order", "allow", "deny", "satisfy", "authtype")
    return [
        (directive.name, tuple(word.lower() for word in directive.args))
        for directive in section.block or ()
        if directive.name.startswith(names) and directive.name != "allowoverride"
    ]
