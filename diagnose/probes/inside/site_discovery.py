"""The sites that a machine's nginx serves, for a start without a target.

What the running master reads is looked at; where none runs, what the installed program would
read; where there is none either (it runs in a container), the folders in which panels keep sites.
Only names that a visitor can type are sites, and only doors that are open to visitors: what
listens on loopback alone belongs to the inside of another site.
"""

import asyncio
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import cast

from diagnose.machine import Machine
from diagnose.model.frozen import frozen
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx import config as wire
from diagnose.parsers.nginx import server_blocks
from diagnose.parsers.nginx.server_blocks import Place, Server, Socket
from diagnose.parsers.sanitize import clean
from diagnose.parsers.target import UsageError, read, socket_path
from diagnose.probes import Look
from diagnose.probes.inside.nginx import configured
from diagnose.probes.inside.nginx_processes import LIST, Listing, listing, masters
from diagnose.probes.inside.other_nginx import tree
from diagnose.probes.inside.upstream_connect import USUAL

#: So many sites are listed, of so many ports, from the configurations of so many programs.
MOST, MOST_PORTS, MOST_PROGRAMS = 200, 40, 4
#: So many names of one block are told, and so many of its WebSockets.
MOST_NAMES, MOST_WEBSOCKETS = 20, 8

#: Main files, where no program says which it reads: distributions, own builds, panels.
MAINS = (
    "/etc/nginx/nginx.conf",
    "/usr/local/nginx/conf/nginx.conf",
    "/usr/local/openresty/nginx/conf/nginx.conf",
    "/usr/local/tengine/conf/nginx.conf",
    "/www/server/nginx/conf/nginx.conf",
)
#: Where sites lie whose main file includes them under a container's paths (1Panel, BaoTa).
FRAGMENTS = ("/opt/1panel/www/conf.d/*.conf", "/www/server/panel/vhost/nginx/*.conf")


@frozen
class Site:
    """A name that this machine's nginx serves, as a target. `names` are all names of its server
    block that can be typed, `websockets` the paths at which the block passes upgrades on; `file`
    and `line` are where the block begins."""

    url: str
    names: tuple[str, ...]
    websockets: tuple[str, ...]
    file: str
    line: int
    port: int


async def sites(machine: Machine) -> tuple[Site, ...]:
    """The sites, by name. () where there is no nginx, or nothing of it may be read."""
    main = await _configuration(machine)
    return await asyncio.to_thread(listed, main)


# Which configuration


@frozen
class _Door:
    """All of a `Look` that reading a configuration takes."""

    machine: Machine


async def _configuration(machine: Machine) -> tuple[Directive, ...]:
    look = cast("Look", _Door(machine))
    ran = await machine.run("sh", "-c", LIST)
    paths = [await _path(machine, *one) for one in _programs(listing(ran.out))]
    found = [await tree(look, path) for path in dict.fromkeys(paths) if path]
    if not any(files for _, files in found):
        found = [await tree(look, path) for path in MAINS]
    main = tuple(one for directives, _ in found for one in directives)
    return main if server_blocks.servers(main) else (*main, *await _fragments(machine))


def _programs(found: Listing) -> list[tuple[str, tuple[str, ...], str]]:
    """The programs to look at, with the options of their masters and what their -V said, if it
    was asked: those that run; else that which a shell finds."""
    said = dict(found.builds)
    own = [one for one in masters(found) if not one.foreign]
    given = [(one.binary, one.arguments) for one in own if one.binary.startswith("/")]
    if not given and found.programs:
        given = [(found.programs[0], own[0].arguments if own else ())]
    return [(path, options, said.get(path, "")) for path, options in given[:MOST_PROGRAMS]]


async def _path(machine: Machine, program: str, options: tuple[str, ...], said: str) -> str:
    if not said:
        ran = await machine.run(program, "-V")
        said = ran.err + ran.out
    build = wire.build(said)
    return configured(build, options) if build.version else ""


async def _fragments(machine: Machine) -> tuple[Directive, ...]:
    """Files of sites, each as the http block that would include it."""
    found = await asyncio.gather(*(machine.read_all(pattern) for pattern in FRAGMENTS))
    texts = [text for several in found for text in several if text.failure is None]
    return tuple(
        Directive("http", (), text.path, 1, wire.parse(text.text, text.path))
        for text in texts[: MOST * 2]
    )


# Which of its blocks are sites


def listed(main: tuple[Directive, ...]) -> tuple[Site, ...]:
    """The sites of a configuration: those with TLS, and of port 80 those that have no other."""
    doors = list(_doors(server_blocks.servers(main)))
    secure = [one for one in doors if _is_secure(one)]
    found = {site.url: site for one in reversed(secure) for site in _sites(one, "https")}
    known = {_host(site) for site in found.values()}
    for one in doors:
        if one.port == 80 and not _is_secure(one):
            for site in _sites(one, "http"):
                if _host(site) not in known:
                    found.setdefault(site.url, site)
    return tuple(sorted(found.values(), key=lambda one: (_host(one), one.port))[:MOST])


def _doors(every: Sequence[Server]) -> Iterator[Socket]:
    """What visitors can connect to, the usual ports first."""
    ports = {listen.port for server in every for listen in server.listens}
    ordered = sorted(ports, key=lambda port: (port not in {443, 80}, port))
    for port in ordered[:MOST_PORTS]:
        yield from server_blocks.reachable(server_blocks.sockets(every, port), ())


def _is_secure(door: Socket) -> bool:
    """One on 443 is meant to be, and its visitors expect it, even where `ssl` was forgotten."""
    return door.ssl or door.port == 443


def _host(site: Site) -> str:
    return re.sub(r"^\w+://|:\d+/$|/$", "", site.url)


def _sites(door: Socket, scheme: str) -> Iterator[Site]:
    # The first block with a name has it, and ".example.com" holds the bare name as well.
    holders: dict[str, Server] = {}
    for server in door.servers:
        for name in server.names:
            holders.setdefault(name.removeprefix("."), server)
    told: dict[int, tuple[tuple[str, ...], tuple[str, ...]]] = {}
    for server in {id(one): one for one in holders.values()}.values():
        if scheme == "https" or not _turns_away(server):
            told[id(server)] = (_names(server), tuple(_websockets(server))[:MOST_WEBSOCKETS])
    for name, server in holders.items():
        if id(server) in told and name in server.names and (url := _url(name, scheme, door.port)):
            names, websockets = told[id(server)]
            file = clean(server.block.file, 300)
            yield Site(url, names, websockets, file, server.block.line, door.port)


def _names(server: Server) -> tuple[str, ...]:
    typed = (name for name in server.names if _url(name, "https", 443))
    return tuple(dict.fromkeys(typed))[:MOST_NAMES]


def _url(name: str, scheme: str, port: int) -> str:
    """The target, or "" for a name that nobody can type: none at all, "_", one with a star, an
    expression, a variable; and nginx's own example, "localhost"."""
    if not name.strip("_") or name == "localhost" or re.search(r"[*~$/?#@\s]|^\.", name):
        return ""
    try:
        return read(f"{scheme}://{name}:{port}/").url
    except UsageError:
        return ""


def _turns_away(server: Server) -> bool:
    """Whether the block only sends its visitors elsewhere, or away: what it does with all of them
    and what it does with those who come to its root."""
    blocks = server_blocks.find(server, "/").blocks[1:]
    return any(_is_away(one) for block in blocks for one in block.block or ())


def _is_away(one: Directive) -> bool:
    elsewhere = ("http://", "https://", "$scheme:")
    if one.name == "return" and one.args:
        return one.args[0][:1] in {"3", "4"} or one.args[0].startswith(elsewhere)
    if one.name == "rewrite" and len(one.args) > 1:
        leads = one.args[1].startswith(elsewhere) or one.args[-1] in {"permanent", "redirect"}
        return leads and server_blocks.matches(one.args[0], "/", ignore_case=False)
    return False


def _websockets(server: Server) -> Iterable[str]:
    """The paths of locations that pass an upgrade on. One for the whole site names no path; and
    where the header is set for all locations at once, only the usual names tell which."""
    found = {}
    for place in server_blocks.places(server):
        if path := _literal(place):
            given = server_blocks.header(place, "Upgrade")
            own = any(given is one for one in place.location.block or ())
            usual = path.rstrip("/") in USUAL
            if (
                server_blocks.passed(place)
                and server_blocks.sent(place, "Upgrade") != ""
                and (own or usual)
            ):
                found[path] = place
    return found


def _literal(place: Place) -> str:
    """The path of a location that is no expression; "" for others and for the root."""
    given = server_blocks.pattern(place.location)
    if given is None or given.modifier not in {"", "=", "^~"}:
        return ""
    fine = re.fullmatch(r"/[^\x00-\x20\x7f?#%$]{1,200}", given.text)
    return socket_path(given.text) if fine else ""
