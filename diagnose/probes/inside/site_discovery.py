"""Finds the sites that this machine's nginx serves, for a start without a target.

It reads the configuration of the running master; if none runs, that of the installed program; if
there is none either (nginx runs in a container), the folders in which panels keep sites. A site
has a name that a visitor can type, and a socket that visitors can reach: a socket on loopback only
is an internal part of another site.
"""

import asyncio
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from diagnose.machine import Machine
from diagnose.model.frozen import frozen
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx import config as nginx_parser
from diagnose.parsers.nginx import install_paths, server_blocks
from diagnose.parsers.nginx.forwarding import forwarded_header
from diagnose.parsers.nginx.locations import (
    LocationMatch,
    all_locations,
    location_pattern,
    proxy_pass_of,
    proxy_set_header_of,
    select_location,
)
from diagnose.parsers.nginx.pcre import pcre_matches
from diagnose.parsers.nginx.server_blocks import Server, Socket
from diagnose.parsers.sanitize import clean
from diagnose.parsers.target import UsageError, parse_target, socket_path
from diagnose.parsers.usual_paths import is_usual_websocket
from diagnose.probes.inside.nginx_config import (
    MAX_OTHER_FILES,
    ConfigTree,
    config_path,
    read_config_tree,
)
from diagnose.probes.inside.nginx_processes import (
    LIST_COMMAND,
    Listing,
    master_processes,
    parse_listing,
)

#: Maximum number of sites listed, of ports, and of programs whose configurations are read.
MAX_SITES, MAX_PORTS, MAX_PROGRAMS = 200, 40, 4
#: Maximum number of names and of WebSockets listed per block.
MAX_NAMES, MAX_WEBSOCKETS = 20, 8

#: Site files whose main file includes them under a container's paths.
FRAGMENT_PATTERNS = tuple(f"{folder}/*.conf" for folder in install_paths.PANEL_SITE_FOLDERS)


@frozen
class Site:
    """A name that this machine's nginx serves, as a target.

    `names` holds all names of its server block that can be typed, `websockets` the paths at which
    the block forwards upgrades. The block begins at `line` of `file`.
    """

    url: str
    names: tuple[str, ...]
    websockets: tuple[str, ...]
    file: str
    line: int
    port: int


async def find_sites(machine: Machine) -> tuple[Site, ...]:
    """Return the sites, sorted by name; () if there is no nginx or nothing can be read."""
    main = await _read_configuration(machine)
    return await asyncio.to_thread(sites_of, main)


# Finding the configuration


async def _read_configuration(machine: Machine) -> tuple[Directive, ...]:
    result = await machine.run(*LIST_COMMAND)
    paths = [
        await _config_path(machine, *program) for program in _programs(parse_listing(result.out))
    ]
    trees = await _read_trees(machine, [path for path in dict.fromkeys(paths) if path])
    if not any(tree.files for tree in trees):
        trees = await _read_trees(machine, install_paths.MAIN_FILES)
    main = tuple(directive for tree in trees for directive in tree.main)
    return main if server_blocks.servers(main) else (*main, *await _read_fragments(machine))


async def _read_trees(machine: Machine, paths: Iterable[str]) -> list[ConfigTree]:
    return [await read_config_tree(machine, path, MAX_OTHER_FILES) for path in paths]


def _programs(listing: Listing) -> list[tuple[str, tuple[str, ...], str]]:
    """Return the programs to probe: path, options of the master, and -V output ("" if unknown).

    They are the running programs, else the one that a shell finds.
    """
    version_outputs = dict(listing.builds)
    own_masters = [master for master in master_processes(listing) if not master.foreign]
    programs = [
        (master.binary, master.arguments) for master in own_masters if master.binary.startswith("/")
    ]
    if not programs and listing.programs:
        programs = [(listing.programs[0], own_masters[0].arguments if own_masters else ())]
    return [
        (path, options, version_outputs.get(path, "")) for path, options in programs[:MAX_PROGRAMS]
    ]


async def _config_path(
    machine: Machine, program: str, options: tuple[str, ...], version_output: str
) -> str:
    if not version_output:
        result = await machine.run(program, "-V")
        version_output = result.err + result.out
    build = install_paths.parse_build(version_output)
    return config_path(build, options) if build.version else ""


async def _read_fragments(machine: Machine) -> tuple[Directive, ...]:
    """Read site files, each as if an http block included it."""
    groups = await asyncio.gather(*(machine.read_all(pattern) for pattern in FRAGMENT_PATTERNS))
    contents = [content for group in groups for content in group if content.failure is None]
    return tuple(
        Directive("http", (), content.path, 1, nginx_parser.parse(content.text, content.path))
        for content in contents[: MAX_SITES * 2]
    )


# Finding the sites in it


def sites_of(main: tuple[Directive, ...]) -> tuple[Site, ...]:
    """Return the sites of a configuration: all with TLS, and those only on port 80."""
    blocks = server_blocks.servers(main) or server_blocks.servers(_inside_http(main))
    sockets = list(_public_sockets(blocks))
    secure = [socket for socket in sockets if _is_secure(socket)]
    sites = {site.url: site for socket in reversed(secure) for site in _sites_on(socket, "https")}
    known_hosts = {_host(site) for site in sites.values()}
    for socket in sockets:
        if socket.port == 80 and not _is_secure(socket):
            for site in _sites_on(socket, "http"):
                if _host(site) not in known_hosts:
                    sites.setdefault(site.url, site)
    return tuple(sorted(sites.values(), key=lambda site: (_host(site), site.port))[:MAX_SITES])


def _inside_http(main: tuple[Directive, ...]) -> tuple[Directive, ...]:
    """Return the configuration with the blocks in `http` that stand outside of it: nginx refuses
    them, and their names are the sites that are meant."""
    outside = tuple(each for each in main if each.name == "server" and each.block is not None)
    return tuple(
        replace(each, block=(*(each.block or ()), *outside)) if each.name == "http" else each
        for each in main
    )


def _public_sockets(servers: Sequence[Server]) -> Iterator[Socket]:
    """Return the sockets that visitors can connect to, the usual ports first."""
    ports = {listen.port for server in servers for listen in server.listens}
    ordered = sorted(ports, key=lambda port: (port not in {443, 80}, port))
    for port in ordered[:MAX_PORTS]:
        yield from server_blocks.reachable_sockets(server_blocks.sockets(servers, port), ())


def _is_secure(socket: Socket) -> bool:
    """Whether visitors use TLS. On port 443 they expect it, even if `ssl` is missing."""
    return socket.ssl or socket.port == 443


def _host(site: Site) -> str:
    return re.sub(r"^\w+://|:\d+/$|/$", "", site.url)


def _sites_on(socket: Socket, scheme: str) -> Iterator[Site]:
    # The first block with a name serves it; ".example.com" also covers the bare name.
    holders: dict[str, Server] = {}
    for server in socket.servers:
        for name in server.names:
            holders.setdefault(name.removeprefix("."), server)
    details: dict[int, tuple[tuple[str, ...], tuple[str, ...]]] = {}
    for server in {id(server): server for server in holders.values()}.values():
        if scheme == "https" or not _only_redirects(server):
            details[id(server)] = (_names(server), tuple(_websocket_paths(server))[:MAX_WEBSOCKETS])
    for name, server in holders.items():
        if (
            id(server) in details
            and name in server.names
            and (url := _url(name, scheme, socket.port))
        ):
            names, websockets = details[id(server)]
            file = clean(server.block.file, 300)
            yield Site(url, names, websockets, file, server.block.line, socket.port)


def _names(server: Server) -> tuple[str, ...]:
    typed = (name for name in server.names if _url(name, "https", 443))
    return tuple(dict.fromkeys(typed))[:MAX_NAMES]


def _url(name: str, scheme: str, port: int) -> str:
    """Return the target URL, or "" for a name that nobody can type.

    Such a name is empty, "_", a wildcard, a regular expression or a variable; also excluded is
    "localhost", from nginx's own example.
    """
    if not name.strip("_") or name == "localhost" or re.search(r"[*~$/?#@\s]|^\.", name):
        return ""
    try:
        return parse_target(f"{scheme}://{name}:{port}/").url
    except UsageError:
        return ""


def _only_redirects(server: Server) -> bool:
    """Whether the block only redirects or refuses visitors, both in general and at its root."""
    blocks = select_location(server, "/").blocks[1:]
    return any(
        _is_redirect_or_refusal(directive) for block in blocks for directive in block.block or ()
    )


def _is_redirect_or_refusal(directive: Directive) -> bool:
    absolute_prefixes = ("http://", "https://", "$scheme:")
    if directive.name == "return" and directive.args:
        return directive.args[0][:1] in {"3", "4"} or directive.args[0].startswith(
            absolute_prefixes
        )
    if directive.name == "rewrite" and len(directive.args) > 1:
        is_redirect = directive.args[1].startswith(absolute_prefixes) or directive.args[-1] in {
            "permanent",
            "redirect",
        }
        return is_redirect and pcre_matches(directive.args[0], "/", ignore_case=False)
    return False


def _websocket_paths(server: Server) -> Iterable[str]:
    """Return the paths of the locations that forward upgrades.

    A location for the whole site gives no path. If the header is set for all locations at once,
    only the usual names identify WebSocket paths.
    """
    by_path = {}
    for location in all_locations(server):
        if path := _literal_path(location):
            header = proxy_set_header_of(location, "Upgrade")
            own = any(header is directive for directive in location.block.block or ())
            usual = is_usual_websocket(path)
            if (
                proxy_pass_of(location)
                and forwarded_header(location, "Upgrade") != ""
                and (own or usual)
            ):
                by_path[path] = location
    return by_path


def _literal_path(location: LocationMatch) -> str:
    """Return a location's path; "" for a regular expression and for the root."""
    pattern = location_pattern(location.block)
    if pattern is None or pattern.modifier not in {"", "=", "^~"}:
        return ""
    is_plain = re.fullmatch(r"/[^\x00-\x20\x7f?#%$]{1,200}", pattern.text)
    return socket_path(pattern.text) if is_plain else ""
