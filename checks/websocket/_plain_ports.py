"""The remedy of a page over https that opens a WebSocket of this server without TLS: the web server
passes a path on to the program at the port, and the script names that path with wss://."""

import re

from checks.nginx import Nginx
from checks.nginx._commands import reload_steps as nginx_reload
from checks.nginx._edits import Changes, config_edits
from checks.nginx._websocket_lines import websocket_lines
from checks.server import (
    ServerView,
    indentation,
    line_edit,
    line_text,
    reload_steps,
    server_on_port,
)
from checks.server._apache_modules import loading_steps
from checks.websocket._own_programs import begins_files
from diagnose.model import Command, Evidence, Step, commands
from diagnose.model.addresses import bracketed
from diagnose.model.containers import NginxContainer
from diagnose.model.frozen import frozen
from diagnose.model.pages import Page
from diagnose.model.server import Listener, Listeners
from diagnose.model.web_servers import WebSite
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.forwarding import upgrade_forwarding
from diagnose.parsers.nginx.locations import (
    PASS_DIRECTIVES,
    LocationMatch,
    all_locations,
    proxy_pass_of,
)
from diagnose.parsers.urls import Url, parse_url
from diagnose.parsers.web_sites import may_take, route_of, takes

#: The path for a WebSocket that has a port of its own and no path.
_USUAL = "/ws"
_PATH = re.compile(r"/[\w./-]{1,100}", re.ASCII)
_FILE = re.compile(r"(?:/[\w-][\w.-]{0,80}){1,10}", re.ASCII)
_ANYWHERE = frozenset({"0.0.0.0", "::", "127.0.0.1"})
_WEB_SERVERS = frozenset({"nginx", "apache2", "httpd", "caddy", "haproxy", "traefik"})
#: The page's own host in a script, as a basic regular expression of GNU sed.
_OWN_HOST = r"\(\(window\.\|document\.\|self\.\)\?location\.host\(name\)\?\|document\.domain\)"


@frozen(eq=False)
class PassedPort:
    """The program at a port of this server, the path by which the web server is to pass it on, and
    the steps for that: () if it takes a person, or if a line does so already (`is_passed`)."""

    port: int
    process: str
    path: str
    address: str
    steps: tuple[Step, ...] = ()
    is_passed: bool = False


def passed_port(evidence: Evidence, socket: Url) -> PassedPort | None:
    """Return the program at the port of a WebSocket, if that is none of the web server's."""
    own = path_of_socket(socket)
    if own == _USUAL and own != socket.path and own in _taken_paths(evidence):
        own = f"{_USUAL}-{socket.port}"
    listener = _listener(evidence, socket.port)
    if listener is None or listener.process in _WEB_SERVERS or not _PATH.fullmatch(own):
        return None
    host = "127.0.0.1" if listener.address in _ANYWHERE else bracketed(listener.address)
    address = f"{host}:{socket.port}"
    if passed := _passed_path(evidence, socket.port):
        return PassedPort(socket.port, listener.process or "", passed, address, is_passed=True)
    inner = "/" if socket.path.partition("?")[0] in {"", "/"} else own
    steps: tuple[Step, ...] = ()
    if not any(evidence.of(NginxContainer)):
        view = server_on_port(evidence)
        steps = _nginx_steps(evidence, own, inner, address)
        steps = steps or (_server_steps(view, own, inner, address) if view else ())
    return PassedPort(socket.port, listener.process or "", own, address, steps)


def _passed_path(evidence: Evidence, port: int) -> str:
    """Return the path of the site that the web server passes on to this port already, WebSockets
    too; "" for none, or where it is not read."""
    nginx = Nginx.of(evidence)
    for server in nginx.answering_servers():
        for match in all_locations(server.server):
            directive, args = proxy_pass_of(match), match.block.args
            is_there = directive and re.search(rf":{port}(?:/|$)", directive.args[0])
            if is_there and all(upgrade_forwarding(match)) and args[-1].startswith("/"):
                return args[-1]
    view = server_on_port(evidence)
    for site in view.answering_sites if view else ():
        for route in site.routes:
            if route.port == port and route.websocket and not route.pattern:
                return route.path
    return ""


def _taken_paths(evidence: Evidence) -> set[str]:
    """Return the paths for which the site has a line of its own."""
    servers = Nginx.of(evidence).answering_servers()
    locations = [child for server in servers for child in children(server.server.block, "location")]
    view = server_on_port(evidence)
    routes = [route for site in (view.answering_sites if view else ()) for route in site.routes]
    return {
        *(location.args[-1] for location in locations if location.args),
        *(route.path for route in routes),
    }


def path_of_socket(socket: Url) -> str:
    """Return the path of the WebSocket on the site's own port."""
    path = socket.path.partition("?")[0]
    return path if path not in {"", "/"} or socket.port == 80 else _USUAL


def _listener(evidence: Evidence, port: int) -> Listener | None:
    if port in {80, 443, evidence.target.port}:
        return None
    sockets = (socket for listener in evidence.good(Listeners) for socket in listener.on(port))
    return next(sockets, None)


def _nginx_steps(evidence: Evidence, path: str, inner: str, address: str) -> tuple[Step, ...]:
    """Return the edit that adds a location for the path, if the block has none of that name."""
    nginx = Nginx.of(evidence)
    matches = list(nginx.location_matches(path))
    if len(matches) != 1:
        return ()
    server = matches[0].blocks[1]
    file = nginx.file(server)
    heads = {child.args[-1] for child in children(server, "location") if child.args}
    if file is None or path in heads or matches[0].redirects:
        return ()
    exact = inner != path or begins_files(evidence, path)
    target = f"http://{address}{inner if inner != path else ''}"
    head = f"location {'= ' if exact else ''}{path}"
    changes: Changes = {
        file.path: [edits.insert_location(file.text, server, head, websocket_lines(nginx, target))]
    }
    file_edits = config_edits(nginx, changes)
    return (*file_edits, *nginx_reload(nginx)) if file_edits else ()


def _server_steps(view: ServerView, path: str, inner: str, address: str) -> tuple[Step, ...]:
    sites = view.answering_sites
    if len(sites) != 1 or sites[0].passthrough:
        return ()
    site, product = sites[0], view.server.product
    if any(route.path == path or (route.exact and may_take(route, path)) for route in site.routes):
        return ()
    head = line_text(view, site.file, site.line)
    if product == "apache" and re.match(r"(?i)\s*<VirtualHost\b", head):
        return _apache_steps(view, site, head, f"ProxyPass {path} ws://{address}{inner}")
    if product == "caddy" and head.rstrip().endswith("{"):
        rewrite = (f"        rewrite * {inner}",) if inner != path else ()
        rows = (f"    handle {path} {{", *rewrite, f"        reverse_proxy {address}", "    }")
        edit = line_edit(view, site.file, {site.line: (head, *rows)})
        return (edit, *reload_steps(view.server)) if edit else ()
    return _haproxy_steps(view, site, path, inner, address) if product == "haproxy" else ()


def _apache_steps(view: ServerView, site: WebSite, head: str, line: str) -> tuple[Step, ...]:
    """Return the line at the beginning of the virtual host: the first that matches counts, and what
    a <Location> passes on comes before all."""
    if any(route.line and not _is_pass_line(view, route.file, route.line) for route in site.routes):
        return ()
    below = indentation(line_text(view, site.file, site.line + 1)) or "    "
    edit = line_edit(view, site.file, {site.line: (head, f"{below}{line}")})
    loading = loading_steps(view, ("proxy", "proxy_wstunnel"))
    if edit is None or loading is None:
        return ()
    return (*loading, edit, *reload_steps(view.server))


def _is_pass_line(view: ServerView, file: str, number: int) -> bool:
    return bool(re.match(r"(?i)\s*ProxyPass(?:Match)?\s+[\"'/^]", line_text(view, file, number)))


def _haproxy_steps(
    view: ServerView, site: WebSite, path: str, inner: str, address: str
) -> tuple[Step, ...]:
    """Return the rule before the others of the frontend, and the section that it names."""
    file = view.config.file(site.file) if view.config else None
    rows = file.text.rstrip("\n").split("\n") if file else []
    name = f"websocket_{address.rpartition(':')[2]}"
    if not rows or any(name in row for row in rows):
        return ()
    for number in range(site.line + 1, len(rows) + 1):
        row = rows[number - 1]
        if row[:1].isalpha():
            return ()
        if re.match(r"\s+(?:use_backend|default_backend)\s", row):
            rule = f"{indentation(row)}use_backend {name} if {{ path {path} }}"
            break
    else:
        return ()
    section = ["", f"backend {name}", "    mode http", "    timeout tunnel 1h"]
    section += [f"    http-request set-path {inner}"] if inner != path else []
    section.append(f"    server program {address}")
    changes = {number: (rule, row)}
    changes[len(rows)] = (*changes.get(len(rows), (rows[-1],)), *section)
    edit = line_edit(view, site.file, changes)
    return (edit, *reload_steps(view.server)) if edit else ()


def script_command(evidence: Evidence, script: str, socket: Url, new: str) -> Command | None:
    """Return the command that writes the new address into the script, where its file is known: one
    that the web server serves itself, without a hash of it in the page."""
    file = script_file(evidence, script)
    if not file:
        return None
    return commands.rewrite(file, sed_scripts(socket, new, evidence.target.authority))


def script_file(evidence: Evidence, script: str) -> str:
    """Return the file of a script by its URL, where the web server serves it itself, and the page
    has no hash of it; "" if it is not known."""
    path = (url.path if (url := parse_url(script)) else "").partition("?")[0]
    hashed = any(
        file.url == script and file.integrity for page in evidence.good(Page) for file in page.files
    )
    if not _FILE.fullmatch(path) or hashed or any(evidence.of(NginxContainer)):
        return ""
    root = _root(evidence, path)
    return f"{root.rstrip('/')}{path}" if root else ""


def sed_scripts(socket: Url, new: str, authority: str) -> tuple[str, ...]:
    """Return what replaces the address in a script by that of the page's own origin with wss: put
    together, in a template, and written. The site's `authority` has its port if that is not 443:
    then the script's own words for the host are replaced, too."""
    path = socket.path.partition("?")[0] or "/"
    port = "" if socket.port == 80 else f":{socket.port}"
    host, plain = socket.host.replace(".", r"\."), r"\([\"']\)ws://[\"'] *+ *"
    end = f"{port}{path.replace('.', chr(92) + '.')}" if path != "/" else rf"{port}/\?"
    written = rf"s#\([\"'`]\)ws://{host}{end}#\1wss://{authority}{new}#g"
    own, inner = (r"\2", r"\1") if authority == socket.host else ("location.host", "location.host")
    if not port:
        return (
            rf"s#{plain}{_OWN_HOST}#\1wss://\1 + {own}#g",
            rf"s#`ws://${{{_OWN_HOST}}}#`wss://${{{inner}}}#g",
            written,
        )
    return (
        rf"s#{plain}{_OWN_HOST} *+ *[\"']{end}#\1wss://\1 + {own} + \1{new}#g",
        rf"s#`ws://${{{_OWN_HOST}}}{end}#`wss://${{{inner}}}{new}#g",
        written,
    )


def _root(evidence: Evidence, path: str) -> str:
    """Return the folder from which the web server serves a path; "" if it is not known."""
    matches = list(Nginx.of(evidence).location_matches(path))
    if matches:
        roots = {_nginx_root(match) for match in matches}
        return roots.pop() if len(roots) == 1 else ""
    view = server_on_port(evidence)
    sites = view.answering_sites if view else ()
    if len(sites) != 1 or route_of(sites[0], path):
        return ""
    if any(takes(alias.prefix, path) for alias in sites[0].aliases):
        return ""
    return sites[0].root if sites[0].root.startswith("/") else ""


def _nginx_root(match: LocationMatch) -> str:
    is_passed = any(children(match.block, name) for name in (*PASS_DIRECTIVES, "alias", "return"))
    root = next(iter(match.directives("root")), None)
    if is_passed or match.redirects or root is None or not root.args:
        return ""
    return root.args[0] if root.args[0].startswith("/") and "$" not in root.args[0] else ""
