"""A page that nginx has as a file beside the application that takes its form: a static copy of a
page (a cache, a build). `try_files` finds the file first, also for a POST, and the module for
static files refuses it (ngx_http_static_module, 405). The application gets other methods only
where no file is."""

import re
from collections.abc import Sequence

from checks.nginx import Nginx
from checks.nginx._commands import reload_steps
from checks.nginx._edits import config_edits
from diagnose.model import Applicability, Fix, Manual, Where
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.edits import insert_first
from diagnose.parsers.nginx.final_requests import final_location
from diagnose.parsers.nginx.locations import LocationMatch, match_location
from diagnose.parsers.nginx.server_blocks import Server
from diagnose.parsers.nginx.upstreams import pass_directive_of

#: What may answer another method in place of the file.
_OTHERS = ("return", "rewrite", "if", "dav_methods", "limit_except")
_QUERY = re.compile(r"(?:\?\$(?:query_string|args)|\$is_args\$(?:query_string|args))\Z")
#: A path that ends as files do that no program makes a page of.
_ENDING = re.compile(r"\.(?!php|aspx?|jsp|do|cgi|pl|py)[A-Za-z][A-Za-z0-9]{1,9}\Z")
#: A file that lies elsewhere than the path says: the copy of a page.
_PAGES = re.compile(r"\A(?!\$(?:document_root\$)?uri\Z)")
_FALLBACK = re.compile(r"@[\w-]{1,80}|/[\w./?=&$-]{0,200}")


@frozen(eq=False)
class KeptFile:
    """The location whose `try_files` finds a file for the page, and what it falls back to. `named`
    is True if the address names the file itself, with its ending: then the file is the answer."""

    match: LocationMatch
    fallback: str
    named: bool = False

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines by which other methods than GET and HEAD get the file that an address
        names, or reach the application. A named
        location keeps the method (ngx_http_core_module, "error_page"), a path does not."""
        if self.named:
            # nginx makes a GET of it (ngx_http_core_module, "error_page").
            return ("error_page 405 =200 $uri;",)
        if self.fallback.startswith("@"):
            return (f"error_page 405 = {self.fallback};",)
        path = _QUERY.sub("", self.fallback)
        condition = "if ($request_method !~ ^(GET|HEAD)$) {"
        return (condition, f"    rewrite ^ {path} last;", "}")

    def fix(self, nginx: Nginx) -> Fix:
        """Lead the other methods to the application."""
        # A line of its own would hide the other pages for errors.
        is_hidden = (self.named or self.fallback.startswith("@")) and self.match.directives(
            "error_page"
        )
        file = nginx.file(self.match.block)
        changes = {}
        if file is not None and not is_hidden:
            changes = {file.path: [insert_first(file.text, self.match.block, [*self.lines])]}
        edits = config_edits(nginx, changes)
        if not edits:
            return Fix((Manual("lead-to-application", Where.SERVER),), Applicability.MANUAL)
        return Fix((*edits, *reload_steps(nginx)), Applicability.REVIEW)


def kept_file(nginx: Nginx, path: str, pages: Sequence[Exchange]) -> KeptFile | None:
    """Return the location that has a file for a page, by the answers to GET; None if something else
    may answer the other methods there."""
    if nginx.is_refused or not pages or not all(map(_is_file, pages)):
        return None
    kept = [_kept(selected.server, path) for selected in nginx.selected_servers()]
    return kept[0] if kept and all(kept) else None


def _kept(server: Server, path: str) -> KeptFile | None:
    match = match_location(server, path)
    fallback = match.directive("try_files")
    blocks = match.blocks[1:]
    if fallback is None or len(fallback.args) < 2 or pass_directive_of(match):
        return None
    if any(children(block, name) for block in blocks for name in _OTHERS):
        return None
    pages = [line for line in match.directives("error_page") if "405" in line.args[:-1]]
    last = fallback.args[-1]
    # The application answers where there is no file.
    is_led = pass_directive_of(final_location(server, path)) is not None
    if pages or not is_led or not _FALLBACK.fullmatch(last):
        return None
    named = _ENDING.search(path) is not None and not _PAGES.search(fallback.args[0])
    return KeptFile(match, last, named)


def _is_file(page: Exchange) -> bool:
    """Return whether an answer is nginx's own, with a file: it tells when the file was changed and
    that it has ranges (ngx_http_static_module), and no program is named."""
    is_own = (page.header("Server") or "").lower().startswith("nginx")
    is_dated = bool(page.header("Last-Modified") and page.header("ETag"))
    # Compressed on the way, it has no ranges any more.
    has_ranges = page.header("Accept-Ranges") == "bytes" or bool(page.header("Content-Encoding"))
    is_programs = bool(page.header("X-Powered-By"))
    is_page = page.method == "GET" and page.status == 200
    return is_page and is_own and is_dated and has_ranges and not is_programs
