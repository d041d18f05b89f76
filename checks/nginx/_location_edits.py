"""Changes to a location that proxies, which the remedies of several checks are made of."""

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from checks.nginx import MAP, Nginx
from diagnose.model import Applicability, Edit, Fix, Target
from diagnose.parsers.nginx import edits, server_blocks
from diagnose.parsers.nginx.edits import Change
from diagnose.parsers.nginx.server_blocks import Place

Changes: TypeAlias = dict[str, list[Change]]

_SET = "proxy_set_header"


def websocket(
    nginx: Nginx, place: Place, host: bool = False, whole: bool = False
) -> tuple[Edit, ...]:
    """What makes a location pass a WebSocket's handshake on: Upgrade and Connection where it does
    not, and as asked for the visitor's Host and path. Two faults in the same lines have to be put
    right together: after the first change the second would no longer fit."""
    changes: Changes = {}
    wanted = upgrade(nginx, place, changes)
    lines = nginx.speak_1_1(place, changes) if wanted else []
    if host:
        wanted = {"Host": visitors_host(nginx.evidence.target), **wanted}
    nginx.insert(place, lines + fields(nginx, place, wanted, changes), changes)
    if whole and not whole_path(place, changes):
        return ()
    return nginx.edited(changes)


def fix(nginx: Nginx, place: Place, made: tuple[Edit, ...], sure: bool = True) -> Fix:
    """Those changes, and nginx takes them. To be read first where they touch another file than
    the location's, which other sites may share."""
    sure = sure and {one.path for one in made} == {place.location.file}
    return Fix((*made, *nginx.taken()), Applicability.AUTOMATIC if sure else Applicability.REVIEW)


def fields(nginx: Nginx, place: Place, wanted: Mapping[str, str], changes: Changes) -> list[str]:
    """The lines with which a location sends these fields on; one that it has already is changed
    instead. With the first proxy_set_header of its own a location forgets those that it would
    inherit: they are said once more."""
    own = server_blocks.children(place.location, _SET)
    lines = [] if own else _inherited(nginx, place, wanted)
    for name, text in wanted.items():
        line, given = f"{_SET} {name} {text};", server_blocks.header(place, name)
        if given is not None and given in own:
            changes.setdefault(given.file, []).append(edits.instead(given, line))
        else:
            lines.append(line)
    return lines


def settings(nginx: Nginx, place: Place, wanted: Mapping[str, str]) -> tuple[Edit, ...]:
    """Directives of one value each, set in the location; one that it has already is changed."""
    changes: Changes = {}
    lines = []
    for name, text in wanted.items():
        own = server_blocks.children(place.location, name)
        if own:
            changes.setdefault(own[-1].file, []).append(edits.instead(own[-1], f"{name} {text};"))
        else:
            lines.append(f"{name} {text};")
    nginx.insert(place, lines, changes)
    return nginx.edited(changes)


def _inherited(nginx: Nginx, place: Place, wanted: Mapping[str, str]) -> list[str]:
    lines, replaced = [], {name.lower() for name in wanted}
    for one in place.all(_SET):
        file = nginx.file(one)
        if file and one.args and one.args[0].lower() not in replaced:
            lines.append(" ".join(file.text[one.start : one.stop].split()))
    return lines


def upgrade(nginx: Nginx, place: Place, changes: Changes) -> dict[str, str]:
    """The fields that a location has to send on for a WebSocket, and does not."""
    passed = dict(zip(("Upgrade", "Connection"), server_blocks.upgrade_passed(place), strict=True))
    if all(passed.values()):
        return {}
    wanted = {"Upgrade": "$http_upgrade", "Connection": _connection(nginx, place, changes)}
    own = server_blocks.children(place.location, _SET)
    return {name: text for name, text in wanted.items() if not (own and passed[name])}


def _connection(nginx: Nginx, place: Place, changes: Changes) -> str:
    """The value for Connection: by the map that is there; else "upgrade"; but in a location that
    serves pages too, by a map that is put before the server block."""
    http, server = place.blocks[0], place.blocks[1]
    for one in server_blocks.children(http, "map"):
        if one.args[:1] == ("$http_upgrade",) and len(one.args) > 1:
            given = server_blocks.value(place, one.args[1], {"http_upgrade": "websocket"})
            if (given or "").lower() == "upgrade":
                return one.args[1]
    file = nginx.file(server)
    if place.location.args != ("/",) or file is None:
        return '"upgrade"'
    changes.setdefault(file.path, []).append(edits.before(file.text, server, [*MAP, ""]))
    return "$connection_upgrade"


def whole_path(place: Place, changes: Changes) -> bool:
    """Pass the visitor's path on as it came: proxy_pass without its own. False where it cannot be
    taken away, as in one made of variables."""
    passed = server_blocks.passed(place)
    found = server_blocks.application(place, passed) if passed else None
    uri = found.uri if found else None
    if passed is None or not uri or not passed.args[0].endswith(uri):
        return False
    words = f"proxy_pass {passed.args[0].removesuffix(uri)};"
    changes.setdefault(passed.file, []).append(edits.instead(passed, words))
    return True


def alone(place: Place, paths: Iterable[str]) -> bool:
    """Whether a location is there for these paths only, as far as its pattern says so: what is
    changed in it concerns no other page."""
    given = server_blocks.pattern(place.location) if place.location.name == "location" else None
    return given is not None and all(
        given.modifier in {"", "=", "^~"}
        and given.text.rstrip("/") == path.partition("?")[0].rstrip("/")
        for path in paths
    )


def visitors_host(target: Target) -> str:
    """The variable for the visitor's Host: $host is always there, and has no port."""
    return "$host" if target.port in {80, 443} else "$http_host"
