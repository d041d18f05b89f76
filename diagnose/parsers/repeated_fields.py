"""Lines by which a proxy adds a field of the request beside one of the same name that it got.

HAProxy's `option forwardfor` and `http-request add-header` add a line of their own (Configuration
Manual, "option forwardfor": "the last X-Forwarded-For header"), Apache's `RequestHeader add` too
(mod_headers), and Caddy's `header_up +NAME`. A list in several lines is one list (RFC 9110 section
5.3), which not every program reads: Home Assistant refuses two of X-Forwarded-For.
"""

import re
from collections.abc import Iterator

from diagnose.model.frozen import frozen
from diagnose.model.web_servers import SiteSocket, WebServerConfig
from diagnose.parsers.haproxy.addresses import sockets_of
from diagnose.parsers.haproxy.config import Line, Proxy
from diagnose.parsers.haproxy.view import parsed
from diagnose.parsers.web_sites import answering_sites

#: The fields by which proxies tell of the visitor.
FIELDS = ("x-forwarded-for", "x-forwarded-proto", "x-forwarded-host")
_FORWARDED_FOR = "X-Forwarded-For"
_APACHE = re.compile(
    r"(?i)\s*RequestHeader\s+(?:early\s+)?(?P<action>add)\s+[\"']?(?P<name>x-forwarded-\w+)\b"
)
#: A condition of Apache's line.
_CONDITION = re.compile(r"(?i)\s[\"']?(?:env|expr)=")
#: Conditions of HAProxy's line that hold for all requests with TLS, and for all without it.
_ALWAYS = {True: ("if", "{", "ssl_fc", "}"), False: ("if", "!{", "ssl_fc", "}")}
_CADDY = re.compile(r"(?i)\s*header_up\s+(?P<action>\+)(?P<name>x-forwarded-\w+)\s")


@frozen
class AddingLine:
    """A line that adds the field `name`, as it is written. `is_local` is True if only this machine
    reaches the proxy, and `is_tls` if visitors' TLS ends in it. `is_inherited` is True if the line
    stands in a section of defaults. `others` are the numbers of lines of the file that do the same
    for this proxy, and have to be changed with it; 0 stands for those of another file."""

    file: str
    number: int
    text: str
    name: str
    is_local: bool = False
    is_tls: bool = False
    is_inherited: bool = False
    others: tuple[int, ...] = ()


def adding_lines(config: WebServerConfig, port: int, host: str) -> list[AddingLine]:
    """Return the lines of the site that answers a name on a port."""
    if config.product == "haproxy":
        return list(_of_haproxy(config, port))
    pattern = {"apache": _APACHE, "caddy": _CADDY}.get(config.product)
    lines: list[AddingLine] = []
    for site in answering_sites(config, port, host)[:1] if pattern else ():
        file = config.file(site.file)
        rows = file.text.split("\n")[site.line - 1 : site.end] if file else []
        for number, text in enumerate(rows, site.line):
            match = pattern.match(text) if pattern else None
            if match and not _CONDITION.search(text) and match["name"].lower() in FIELDS:
                is_tls = any(socket.tls for socket in site.sockets if socket.port == port)
                name = match["name"]
                is_local = _is_local(site.sockets, port)
                lines.append(AddingLine(site.file, number, text, name, is_local, is_tls))
    return lines


def _is_local(sockets: tuple[SiteSocket, ...], port: int) -> bool:
    own = [socket.address for socket in sockets if socket.port == port]
    return bool(own) and all(address.startswith("127.") or address == "::1" for address in own)


def _of_haproxy(config: WebServerConfig, port: int) -> Iterator[AddingLine]:
    """Yield the lines of the frontend of a port, and of its default backend: HAProxy adds
    X-Forwarded-For once, whether the option stands in both or in one. "if-none" has to stand in
    both (Configuration Manual, "option forwardfor")."""
    parts = parsed(config)
    for frontend in parts.frontends:
        sockets = tuple(socket for socket, _ in sockets_of(frontend))
        own = [socket for socket in sockets if socket.port == port]
        if not own or frontend.mode != "http":
            continue
        default = frontend.setting("default_backend")
        backend = parts.backend(default.words[1]) if default and default.words[1:] else None
        proxies = (frontend, *((backend,) if backend else ()))
        is_tls = any(socket.tls for socket in own)
        rows = [line for proxy in proxies for line in _adding(proxy, is_tls)]
        options = [line for line in rows if line.keyword == "option"]
        for line in (*options[:1], *(line for line in rows if line.keyword != "option")):
            file = config.file(line.file)
            text = file.text.split("\n")[line.number - 1] if file else ""
            is_local = _is_local(sockets, port)
            is_inherited = not any(line in proxy.lines for proxy in proxies)
            others = _others(line, options) if line.keyword == "option" else ()
            yield AddingLine(
                line.file, line.number, text, _name(line), is_local, is_tls, is_inherited, others
            )
        return


def _others(line: Line, options: list[Line]) -> tuple[int, ...]:
    places = {(option.file, option.number) for option in options} - {(line.file, line.number)}
    return tuple(sorted(number if file == line.file else 0 for file, number in places))


def _adding(proxy: Proxy, is_tls: bool) -> Iterator[Line]:
    """Yield the lines of a proxy that add a field to every request."""
    option = proxy.option("forwardfor")
    # With "except" the field is not added for some visitors, which is not looked into.
    if option and not {"if-none", "except", "header"} & set(option.words):
        yield option
    for line in proxy.own("http-request", "add-header"):
        is_for_all = line.words[4:] in {(), _ALWAYS[is_tls]}
        if _name(line).lower() in FIELDS and len(line.words) > 3 and is_for_all:
            yield line


def _name(line: Line) -> str:
    return _FORWARDED_FOR if line.keyword == "option" else "".join(line.words[2:3])
