"""Edits of nginx that permit the page of another origin to read what a location answers."""

import re
from collections.abc import Iterator, Sequence

from checks.http._preflight_answers import METHODS, merged_fields, permitted_words
from checks.nginx import Nginx
from checks.nginx._edits import Changes, config_edits
from checks.nginx._location_edits import insert_lines, location_fix
from diagnose.model import Fix
from diagnose.model.http import Exchange
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import children, walk
from diagnose.parsers.nginx.locations import LocationMatch, all_locations, proxy_pass_of

_ORIGIN = re.compile(r"https?://[A-Za-z0-9.\-]{1,253}(?::\d{1,5})?")
#: Files that pages of other sites load: fonts, modules, pictures for a canvas, films, models, data.
_FILE = re.compile(
    r"\.(?:woff2?|tt[fc]|otf|eot|m?js|css|wasm|svg|png|jpe?g|webp|gif|mp[34]|webm|m3u8|ts|vtt|glb|gltf"
    r"|geojson|pmtiles)$",
    re.IGNORECASE,
)
_ADD, _HIDE = "add_header", "proxy_hide_header"
ALLOW_ORIGIN = "access-control-allow-origin"
#: What an answer to a preflight needs besides the origin (Fetch standard, "CORS-preflight fetch").
_METHODS = ("access-control-allow-methods", f"{METHODS}, OPTIONS")
_FIELDS = "access-control-allow-headers"
#: A variable of the server block: the origin that asks if it is permitted to send cookies, or "*".
_NAMED = "$permitted_origin"
_CREDENTIALS = ("Access-Control-Allow-Credentials", "true")
_ANSWERED = ("Access-Control-Allow-Origin", "Access-Control-Allow-Credentials")
#: The fields of such an answer that are taken from the configuration.
_CORS_FIELDS = {
    ALLOW_ORIGIN, "access-control-allow-credentials", "access-control-max-age", _METHODS[0],
    _FIELDS,
}  # fmt: skip


def permitting_fix(nginx: Nginx, origin: str, with_cookies: bool) -> Fix | None:
    """Return the edit after which the location of the target permits this origin, and no other;
    None if the configuration does not show one location, or has such a line.

    A level with an add_header of its own inherits none (ngx_http_headers_module), so the inherited
    ones are repeated.
    """
    matches = list(nginx.location_matches(nginx.evidence.target.path))
    if len({match.block for match in matches}) != 1 or not _ORIGIN.fullmatch(origin):
        return None
    match = matches[0]
    lines = [f"{_ADD} Access-Control-Allow-Origin {origin} always;"]
    if with_cookies:
        lines.append(f"{_ADD} Access-Control-Allow-Credentials true always;")
    return None if permits_others(match) else added_fix(nginx, match, lines)


def permitting_file_fix(nginx: Nginx, page: Exchange, origin: str) -> Fix | None:
    """Return the edit after which the page of this origin may use a file for browsers that nginx
    serves itself; None if an application may answer: two fields would come."""
    target = nginx.evidence.target
    is_file = page.status == 200 and _FILE.search(target.path_without_query) is not None
    matches = list(nginx.location_matches(target.path)) if is_file else []
    if len({match.block for match in matches}) != 1 or _passes_on(nginx, matches[0]):
        return None
    return permitting_fix(nginx, origin, with_cookies=False)


def _passes_on(nginx: Nginx, match: LocationMatch) -> bool:
    """Return whether a location, or one of the block around it that answers, asks a program."""
    if match.block.name == "location":
        return proxy_pass_of(match) is not None
    servers = nginx.answering_servers()
    return any(proxy_pass_of(location) for one in servers for location in all_locations(one.server))


def added_fix(
    nginx: Nginx, match: LocationMatch, lines: list[str], hidden: Sequence[str] = ()
) -> Fix | None:
    """Return the edit after which a location, or the block itself, has these lines of add_header
    too, and hides these fields of the application; None if that takes a person."""
    changes = Changes()
    own, file = children(match.block, _ADD), nginx.file(match.block)
    inherited = _inherited_lines(nginx, match)
    hidden_before = _inherited_lines(nginx, match, _HIDE if hidden else "")
    if file is None or inherited is None or hidden_before is None:
        return None
    lines = [*hidden_before, *(f"{_HIDE} {name};" for name in hidden), *lines]
    if own and own[-1].file == match.block.file:
        change = edits.insert_after(file.text, own[-1], lines)
    elif own:
        return None
    else:
        change = edits.insert_first(file.text, match.block, [*inherited, *lines])
    changes[file.path] = [change]
    file_edits = config_edits(nginx, changes)
    return location_fix(nginx, match, file_edits, sure=False) if file_edits else None


def answering_fix(nginx: Nginx, match: LocationMatch, fields: Sequence[str] = ()) -> Fix | None:
    """Return the edit after which nginx answers the preflight in the location that permits other
    sites already, with the fields that it has, and permits these header fields of a request too.
    Nothing of the application is in that answer, so that no login is passed by."""
    written = {
        ALLOW_ORIGIN: "",
        _METHODS[0]: f'{_ADD} Access-Control-Allow-Methods "{_METHODS[1]}";',
        _FIELDS: f'{_ADD} Access-Control-Allow-Headers "{", ".join(merged_fields(fields))}";',
    }
    for directive in match.directives(_ADD):
        name, file = directive.args[0].lower() if directive.args else "", nginx.file(directive)
        if name in _CORS_FIELDS and file is not None:
            written[name] = " ".join(file.text[directive.start : directive.stop].split())
    lines = [f"    {line}" for line in written.values()]
    changes: Changes = {}
    words = ["if ($request_method = OPTIONS) {", *lines, "    return 204;", "}"]
    insert_lines(nginx, match, words, changes)
    file_edits = config_edits(nginx, changes)
    return location_fix(nginx, match, file_edits, sure=False) if file_edits else None


def whole_fix(
    nginx: Nginx, match: LocationMatch, page: Exchange, origin: str, with_cookies: bool
) -> Fix | None:
    """Return the edit after which nginx alone answers this origin in the location, with what a
    preflight asks for; None if a line of it permits somebody already.

    The application's own field is hidden where it sends one: it would come twice. Each level with
    an add_header, or a proxy_hide_header, of its own inherits none.
    """
    file = nginx.file(match.block)
    if file is None or permits_others(match) or not _ORIGIN.fullmatch(origin):
        return None
    sent = {name.lower() for name, _ in page.headers}
    hidden = [name for name in _ANSWERED if name.lower() in sent]
    inherited = [_inherited_lines(nginx, match, each) for each in (_ADD, _HIDE if hidden else "")]
    if any(lines is None for lines in inherited):
        return None
    added_before, hidden_before = ([*(lines or ())] for lines in inherited)
    names = ("Access-Control-Allow-Origin", origin), *((_CREDENTIALS,) if with_cookies else ())
    own = [f"{_ADD} {name} {value} always;" for name, value in (*names, ("Vary", "Origin"))]
    lines = [
        *hidden_before,
        *(f"{_HIDE} {name};" for name in hidden),
        "if ($request_method = OPTIONS) {",
        *(f"    {line}" for line in own),
        f'    {_ADD} Access-Control-Allow-Methods "{_METHODS[1]}" always;',
        f'    {_ADD} Access-Control-Allow-Headers "{permitted_words(page, "nginx")}" always;',
        "    return 204;",
        "}",
        *added_before,
        *own,
    ]
    file_edits = config_edits(
        nginx, {file.path: [edits.insert_first(file.text, match.block, lines)]}
    )
    return location_fix(nginx, match, file_edits, sure=False) if file_edits else None


def naming_fix(nginx: Nginx, origin: str) -> Fix | None:
    """Return the edit after which nginx' own lines of a location name this origin in the place of
    `*`, and allow its cookies; None if there is no such line, or several locations may answer. For
    all other origins `*` stays: without cookies browsers accept it."""
    matches = list(nginx.location_matches(nginx.evidence.target.path))
    if len({match.block for match in matches}) != 1 or not _ORIGIN.fullmatch(origin):
        return None
    changes = Changes()
    lines = [*matches[0].directives(_ADD), *_conditional_lines(matches[0])]
    allows = any(
        line.args[:1] and line.args[0].lower() == _CREDENTIALS[0].lower() for line in lines
    )
    own_lines = set(walk(matches[0].blocks[1].block or ()))
    for line in dict.fromkeys(lines):
        file = nginx.file(line)
        is_for_all = line.args[1:2] == ("*",) and line.args[0].lower() == ALLOW_ORIGIN
        if is_for_all and line not in own_lines:
            return None
        if not is_for_all or file is None:
            continue
        rest = " ".join(("", *line.args[2:]))
        text = f"{_ADD} {line.args[0]} {_NAMED}{rest};"
        if not allows:
            begin = file.text.rfind("\n", 0, line.start) + 1
            indent = file.text[begin : line.start]
            text += f"\n{indent if indent.isspace() else ' '}{_ADD} {' '.join(_CREDENTIALS)}{rest};"
        changes.setdefault(line.file, []).append(edits.replace_directive(line, text))
    server = matches[0].blocks[1]
    own_file = nginx.file(server)
    if own_file is None or set(changes) != {own_file.path}:
        return None  # other sites read the line too, and do not set the variable
    if any(_NAMED in arg for arg in _words(server)):
        return None
    choice = [f'set {_NAMED} "*";', f'if ($http_origin = "{origin}") {{ set {_NAMED} {origin}; }}']
    changes.setdefault(own_file.path, []).append(edits.insert_first(own_file.text, server, choice))
    file_edits = config_edits(nginx, changes)
    return location_fix(nginx, matches[0], file_edits, sure=False) if file_edits else None


def _words(block: Directive) -> Iterator[str]:
    return (word for line in walk(block.block or ()) for word in line.args)


def _conditional_lines(match: LocationMatch) -> list[Directive]:
    """Return the lines in the location's own conditions, such as the one for OPTIONS."""
    blocks = children(match.block, "if")
    return [line for block in blocks for line in children(block, _ADD)]


def permits_others(match: LocationMatch) -> bool:
    """Return whether a location adds the field that permits other sites."""
    return any(
        line.args[:1] and line.args[0].lower() == ALLOW_ORIGIN for line in match.directives(_ADD)
    )


def permitted_origins(match: LocationMatch) -> set[str]:
    """Return the origins that lines of a location name as permitted."""
    lines = (line.args for line in match.directives(_ADD) if len(line.args) > 1)
    return {args[1] for args in lines if args[0].lower() == ALLOW_ORIGIN}


def _inherited_lines(nginx: Nginx, match: LocationMatch, name: str = _ADD) -> list[str] | None:
    """Return the lines of this name that the location inherits; None if one was not read."""
    lines: list[str] = []
    if not name or children(match.block, name):
        return lines
    for directive in match.directives(name):
        file = nginx.file(directive)
        if file is None:
            return None
        lines.append(edits.one_line(file.text, directive))
    return lines
