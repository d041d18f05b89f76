"""What an application's documentation asks of a reverse proxy, and which application a site has.

The facts come from `diagnose/applications/<id>.toml`, read by `diagnose.parsers.applications`.
"""

from collections.abc import Mapping
from dataclasses import field
from typing import ClassVar, Literal

from diagnose.model import Observation
from diagnose.model.frozen import frozen
from diagnose.model.marks import FilePath, Label, Text, Url, UrlPath, Word
from diagnose.model.summary import Summary, phrase

#: What an application asks for, and its own settings that may contradict the proxy.
Topic = Literal[
    "websocket", "upload", "stream", "timeout", "field", "well_known", "uri",
    "public_url", "trusted_proxy", "allowed_host", "allowed_origin", "base_path",
]  # fmt: skip

#: By what of a response an application is recognized.
RecognizedBy = Literal["title", "page", "header", "cookie", "message"]


@frozen
class Recognition:
    """What only this application's responses have. `title` is the page's, without its case,
    `cookie` a cookie's name; "*" at the end of either means that it begins so. `page` is literal
    text, `header` a field's name, or its name and the beginning of its value, `command` the last
    part of a word of the command line of its process."""

    title: tuple[str, ...] = ()
    page: tuple[str, ...] = ()
    header: tuple[str, ...] = ()
    cookie: tuple[str, ...] = ()
    command: tuple[str, ...] = ()


@frozen
class OpenedWebSocket:
    """A WebSocket that the application's pages open, below its folder, or from the root if the path
    begins with "/". Without a `required` one the application still works. One that `opens` takes a
    handshake of a visitor who has not logged in: an application that refuses it has none there."""

    path: str
    required: bool = True
    opens: bool = False


@frozen
class Upload:
    """Requests with a large body, and what is documented for `client_max_body_size`."""

    path: str = ""
    size: str = "0"


@frozen
class Stream:
    """Responses that have to reach the visitor at once (`proxy_buffering off`)."""

    path: str = ""


@frozen
class LongResponse:
    """Responses that take long, and what is documented for `proxy_read_timeout`, in seconds."""

    path: str = ""
    seconds: int = 60


@frozen
class RequestField:
    """A field that the proxy has to send, with its value in nginx's words."""

    name: str
    value: str


@frozen
class WellKnownPath:
    """A path at the site's root that the proxy has to answer, and how."""

    path: str
    status: int
    location: str = ""


@frozen
class OwnPort:
    """A port of the application's own beside that of its pages, at which a proxy passes on the
    paths that begin so, and what in its settings, or which program of it, opens the port."""

    number: int
    path: str
    opened_by: str


@frozen
class ApplicationMessage:
    """What a visitor or a log reads when something of this kind is missing."""

    text: str
    means: Topic


@frozen
class Application:
    """An application as its own documentation describes it. `pages` are the paths below its folder
    at which its first page may lie. `keeps_uri` is True if the path must
    reach it as the visitor sent it. `settings` are its own settings as one writes them."""

    id: str
    name: str
    pages: tuple[str, ...] = ()
    recognized: Recognition = Recognition()
    websockets: tuple[OpenedWebSocket, ...] = ()
    uploads: tuple[Upload, ...] = ()
    streams: tuple[Stream, ...] = ()
    timeouts: tuple[LongResponse, ...] = ()
    fields: tuple[RequestField, ...] = ()
    well_known: tuple[WellKnownPath, ...] = ()
    keeps_uri: bool = False
    settings: Mapping[str, str] = field(default_factory=dict)
    messages: tuple[ApplicationMessage, ...] = ()
    ports: tuple[OwnPort, ...] = ()


@frozen(kw_only=True, eq=False)
class KnownApplication(Observation):
    """The application that answers for the site, and what of its response says so.

    `id` is the name of its file in `diagnose/applications`. `folder` is the path of the folder in
    which its page lies, with a slash at its end.
    """

    layer: ClassVar[str] = "http"

    id: Word
    name: Label
    url: Url
    folder: UrlPath = "/"
    by: RecognizedBy = "title"

    def summary(self) -> Summary:
        return phrase("application at {url}", url=self.url), self.name


@frozen(kw_only=True, eq=False)
class SettingLine(Observation):
    """A line of an application's settings that has an address which is wrong for visitors.

    `address` is "//localhost:4567", a host and port with the two slashes of an address, or the
    site's name, which the line has without a scheme or with a wrong one. `file` is the file in
    which the line stands, `number` its number, from 1. Of an environment variable of a container
    `file` is "", and `equivalent` the command that shows it. `text` is the line, without secrets.
    `unit` is the systemd service of the program, "" if none, and `container` the name of its
    container, "" if none.
    """

    layer: ClassVar[str] = "upstream"

    address: Text
    text: Text
    file: FilePath = ""
    number: int = 0
    unit: Label = ""
    container: Label = ""

    @property
    def place(self) -> str:
        return f"{self.file}:{self.number}" if self.file else self.equivalent

    def summary(self) -> Summary:
        return self.place, self.text
