"""Observations of the containers on a server."""

import posixpath
from typing import ClassVar, Literal

from diagnose.model import Observation
from diagnose.model.addresses import is_loopback
from diagnose.model.frozen import frozen
from diagnose.model.marks import Address, Digest, FilePath, Image, Label, ServerText, Text
from diagnose.model.summary import Summary, phrase

Engine = Literal["docker", "podman"]

#: Processes that listen, and accept connections, on behalf of a container.
CONTAINER_PROCESSES = frozenset(
    {"docker-proxy", "dockerd", "rootlessport", "conmon", "netavark", "podman"}
)

#: What an engine says of a container: docker's and podman's words for the states that differ for a
#: visitor. "" if it is not known.
State = Literal["", "running", "exited", "restarting", "created", "paused", "dead"]


@frozen
class ContainerPort:
    """A TCP port `inner` of a container. It is published at `address` and `port` of the server, or
    only declared (EXPOSE) if `port` is None."""

    inner: int
    port: int | None = None
    address: Address = ""


@frozen
class BindMount:
    """A file or folder of the server at `source` that a container sees at `point`. `replaced` is
    True if another file has taken its name since: the container still has the old one."""

    point: FilePath
    source: FilePath
    replaced: bool = False


@frozen
class ComposeService:
    """The service of a compose file that a container is: the names of the project and the service,
    the project's folder and its files, as labels tell them. `environment` are the files with the
    variables of these (`--env-file`). `old` is True if the program `docker-compose` (version 1)
    made it. `conditions` are the services that it waits for, each with what it waits for
    ("service_healthy", `depends_on` of the Compose specification)."""

    project: Label
    service: Label
    folder: FilePath = ""
    files: tuple[FilePath, ...] = ()
    environment: tuple[FilePath, ...] = ()
    old: bool = False
    conditions: tuple[tuple[Label, Label], ...] = ()


@frozen
class DeniedFolder:
    """A folder of the server at `source`, root's, which a container has at `point`. Its program
    runs as `user` ("1000:1000", or "1000" if the group is not known) and was denied `path` there:
    root alone may write the folder."""

    path: FilePath
    point: FilePath
    source: FilePath
    user: Label


@frozen
class MisplacedFile:
    """An empty folder of the server at `source` is mounted in the place of a file, and `path` is
    the only file of its name below the folder of the compose file."""

    source: FilePath
    path: FilePath


@frozen
class ContainerLabel:
    """A label of a container."""

    name: Label
    value: ServerText = ""


@frozen
class Container:
    """A container, as its engine ("docker", "podman") lists it. `networks` contains "host" if the
    container has no network of its own. `status` is the engine's sentence about the state ("Exited
    (1) 2 minutes ago"). `last_words` is the line that says why it ended, from its own output, or
    from its engine if that could not start it (`not_started`). `out_of_memory` tells that the
    kernel ended it for lack of memory (OOMKilled). `compose` is its service of a compose file.
    `folders` are the folders of the server that are mounted into one that does not run. `restart`
    is the restart policy of one that does not run ("no", "always"), "" if it is not known. Of an
    unhealthy one `last_words` are those of its health check. `labels` are those that Traefik reads,
    without the values of its middlewares, which hold passwords. `denied` and `misplaced` are what
    its mounts lack, where its output says that it was denied a path, or has a folder for a file.
    `crlf_scripts` are files of the server that are mounted, and whose first line ("#!/bin/sh") ends
    with a carriage return, where its output says that a program was not found."""

    engine: Engine
    id: Digest
    name: Label
    image: Image = ""
    networks: tuple[Label, ...] = ()
    ports: tuple[ContainerPort, ...] = ()
    state: State = ""
    status: Text = ""
    last_words: Text = ""
    not_started: bool = False
    out_of_memory: bool = False
    compose: ComposeService | None = None
    folders: tuple[BindMount, ...] = ()
    restart: Label = ""
    labels: tuple[ContainerLabel, ...] = ()
    denied: DeniedFolder | None = None
    misplaced: tuple[MisplacedFile, ...] = ()
    crlf_scripts: tuple[FilePath, ...] = ()

    @property
    def stopped(self) -> bool:
        """Whether the engine says that it does not run, or not for long at a time."""
        return self.state in {"exited", "restarting", "created", "dead"}

    @property
    def checks_health(self) -> bool:
        """Whether its health check has not succeeded yet, or fails."""
        return not self.stopped and ("(health: " in self.status or self.unhealthy)

    @property
    def unhealthy(self) -> bool:
        """Whether it runs and its health check fails."""
        return not self.stopped and "(unhealthy)" in self.status

    def publishes(self, port: int) -> bool:
        """Whether a port of the server leads into it."""
        return any(mapping.port == port for mapping in self.ports)


@frozen
class Namespace:
    """A network namespace other than the server's (network_namespaces(7)): some of its processes,
    its addresses, and the TCP sockets that listen in it. `container` is the id of the container
    that owns it, "" if unknown. `service` is the service of systemd whose network it is
    (PrivateNetwork=, NetworkNamespacePath= of systemd.exec(5)), "" for a container's."""

    pid: int
    processes: tuple[Label, ...] = ()
    container: Digest = ""
    addresses: tuple[Address, ...] = ()
    sockets: tuple[tuple[Address, int], ...] = ()
    service: Label = ""

    def listens(self, port: int) -> bool:
        """Return True if something listens on the port at an address other than loopback."""
        return any(number == port and not is_loopback(at) for at, number in self.sockets)


@frozen(kw_only=True, eq=False)
class Containers(Observation):
    """The containers, and the listening sockets in other network namespaces. Observed only if
    nothing in the server's own namespace listens on the target's port, visitors get the certificate
    of another name, or an application behind the web server cannot be reached. `engines` are
    the engines that answered."""

    layer: ClassVar[str] = "listener"

    engines: tuple[Engine, ...] = ()
    containers: tuple[Container, ...] = ()
    namespaces: tuple[Namespace, ...] = ()

    @property
    def running(self) -> tuple[Container, ...]:
        return tuple(container for container in self.containers if not container.stopped)

    @property
    def stopped(self) -> tuple[Container, ...]:
        return tuple(container for container in self.containers if container.stopped)

    def summary(self) -> Summary:
        names = tuple(container.name for container in self.containers[:12])
        return phrase("containers"), names or tuple(
            f"{next(iter(namespace.processes), '')} (pid {namespace.pid})".lstrip()
            for namespace in self.namespaces[:12]
        )


@frozen(kw_only=True, eq=False)
class ComposeFile(Observation):
    """A compose file that made containers of this server, with the lines that say how they are
    reached and what they mount: `diagnose.parsers.compose_files` hides all others."""

    layer: ClassVar[str] = "listener"

    path: FilePath
    text: ServerText

    def summary(self) -> Summary:
        return self.path, phrase("compose file")


@frozen(kw_only=True, eq=False)
class ScriptContainer(Observation):
    """The container in which PHP-FPM listens at `endpoint` that does not find a script.

    `path` is the script as nginx names it, and `is_there` whether the container has it. `folder` is
    that of nginx's `root`, and `source` where the server has it, "" if only the image of nginx's
    own container does. `mounts` are the files of the server that the container sees, the longest
    path first. `within` is the only folder of the container near `folder` that has the script, ""
    if there is none, or several. `engine` and `name` are "" if no engine lists it.
    """

    layer: ClassVar[str] = "upstream"

    endpoint: Text
    engine: Literal["", "docker", "podman"] = ""
    name: Label = ""
    path: FilePath
    is_there: bool
    folder: FilePath
    source: FilePath = ""
    mounts: tuple[BindMount, ...] = ()
    within: FilePath = ""
    compose: FilePath = ""
    service: Label = ""

    def source_of(self, path: str) -> str:
        """Return where the server has a path of the container; "" if the image holds it."""
        for mount in self.mounts:
            if f"{path}/".startswith(f"{mount.point.rstrip('/')}/"):
                return posixpath.join(mount.source, path[len(mount.point) :].lstrip("/"))
        return ""

    @property
    def seen_at(self) -> str:
        """Where the container sees the folder; "" if it does not."""
        for mount in self.mounts:
            if self.source and (self.source + "/").startswith(mount.source.rstrip("/") + "/"):
                rest = self.source[len(mount.source.rstrip("/")) :].lstrip("/")
                return posixpath.join(mount.point, rest).rstrip("/") or "/"
        return ""

    def summary(self) -> Summary:
        subject = phrase("{path} in the container {name}", path=self.path, name=self.name or "?")
        return subject, phrase("exists") if self.is_there else phrase("missing")


@frozen(kw_only=True, eq=False)
class NginxContainer(Observation):
    """The container in which the web server runs that has the target's port: nginx (hence its
    name), Apache, Caddy or HAProxy. The configuration, files
    and applications were observed from inside it.

    `pid` is its master's. `engine`, `digest` (its id), `name` and `ports` are as the engine lists
    it; "" and () if no engine does. `mounts` are the files of the server that it sees, the
    longest path first. With `own_network` it is no container: only the network is its own, and
    `service` is its service ("nginx.service"), "" if none started it.
    """

    layer: ClassVar[str] = "nginx"

    pid: int
    engine: Literal["", "docker", "podman"] = ""
    digest: Digest = ""
    name: Label = ""
    image: Image = ""
    networks: tuple[Label, ...] = ()
    ports: tuple[ContainerPort, ...] = ()
    addresses: tuple[Address, ...] = ()
    mounts: tuple[BindMount, ...] = ()
    own_network: bool = False
    service: Label = ""

    @property
    def title(self) -> str:
        """Its name, or what else tells it from others."""
        return self.name or self.digest[:12] or self.service or f"pid {self.pid}"

    def mount_of(self, path: str) -> BindMount | None:
        """Return the mount that holds a path of the container."""
        return next(
            (
                mount
                for mount in self.mounts
                if path == mount.point or path.startswith(f"{mount.point.rstrip('/')}/")
            ),
            None,
        )

    def source_of(self, path: str) -> str:
        """Return where the server has a path of the container; "" if the image holds it."""
        mount = self.mount_of(path)
        if mount is None:
            return ""
        return posixpath.join(mount.source, path[len(mount.point) :].lstrip("/")).rstrip("/")

    def inner_port(self, port: int) -> int:
        """Return the port in the container to which the server's port leads; the same without a
        known one."""
        return next((mapping.inner for mapping in self.ports if mapping.port == port), port)

    def summary(self) -> Summary:
        if self.own_network:
            return phrase("the web server's own network"), self.title
        return phrase("the web server's container"), self.title


@frozen(kw_only=True, eq=False)
class UnreadMount(Observation):
    """A file of the server at `source` that the container of the web server sees at `point`. It has
    the target's site in the words of `product`, and the web server reads it from nowhere. `path` is
    the main file that it reads, "" if that is not known."""

    layer: ClassVar[str] = "server"

    product: Literal["nginx", "apache", "caddy", "haproxy", "traefik"]
    point: FilePath
    source: FilePath
    path: FilePath = ""

    def summary(self) -> Summary:
        return self.point, phrase("has the site, and the server that answers has not read it")


@frozen(kw_only=True, eq=False)
class SiteMounts(Observation):
    """The files of the site, which the web server in a container did not find in `folder`.

    `exists` is whether the container has the folder, `is_empty` whether nothing is in it, and
    `source` where the server has it, "" if no mount holds it. `found` are the folders of other
    mounts, as the container sees them, in which the file is. `beside` is a folder of the server in
    that of the compose file which has the file, where `source` is empty; "" if there is none, or
    several.
    """

    layer: ClassVar[str] = "server"

    folder: FilePath
    exists: bool
    is_empty: bool = False
    source: FilePath = ""
    found: tuple[FilePath, ...] = ()
    beside: FilePath = ""

    def summary(self) -> Summary:
        if self.found:
            return self.folder, phrase("missing; is {elsewhere}", elsewhere=self.found[0])
        return self.folder, phrase("no index")


@frozen
class ChangedVariable:
    """A variable whose value in a container differs from the one in the file that its service takes
    it from. `before` and `now` are "" where the value may be a secret, `before` also where the
    container lacks the variable."""

    name: Label
    file: FilePath
    before: ServerText = ""
    now: ServerText = ""


@frozen(kw_only=True, eq=False)
class OutdatedContainer(Observation):
    """A container that runs with other values than its compose file and the files that this names
    have now: an engine gives a container its environment when it makes it (Compose specification,
    "environment", "env_file"). Observed only after the program in it has failed."""

    layer: ClassVar[str] = "upstream"

    engine: Engine
    name: Label
    compose: ComposeService
    changed: tuple[ChangedVariable, ...]

    def summary(self) -> Summary:
        names = ", ".join(each.name for each in self.changed)
        return self.name, phrase("made before {names} changed", names=names)


@frozen(kw_only=True, eq=False)
class DatabaseLogin(Observation):
    """A database in the container `name` which refuses the login of the user `user` from the
    container `application`, by the log of that.

    `is_same_password` tells that the environments of both have the same password for this user, so
    that the database has another one in its data than its own environment says: its image reads
    this only for an empty folder of data. `reason` is the database's own: "password" (it is not
    the stored one), "user" (there is none), "" if it does not say. `message` is the application's
    line."""

    layer: ClassVar[str] = "upstream"

    engine: Engine
    name: Label
    product: Literal["postgres", "mysql", "mariadb"]
    application: Label
    user: Label
    is_same_password: bool = False
    reason: Literal["", "password", "user"] = ""
    message: Text = ""

    def summary(self) -> Summary:
        return self.name, phrase("refuses the password of {user}", user=self.user)
