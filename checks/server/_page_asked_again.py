"""Lines by which Apache and Caddy let browsers ask again for the pages that they serve as files. On
Caddy also those after which a file of a build that has gone is a 404, where a `try_files` answers
with the page."""

from checks.server import ServerView, file_rows, indentation, line_edit, reload_steps
from checks.server._apache_modules import loading_steps
from checks.server._backend_answers import route_to_application
from checks.server._gone_files import fallback_rows, site_rows
from checks.server._scoped_fields import inserted_edit
from diagnose.model import Applicability, Edit, Fix

#: Also of what `FallbackResource` and RewriteRule lead to: they name a file.
_APACHE = (
    '<FilesMatch "\\.html?$">',
    '    Header set Cache-Control "no-cache"',
    "</FilesMatch>",
)
_PAGES = "@app_pages"
#: The Caddyfile's `header` sees the path before `try_files` changes it.
_CADDY = (f"{_PAGES} not path *.*", f'header {_PAGES} Cache-Control "no-cache"')


def asked_again_fix(view: ServerView, path: str, file_path: str) -> Fix | None:
    """Return the fix for a page at a path that the server reads from a file; `file_path` is that of
    a file of today's build. None where an application sends the page, or a person has to write
    it."""
    route = route_to_application(view, path)
    if route is not None and (route.target or route.socket):  # Caddy's files have a route, too
        return None
    if view.server.product == "apache":
        modules, edit = loading_steps(view, ("headers",)), inserted_edit(view, _APACHE)
    elif view.server.product == "caddy":
        modules, edit = (), _caddy_edit(view, file_path.rpartition("/")[0] + "/")
    else:
        return None
    if modules is None or edit is None:
        return None
    return Fix((*modules, edit, *reload_steps(view.server)), Applicability.REVIEW)


def _caddy_edit(view: ServerView, folder: str) -> Edit | None:
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
    changes = {site.line: (own[0], *(f"{blanks}{line}" for line in _CADDY))}
    changes |= fallback_rows(site, own, folder)
    return line_edit(view, site.file, changes)
