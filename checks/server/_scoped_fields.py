"""Lines by which Apache, Caddy and HAProxy add fields to the responses of one path, or of one
folder and what is below it. The edit stands at the beginning of the site that answers."""

import re
from collections.abc import Callable, Mapping, Sequence

from checks.server import ServerView, indentation, line_edit, line_text
from diagnose.model import Edit
from diagnose.model.frozen import frozen
from diagnose.model.web_servers import Product

#: A path that may stand in every server's configuration as it is.
_PLAIN = re.compile(r"/[\w./~-]{0,200}", re.ASCII)
_NAME = re.compile(r"[A-Za-z][\w-]{0,100}", re.ASCII)
#: A value that may stand between double quotes in every server's configuration as it is.
_VALUE = re.compile(r"[\w ,.;:=()/*'+-]{1,500}", re.ASCII)
#: Where HAProxy keeps the path of the request: a response has none.
VARIABLE = "txn.request_path"


@frozen
class Scope:
    """A path; with `is_folder` also all paths that begin with it. "/" as a folder is the site."""

    path: str
    is_folder: bool = False

    @property
    def is_site(self) -> bool:
        return self.is_folder and self.path == "/"

    @property
    def is_plain(self) -> bool:
        return _PLAIN.fullmatch(self.path) is not None


def folder_of(path: str) -> Scope:
    """Return the folder in which a path lies."""
    return Scope(path.rpartition("/")[0] + "/", is_folder=True)


def added_fields_edit(
    view: ServerView, scope: Scope, fields: Mapping[str, str], replaces: bool = False
) -> Edit | None:
    """Return the edit after which the responses of a scope have these fields; None if a person has
    to write it. `replaces`: the application sends such a field, which is left out."""
    write = _WRITERS.get(view.server.product)
    is_plain = all(map(_NAME.fullmatch, fields)) and all(map(_VALUE.fullmatch, fields.values()))
    if write is None or not is_plain or not scope.is_plain:
        return None
    return inserted_edit(view, write(scope, fields, replaces))


def inserted_edit(view: ServerView, lines: Sequence[str]) -> Edit | None:
    """Return the edit that inserts lines at the beginning of the site that answers: below the first
    line of its block, or below HAProxy's `bind`. None if there is more than one such place."""
    place = _place(view)
    if place is None:
        return None
    file, number = place
    opening = line_text(view, file, number)
    following = line_text(view, file, number + 1)
    is_bind = view.server.product == "haproxy"
    blanks = indentation(opening if is_bind else following) or indentation(opening) + "    "
    return line_edit(view, file, {number: (opening, *(f"{blanks}{line}" for line in lines))})


def _place(view: ServerView) -> tuple[str, int] | None:
    sites = view.answering_sites
    if len(sites) != 1:
        return None
    if view.server.product == "haproxy":
        # Imported late: only a finding needs it.
        from checks.server._haproxy import haproxy_view

        haproxy = haproxy_view(view.evidence)
        if haproxy is None or haproxy.proxies.frontend.mode != "http":
            return None
        bind = haproxy.proxies.bind
        return (bind.file, bind.number) if line_text(view, bind.file, bind.number) else None
    opening = line_text(view, sites[0].file, sites[0].line)
    is_block = opening.rstrip().endswith(("{", ">"))
    return (sites[0].file, sites[0].line) if is_block else None


def _apache(scope: Scope, fields: Mapping[str, str], replaces: bool) -> list[str]:
    """A field that an application sends is in another table than one of `always` (mod_headers)."""
    lines = []
    for name, value in fields.items():
        lines += [f"Header onsuccess unset {name}"] if replaces else []
        lines.append(f'Header always set {name} "{value}"')
    if scope.is_site:
        return lines
    if scope.is_folder:
        return [f'<Location "{scope.path}">', *(f"    {line}" for line in lines), "</Location>"]
    pattern = re.escape(scope.path).replace(r"\-", "-").replace(r"\~", "~")
    return [
        f'<LocationMatch "^{pattern}$">',
        *(f"    {line}" for line in lines),
        "</LocationMatch>",
    ]


def _caddy(scope: Scope, fields: Mapping[str, str], replaces: bool) -> list[str]:
    """`defer` sets a field when the application's response is there."""
    matcher = "" if scope.is_site else f"{scope.path}{'*' if scope.is_folder else ''} "
    if not replaces:
        return [f'header {matcher}{name} "{value}"' for name, value in fields.items()]
    lines = [f'\t{name} "{value}"' for name, value in fields.items()]
    return [f"header {matcher}{{", "\tdefer", *lines, "}"]


def _haproxy(scope: Scope, fields: Mapping[str, str], replaces: bool) -> list[str]:
    del replaces  # "set-header" leaves no other.
    condition = haproxy_condition(scope)
    kept = [] if scope.is_site else [f"http-request set-var({VARIABLE}) path"]
    return [
        *kept,
        *(
            f'http-response set-header {name} "{value}"{condition}'
            for name, value in fields.items()
        ),
    ]


def haproxy_condition(scope: Scope) -> str:
    """Return the condition of a rule for the response, by the kept path of the request."""
    if scope.is_site:
        return ""
    return f" if {{ var({VARIABLE}) -m {'beg' if scope.is_folder else 'str'} {scope.path} }}"


_WRITERS: Mapping[Product, Callable[[Scope, Mapping[str, str], bool], list[str]]] = {
    "apache": _apache,
    "caddy": _caddy,
    "haproxy": _haproxy,
}
