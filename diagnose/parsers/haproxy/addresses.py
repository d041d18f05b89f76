"""Reads the addresses of "bind" and "server" lines (Configuration Manual, sections 4.2 and 11). No
I/O."""

import itertools
import re
from collections.abc import Iterator

from diagnose.model.frozen import frozen
from diagnose.model.web_servers import SiteSocket
from diagnose.parsers.haproxy.config import Configuration, Line, Proxy

#: Maximum number of ports of a range, and of sockets of a frontend, that are read.
MAX_RANGE, MAX_SOCKETS = 100, 500

#: Maximum number of frontends of HAProxy's own, one behind the other, that are followed.
MAX_INNER = 3

_FAMILY = re.compile(
    r"(?:ipv4|ipv6|tcp|tcp4|tcp6|tcpv4|tcpv6|udp\d?|quic[46]|unix|abns|fd|sockpair)@"
)
_EVERY = {"", "*", "0.0.0.0", "::", "[::]"}

_PORT = re.compile(r"[+-]?[0-9]{1,5}")


@frozen
class BackendServer:
    """A "server" line. `port` is 0 if it is that of the visitor's connection; `socket` is the path
    of a Unix socket. `verify` is False if the server's certificate is not verified. `cookie` is its
    value of the sticky cookie, "" if it has none. `authorities` is the file of "ca-file", ""
    for the system's, and `verified_name` the name of "verifyhost". `options` are the words behind
    the address, with those of "default-server"."""

    backend: str
    name: str
    host: str
    port: int
    line: Line
    socket: str = ""
    tls: bool = False
    verify: bool = True
    sni: str = ""
    check: bool = False
    backup: bool = False
    disabled: bool = False
    proxy_protocol: bool = False
    maxconn: int = 0
    cookie: str = ""
    authorities: str = ""
    verified_name: str = ""
    options: tuple[str, ...] = ()

    @property
    def is_drained(self) -> bool:
        """Whether its weight is 0: it gets no new visitor (Configuration Manual, "weight")."""
        return _value(self.options, "weight") == "0"

    @property
    def address(self) -> str:
        if self.socket:
            return self.socket
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}" if self.port else host


def sockets_of(proxy: Proxy) -> tuple[tuple[SiteSocket, Line], ...]:
    """Return the TCP sockets that a frontend opens, each with its "bind" line."""
    pairs = (
        (socket, line)
        for line in proxy.own("bind")
        if len(line.words) > 1
        for socket in _bind_sockets(line)
    )
    return tuple(itertools.islice(pairs, MAX_SOCKETS))


def _bind_sockets(line: Line) -> Iterator[SiteSocket]:
    tls = "ssl" in line.words[2:]
    for text in line.words[1].split(",")[:64]:
        family = _FAMILY.match(text)
        address = text[family.end() :] if family else text
        stream = family is None or family[0].startswith(("ip", "tcp"))
        if not stream or address.startswith("/"):
            continue
        host, _, ports = address.rpartition(":")
        first, _, last = ports.partition("-")
        if not first.isascii() or not first.isdigit():
            continue
        start = int(first)
        stop = int(last) if last.isascii() and last.isdigit() else start
        name = "" if host in _EVERY else host.strip("[]")
        for port in range(start, min(stop, start + MAX_RANGE) + 1):
            if 0 < port < 65536:
                yield SiteSocket(port, name, tls, line.file, line.number)


def servers_of(proxy: Proxy) -> tuple[BackendServer, ...]:
    """Return the servers of a backend, with the options that "default-server" adds."""
    defaults = [line for section in proxy.defaults for line in section.lines]
    common = [line for line in (*defaults, *proxy.lines) if line.keyword == "default-server"]
    extra = tuple(word for line in common for word in line.words[1:])
    return tuple(
        _server(proxy, line, (*extra, *line.words[3:]))
        for line in proxy.own("server")
        if len(line.words) > 2
    )


def mixed_servers(backend: Proxy | None) -> tuple[BackendServer, ...]:
    """Return the servers of a backend for HTTP that take visitors, if some of them get TLS and
    others none; () otherwise."""
    servers = servers_of(backend) if backend and backend.mode == "http" else ()
    live = tuple(
        server
        for server in servers
        if server.port and not (server.socket or server.disabled or server.is_drained)
    )
    return live if len({server.tls for server in live}) > 1 else ()


def followed(config: Configuration, backend: Proxy | None) -> Proxy | None:
    """Return the backend behind a backend whose one server is a frontend of HAProxy's own, by an
    abstract socket ("abns@"); the same backend where it is none, or where a rule chooses."""
    for _ in range(MAX_INNER):
        servers = servers_of(backend) if backend else ()
        if len(servers) != 1 or not servers[0].socket.startswith("abns@"):
            return backend
        inner = [
            proxy
            for proxy in config.frontends
            if any(line.words[1:2] == (servers[0].socket,) for line in proxy.own("bind"))
        ]
        default = inner[0].setting("default_backend") if len(inner) == 1 else None
        if default is None or len(default.words) < 2 or inner[0].own("use_backend"):
            return backend
        backend = config.backend(default.words[1]) or backend
    return backend


def _server(proxy: Proxy, line: Line, options: tuple[str, ...]) -> BackendServer:
    text = line.words[2]
    family = _FAMILY.match(text)
    address = text[family.end() :] if family else text
    is_socket = address.startswith("/") or bool(family and family[0][:4] in {"unix", "abns"})
    host, separator, port = address.rpartition(":")
    if not separator or not _PORT.fullmatch(port) or is_socket:
        host, port = address, ""
    cookie = _value(options, "cookie")
    return BackendServer(
        proxy.name,
        line.words[1],
        "" if is_socket else host.strip("[]"),
        int(port) if port.isdigit() and int(port) < 65536 else 0,
        line,
        # An abstract socket is no file: its name keeps its family.
        socket=(text if text.startswith("abns@") else address) if is_socket else "",
        tls="ssl" in options and "no-ssl" not in options,
        verify=_value(options, "verify") != "none",
        sni=_value(options, "sni"),
        verified_name=_value(options, "verifyhost"),
        check="check" in options and "no-check" not in options,
        backup="backup" in options,
        disabled="disabled" in options and "enabled" not in line.words[3:],
        proxy_protocol=any(word.startswith("send-proxy") for word in options),
        maxconn=int(limit) if (limit := _value(options, "maxconn")).isdigit() else 0,
        cookie=cookie,
        authorities=path if (path := _value(options, "ca-file")).startswith("/") else "",
        options=options,
    )


def _value(options: tuple[str, ...], name: str) -> str:
    """Return the word after the last occurrence of an option."""
    places = [index for index, word in enumerate(options[:-1]) if word == name]
    return options[places[-1] + 1] if places else ""
