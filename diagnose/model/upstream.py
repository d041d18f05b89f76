"""Observations of the connection from nginx to the applications behind it."""

from typing import ClassVar, Literal

from diagnose.model import Observation
from diagnose.model.frozen import frozen
from diagnose.model.marks import Address, FilePath, HostName, Label, Url, Word
from diagnose.model.summary import Summary, Words, answer_phrase, application_phrase, phrase

#: The protocols that are tried with an application.
UpstreamProtocol = Literal["http", "https", "fastcgi", "uwsgi", "http2", "proxy", "mqtt"]
_PROTOCOL_NAMES: dict[str, Words] = {
    "http": phrase("plain HTTP"), "fastcgi": "FastCGI", "uwsgi": "uwsgi", "http2": "HTTP/2",
    "proxy": phrase("HTTP after a PROXY header"), "mqtt": "MQTT",
}  # fmt: skip


@frozen(kw_only=True, eq=False)
class UpstreamTalk(Observation):
    """One test conversation with an application at one address, to find out which protocol it
    speaks.

    `speaks` is "https" for a TLS handshake with `server_name` as SNI ("" for none), "http" for a
    request without TLS, and "fastcgi", "uwsgi" or "http2" (without TLS) if the application answered
    in that protocol.
    `as_nginx` is True if nginx is configured to do the same. `target` is the argument of proxy_pass
    as written. `status` is set if a request was sent and answered. `socket` is the path of the Unix
    socket, if the application listens on one.
    """

    layer: ClassVar[str] = "upstream"

    target: Url
    host: HostName
    port: int
    address: Address = ""
    socket: FilePath = ""
    speaks: UpstreamProtocol = "https"
    server_name: HostName = ""
    as_nginx: bool = True
    status: int | None = None
    protocol: Word = ""

    def summary(self) -> Summary:
        outcome: Words = self.protocol or phrase("answers")
        if self.speaks in {"http", "https"} and not self.protocol:
            outcome = phrase("handshake done")
        if self.status:
            outcome = answer_phrase(self.status)
        application = application_phrase(self.target, self.address, self.port, self.socket)
        subject = phrase(
            "{application}, {protocol}", application=application, protocol=self._protocol_phrase()
        )
        return subject, outcome

    def _protocol_phrase(self) -> Words:
        if self.speaks in _PROTOCOL_NAMES:
            return _PROTOCOL_NAMES[self.speaks]
        if self.server_name:
            return phrase("TLS as {name}", name=self.server_name)
        return phrase("TLS without a name")


@frozen
class Permissions:
    """Owner and permissions of a file or folder: the mode as ls(1) prints it ("srw-rw----"), the
    numeric owner and group. `extended` is True if an access control list (acl(5)) adds to the
    mode."""

    path: FilePath
    mode: Word
    owner: int
    group: int
    extended: bool = False


@frozen(kw_only=True, eq=False)
class UpstreamSocket(Observation):
    """The Unix socket of an application: `above` is the socket and the folders above it, innermost
    first. The failure is "missing" if there is no such file, "denied" if we may not read it.

    `user` and `groups` are the numeric ids of nginx's workers (proc(5), Uid and Groups); `user` is
    None if unknown. `names` are the user's name and the name of the socket's group. `listening` are
    other sockets that some process listens on; they are searched if nobody listens on this one.
    Behind another server than nginx the user is that of its processes, and `root` is their root
    folder (chroot(2)), "" if it is the system's.
    """

    layer: ClassVar[str] = "upstream"

    path: FilePath
    above: tuple[Permissions, ...] = ()
    user: int | None = None
    groups: tuple[int, ...] = ()
    names: tuple[Label, Label] = ("", "")
    listening: tuple[FilePath, ...] = ()
    root: FilePath = ""

    def summary(self) -> Summary:
        if not self.above:
            return self.path, ""
        inner = self.above[0]
        return self.path, f"{inner.mode} {inner.owner}:{inner.group}"


@frozen(kw_only=True, eq=False)
class UnixListeners(Observation):
    """The Unix sockets on which programs of this server listen and whose files are there. Observed
    only if an application's port on this server refuses connections."""

    layer: ClassVar[str] = "upstream"

    sockets: tuple[FilePath, ...] = ()

    def summary(self) -> Summary:
        return phrase("listening"), self.sockets[:12]


@frozen
class Denial:
    """An access that SELinux denied (type=AVC in the audit log): the permission, the program, and
    the port of a connection or else the path. `enforced` is False if it was only logged."""

    permission: Word
    program: Label
    port: int | None = None
    path: FilePath = ""
    enforced: bool = True


@frozen(kw_only=True, eq=False)
class Selinux(Observation):
    """SELinux on this server: `mode` as getenforce(8) prints it, the known booleans that allow
    nginx to make connections, and what it denied nginx recently. `logged` is True if the audit log
    could be read."""

    layer: ClassVar[str] = "upstream"

    mode: Word
    booleans: tuple[tuple[Word, bool], ...] = ()
    denials: tuple[Denial, ...] = ()
    logged: bool = False

    def boolean(self, name: str) -> bool | None:
        return dict(self.booleans).get(name)

    def summary(self) -> Summary:
        booleans = (f"{name} {'on' if on else 'off'}" for name, on in self.booleans)
        return "SELinux", ", ".join((self.mode, *booleans))


@frozen(kw_only=True, eq=False)
class ServerNames(Observation):
    """The server's own resolvers (resolv.conf(5)), and which of the names that nginx cannot resolve
    are in the server's hosts file (hosts(5)). Observed only if there are such names."""

    layer: ClassVar[str] = "upstream"

    resolvers: tuple[Address, ...] = ()
    written: tuple[HostName, ...] = ()

    def summary(self) -> Summary:
        return "/etc/resolv.conf", self.resolvers


@frozen(kw_only=True, eq=False)
class NameAnswer(Observation):
    """What a resolver answers about the name of an application that nginx looks up for each
    request. Asked only after the site failed.

    `of_nginx` is True for the servers in nginx's `resolver`, False for those of the system
    (resolv.conf(5)), as a control. `resolver` is the address and port. `rdtype` is "A" or "AAAA",
    `over_tcp` whether it was asked over TCP, as on a server that is reached over SSH: a resolver
    may answer over UDP only.
    """

    layer: ClassVar[str] = "upstream"

    name: HostName
    resolver: Address
    rdtype: Literal["A", "AAAA"]
    rcode: Word = ""
    addresses: tuple[Address, ...] = ()
    of_nginx: bool = True
    over_tcp: bool = False

    def summary(self) -> Summary:
        subject = phrase(
            "{name} {rdtype} from {server}",
            name=self.name,
            rdtype=self.rdtype,
            server=self.resolver,
        )
        if not self.rcode:
            return subject, self.addresses
        return subject, f"{self.rcode} {', '.join(self.addresses)}".rstrip()
