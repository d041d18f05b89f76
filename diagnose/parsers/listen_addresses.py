"""Where a program is told to listen on the loopback address alone: its arguments, its environment,
and the files of Spring Boot, of Tomcat and of applications that document such a setting. No I/O.

Sources: Spring Boot's application properties (server.address), Tomcat's "The HTTP Connector"
(address), and the documentation of each application of `_OF_APPLICATIONS`.
"""

import re
from collections.abc import Iterator

from diagnose.model.applications import OwnConfiguration, OwnSetting
from diagnose.model.frozen import frozen
from diagnose.parsers.program_place import ProgramPlace, argument_value

#: A loopback address with what may stand around it: "tcp://127.0.0.1:443", "localhost:443".
_LOCAL = re.compile(
    r"(?P<head>(?:[a-z]{2,5}://)?)(?:127(?:\.\d{1,3}){3}|localhost|(?P<six>\[::1\]|::1))"
    r"(?P<tail>(?::(?P<port>\d{1,5}))?/?)"
)
#: The last words of options and variables that name the address of a program's own socket.
_NAMES = frozenset({
    "host", "hostname", "bind", "bindaddress", "bindaddr", "bindto", "bindhost", "listen",
    "listenaddress", "listenaddr", "listenhost", "listenip", "addr", "address", "ip", "interface",
    "httpaddr", "httpaddress", "httphost", "httpinterface", "httplistenaddress",
    "httpslistenaddress", "serveraddress", "serveraddr", "serverhost", "urls",
})  # fmt: skip
#: What may stand before them, with a dot: `--server.address`, `--web.listen-address`.
_GROUPS = frozenset({"", "server", "web", "http", "https", "serverapp", "notebookapp"})
_SHORT = frozenset({"-b", "-a", "-h", "-H", "-l", "-i"})
_OPTION = re.compile(r"--?(?:D(?=server\.))?(?:([A-Za-z]{1,20})\.)?([A-Za-z][\w-]{0,40})")
VARIABLES = (
    "HOST", "BIND", "BIND_ADDR", "BIND_ADDRESS", "BIND_HOST", "LISTEN", "LISTEN_ADDR",
    "LISTEN_ADDRESS", "LISTEN_HOST", "ADDR", "ADDRESS", "HTTP_ADDR", "HTTP_HOST", "SERVER_ADDRESS",
    "SERVER_HOST", "ASPNETCORE_URLS", "GF_SERVER_HTTP_ADDR", "N8N_LISTEN_ADDRESS", "KC_HTTP_HOST",
    "ROCKET_ADDRESS", "UVICORN_HOST", "GRADIO_SERVER_NAME", "STREAMLIT_SERVER_ADDRESS",
    "ND_ADDRESS", "MM_SERVICESETTINGS_LISTENADDRESS", "GITEA__server__HTTP_ADDR",
)  # fmt: skip
#: The keys of applications in the files of their `[configuration]`.
_OF_APPLICATIONS = {
    "grafana": ("server.http_addr",),
    "gitea": ("server.HTTP_ADDR",),
    "gogs": ("server.HTTP_ADDR",),
    "odoo": ("options.http_interface", "options.xmlrpc_interface"),
    "keycloak": ("http-host",),
    "code-server": ("bind-addr",),
    "jupyter": ("c.ServerApp.ip", "c.NotebookApp.ip"),
    "home-assistant": ("http.server_host",),
    "kibana": ("server.host",),
    "mattermost": ("ServiceSettings.ListenAddress",),
    "adguard-home": ("http.address",),
    "navidrome": ("Address",),
}
_CONNECTOR = re.compile(r"\s{0,80}<Connector(?=\s|$)")
_ADDRESS = re.compile(r"\s{0,20}(?<!\S)address=(?P<quote>[\"'])(?P<value>[^\"']{1,60})(?P=quote)")
_MAX_LINES, _MAX_LINE, _MAX_TAG = 4000, 1000, 30


@frozen
class ListenFile:
    """A file that may have the address, and how its key is written there."""

    path: str
    format: str
    key: str


@frozen
class ConnectorLine:
    """The line of a <Connector> of Tomcat's server.xml, without its address."""

    number: int
    line: str
    new: str


def open_address(value: str, port: int) -> str:
    """Return a value with all addresses in the place of the loopback address; "" if it is another
    address, or names another port."""
    match = _LOCAL.fullmatch(value.strip()[:100])
    if match is None or (match["port"] and int(match["port"]) != port):
        return ""
    six = match["six"]
    wildcard = "0.0.0.0" if not six else "[::]" if six[0] == "[" else "::"
    return f"{match['head']}{wildcard}{match['tail']}"


def listen_settings(place: ProgramPlace, port: int) -> Iterator[OwnSetting]:
    """Yield the options and the variables that tell a program to listen on the loopback address."""
    for word in dict.fromkeys(each.partition("=")[0] for each in place.words[1:60]):
        wanted = open_address(argument_value(place.words, word) or "", port)
        if wanted and _is_of_socket(word):
            yield _setting(wanted, argument=word)
    for name in VARIABLES:
        if wanted := open_address(place.variables.get(name, ""), port):
            yield _setting(wanted, variable=name)


def setting_of_key(key: str, wanted: str) -> OwnSetting:
    return _setting(wanted, key=key)


def _setting(wanted: str, key: str = "", variable: str = "", argument: str = "") -> OwnSetting:
    return OwnSetting(
        topic="public_url", means="host", key=key, variable=variable, argument=argument, form=wanted
    )


def _is_of_socket(word: str) -> bool:
    match = _OPTION.fullmatch(word)
    if word in _SHORT or match is None:
        return word in _SHORT
    name = re.sub(r"[-_]", "", match[2]).lower()
    return name in _NAMES and (match[1] or "").lower() in _GROUPS


def spring_files(place: ProgramPlace) -> Iterator[ListenFile]:
    """Yield the files of Spring Boot, in the order in which they win."""
    if "java" not in " ".join((place.process, *place.words[:1])):
        return
    names = ("spring.config.location", "spring.config.additional-location")
    for option in (*(f"--{name}" for name in names), *(f"-D{name}" for name in names)):
        value = (argument_value(place.words, option) or "").partition(",")[0]
        yield from _spring(value.removeprefix("optional:").removeprefix("file:"))
    yield from _spring("config/")
    yield from _spring("./")


def _spring(path: str) -> Iterator[ListenFile]:
    if path.endswith("/"):
        for name in ("application.properties", "application.yml", "application.yaml"):
            yield from _spring(f"{path}{name}")
    elif path.endswith((".properties", ".yml", ".yaml")):
        form = "env" if path.endswith(".properties") else "yaml"
        yield ListenFile(path, form, "server.address")


def keys_of(application: str) -> tuple[str, ...]:
    """Return the keys by which an application is told where it listens, as it documents them."""
    return _OF_APPLICATIONS.get(application, ())


def configuration_of(form: str) -> OwnConfiguration:
    return OwnConfiguration(format=form)


def connector_line(text: str, port: int) -> ConnectorLine | None:
    """Return the line of the <Connector> of a port that has a loopback address; None if it has
    none."""
    lines = [line.rstrip("\r")[:_MAX_LINE] for line in text.split("\n")[:_MAX_LINES]]
    is_comment = False
    for at, line in enumerate(lines):
        begun = is_comment or "<!--" in line
        is_comment = begun and "-->" not in line.rpartition("<!--")[2]
        if begun or not _CONNECTOR.match(line):
            continue
        tag = lines[at : at + _MAX_TAG]
        stop = next((n for n, each in enumerate(tag) if ">" in each), 0)
        tag = tag[: stop + 1]
        if not any(f'port="{port}"' in each or f"port='{port}'" in each for each in tag):
            continue
        for number, own in enumerate(tag, at + 1):
            match = _ADDRESS.search(own)
            if match is not None and open_address(match["value"], 0):
                return ConnectorLine(number, own, own[: match.start()] + own[match.end() :])
    return None
