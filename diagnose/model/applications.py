"""What an application's documentation asks of a reverse proxy, and which application a site has.

The facts come from `diagnose/applications/<id>.toml`, read by `diagnose.parsers.applications`.
"""

from collections.abc import Mapping
from dataclasses import field
from typing import ClassVar, Literal

from diagnose.model import Observation
from diagnose.model.frozen import frozen
from diagnose.model.marks import Address, FilePath, Label, Text, Url, UrlPath, Word
from diagnose.model.processes import Starter
from diagnose.model.summary import Summary, phrase

#: What an application asks for, and its own settings that may contradict the proxy.
Topic = Literal[
    "websocket", "upload", "stream", "timeout", "field", "well_known", "uri",
    "public_url", "trusted_proxy", "allowed_host", "allowed_origin", "base_path", "secure_cookie",
    "cors_origin", "session_cookie", "plain_path", "body_limit",
    "workers", "websocket_origin", "cookie_domain", "token_field", "plain_cookie", "tls_versions",
    "client_route",
]  # fmt: skip

#: What the value of an application's setting is.
Meaning = Literal[
    "host-list", "proxy-list", "proxy-mode", "external-url", "base-path", "origin-list", "protocol",
    "host", "switch", "cookie-domain",
]  # fmt: skip

#: By what of a response an application is recognized.
RecognizedBy = Literal["title", "page", "header", "cookie", "message"]


@frozen
class Recognition:
    """What only this application's responses have. `title` is the page's, without its case,
    `cookie` a cookie's name; "*" at the end of either means that it begins so, and at the
    beginning of a title that it ends so. `page` is literal
    text, `header` a field's name, or its name and the beginning of its value, `command` the last
    part of a word of the command line of its process, `image` the last two parts of the name of its
    container's image, where that is not the application's id."""

    title: tuple[str, ...] = ()
    page: tuple[str, ...] = ()
    header: tuple[str, ...] = ()
    cookie: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    image: tuple[str, ...] = ()


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
    """What a visitor or a log reads when something of this kind is missing. One that is `shown`
    stands in a page only then; scripts of a page have some of theirs in any case."""

    text: str
    means: Topic
    shown: bool = False


@frozen
class OwnConfiguration:
    """Where an application reads its settings. `files` are paths, those without a slash at the
    beginning below its working directory or the folder of its pages; `arguments` and `variables`
    are the options and the environment variables that name the file or its folder. A variable of a
    setting wins against the file unless `file_wins`. `overlays` are patterns of files beside it
    that are read after it. `needs_restart` is False if the file is read for each request, and
    `load` is the command that brings a change into force otherwise. Lines that are added come
    behind the line that begins with `after`, or at the end."""

    format: Word
    files: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    overlays: tuple[str, ...] = ()
    file_wins: bool = False
    needs_restart: bool = True
    load: tuple[str, ...] = ()
    after: str = ""


@frozen
class OwnSetting:
    """A setting of an application about its place behind a proxy: its `key` in the file, the
    `variable` and the `argument` that set it instead ("" for none). `means` says what the value is.
    One that is `required` refuses visitors, or does not believe the proxy, where it is not set.
    `path` is the one path that the program serves over http only with this setting.
    `default` is its value where it is not set, if visitors cannot use that.
    `form` are the words of the value in the variable or the file, `add` the lines of a file that
    lacks it; {host}, {origin}, {proxy} and {folder} stand for what is right here. A base path is
    `stripped` if the application wants requests without it. `redirects` is False for an address
    from which the application makes neither its redirects nor the addresses of its pages' files:
    they come from the request. With `of_image` only the program's container image reads the
    variable. `since` and `before` are the first major
    version that has it, and the first that has it no more (0 for none)."""

    topic: Topic
    means: Meaning
    key: str = ""
    variable: str = ""
    argument: str = ""
    required: bool = False
    default: str = ""
    form: str = ""
    add: str = ""
    separator: str = ","
    stripped: bool = False
    redirects: bool = True
    of_image: bool = False
    path: str = ""
    since: int = 0
    before: int = 0

    def is_of(self, version: int) -> bool:
        """Return whether a version has it; of an unknown one (0) what the newest has counts."""
        if not version:
            return not self.before
        return self.since <= version and (not self.before or version < self.before)


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
    configuration: OwnConfiguration | None = None
    own_settings: tuple[OwnSetting, ...] = ()


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

    `address` is "//localhost:4567", a host and port with the two slashes of an address, the same as
    the whole value of a variable, "=localhost:4567", or the site's name, which the line has without
    a scheme or with a wrong one. `file` is the file in which the line stands, `number` its number,
    from 1. Of an environment variable of a container `file` is "", and `equivalent` the command
    that shows it. `text` is the line, without secrets. `unit` is the systemd service of the
    program, "" if none, and `container` the name of its container, "" if none.
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


#: The words of npm, yarn and pnpm that run the script called "build" of package.json.
_BUILD = ("run", "build")


@frozen(kw_only=True, eq=False)
class BuildScript(Observation):
    """A script in the folder of the site's program that builds what it serves (`package.json`),
    where the site's answers name an address that visitors cannot use.

    `program` runs it, in `folder`. `file`, `number` and `text` are a line of the program's settings
    that has the site's own address, without secrets; "" if none has. `unit` is the systemd service
    of the program, "" if none.
    """

    layer: ClassVar[str] = "upstream"

    program: Word
    folder: FilePath
    file: FilePath = ""
    number: int = 0
    text: Text = ""
    unit: Label = ""

    @property
    def place(self) -> str:
        return f"{self.file}:{self.number}" if self.file else ""

    @property
    def words(self) -> tuple[str, ...]:
        """The command that builds."""
        folder = {"npm": "--prefix", "yarn": "--cwd", "pnpm": "--dir"}[self.program]
        return (self.program, folder, self.folder, *_BUILD)

    def summary(self) -> Summary:
        return self.folder, " ".join((self.program, *_BUILD))


@frozen(kw_only=True, eq=False)
class ReadSetting(Observation):
    """The value of a setting in the configuration of the application itself, read after a symptom.

    `application` is the name of its file in `diagnose/applications` or `diagnose/frameworks`,
    `topic` and `key` are those of the setting. `source` says where the value is in force: "file",
    "variable", "argument", or "nowhere" where the places that were read have none, "unread" where
    no file of the program was found. `file` and `number` are the line ("" and 0 for a variable or
    an argument), `line` all lines of the value as the file has them, and `new` those lines with
    what is right here ("" if no edit is sure); with `added` they are new lines behind line
    `number`, and `unended` if the last of `line` is the file's last, without an end. `folder` is
    that below which the web server passes the application on, "" for the root of the site, and
    `strips` is True if the folder is taken off the path. `load` is the command of
    the program that loads a change, () for its restart. `unsure` is True if the value is computed,
    or if several files may have it. `misspelt` is the name that stands in the file in the place of
    the key, and `stale` is True if the file is newer than the process, which reads it at its start.
    `cached` is the file in which the program keeps its settings as they were ("" for none): it is
    read in the place of `file`, and with `stale` it has another value. `build` is the command that
    makes what is served anew. `proxy` is the address from which the application sees the web
    server, "" if unknown. `unit`, `container`, `engine`, `compose` and `service` are what runs the
    program, `starter` is what starts it again without these.
    """

    layer: ClassVar[str] = "upstream"

    application: Word
    topic: Word
    key: Text
    source: Literal["file", "variable", "argument", "nowhere", "unread"] = "file"
    values: tuple[Text, ...] = ()
    wanted: Text = ""
    file: FilePath = ""
    number: int = 0
    line: Text = ""
    new: Text = ""
    added: bool = False
    unended: bool = False
    unsure: bool = False
    proxy: Address = ""
    folder: UrlPath = ""
    strips: bool = False
    process: Label = ""
    unit: Label = ""
    container: Label = ""
    engine: Word = ""
    compose: FilePath = ""
    service: Label = ""
    load: tuple[Text, ...] = ()
    build: tuple[Text, ...] = ()
    needs_restart: bool = True
    misspelt: Text = ""
    stale: bool = False
    cached: FilePath = ""
    starter: Starter | None = None

    @property
    def place(self) -> str:
        return f"{self.file}:{self.number}" if self.number else self.file

    @property
    def is_set(self) -> bool:
        """False if the places that were read have no such setting, or none was found."""
        return self.source not in {"nowhere", "unread"}

    def summary(self) -> Summary:
        name = self.misspelt or self.key
        if not self.values and not self.is_set:
            return self.place or self.key, phrase("{setting} is not set", setting=name)
        return self.place or self.key, f"{name} = {list(self.values)}"
