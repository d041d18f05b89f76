"""Observations of web servers other than nginx: Apache, Caddy, HAProxy, Traefik.

They are the same for every server, so that one check judges all of them. What is a server's own
(the words of its configuration, its commands) stands in the values. Each server has a reader that
makes them: `diagnose.probes.inside.web_servers`.
"""

from typing import ClassVar, Literal

from diagnose.model import Observation
from diagnose.model.addresses import bracketed
from diagnose.model.frozen import frozen
from diagnose.model.marks import (
    Address,
    FilePath,
    HostName,
    Label,
    ServerText,
    Text,
    Url,
    UrlPath,
    Word,
)
from diagnose.model.server_rules import AnsweringRule, ServedFolder
from diagnose.model.summary import Summary, phrase, socket_text

Product = Literal["apache", "caddy", "haproxy", "traefik"]

#: Where the certificate of a site comes from, if the server cares for it (Caddy): "files" that the
#: configuration names, an authority by "acme", Caddy's own "internal" authority, or "none" at all.
#: "" if that is no question.
Issuance = Literal["", "files", "acme", "internal", "none"]

#: What a server verifies of its backend's certificate: nothing ("none"), its chain, its name and
#: dates ("name"), or "all". "" without TLS.
Verification = Literal["", "none", "chain", "name", "all"]

#: The name of each server as its project writes it, for the texts of checks.
TITLES: dict[Product, str] = {
    "apache": "Apache",
    "caddy": "Caddy",
    "haproxy": "HAProxy",
    "traefik": "Traefik",
}


@frozen(kw_only=True, eq=False)
class WebServer(Observation):
    """A web server other than nginx that holds one of the target's ports, or is installed to.

    `pid` is its main process, None if it does not run; `ports` are the TCP ports on which it
    listens. `config` is its main configuration file. `started` is the start of the main process and
    `loaded` the last load of the configuration (seconds since the epoch, None if unknown). `user`
    is the numeric user of the main process.

    `foreign` is True if its program must not be run: it is in a container, or belongs to a user
    other than root and ours. `unit` is its systemd unit without ".service" ("" if there is none or
    systemd does not run), `state` systemd's word for the unit ("active", "failed"), and `enabled`
    whether it starts at boot (None if unknown). `file_state` is systemd's word for the unit's file
    ("enabled", "masked"). `complaint` is the last error that a failed start wrote to the journal.

    `arguments` is the command line of Traefik, or of Caddy's `reverse-proxy` and `file-server`,
    which may hold the whole configuration; relative paths in it begin at `folder`.

    `container` is the name of the container in which it runs and was observed, "" outside of one.

    `test`, `reload`, `start` and `stop` are the argument vectors that test the configuration, load
    it, start and stop the server; () if there is none.
    """

    layer: ClassVar[str] = "server"

    product: Product
    pid: int | None = None
    binary: FilePath = ""
    version: Word = ""
    config: FilePath = ""
    ports: tuple[int, ...] = ()
    started: float | None = None
    loaded: float | None = None
    user: int | None = None
    foreign: bool = False
    unit: Label = ""
    state: Word = ""
    enabled: bool | None = None
    complaint: Text = ""
    test: tuple[Text, ...] = ()
    reload: tuple[Text, ...] = ()
    start: tuple[Text, ...] = ()
    stop: tuple[Text, ...] = ()
    file_state: Word = ""
    container: Label = ""
    arguments: ServerText = ""
    folder: FilePath = ""

    @property
    def title(self) -> str:
        return TITLES[self.product]

    @property
    def masked(self) -> bool:
        """Whether systemd may not start the unit."""
        return self.file_state.startswith("masked")

    def summary(self) -> Summary:
        title = f"{self.title} {self.version}".rstrip()
        if self.pid is None:
            return title, self.state or phrase("not running")
        ports = tuple(map(str, self.ports))
        return title, phrase("running, pid {pid}, ports {ports}", pid=self.pid, ports=ports)


@frozen(kw_only=True, eq=False)
class WebServerTest(Observation):
    """The server's own test of its configuration on disk ("apachectl -t"): whether it would load,
    and the message that stops it with its file and line ("" and 0 if it names none). `warnings`
    are its other lines. `missing` is a file of the configuration that the message says is not
    there, and `former` are the files beside it that may have been it."""

    layer: ClassVar[str] = "server"

    product: Product
    passed: bool
    message: Text = ""
    file: FilePath = ""
    line: int = 0
    warnings: tuple[Text, ...] = ()
    missing: FilePath = ""
    former: tuple[FilePath, ...] = ()

    def summary(self) -> Summary:
        verdict = phrase("passed") if self.passed else phrase("failed")
        subject = phrase("{server}'s configuration test", server=TITLES[self.product])
        return subject, self.message or verdict


@frozen
class SiteSocket:
    """An address and port of a site. `address` is "" for every address. `tls` is True if the server
    speaks TLS there."""

    port: int
    address: Address = ""
    tls: bool = False
    file: FilePath = ""
    line: int = 0

    def __str__(self) -> str:
        return socket_text(self.address or "*", self.port)


@frozen
class SiteFile:
    """A file that a site's configuration names. `role` "certificate": the site's own certificate,
    perhaps with the chain; "key": the private key; "chain": the intermediates in a file of their
    own; "bundle": certificate, chain and key in one file."""

    role: Literal["certificate", "key", "chain", "bundle"]
    path: FilePath
    file: FilePath = ""
    line: int = 0


@frozen
class PathChange:
    r"""What a server makes of a path before it passes a request on.

    Where the regular expression `pattern` matches, the part that it matches becomes `replacement`,
    and if `whole` is True the whole path does; "\\1" in it is a group. With `folds_case` upper and
    lower case are the same. It is made for paths that begin with one of `beginnings`, or that are
    one of them if it is `exact`; () for all. `file` and `line` are where it is written.
    """

    pattern: UrlPath
    replacement: UrlPath
    whole: bool = False
    folds_case: bool = False
    beginnings: tuple[UrlPath, ...] = ()
    exact: bool = False
    file: FilePath = ""
    line: int = 0


@frozen
class PathTest:
    """A condition on the path of a request: the regular expression `pattern` matches it, or does
    not if it is `negated`. With `folds_case` upper and lower case are the same."""

    pattern: UrlPath
    folds_case: bool = False
    negated: bool = False


@frozen
class SiteRoute:
    """Where a site passes requests on to: those whose path begins with `path` ("/" for all).

    `target` is the address as the configuration writes it, `scheme` "http", "https", "ws", "wss",
    "fcgi" and the like; `socket` is the path of a Unix socket, then there is no host.
    `backend_path` is the path of the request that the application gets in place of `path`; if
    `fixed_path` is True, it gets this path alone for every request. `changes` are what the server
    makes of the path after that, in order.
    `websocket` is True if WebSockets are passed on, False if their upgrade is lost, None if that is
    unknown. `pattern` is True if `path` is a regular expression; with `folds_case` upper and lower
    case are the same in it. Then `for_pages` and `for_websockets` are whether its conditions are
    true for an ordinary request and for a handshake, None if that is unknown, and all of
    `path_tests` have to be true of the path besides. `exact` is True if the path must
    be `path` itself, and `literal` if it is compared by characters: /app takes /apple too. With TLS
    `verify` says what the server verifies of the application's
    certificate, `server_name` is the name that it wants ("" for `host`), and `authorities` the file
    of those that it trusts ("" for the system's). `keeps_host` is False if the visitor's Host is
    replaced, `sent_host` what it is replaced by ("" for the application's address).
    `idle_s` are the seconds of silence after which an open WebSocket is cut, None if that
    is unknown. `members` are the applications ("host:port") of a balancer (Apache,
    "BalancerMember"; Caddy, several upstreams), () if it has none.
    """

    path: UrlPath
    target: Url
    scheme: Word = "http"
    host: HostName = ""
    port: int = 0
    socket: FilePath = ""
    backend_path: UrlPath = "/"
    websocket: bool | None = None
    pattern: bool = False
    file: FilePath = ""
    line: int = 0
    exact: bool = False
    verify: Verification = ""
    server_name: HostName = ""
    authorities: FilePath = ""
    keeps_host: bool = True
    sent_host: HostName = ""
    idle_s: float | None = None
    for_pages: bool | None = None
    for_websockets: bool | None = None
    literal: bool = False
    members: tuple[HostName, ...] = ()
    changes: tuple[PathChange, ...] = ()
    fixed_path: bool = False
    folds_case: bool = False
    path_tests: tuple[PathTest, ...] = ()

    @property
    def authority(self) -> str:
        """The host and the port, as in a URL."""
        return f"{bracketed(self.host)}:{self.port}"

    @property
    def replacement_host(self) -> str:
        """What the visitor's Host is replaced by, if it is not kept."""
        return self.sent_host or self.authority


@frozen
class SiteRedirect:
    """A redirect of a site: of requests whose path begins with `path` to the URL `target`, as the
    configuration writes both. `pattern` is True if `path` is a regular expression. `conditional` is
    True if it depends on something else that was not evaluated, and `exact` if the path must be
    `path` itself."""

    path: UrlPath
    target: Url
    pattern: bool = False
    conditional: bool = False
    file: FilePath = ""
    line: int = 0
    exact: bool = False


@frozen
class SiteAccessLog:
    """A log in which a site writes each request: its path, and the format as the configuration of
    its server writes it."""

    path: FilePath
    line_format: ServerText


@frozen
class SiteAlias:
    """A folder outside of the site's own that answers the paths below `prefix` (Apache, "Alias").
    `file` and `line` are where it is written. The other fields are those of `WebSite`, for this
    folder."""

    prefix: UrlPath
    folder: FilePath
    guarded: bool | None = None
    old_access: FilePath = ""
    reads_htaccess: bool | None = None
    file: FilePath = ""
    line: int = 0


@frozen
class WebSite:
    """A name-based site: an Apache virtual host, a Caddy site, an HAProxy frontend.

    `names` are its names, perhaps with wildcards, in the order of the configuration. `file` and
    `line` are where it begins, and `end` is its last line (0 if unknown). `passthrough` is True if
    it passes connections on without reading them, so that another server has TLS and HTTP. Routes
    and redirects are in the order in which the server tries them. `error_log` is the file in
    which the server writes why it could not answer ("" if that is no file or is not known).
    `one_label` is True if "*" in a name stands for one label only (Caddy, "host" matcher).
    `guarded` is True if a section of the configuration says who may see the site's folder, False if
    only the server's default does, None if that is unknown. `old_access` is where a section lets
    everybody in with the words of Apache 2.2 alone ("file:line"), "" if none does. `gateways` are
    the Unix sockets that answer some of its files (Apache's SetHandler, for PHP).
    `reads_htaccess` is whether Apache reads the .htaccess of its folder, None if that is no
    question or unknown. `access_logs` are the files in which it writes every request. `aliases`
    are other folders, in the order in which the server tries them. `guards` are the applications
    that are asked first whether a request may go on (Caddy, `forward_auth`).
    `passes_authorization` is True if a line lets CGI and FastCGI programs have the field
    Authorization, for some paths at least (Apache, "CGIPassAuth"). `changes` are what it makes of a
    path before it chooses a route (HAProxy's rules of a frontend).
    """

    names: tuple[HostName, ...] = ()
    sockets: tuple[SiteSocket, ...] = ()
    files: tuple[SiteFile, ...] = ()
    routes: tuple[SiteRoute, ...] = ()
    redirects: tuple[SiteRedirect, ...] = ()
    root: FilePath = ""
    file: FilePath = ""
    line: int = 0
    end: int = 0
    passthrough: bool = False
    issuance: Issuance = ""
    error_log: FilePath = ""
    one_label: bool = False
    guarded: bool | None = None
    old_access: FilePath = ""
    gateways: tuple[FilePath, ...] = ()
    reads_htaccess: bool | None = None
    access_logs: tuple[SiteAccessLog, ...] = ()
    aliases: tuple[SiteAlias, ...] = ()
    guards: tuple[SiteRoute, ...] = ()
    passes_authorization: bool = False
    changes: tuple[PathChange, ...] = ()

    def paths(self, *roles: str) -> tuple[str, ...]:
        """Return the paths of the files with these roles, without repetition."""
        return tuple(dict.fromkeys(file.path for file in self.files if file.role in roles))

    def listens_on(self, port: int) -> bool:
        """Whether the site answers at this port, on any address."""
        return any(socket.port == port for socket in self.sockets)


@frozen
class ServerFile:
    """A file of the configuration and its text; `real` is the resolved path if it is a link."""

    path: FilePath
    text: ServerText
    changed: float | None = None
    real: FilePath = ""


@frozen(kw_only=True, eq=False)
class WebServerConfig(Observation):
    """The configuration on disk: what the server would load now.

    `sites` are its sites in the order in which the server considers them; the first on a socket
    is its default. `listens` are the sockets that it opens. `modules` are the loaded modules, as
    the server names them. `complete` is False if a part could not be read or understood: then
    a site that is not in `sites` may still exist. `idle` are sites that are on disk and not loaded
    (an Apache site that is not enabled, or needs a module that is not loaded), `idle_aliases` the
    folders of configurations beside the sites that are not enabled (Debian's conf-available), and
    `unread` sites for the target in files beside Caddy's or HAProxy's own that nothing loads.
    `files` are the texts of the sites' files. `loaded` is False if the server runs with another
    configuration than this, None if that is unknown; then `running` are the sites with which it
    runs. `complaint` is what its log says of the certificate that it should get for the target and
    has not. `error_log` is the log of the server itself, beside those of its sites. `rules` are
    those that answer the target's own paths themselves, or may, and `folders` those from which it
    answers them (Caddy). `maps` are the files by which HAProxy chooses a backend
    or a certificate, and its lists of visitors' addresses.
    """

    layer: ClassVar[str] = "server"

    product: Product
    path: FilePath
    sites: tuple[WebSite, ...] = ()
    listens: tuple[SiteSocket, ...] = ()
    modules: tuple[Word, ...] = ()
    idle: tuple[WebSite, ...] = ()
    idle_aliases: tuple[SiteAlias, ...] = ()
    unread: tuple[WebSite, ...] = ()
    complete: bool = True
    files: tuple[ServerFile, ...] = ()
    loaded: bool | None = None
    running: tuple[WebSite, ...] = ()
    complaint: Text = ""
    error_log: FilePath = ""
    rules: tuple[AnsweringRule, ...] = ()
    folders: tuple[ServedFolder, ...] = ()
    maps: tuple[ServerFile, ...] = ()

    def file(self, path: str) -> ServerFile | None:
        files = (*self.files, *self.maps)
        return next((file for file in files if path in {file.path, file.real}), None)

    def summary(self) -> Summary:
        names = tuple(site.names[0] if site.names else "_" for site in self.sites[:12])
        return self.path, phrase("sites {names}", names=names)
