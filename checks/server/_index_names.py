"""The names of index files for which Apache looks (mod_dir, "DirectoryIndex"), and the steps that
give a folder's own index file, or its .htaccess, a name that Apache knows."""

import re

from checks.server import ServerView, line_edit, line_text, reload_steps
from checks.server._apache_overrides import section_edit
from diagnose.model import Applicability, Fix, commands
from diagnose.model.logs import ServerRequestError
from diagnose.model.site_folders import SiteFolder
from diagnose.model.web_servers import WebSite

NO_INDEX = re.compile(r"No matching DirectoryIndex \(([^)]{1,400})\)")
#: What Apache writes in the place of names where it did not look for an index file at all: the path
#: has no slash at its end (`DirectorySlash Off`), or `DirectoryIndex disabled`.
_NOT_LOOKED_FOR = {"none", "disabled"}
#: What runs PHP: without it, Apache would send the source of an index.php.
_RUNS_PHP = re.compile(
    r"(?im)^\s*(?:SetHandler|AddHandler|ProxyPassMatch|Action|FcgidWrapper)\s[^\n#]{0,300}(?:fcgi|php)"
)


def unlisted_names(view: ServerView, folder: SiteFolder) -> tuple[str, ...]:
    """Return the names of DirectoryIndex, if Apache wrote that it found none of them, and the
    folder has index files with other names."""
    for error in view.evidence.good(ServerRequestError):
        match = NO_INDEX.search(error.message) if error.code == "AH01276" else None
        names = tuple(match[1].split(",")) if match else ()
        is_list = bool(names) and not _NOT_LOOKED_FOR.issuperset(names)
        if is_list and folder.index_files and not set(names) & set(folder.index_files):
            return names
    return ()


def index_line(view: ServerView, folder: SiteFolder) -> str:
    """Return the line that adds the names of the folder's index files. The names that are in force
    stay: other folders have them."""
    names = (*unlisted_names(view, folder), *folder.index_files)
    return " ".join(dict.fromkeys(("DirectoryIndex", *names)))


def index_fix(view: ServerView, site: WebSite, folder: SiteFolder) -> Fix | None:
    """Return the edit that lets Apache find the index file: the line in force gets its name, or a
    section for the folder. None if that line is in an .htaccess, or nothing would run a script."""
    names = unlisted_names(view, folder)
    files = view.config.files if view.config else ()
    modules = view.config.modules if view.config else ()
    runs_php = any(re.fullmatch(r"php\d?", name) for name in modules) or any(
        _RUNS_PHP.search(file.text) for file in files
    )
    is_script = any(name.lower().endswith(".php") for name in folder.index_files)
    if not names or (is_script and not runs_php):
        return None
    line, lines = index_line(view, folder), _lines_in_force(view, names)
    own = [number for file, number in lines if file == site.file and site.line < number < site.end]
    edit = None
    if len(own) == 1:
        old = line_text(view, site.file, own[0])
        new = old[: len(old) - len(old.lstrip())] + line
        edit = line_edit(view, site.file, {own[0]: (new,)})
    elif lines:
        edit = section_edit(view, site, folder.path, line)
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW) if edit else None


def _lines_in_force(view: ServerView, names: tuple[str, ...]) -> list[tuple[str, int]]:
    """Return the lines of the configuration that have exactly these names."""
    return [
        (file.path, number)
        for file in (view.config.files if view.config else ())
        for number, text in enumerate(file.text.split("\n"), 1)
        if text.split()[:1]
        and text.split()[0].lower() == "directoryindex"
        and tuple(text.split()[1:]) == names
    ]


def rules_fix(folder: SiteFolder) -> Fix:
    """Return the fix that gives the file with the rules the name that Apache reads."""
    path = folder.path.rstrip("/")
    rename = commands.move(f"{path}/{folder.lookalike}", f"{path}/.htaccess")
    return Fix((rename,), Applicability.REVIEW)
