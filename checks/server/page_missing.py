"""Apache or Caddy has no file for the page: the site's folder is not there, has no index file, its
.htaccess is not read (core, "AllowOverride": None is the default), or the page belongs to an
application in the browser and nothing falls back to its index.html. Or the rules of .htaccess stand
in <IfModule mod_rewrite.c>, and the module is not loaded: then Apache passes over them. Or they
lead to a script that is not there, the index file has a name that DirectoryIndex does not have
(mod_dir, AH01276), or Caddy's configuration names no folder at all (`root`). Or the folder is a
wrong one: that of an Alias with one slash too few, one beside that with the files, or the folder
above that for visitors. Or nothing leads the addresses of a PHP application to its index.php, or
the configuration with the Alias for the path is not enabled (a2enconf(8)). Or the address leaves
out the ending .html of its file. Or Caddy's `rewrite` makes a path of it for which there is no
file. Or the path of a folder has no slash at its end, and `DirectorySlash Off` keeps Apache from
adding one.

A 404 for a file that is nowhere is no fault.
"""

import posixpath
import re
import shlex
from collections.abc import Iterator

from checks.server import (
    ServerView,
    indentation,
    line_edit,
    line_text,
    manual_fix,
    pages_with_status,
    place_text,
    reload_steps,
    server_on_port,
)
from checks.server._apache_modules import loading_fix
from checks.server._apache_overrides import allow_overrides, folder_edit, section_edit, switch_lines
from checks.server._backend_answers import cause_of_lost_route
from checks.server._caddy_edits import rewriting_line, suffix_edit
from checks.server._caddy_fallbacks import is_start_of, new_fallback_edit
from checks.server._fallback_lines import has_fallback, wrong_fallback
from checks.server._index_names import (
    NO_INDEX,
    index_fix,
    index_line,
    rules_fix,
    unlisted_names,
)
from checks.server._rules import decisive_rule
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
    Subject,
    Target,
    Where,
    server_commands,
)
from diagnose.model.http import Exchange
from diagnose.model.logs import ServerRequestError
from diagnose.model.site_folders import SiteFolder
from diagnose.model.web_servers import SiteAlias, WebServer, WebServerConfig, WebSite
from diagnose.parsers.http import proxy_page
from diagnose.parsers.usual_paths import is_folder_of_files
from diagnose.parsers.web_sites import takes

#: Reasons whose fact is a name.
_WITH_NAMES = {"lookalike", "elsewhere", "suffix", "rewritten"}


@check(
    severity=Severity.WARNING,
    needs=[WebServer, WebServerConfig, SiteFolder, Exchange],
    explains=[
        "http.client-route-missing",
        "http.page-file-missing",
        "server.own-answer",
        "server.request-logged",
    ],
)
def page_missing(evidence: Evidence) -> Iterator[Claim]:
    view = server_on_port(evidence)
    if view is None:
        return
    pages = [*pages_with_status(evidence, 403), *pages_with_status(evidence, 404)]
    for folder in evidence.good(SiteFolder)[:1]:
        served = {
            served.root.rstrip("/") for served in (view.config.folders if view.config else ())
        }
        sites = [
            site for site in view.sites_at_target if folder.path in {site.root.rstrip("/"), *served}
        ]
        modules = view.config.modules if view.config else ()
        if folder.is_unset:
            sites = list(view.answering_sites)
        alias = _alias(view)
        if pages and sites and alias is None and not folder.page_exists and _idle_alias(view):
            yield _claim(view, folder, sites[0], pages, "not-enabled")
            continue
        reason = _reason(folder, sites[0], pages, modules, alias) if sites and pages else ""
        if reason == "no-index" and _is_refused(view, pages):
            reason = ""
        if reason == "elsewhere" and _has_rules_of_its_own(view, folder.elsewhere):
            reason = ""
        if reason == "inner-htaccess":
            reason = "" if _has_inner_section(view, folder.path) else "htaccess"
        reason = reason or ("rewritten" if pages and sites and _rewritten(view, folder) else "")
        reason = reason or ("slash" if pages and sites and _slash_off(view, folder, pages) else "")
        reason = reason or (
            "index-name" if pages and sites and unlisted_names(view, folder) else ""
        )
        if reason:
            yield _claim(view, folder, sites[0], pages, reason)


def _alias(view: ServerView) -> SiteAlias | None:
    """Return the alias that takes the target's path, if it is the same on every address."""
    path = view.evidence.target.path_without_query
    aliases = {
        next((alias for alias in site.aliases if takes(alias.prefix, path)), None)
        for site in view.answering_sites
    }
    return aliases.pop() if len(aliases) == 1 else None


def _idle_alias(view: ServerView) -> SiteAlias | None:
    """Return the alias for the target's path in a configuration that is not enabled."""
    path = view.evidence.target.path_without_query
    aliases = view.config.idle_aliases if view.config else ()
    return next((alias for alias in aliases if takes(alias.prefix.rstrip("/"), path)), None)


def _reason(
    folder: SiteFolder,
    site: WebSite,
    pages: list[Exchange],
    modules: tuple[str, ...],
    alias: SiteAlias | None,
) -> str:
    """Return the name of the step that mends it, "" if the page may be nowhere on purpose."""
    if alias and _lacks_slash(alias) and not folder.page_exists:
        return "alias-slash"
    is_absent = all(page.status == 404 for page in pages)
    if folder.elsewhere and (is_absent if alias else not folder.index_files):
        return "elsewhere"
    if folder.is_unset:
        is_start = folder.requested.endswith("/")
        return "no-root" if is_start and all(page.status == 404 for page in pages) else ""
    if not folder.exists:
        return "no-folder"
    is_folder = folder.requested.endswith("/")
    # A page of an application's own shows that something answers the folder.
    is_own = all(not page.body or proxy_page(page.body) for page in pages)
    if is_folder and folder.page_exists and not folder.index_files and is_own:
        return "no-index"
    if folder.page_exists or any(page.status != 404 for page in pages):
        return ""
    # Rules may lead the path to a script, and the script's application has no such page.
    if any(route.pattern for route in site.routes) and not is_own:
        return ""
    if folder.has_rewrite_rules and site.reads_htaccess is False:
        return "htaccess"
    if folder.rules_folder and site.reads_htaccess is False:
        return "inner-htaccess"
    if (folder.has_rewrite_rules or folder.rules_folder) and modules and "rewrite" not in modules:
        return "no-module"
    if folder.lost_script and site.reads_htaccess:
        return "lost-script"
    if folder.lookalike and site.reads_htaccess:
        return "lookalike"
    if folder.suffixed and is_absent:
        return "suffix"
    is_address = "." not in folder.requested.rpartition("/")[2]
    is_apaches = all(proxy_page(page.body) for page in pages)
    if folder.front_script and is_address and is_apaches and not folder.lookalike:
        return "no-rules"
    return "fall-back" if is_address and folder.is_application else ""


def _rewritten(view: ServerView, folder: SiteFolder) -> str:
    """Return the path that Caddy's one `rewrite` makes of the target's, if there is no file for it;
    "" where a path is only shortened, as by `handle_path`."""
    own = view.evidence.target.path_without_query
    served = [each for each in view.folders if each.requested == own and not each.websocket]
    if len(served) != 1 or folder.page_exists or not folder.exists or folder.elsewhere:
        return ""
    path = served[0].path
    is_shortened = own.endswith(path) or path == served[0].fallback
    is_of_folder = path == folder.requested and not served[0].fallback
    if is_shortened or not is_of_folder or not _rewriting_place(view):
        return ""
    return path


def _rewriting_place(view: ServerView) -> str:
    """Return where the one line stands that changes paths; "" if there is not one."""
    sites = view.answering_sites
    number = rewriting_line(view, sites[0]) if len(sites) == 1 else 0
    return place_text(sites[0].file, number) if number else ""


def _is_refused(view: ServerView, pages: list[Exchange]) -> bool:
    """Return whether a rule refuses the page, which comes before any search for an index file."""
    path, evidence = view.evidence.target.path_without_query, view.evidence
    return all(page.status == 403 for page in pages) and (
        decisive_rule(view, path, False, 403) is not None
        or any(error.reason == "denied" for error in evidence.good(ServerRequestError))
    )


def _has_rules_of_its_own(view: ServerView, folder: str) -> bool:
    """Return whether the configuration has a section for a folder: who wrote it knows the folder,
    and perhaps keeps it from visitors."""
    section = re.compile(rf"(?i)<Directory\s+\"?{re.escape(folder.rstrip('/'))}/?\"?\s*>")
    return any(section.search(file.text) for file in (view.config.files if view.config else ()))


def _has_inner_section(view: ServerView, folder: str) -> bool:
    """Return whether the configuration has a section for a folder below this one: it may let Apache
    read the .htaccess there, which it does not read here."""
    section = re.compile(
        rf"(?i)<Directory(?:Match)?\s+(?:~\s*)?\"?\^?{re.escape(folder.rstrip('/'))}/[^>\"\s]"
    )
    return any(section.search(file.text) for file in (view.config.files if view.config else ()))


def _rules_folder(folder: SiteFolder, reason: str) -> str:
    """Return the folder that the finding names: that of the .htaccess, where it is about one."""
    is_of_rules = reason in {"htaccess", "no-module"}
    return (folder.rules_folder if is_of_rules else "") or folder.path


def _lacks_slash(alias: SiteAlias) -> bool:
    return alias.prefix.endswith("/") and len(alias.prefix) > 1 and not alias.folder.endswith("/")


def _slash_off(view: ServerView, folder: SiteFolder, pages: list[Exchange]) -> list[int]:
    """Return the lines `DirectorySlash Off`, if Apache wrote of a folder without a slash at the end
    of its path that it did not look for an index file (mod_dir, "DirectorySlash")."""
    path = view.evidence.target.path_without_query
    is_folder = not path.endswith("/") and folder.page_exists
    if not is_folder or any(page.status != 403 for page in pages) or len(view.sites_at_target) != 1:
        return []
    not_looked = any(
        error.code == "AH01276" and (match := NO_INDEX.search(error.message)) and match[1] == "none"
        for error in view.evidence.good(ServerRequestError)
    )
    site = view.sites_at_target[0]
    # Without mod_dir, no line of it counts.
    modules = view.config.modules if view.config else ()
    if not not_looked or (modules and "dir" not in modules):
        return []
    asked = posixpath.join(folder.path, folder.requested.lstrip("/"))
    return switch_lines(view, site, asked, ("directoryslash", "off"))


def _severity(target: Target, reason: str) -> Severity | None:
    """A folder whose files pages load one by one has no index on purpose, unless a person asks."""
    if reason == "no-index" and target.symptom is None and is_folder_of_files(target.path):
        return Severity.NOTE
    return Severity.ERROR if reason == "no-folder" else None


def _claim(
    view: ServerView, folder: SiteFolder, site: WebSite, pages: list[Exchange], reason: str
) -> Claim:
    target = view.evidence.target
    words = "no-folder no-index fall-back no-module no-root index-name no-rules alias-slash"
    names = {word: word.replace("-", "_") for word in (*words.split(), "not-enabled")}
    names |= {"lost-script": "lost", "slash": "no_slash"}
    slash_off = _slash_off(view, folder, pages) if reason == "slash" else []
    alias = _idle_alias(view) if reason == "not-enabled" else _alias(view)
    fallback = wrong_fallback(view, site, folder.index_files) if reason == "fall-back" else None
    return Claim(
        about=Subject(port=target.port, path=target.path),
        covers=(Subject(port=target.port, path=target.path),),
        because=(folder, view.server, *pages),
        facts={
            **view.facts,
            "url": pages[0].url,
            "status": pages[0].status,
            "folder": _rules_folder(folder, reason),
            "place": place_text(site.file, site.line),
            **dict.fromkeys((*names.values(), "htaccess"), False),
            "lookalike": folder.lookalike if reason == "lookalike" else "",
            "script": folder.lost_script,
            "slash_place": place_text(site.file, slash_off[0]) if slash_off else "",
            "files": folder.index_files,
            "names": unlisted_names(view, folder),
            "index_line": index_line(view, folder),
            "reads": bool(site.reads_htaccess),
            "elsewhere": folder.elsewhere if reason == "elsewhere" else "",
            "front": folder.front_script,
            "front_folder": _front_folder(folder),
            "front_word": shlex.quote(_front_folder(folder)),
            "suffixed": folder.suffixed if reason == "suffix" else "",
            "rewritten": _rewritten(view, folder) if reason == "rewritten" else "",
            "rewriting": _rewriting_place(view) if reason == "rewritten" else "",
            "fallback": fallback.page if fallback else "",
            "fallback_place": fallback.place if fallback else "",
            "prefix": alias.prefix if alias else "",
            "alias_folder": alias.folder if alias else "",
            "alias_file": alias.file if alias else "",
            **({} if reason in _WITH_NAMES else {names.get(reason, reason): True}),
            view.server.product: True,
        },
        confidence=Confidence.CERTAIN
        if reason in {"no-folder", "index-name", "alias-slash"}
        else Confidence.LIKELY,
        severity=_severity(target, reason),
        consequence_of=cause_of_lost_route(view),
        fix=_slash_fix(view, site, slash_off) or _fix(view, site, folder, reason),
    )


def _new_fallback(view: ServerView, site: WebSite, folder: SiteFolder) -> Edit | None:
    """Return the edit that lets the page of a site's own folder answer what is no file; None if a
    line of the site names such a page already."""
    if view.server.product == "caddy":
        return None if _alias(view) else new_fallback_edit(view, site, folder)
    if _alias(view) or not is_start_of(site, folder) or has_fallback(view, site):
        return None
    return section_edit(view, site, folder.path, "FallbackResource /index.html")


def _front_folder(folder: SiteFolder) -> str:
    """Return the folder of the script that answers every address."""
    return posixpath.join(folder.path, posixpath.dirname(folder.front_script)).rstrip("/")


def _slash_fix(view: ServerView, site: WebSite, numbers: list[int]) -> Fix | None:
    """Return the edit that lets Apache send visitors of a folder to its path with a slash."""
    changes = {
        number: (f"{indentation(line_text(view, site.file, number))}DirectorySlash On",)
        for number in numbers
    }
    edit = line_edit(view, site.file, changes) if changes else None
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW) if edit else None


def _fix(view: ServerView, site: WebSite, folder: SiteFolder, reason: str) -> Fix:
    alias, edit, idle = _alias(view), None, _idle_alias(view)
    if reason == "not-enabled" and idle:
        enable = server_commands.enable_apache_conf(
            idle.file.rpartition("/")[2].removesuffix(".conf")
        )
        return Fix((enable, *reload_steps(view.server)), Applicability.REVIEW)
    if reason == "htaccess":
        edit = allow_overrides(view, site, _rules_folder(folder, reason))
    elif reason == "alias-slash" and alias:
        edit = folder_edit(view, alias.file, (alias.line, alias.line), alias.folder, "/")
    elif reason == "elsewhere":
        old = alias.folder if alias else site.root
        edit = folder_edit(view, site.file, (site.line, site.end), old, folder.elsewhere)
    elif reason == "fall-back":
        fallback = wrong_fallback(view, site, folder.index_files)
        edit = fallback.edit if fallback else _new_fallback(view, site, folder)
    elif reason == "no-rules":
        line = f"FallbackResource /{folder.front_script}"
        edit = section_edit(view, site, _front_folder(folder), line)
    elif reason == "suffix":
        edit = (
            suffix_edit(view, site)
            if view.server.product == "caddy"
            else section_edit(view, site, folder.path, "Options +MultiViews")
        )
    if reason == "no-rules" and folder.is_wordpress:
        # With plain permalinks WordPress itself answers 404 to such an address.
        shown: tuple[Command | Edit, ...] = ()
        if edit is not None:
            shown = (edit, *reload_steps(view.server))
        steps = (
            Manual("permalinks", Where.APPLICATION),
            Manual(reason, Where.SERVER, commands=shown),
        )
        return Fix(steps, Applicability.MANUAL)
    if edit is not None:
        return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW)
    if reason == "lookalike":
        return rules_fix(folder)
    if reason == "index-name" and (named := index_fix(view, site, folder)):
        return named
    loading = None
    if reason == "no-module":
        loading = loading_fix(view, ("rewrite",), reload_steps(view.server))
    return loading or manual_fix(view, reason)
