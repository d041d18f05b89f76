"""Several lines of nginx's that allow one origin each become one that sends the origin which asks,
if it is among them: a `map` of `$http_origin` (ngx_http_map_module). An empty value is not sent."""

import re

from checks.nginx import Nginx
from checks.nginx._edits import Changes, config_edits
from diagnose.model import Edit
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import walk
from diagnose.parsers.nginx.locations import LocationMatch

_ORIGIN = re.compile(r"https?://[\w.-]{1,253}(?::\d{1,5})?")
_VARIABLE = "allowed_origin"


def one_line_for_origins(
    nginx: Nginx, match: LocationMatch, lines: tuple[Directive, ...]
) -> tuple[Edit, ...]:
    """Return the edits; () if a value is no written origin, or the lines stand in several files."""
    origins = tuple(dict.fromkeys(line.args[1].lower() for line in lines))
    server = next((block for block in reversed(match.blocks) if block.name == "server"), None)
    file = nginx.file(server) if server else None
    is_known = all(map(_ORIGIN.fullmatch, origins)) and len(origins) > 1
    if server is None or file is None or not is_known or {x.file for x in lines} != {file.path}:
        return ()
    main = nginx.config.main if nginx.config else ()
    names = {each.args[1] for each in walk(main) if each.name == "map" and len(each.args) == 2}
    number = 0
    while f"${_VARIABLE}{number or ''}" in names:
        number += 1
    variable = f"{_VARIABLE}{number or ''}"
    table = [f"map $http_origin ${variable} {{", '    default "";']
    table += [f'    "{origin}" $http_origin;' for origin in origins]
    rest = " ".join(word for word in lines[0].args[2:])
    kept = f"add_header {lines[0].args[0]} ${variable}{' ' if rest else ''}{rest};"
    changes: Changes = {
        file.path: [
            edits.insert_before(file.text, server, [*table, "}"]),
            edits.replace_directive(lines[0], kept),
            *(edits.remove_directive(file.text, line) for line in lines[1:]),
        ]
    }
    return config_edits(nginx, changes)
