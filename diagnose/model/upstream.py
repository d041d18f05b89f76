"""What can be seen of the way from nginx to the applications behind it."""

from typing import ClassVar

from diagnose.model import Observation
from diagnose.model.frozen import frozen


@frozen(kw_only=True, eq=False)
class UpstreamTalk(Observation):
    """One conversation with an application at one address, to find out what it speaks.

    `speaks` is "https" for a handshake, in which `server_name` was sent ("" for none), and "http"
    for a request without TLS; `as_nginx` says that nginx does the same by its configuration.
    `target` is the argument of proxy_pass as written. `status` is there where a request was sent
    and answered. `socket` is the path where the application listens on a Unix socket.
    """

    layer: ClassVar[str] = "upstream"

    target: str
    host: str
    port: int
    address: str = ""
    socket: str = ""
    speaks: str = "https"
    server_name: str = ""
    as_nginx: bool = True
    status: int | None = None
    protocol: str = ""


@frozen
class Permissions:
    """Whose a file or folder is and who may use it: the mode as ls(1) writes it ("srw-rw----"),
    the numbers of its owner and group. `extended` says that an access control list (acl(5))
    holds more than the mode says."""

    path: str
    mode: str
    owner: int
    group: int
    extended: bool = False


@frozen(kw_only=True, eq=False)
class UpstreamSocket(Observation):
    """The Unix socket of an application: itself and the folders above it, from the inside out.
    The failure is "missing" where there is no such file, "denied" where we may not look.

    `user`, `groups` are the numbers with which nginx's workers run (proc(5), Uid and Groups);
    `user` is None where that could not be seen. `names` are the user's name and the name of the
    socket's group. `listening` are other sockets that somebody listens on, looked for only where
    this one is missing.
    """

    layer: ClassVar[str] = "upstream"

    path: str
    above: tuple[Permissions, ...] = ()
    user: int | None = None
    groups: tuple[int, ...] = ()
    names: tuple[str, str] = ("", "")
    listening: tuple[str, ...] = ()


@frozen
class Denial:
    """Something that SELinux forbade (type=AVC of the audit log): what, to which program, and
    for a connection the port, else the path. `enforced` is False where it was only noted."""

    permission: str
    program: str
    port: int | None = None
    path: str = ""
    enforced: bool = True


@frozen(kw_only=True, eq=False)
class Selinux(Observation):
    """SELinux on this server: `mode` as getenforce(8) says it, the booleans that let nginx make
    connections, as far as they are known, and what it forbade nginx lately. `logged` says whether
    the audit log could be read."""

    layer: ClassVar[str] = "upstream"

    mode: str
    booleans: tuple[tuple[str, bool], ...] = ()
    denials: tuple[Denial, ...] = ()
    logged: bool = False

    def boolean(self, name: str) -> bool | None:
        return dict(self.booleans).get(name)


@frozen(kw_only=True, eq=False)
class ServerNames(Observation):
    """Where this server itself looks names up (resolv.conf(5)), and which of the names that nginx
    cannot look up stand in its own hosts file (hosts(5)). Looked for only where there are such."""

    layer: ClassVar[str] = "upstream"

    resolvers: tuple[str, ...] = ()
    written: tuple[str, ...] = ()
