"""What the documentation of the site's application asks nginx for, and nginx does not do."""

from collections.abc import Iterator, Mapping

from checks.nginx import Nginx
from checks.nginx._inner_blocks import passed_locations
from checks.nginx._location_edits import http_1_1_lines, sends_field
from diagnose.model import Evidence
from diagnose.model.applications import Application, Topic
from diagnose.model.frozen import frozen
from diagnose.parsers.applications import message_of
from diagnose.parsers.nginx.config import children, seconds
from diagnose.parsers.nginx.forwarding import application_of as proxied_application
from diagnose.parsers.nginx.locations import LocationMatch, proxy_pass_of
from diagnose.parsers.nginx.proxy_headers import parse_size
from diagnose.parsers.nginx.upstreams import pass_directive_of

#: nginx's defaults, in bytes and in seconds.
_BODY, _READ_TIMEOUT = 1 << 20, 60.0
#: What answers in a location.
_ANSWERS = ("return", "rewrite", "try_files", "if")
#: The fields without which an application mistakes itself for another site.
_OWN_ADDRESS = {"host", "x-forwarded-host", "x-forwarded-proto"}
#: Those of an upgrade that is no WebSocket's, and what they need.
_HTTP_VERSION = "proxy_http_version"
_UPGRADE = {"upgrade", "connection", _HTTP_VERSION}
#: What a pasted message is about, by its kind or its status.
_BY_KIND: Mapping[str, Topic] = {
    "body-size": "upload",
    "upstream-timeout": "timeout",
    "server-application-slow": "timeout",
}
_BY_STATUS: Mapping[int, Topic] = {413: "upload", 504: "timeout"}


@frozen
class Gap:
    """A line that nginx lacks at a location. `directive` is a directive's name, or a field's; of
    the topic "field" it is a field, or what the fields need (`is_field`). `is_set` is True if nginx
    has another value there."""

    topic: Topic
    match: LocationMatch
    directive: str
    value: str
    is_set: bool = False

    @property
    def is_field(self) -> bool:
        """Whether the line sets a field of the request."""
        return self.topic == "field" and self.directive != _HTTP_VERSION

    @property
    def is_upgrade(self) -> bool:
        """Whether the line is one of those with which nginx passes an upgrade on."""
        return self.topic == "field" and self.directive.lower() in _UPGRADE

    @property
    def line(self) -> str:
        """The line as one writes it into nginx's configuration."""
        if self.is_field:
            return f"proxy_set_header {self.directive} {self.value};"
        if self.topic == "well_known":
            return f"location = {self.directive} {{ return {self.value}; }}"
        return f"{self.directive} {self.value};"


def reported_topic(evidence: Evidence) -> Topic | None:
    """Return what a pasted message says is missing."""
    symptom = evidence.target.symptom
    if symptom is None:
        return None
    message = message_of(symptom.text)
    if message is not None:
        return message.means
    if symptom.kind == "status":
        return _BY_STATUS.get(symptom.number or 0)
    return _BY_KIND.get(symptom.kind)


def gaps(nginx: Nginx, folder: str, application: Application) -> Iterator[Gap]:
    """Yield what nginx lacks, each once for a location."""
    seen: set[tuple[int, str]] = set()
    for gap in _gaps(nginx, folder, application):
        key = (id(gap.match.block), gap.directive)
        if key not in seen:
            seen.add(key)
            yield gap


def _gaps(nginx: Nginx, folder: str, application: Application) -> Iterator[Gap]:
    for upload in application.uploads:
        for match in _passed(nginx, folder, upload.path):
            if _limits_body(match, upload.size):
                name = "client_max_body_size"
                yield Gap("upload", match, name, upload.size, match.directive(name) is not None)
    for stream in application.streams:
        for match in _passed(nginx, folder, stream.path):
            if proxy_pass_of(match) and _value(match, "proxy_buffering") != "off":
                yield Gap("stream", match, "proxy_buffering", "off")
    for timeout in application.timeouts:
        for match in _passed(nginx, folder, timeout.path):
            limit = seconds(_value(match, "proxy_read_timeout"))
            if proxy_pass_of(match) and (limit or _READ_TIMEOUT) < timeout.seconds:
                yield Gap(
                    "timeout", match, "proxy_read_timeout", f"{timeout.seconds}s", limit is not None
                )
    for field in application.fields:
        for match in _matches(nginx, folder, ""):
            if proxy_pass_of(match) and not sends_field(nginx, match, field.name):
                yield Gap("field", match, field.name, field.value)
            # HTTP/1.0 has no upgrade (RFC 9110 section 7.8).
            is_upgrade = field.name == "Upgrade" and proxy_pass_of(match)
            if is_upgrade and http_1_1_lines(nginx, match, {}):
                yield Gap("field", match, _HTTP_VERSION, "1.1")
    for match in _matches(nginx, folder, "") if application.keeps_uri else ():
        if whole := _whole_target(match):
            yield Gap("uri", match, "proxy_pass", whole, True)
    for well_known in application.well_known:
        for match in nginx.location_matches(well_known.path):
            if not _is_answered(match):
                place = f"{folder.rstrip('/')}{well_known.location}" if well_known.location else ""
                value = f"{well_known.status} {place}".rstrip()
                yield Gap("well_known", match, well_known.path, value)


def _matches(nginx: Nginx, folder: str, path: str) -> Iterator[LocationMatch]:
    """Yield the locations that pass a path of the application on to it."""
    own = path if path.startswith("/") else f"{folder}{path}"
    return (match for match in nginx.location_matches(own) if pass_directive_of(match))


def _passed(nginx: Nginx, folder: str, path: str) -> Iterator[LocationMatch]:
    """Yield every location that a path of the application may come to on its way to it."""
    own = path if path.startswith("/") else f"{folder}{path}"
    for way in passed_locations(nginx, own):
        if any(map(pass_directive_of, way)):
            yield from way


def _value(match: LocationMatch, name: str) -> str:
    directive = match.directive(name)
    return directive.args[0] if directive and directive.args else ""


def _limits_body(match: LocationMatch, size: str) -> bool:
    text = _value(match, "client_max_body_size")
    limit, wanted = parse_size(text) if text else _BODY, parse_size(size)
    if limit is None or wanted is None or limit == 0:
        return False
    return wanted == 0 or limit < wanted


def _whole_target(match: LocationMatch) -> str:
    """Return the target of proxy_pass without its path, if it is only "/": nginx decodes what the
    visitor wrote then. "" if it has none, or another."""
    directive = proxy_pass_of(match)
    target = proxied_application(match, directive) if directive else None
    is_root = target is not None and target.uri == "/" and match.block.args == ("/",)
    return directive.args[0].removesuffix("/") if directive and is_root else ""


def _is_answered(match: LocationMatch) -> bool:
    """Return whether something else than files answers in a location: an application, or a rule."""
    if pass_directive_of(match):
        return True
    blocks = (match.block, match.blocks[1])
    return any(children(block, name) for block in blocks for name in _ANSWERS)


def is_needed(evidence: Evidence, gap: Gap) -> bool:
    """Return whether something breaks without a line. Of the fields these are the ones of an
    upgrade, and those by which an application knows its own address; without TLS it is right about
    the scheme."""
    name = gap.directive.lower()
    is_of_address = name in _OWN_ADDRESS and (
        name != "x-forwarded-proto" or evidence.target.uses_tls
    )
    return gap.topic != "field" or is_of_address or gap.is_upgrade
