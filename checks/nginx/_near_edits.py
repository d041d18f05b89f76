"""Edits by which nginx finds a file that is near: where a `root` or `alias` in a comment leads, in
a folder beside that of `root`, or where a name has another letter."""

from checks.nginx import Nginx
from checks.nginx._commands import reload_steps
from checks.nginx._edits import config_edit
from checks.nginx._page_files import corrected_directive
from diagnose.model import Applicability, Edit, Fix
from diagnose.model.files import PageFileAccess
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx import edits, near_places
from diagnose.parsers.nginx.file_paths import ServedFile, served_file
from diagnose.parsers.nginx.locations import LocationMatch


def commented_line(nginx: Nginx, match: LocationMatch, uri: str, wanted: str) -> Directive | None:
    """Return the `root` or `alias` in a comment of the location that leads to a file."""
    file = nginx.file(match.block)
    places = near_places.commented_places(file.text, match.block, uri) if file else ()
    return next((line.directive for line, path in places if path == wanted), None)


def near_edit(
    nginx: Nginx, match: LocationMatch, served: ServedFile, access: PageFileAccess
) -> Edit | None:
    """Return the edit for a file that is near; None for any other."""
    file = nginx.file(match.block)
    match access.mistake:
        case "commented" if file:
            places = near_places.commented_places(file.text, match.block, served.uri)
            change = next((line.edit for line, path in places if path == access.elsewhere), None)
            return config_edit(nginx, file.path, change) if change else None
        case "beside" if file:
            folder = access.elsewhere.removesuffix(served.uri)
            change = edits.insert_first(file.text, match.block, [f"root {folder};"])
            return config_edit(nginx, file.path, change) if folder != access.elsewhere else None
        case "letter" | "folder":
            return _letter_edit(nginx, match, served, access)
        case _:
            return None


def fallback_page_fix(
    nginx: Nginx, match: LocationMatch, access: PageFileAccess, uri: str
) -> Fix | None:
    """Return the edit of `root` or `alias` by which nginx finds the page of this path, to which
    `try_files` leads; None if the page is nowhere, or a person corrects the line."""
    served = served_file(match, uri, start=nginx.start_folder)
    if served is None or served.path != access.path or not access.elsewhere:
        return None
    folder, file = served.folder.rstrip("/"), nginx.file(match.block)
    if near := near_edit(nginx, match, served, access):
        return Fix((near, *reload_steps(nginx)), Applicability.REVIEW)
    change: edits.TextEdit | None = None
    path = served.directive.file
    match access.mistake:
        case "base" if file:
            slash = "/" if match.block.args[-1].endswith("/") else ""
            change = edits.insert_first(file.text, match.block, [f"alias {folder}{slash};"])
            path = file.path
        case "below":
            line = f"root {access.elsewhere.removesuffix(uri)};"
            change = edits.replace_directive(served.directive, line)
        case _ if corrected := corrected_directive(served, access.mistake):
            change = edits.replace_directive(served.directive, corrected)
    edit = config_edit(nginx, path, change) if change else None
    return Fix((edit, *reload_steps(nginx)), Applicability.REVIEW) if edit else None


def _letter_edit(
    nginx: Nginx, match: LocationMatch, served: ServedFile, access: PageFileAccess
) -> Edit | None:
    """Write the name as it is on the disk into the line that has the wrong one."""
    wrong, right = near_places.wrong_name(access.path, access.elsewhere)
    lines = (served.directive, match.directive("try_files"))
    for line in lines if wrong else ():
        file = nginx.file(line) if line else None
        words = [arg for arg in line.args if wrong in arg.split("/")] if line else []
        if line is None or file is None or len(words) != 1:
            continue
        written = edits.one_line(file.text, line)
        corrected = words[0].replace(wrong, right)
        if words[0].split("/").count(wrong) == 1 and written.count(words[0]) == 1:
            change = edits.replace_directive(line, written.replace(words[0], corrected))
            return config_edit(nginx, line.file, change)
    return None
