"""The <Connector> of Tomcat's server.xml that should listen for AJP on a port and does not: it
stands in a comment, or Tomcat does not start it without a secret. No I/O.

Sources: Tomcat's documentation, "The AJP Connector" (since 9.0.31, 8.5.51 and 7.0.100
`secretRequired` is true and `address` is the loopback address where they are not set).
"""

from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from itertools import islice
from xml.sax.saxutils import quoteattr

from diagnose.model.addresses import is_loopback
from diagnose.model.frozen import frozen
from diagnose.parsers.header_sizes import SizeLine
from diagnose.parsers.hostnames import is_address
from diagnose.parsers.lazy_pattern import lazy_pattern

#: The attributes of which the lines speak.
SECRET, ADDRESS, PORT = "secretRequired", "address", "port"
#: What is read of a file, in characters.
_MAX_TEXT = 262144
#: Most comments, and most connectors, of a file.
_MAX_COMMENTS, _MAX_CONNECTORS = 400, 100
_CONNECTOR = lazy_pattern(r"<Connector(?=\s)[^<>]{0,2000}>")
_ATTRIBUTE = lazy_pattern(
    r"(?<=\s)([A-Za-z.]{1,60})\s{0,20}=\s{0,20}(\"[^\"]{0,300}\"|'[^']{0,300}')"
)
_COMMENT = lazy_pattern(r"<!--|-->")


@frozen
class Connector:
    """An element of the file: its place in the text, and its attributes. `comment` is the place of
    the comment that holds it, None without one."""

    start: int
    end: int
    attributes: Mapping[str, str]
    comment: tuple[int, int] | None

    @property
    def is_ajp(self) -> bool:
        return "ajp" in self.attributes.get("protocol", "").lower()

    @property
    def has_secret(self) -> bool:
        return any(self.attributes.get(name) for name in ("secret", "requiredSecret"))


def connectors_of(text: str) -> Iterator[Connector]:
    """Yield the connectors of a server.xml, those in comments too."""
    text = text[:_MAX_TEXT]
    comments = list(islice(_comments(text), _MAX_COMMENTS))
    for match in islice(_CONNECTOR.finditer(text), _MAX_CONNECTORS):
        around = next(
            (comment for comment in comments if comment[0] < match.start() < comment[1]), None
        )
        attributes = {name: value[1:-1] for name, value in _ATTRIBUTE.findall(match[0])}
        yield Connector(match.start(), match.end(), attributes, around)


def _comments(text: str) -> Iterator[tuple[int, int]]:
    start = -1
    for match in _COMMENT.finditer(text):
        if start < 0 and match[0] == "<!--":
            start = match.start()
        elif start >= 0 and match[0] == "-->":
            yield start, match.end()
            start = -1


def ajp_change(text: str, port: int, host: str) -> SizeLine | None:
    """Return the change by which Tomcat listens for AJP on the port at a loopback address, for a
    web server that asks this host; None if it does so as the file stands, or if the file has no
    such connector. Its `new` is "" where an edit would open it to others, or needs a secret."""
    own = [each for each in connectors_of(text) if each.is_ajp]
    own = [each for each in own if each.attributes.get(PORT) == str(port)]
    active = [each for each in own if each.comment is None]
    if active:
        is_open = active[0].attributes.get(SECRET, "").lower() == "false"
        starts = active[0].has_secret or is_open or len(active) > 1
        return None if starts else _changed(text, active[0], host)
    return _changed(text, own[0], host) if len(own) == 1 else None


def http_port(text: str, port: int) -> int:
    """Return the port of the only connector for plain HTTP, of a file without a connector for AJP
    at a port; 0 if it has one, or several for HTTP."""
    connectors = list(connectors_of(text))
    if any(
        connector.is_ajp and connector.attributes.get(PORT) == str(port) for connector in connectors
    ):
        return 0
    ports = [
        connector.attributes.get(PORT, "")
        for connector in connectors
        if connector.comment is None
        and not connector.is_ajp
        and connector.attributes.get("SSLEnabled", "").lower() != "true"
    ]
    only = ports[0] if len(ports) == 1 else ""
    return int(only) if only.isascii() and only.isdigit() and 0 < int(only[:6]) < 65536 else 0


def _changed(text: str, connector: Connector, host: str) -> SizeLine | None:
    """Return the lines of a connector as they are and as they are to be."""
    start, end = connector.comment or (connector.start, connector.end)
    element = text[connector.start : connector.end]
    first = text.rfind("\n", 0, start) + 1
    last = text.find("\n", end)
    last = len(text) if last < 0 else last
    before, after = text[first:start], text[end:last].rstrip("\r")
    number, key = text.count("\n", 0, first) + 1, SECRET
    inner = ""
    if connector.comment is not None:
        key = "Connector"
        inner = text[start + 4 : connector.start] + text[connector.end : end - 3]
    line = text[first:last].rstrip("\r")
    address = _address(connector, host)
    is_more = bool(inner.strip() or (connector.comment and (before + after).strip()))
    if is_more or connector.has_secret or not address:
        return SizeLine(key, number, line, "")
    indent = before if not before.strip() else ""
    whole = _with(_with(element, SECRET, "false"), ADDRESS, address)
    new = f"{indent}{whole}" if connector.comment else f"{before}{whole}{after}"
    return SizeLine(key, number, line, new)


def _address(connector: Connector, host: str) -> str:
    """Return the loopback address at which the connector listens for this host; "" if it listens
    for others too, and is not in a comment."""
    own = connector.attributes.get(ADDRESS, "")
    is_own_machine = own in {"", "localhost"} or (is_address(own) and is_loopback(own))
    if connector.comment is None and not is_own_machine:
        return ""
    if is_address(host):
        return str(ip_address(host)) if is_loopback(host) else ""
    return "127.0.0.1" if host == "localhost" else ""


def _with(element: str, name: str, value: str) -> str:
    """Return an element with this value of an attribute, behind its name if it had none."""
    for match in _ATTRIBUTE.finditer(element):
        if match[1] == name:
            return f"{element[: match.start(2)]}{quoteattr(value)}{element[match.end(2) :]}"
    head = "<Connector"
    return f"{head} {name}={quoteattr(value)}{element[len(head) :]}"
