"""nginx answers 404 for the page, and the file is there: the setting leads past it
(ngx_http_core_module: root, alias, try_files).

Either `root` or `alias` is wrong, or `try_files` has no "$uri/", so that nginx does not look for
the index file of the folder, or no "$uri.html" for pages whose links have no ending (VitePress,
Next.js: clean URLs), or no "$uri" at all, or nginx leads a folder on to its index file and another
location takes that path, or the page belongs to an application whose addresses exist in the
browser only (React Router, Vue Router in history mode), and nothing falls back to its
index.html. That application may be in a folder of the site, with a path of its own.
A 404 for a file that is nowhere is no fault.
"""

import posixpath
import re
from collections.abc import Iterator

from checks.http import endpoint_subjects
from checks.nginx import Nginx, file_line
from checks.nginx._commands import reload_steps
from checks.nginx._edits import config_edit
from checks.nginx._fallback_edits import ending_edits, fallback_edits, has_taking_condition
from checks.nginx._inner_blocks import ending_locations
from checks.nginx._location_edits import closes_nothing, location_fix
from checks.nginx._near_edits import near_edit
from checks.nginx._page_files import corrected_directive, corrected_fix
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
    merge_subjects,
)
from diagnose.model.files import PageFileAccess
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.file_paths import ServedFile, served_file
from diagnose.parsers.nginx.locations import LocationMatch, location_pattern

_MISTAKES = ("slash", "root", "alias", "fallback", "hidden", "ending", "untried", "taken",
             "commented")  # fmt: skip


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig, PageFileAccess, Exchange],
    explains=[
        "http.client-route-missing",
        "http.page-file-missing",
        "nginx.client-route-passed-on",
        "nginx.own-answer",
    ],
)
def target_not_found(evidence: Evidence) -> Iterator[Claim]:
    pages = [page for page in page_exchanges(evidence) if page.status == 404]
    accesses = {access.url: access for access in evidence.good(PageFileAccess) if access.elsewhere}
    access = accesses.get(pages[0].url) if pages else None
    nginx = Nginx.of(evidence)
    path = evidence.target.path_without_query
    if access and access.mistake == "taken":
        path += posixpath.basename(access.elsewhere)
    match, path = next(ending_locations(nginx, path), (None, path))
    served = served_file(match, path, start=nginx.start_folder) if match else None
    if access is None or match is None or served is None or served.path != access.path:
        return
    if access.mistake in {"expression", "folder"}:
        return  # nginx.expression-first, nginx.folder-missing
    subjects = endpoint_subjects(pages)
    looks_wrongly = access.mistake in {"hidden", "ending", "untried"}
    directive = (looks_wrongly and match.directive("try_files")) or served.directive
    index = _index(served, access)
    yield Claim(
        about=merge_subjects(subjects),
        covers=subjects,
        because=(*pages, access, *nginx.configs),
        confidence=Confidence.CERTAIN
        if access.mistake == "slash" or _is_doubled(served, access)
        else Confidence.LIKELY,
        severity=Severity.WARNING if access.mistake in {"hidden", "ending", "fallback"} else None,
        location=nginx.location(directive),
        facts={
            "url": pages[0].url,
            "path": access.path,
            "elsewhere": access.elsewhere,
            "corrected": corrected_directive(served, access.mistake),
            "directive": directive.text,
            "place": file_line(directive),
            "location": match.block.text,
            "index": path if access.mistake == "taken" else index,
            "from": posixpath.dirname(access.elsewhere),
            "folder": index.removesuffix("index.html"),
            "beside_if": access.mistake in {"fallback", "ending"}
            and has_taking_condition(match.block),
            **{name: access.mistake == name for name in _MISTAKES},
        },
        fix=_fix(nginx, access, match, served, directive),
    )


def _is_doubled(served: ServedFile, access: PageFileAccess) -> bool:
    """Return whether the folder of `root` has the name of the prefix, so that nginx looks for
    /srv/app/app/logo.png, while no /srv/app/app is there and the file is /srv/app/logo.png."""
    prefix, folder = (served.prefix or served.outer).rstrip("/"), served.folder.rstrip("/")
    is_double = access.mistake == "root" and bool(prefix) and folder.endswith(prefix)
    doubled = f"{folder}{prefix}"
    return is_double and all(part.path.rstrip("/") != doubled for part in access.parts)


def _fix(
    nginx: Nginx,
    access: PageFileAccess,
    location_match: LocationMatch,
    served: ServedFile,
    directive: Directive,
) -> Fix:
    match access.mistake:
        case "fallback":
            return _fallback_fix(nginx, location_match, served, _index(served, access))
        case "hidden":
            return _index_fix(nginx, directive)
        case "ending":
            return _ending_fix(nginx, location_match)
        case "untried":
            return _name_fix(nginx, directive)
        case "taken":
            return _taken_fix(nginx, access, location_match, served)
        case "commented" if near := near_edit(nginx, location_match, served, access):
            return Fix((near, *reload_steps(nginx)), Applicability.REVIEW)
        case _:
            return _path_fix(nginx, access, served)


def _path_fix(nginx: Nginx, access: PageFileAccess, served: ServedFile) -> Fix:
    by_hand = Manual("correct-the-path", Where.SERVER)
    return corrected_fix(nginx, served, access.mistake) or Fix((by_hand,), Applicability.MANUAL)


def _index_fix(nginx: Nginx, try_files: Directive) -> Fix:
    names = ["$uri $uri/" if name == "$uri" else name for name in try_files.args]
    change = edits.replace_directive(try_files, f"try_files {' '.join(names)};")
    edit = config_edit(nginx, try_files.file, change)
    if edit is None:
        return Fix((Manual("look-for-the-index", Where.SERVER),), Applicability.MANUAL)
    return Fix((edit, *reload_steps(nginx)), Applicability.REVIEW)


def _name_fix(nginx: Nginx, try_files: Directive) -> Fix:
    """Look for the file by its own name first."""
    change = edits.replace_directive(try_files, f"try_files $uri {' '.join(try_files.args)};")
    edit = config_edit(nginx, try_files.file, change)
    if edit is None:
        return Fix((Manual("look-for-the-file", Where.SERVER),), Applicability.MANUAL)
    return Fix((edit, *reload_steps(nginx)), Applicability.REVIEW)


def _taken_fix(
    nginx: Nginx, access: PageFileAccess, match: LocationMatch, served: ServedFile
) -> Fix:
    """Give the index file a location of its own, which comes before every prefix."""
    manual = Fix((Manual("give-the-index-a-location", Where.SERVER),), Applicability.MANUAL)
    file, pattern = nginx.file(match.blocks[1]), location_pattern(match.block)
    folder = access.elsewhere.removesuffix(served.uri)
    is_plain = re.fullmatch(r"/[\w./-]+", f"{folder}{served.uri}", re.ASCII) is not None
    if file is None or pattern is None or pattern.modifier == "=" or not is_plain:
        return manual
    if folder == access.elsewhere:
        return manual
    head, body = f"location = {served.uri}", [f"root {folder};"]
    change = edits.insert_location(file.text, match.blocks[1], head, body)
    edit = config_edit(nginx, file.path, change)
    if edit is None:
        return manual
    return Fix((edit, *reload_steps(nginx)), Applicability.REVIEW)


def _ending_fix(nginx: Nginx, match: LocationMatch) -> Fix:
    """Look for the page with its ending too, and keep what try_files has."""
    if match.block.name != "location":
        return Fix((Manual("add-the-ending", Where.SERVER),), Applicability.MANUAL)
    return location_fix(nginx, match, ending_edits(nginx, match), sure=False)


def _index(served: ServedFile, access: PageFileAccess) -> str:
    """Return the path of the application's page on the site."""
    paths = {file: path for path, file in served.fallbacks}
    return paths.get(access.elsewhere, served.fallback[0])


def _fallback_fix(nginx: Nginx, match: LocationMatch, served: ServedFile, index: str) -> Fix:
    """Fall back to the application's page. It makes every unknown address answer 200."""
    manual = Fix((Manual("fall-back", Where.SERVER),), Applicability.MANUAL)
    folder = index.removesuffix("index.html")
    pattern = location_pattern(match.block) if match.block.name == "location" else None
    is_own = index == served.fallback[0] or (
        pattern is not None and f"{pattern.text.rstrip('/')}/" == folder
    )
    if is_own and match.block.name == "location":
        return location_fix(nginx, match, fallback_edits(nginx, match, index), sure=False)
    is_prefix = pattern is not None and pattern.modifier in {"", "^~"}
    is_plain = closes_nothing(match.block)
    file = nginx.file(match.block)
    if is_own or not is_prefix or not is_plain or file is None or served.directive.name != "root":
        return manual
    root = [f"  root {' '.join(served.directive.args)};"]
    lines = [
        f"location {folder} {{",
        *(root if served.directive in children(match.block, "root") else []),
        f"  try_files $uri $uri/ {index};",
        "}",
    ]
    change = edits.insert_before(file.text, match.block, lines)
    edit = config_edit(nginx, file.path, change)
    return location_fix(nginx, match, (edit,), sure=False) if edit else manual
