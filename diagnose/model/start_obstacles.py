"""What stood in the way of a web server's last start."""

from typing import ClassVar, Literal

from diagnose.model import Observation
from diagnose.model.frozen import frozen
from diagnose.model.marks import Address, FilePath, Label, Text
from diagnose.model.summary import Summary, phrase
from diagnose.model.web_servers import Product

#: A port of UDP, the port of Caddy's administration, or one of the site's is another program's; a
#: port below 1024; a file or folder that may not be used; an address that this machine does not
#: have; a folder for chroot(2), or for a Unix socket, that is not there; or a command in the unit
#: that leaves the server in the background (`caddy start`), so that systemd ends it.
ObstacleKind = Literal[
    "udp-port", "admin-port", "tcp-port", "low-port", "file", "folder", "address", "chroot",
    "socket-folder", "command",
]  # fmt: skip


@frozen(kw_only=True, eq=False)
class StartObstacle(Observation):
    """What the journal of a web server that does not run names as the reason, and what the server
    shows of it.

    `unit` is the service's name without ".service". `process`, `pid` and `holder` are the program
    that has the port, and its unit ("hysteria.service", "" for none); with `is_unused` it is a web
    server without a site. `user` and `group` are those
    of the web server's unit ("" for root's). `owner`, `owner_group` and `mode` are those of `path`
    (None if it is not there), or for a socket those of its folder. `bounds` is True if the unit
    lacks the capability for chroot(2), `setting` is net.ipv4.ip_nonlocal_bind, and `virtual` the
    file in which keepalived has the address. `command` is the line ExecStart= of the unit.
    """

    layer: ClassVar[str] = "server"

    product: Product
    unit: Label
    kind: ObstacleKind
    message: Text = ""
    path: FilePath = ""
    address: Address = ""
    port: int = 0
    process: Label = ""
    pid: int | None = None
    holder: Label = ""
    is_unused: bool = False
    user: Label = ""
    group: Label = ""
    owner: Label = ""
    owner_group: Label = ""
    mode: int | None = None
    is_folder: bool = False
    bounds: bool = False
    setting: int | None = None
    virtual: FilePath = ""
    command: Text = ""

    def summary(self) -> Summary:
        return phrase(
            "what stopped the start of {unit}", unit=self.unit
        ), self.message or self.command
