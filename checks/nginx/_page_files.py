"""The files of the page that browsers do not use, and where nginx looks for them."""

from collections.abc import Iterator

from checks.http._page_files import RefusedFile, refused_files
from checks.nginx import Nginx
from checks.nginx._commands import reload_steps
from checks.nginx._edits import config_edit
from diagnose.model import Applicability, Evidence, Fix
from diagnose.model.files import PageFileAccess, PathMistake, SiblingFile
from diagnose.model.frozen import frozen
from diagnose.model.pages import Page
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.edits import insert_first, replace_directive
from diagnose.parsers.nginx.file_paths import ServedFile, served_file
from diagnose.parsers.nginx.final_requests import final_request
from diagnose.parsers.nginx.locations import LocationMatch
from diagnose.parsers.nginx.pcre import pcre_search
from diagnose.parsers.nginx.upstreams import pass_directive_of
from diagnose.parsers.urls import parse_url


@frozen
class ExaminedFile:
    """A file of the page that browsers do not use, and what was seen of it on the server."""

    refused: RefusedFile
    access: PageFileAccess

    @property
    def page(self) -> Page:
        return self.refused.page

    @property
    def url(self) -> str:
        return self.refused.response.url

    @property
    def is_missing(self) -> bool:
        """Whether nginx does not find the file: it answers 404, or a page in its place."""
        response = self.refused.response
        return not self.access.exists and (response.status == 404 or response.is_html)

    @property
    def is_forbidden(self) -> bool:
        """Whether a worker may not read the file. nginx answers 403, or what try_files names."""
        response = self.refused.response
        return bool(self.access.denied_parts) and (
            response.status in {403, 404} or response.is_html
        )


def examined_files(evidence: Evidence) -> Iterator[ExaminedFile]:
    accesses = {access.url: access for access in evidence.good(PageFileAccess)}
    for refused in refused_files(evidence):
        if access := accesses.get(refused.response.url):
            yield ExaminedFile(refused, access)


def corrected_directive(served: ServedFile, mistake: PathMistake) -> str:
    """Return the `root` or `alias` that leads to the file, "" if another setting is wrong."""
    folder = served.directive.args[0]
    match mistake:
        case "slash":
            return f"alias {folder}/;"
        case "root" if served.outer:
            return _without_double(served)
        case "root":
            slash = "/" if served.prefix.endswith("/") else ""
            return f"alias {folder.rstrip('/')}{slash};"
        case "alias":
            return f"root {folder.rstrip('/')};"
        case _:
            return ""


def corrected_fix(nginx: Nginx, served: ServedFile, mistake: PathMistake) -> Fix | None:
    """Return the edit of the `root` or `alias` by which nginx finds the file; None if it is not
    that line."""
    corrected = corrected_directive(served, mistake)
    change = replace_directive(served.directive, corrected) if corrected else None
    edit = config_edit(nginx, served.directive.file, change) if change else None
    if edit is None:
        return None
    sure = Applicability.AUTOMATIC if mistake == "slash" else Applicability.REVIEW
    return Fix((edit, *reload_steps(nginx)), sure)


def aliased_fix(
    nginx: Nginx, served: ServedFile, match: LocationMatch, path: str, elsewhere: str
) -> Fix | None:
    """Return the edit that gives a location an `alias` of the folder that it inherits, if the file
    is there below without the location's prefix."""
    block, folder = match.block, served.folder.rstrip("/")
    prefix, file = block.args[-1] if block.args else "", nginx.file(block)
    is_plain = block.name == "location" and block.args[:-1] in {(), ("^~",)} and len(prefix) > 1
    has_own = any(children(block, name) for name in ("root", "alias"))
    if not is_plain or has_own or file is None or not prefix.endswith("/"):
        return None
    if elsewhere != f"{folder}/{path.removeprefix(prefix)}" or not path.startswith(prefix):
        return None
    edit = config_edit(nginx, file.path, insert_first(file.text, block, [f"alias {folder}/;"]))
    return Fix((edit, *reload_steps(nginx)), Applicability.REVIEW) if edit else None


def _without_double(served: ServedFile) -> str:
    """Return the line for a `root` in a regular expression, or around the location that answers,
    where an `alias` would need a part of the path: the folder above, if it ends with the prefix;
    or the alias with that part. "" where the expression has no group for it."""
    prefix = served.outer.rstrip("/")
    folder = served.directive.args[0].rstrip("/")
    if folder.endswith(prefix):
        return f"root {folder.removesuffix(prefix) or '/'};"
    doubled = pcre_search(served.expression, served.uri, False) if served.expression else None
    rest = served.uri.removeprefix(f"{prefix}/")
    groups = doubled.groups() if doubled else ()
    number = next((at for at, text in enumerate(groups, 1) if text == rest), 0)
    return f"alias {folder}/${number};" if number else ""


def address_below_the_page(nginx: Nginx, file: RefusedFile, sibling: SiblingFile) -> str:
    """Return the path at which nginx serves the file below the page's folder, or that of `<base
    href>`, where the page's address leads out of it (`../src/app.js`): the address is wrong, and no
    location. "" if that is not so."""
    url = parse_url(file.page.base or file.page.url)
    base = f"{url.path.partition('?')[0].rpartition('/')[0]}/" if url else "/"
    parts = file.path.strip("/").split("/")
    leads_up = bool(file.page.base) or base.startswith(f"/{parts[0]}/")
    if base == "/" or file.path.startswith(base) or not leads_up:
        return ""
    for selected in nginx.answering_servers()[:1]:
        for start in range(len(parts)):
            address = base + "/".join(parts[start:])
            match, path = final_request(selected.server, address)
            served = served_file(match, path, start=nginx.start_folder)
            if served is not None and served.path == sibling.path and not pass_directive_of(match):
                return address
    return ""
