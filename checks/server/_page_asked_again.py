"""Lines by which Apache and Caddy let browsers ask again for the pages that they serve as files,
also where a line of theirs says of all files how long they are good; and HAProxy for those that it
passes on, where a line of its own says so. On Caddy also those after which a file of a build that
has gone is a 404, where a `try_files` answers with the page."""

import re
from collections.abc import Sequence

from checks.server import ServerView, file_rows, indentation, line_edit, reload_steps
from checks.server._apache_modules import loading_steps
from checks.server._backend_answers import route_to_application
from checks.server._gone_files import fallback_rows, site_rows
from checks.server._scoped_fields import inserted_edit
from diagnose.model import Applicability, Edit, Fix

#: Also of what `FallbackResource` and RewriteRule lead to: they name a file. A section of files
#: comes after the lines of the host, of folders and of .htaccess ("Configuration Sections"), and
#: mod_headers after mod_expires.
_APACHE_END = ('    Header set Cache-Control "no-cache"', "</FilesMatch>")
_APACHE = ('<FilesMatch "\\.html?$">', *_APACHE_END)
_APACHE_INSTEAD = (
    _APACHE[0],
    "    Header always unset Cache-Control",
    "    Header unset Expires",
    *_APACHE_END,
)
_PAGES = "@app_pages"
#: The Caddyfile's `header` sees the path before `try_files` changes it.
_CADDY = (f"{_PAGES} not path *.*", f'header {_PAGES} Cache-Control "no-cache"')
#: What is deferred comes after the other lines of the field, whatever their order is.
_CADDY_INSTEAD = (
    _CADDY[0],
    f"header {_PAGES} {{",
    "\tdefer",
    '\tCache-Control "no-cache"',
    "\t-Expires",
    "}",
)
_FIELD = "Cache-Control"
_COMMENT = re.compile(r"\s*(?:#.*)?")
_OF_PAGES = "{ res.hdr(content-type) -i -m beg text/html }"


def asked_again_fix(
    view: ServerView, path: str, file_path: str, values: Sequence[str] = ()
) -> Fix | None:
    """Return the fix for a page at a path that the server reads from a file; `file_path` is that of
    a file of today's build, `values` are those of Cache-Control that it sends today. None where an
    application sends the page, or a person has to write it."""
    if view.server.product == "haproxy" and values:
        return _haproxy_fix(view, values)
    route = route_to_application(view, path)
    if route is not None and (route.target or route.socket):  # Caddy's files have a route, too
        return None
    if view.server.product == "apache":
        lines: Sequence[str] = _APACHE_INSTEAD if values else _APACHE
        modules, edit = loading_steps(view, ("headers",)), inserted_edit(view, lines)
    elif view.server.product == "caddy":
        lines = _CADDY_INSTEAD if values else _CADDY
        modules, edit = (), _caddy_edit(view, file_path.rpartition("/")[0] + "/", lines)
    else:
        return None
    if modules is None or edit is None:
        return None
    return Fix((*modules, edit, *reload_steps(view.server)), Applicability.REVIEW)


def _haproxy_fix(view: ServerView, values: Sequence[str]) -> Fix | None:
    """Return the fix below HAProxy's own line of the field, if it is for all responses: where it
    has a condition, the new line would also replace what the application says of other pages."""
    # Imported late: few pages are kept for long.
    from checks.server._response_fields import sending_line

    line = sending_line(view, _FIELD, values)
    if line is None or not _COMMENT.fullmatch(line.text[line.stop :]):
        return None
    words = f"http-response set-header {_FIELD} no-cache if {_OF_PAGES}"
    changes = {line.number: (line.text, f"{indentation(line.text)}{words}")}
    edit = line_edit(view, line.file, changes)
    return Fix((edit, *reload_steps(view.server)), Applicability.REVIEW) if edit else None


def _caddy_edit(view: ServerView, folder: str, lines: Sequence[str]) -> Edit | None:
    sites = {(site.file, site.line): site for site in view.answering_sites}
    if len(sites) != 1:
        return None
    site = next(iter(sites.values()))
    # The field would reach the answers of an application as well.
    if any(route.target or route.socket for route in site.routes):
        return None
    file = view.config.file(site.file) if view.config and site.end else None
    rows, own = file_rows(view, file) if file else (), site_rows(view, site)
    if not own or not own[0].rstrip().endswith("{") or any("@app_" in row for row in rows):
        return None
    blanks = indentation(own[1]) or "\t"
    changes = {site.line: (own[0], *(f"{blanks}{line}" for line in lines))}
    changes |= fallback_rows(site, own, folder)
    return line_edit(view, site.file, changes)
