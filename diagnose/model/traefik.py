"""Observations of Traefik: its entry points and routers."""

from typing import ClassVar, Literal

from diagnose.model import Observation
from diagnose.model.frozen import frozen
from diagnose.model.marks import FilePath, Label, ServerText, Text
from diagnose.model.summary import Summary, phrase

#: The common name of the certificate that Traefik makes at its start (its source,
#: pkg/tls/generate).
DEFAULT_CERTIFICATE = "TRAEFIK DEFAULT CERT"

#: What begins a list that Traefik reads where one text is meant: the service "║24║shop".
LIST_MARK = "║24║"

RouterStatus = Literal["enabled", "disabled"]

#: Why Traefik passes over a container with labels: `traefik.enable` is not on, its health check has
#: not succeeded, or it does not run.
Filter = Literal["", "not_enabled", "unhealthy", "stopped"]


@frozen
class EntryPoint:
    """An entry point: a port, whether all its routers have TLS, the entry point or port to which it
    redirects ("" for none), its certificate resolver, and whether routers are on it that name
    none."""

    name: Label
    port: int
    tls: bool = False
    redirects_to: Label = ""
    resolver: Label = ""
    is_default: bool = False


@frozen
class Refuser:
    """A middleware that may refuse a request: its name, its kind in Traefik's words
    ("ipAllowList"), the name of its setting and the value ("" for several or none), and the status
    of what it refuses."""

    name: Label
    kind: Label
    setting: Label
    value: Text
    status: int


@frozen
class Router:
    """A router: its entry points, rule and service. `tls` is True if it takes requests with TLS,
    and those alone. `resolver` is its certificate resolver. `errors` are Traefik's own words about
    it, or what it names and is nowhere. `takes` is whether its rule takes the target's page, None
    if that is not known, and `has_name` whether the rule has the target's name. `filtered` is why
    the router is not there, although the labels of a container have it. `container` is that
    container, `networks` are its networks, and `network` is the one that the label
    `traefik.docker.network`, or the provider, chooses for Traefik, "" for none. `refusers` are its
    middlewares that may refuse a request. Of the routers that take a request the one with the
    greatest `priority` gets it, by default the length of the rule; 0 if it is not known."""

    name: Label
    entry_points: tuple[Label, ...] = ()
    rule: ServerText = ""
    tls: bool = False
    resolver: Label = ""
    service: Label = ""
    status: RouterStatus = "enabled"
    errors: tuple[Text, ...] = ()
    takes: bool | None = None
    has_name: bool = False
    filtered: Filter = ""
    container: Label = ""
    networks: tuple[Label, ...] = ()
    network: Label = ""
    refusers: tuple[Refuser, ...] = ()
    priority: int = 0


@frozen
class RefusedFile:
    """A file of the file provider that Traefik does not take: the line and the reason. `word` is a
    field that Traefik does not know, and `meant` the one that it has; "" for another reason."""

    path: FilePath
    line: int
    message: Text
    word: Label = ""
    meant: Label = ""


@frozen
class CertificateStore:
    """The file in which a certificate resolver keeps its account and keys, and its permission bits
    (inode(7)); None if they were not read."""

    resolver: Label
    path: FilePath
    mode: int | None = None

    @property
    def is_open(self) -> bool:
        """Whether others than the owner may use it: then Traefik leaves the resolver out."""
        return self.mode is not None and bool(self.mode & 0o077)


@frozen(kw_only=True, eq=False)
class TraefikState(Observation):
    """What Traefik would do with the target's page. `is_running` is True if its API said it, False
    if it was read from files. `complete` is False if another provider (Docker, Kubernetes) may have
    more routers. `path` is the static configuration. `refused` are the files that it does not take;
    where it has routers of files it goes on with what it read before, and none is named. `stores`
    are read only where visitors get Traefik's own certificate. `ignored` are the addresses of entry
    points ("entrypoints.websecure.address=:443") that stand on the command line or in the
    environment beside a static file: Traefik does not read them."""

    layer: ClassVar[str] = "server"

    path: FilePath = ""
    points: tuple[EntryPoint, ...] = ()
    routers: tuple[Router, ...] = ()
    resolvers: tuple[Label, ...] = ()
    is_running: bool = False
    complete: bool = True
    refused: tuple[RefusedFile, ...] = ()
    stores: tuple[CertificateStore, ...] = ()
    ignored: tuple[Label, ...] = ()

    def summary(self) -> Summary:
        return phrase("Traefik's routers"), tuple(router.name for router in self.routers[:12])
