"""Observations of the clients of tunnels (frp, cloudflared, ngrok, `ssh -R`) on the server, made
after the site has failed."""

from typing import ClassVar

from diagnose.model import Observation, Subject
from diagnose.model.frozen import frozen
from diagnose.model.marks import FilePath, HostName, Label
from diagnose.model.summary import Summary, phrase


@frozen(kw_only=True, eq=False)
class TunnelClient(Observation):
    """A program that lets visitors in through a tunnel, and one of the places it passes them on to:
    `host` and `port`. `names` are the site's names by its configuration, () if it has none. `file`
    is the configuration, "" for the command line."""

    layer: ClassVar[str] = "server"

    program: Label
    pid: int
    host: HostName
    port: int
    names: tuple[HostName, ...] = ()
    file: FilePath = ""

    def summary(self) -> Summary:
        peer = str(Subject(address=self.host, port=self.port))
        return f"{self.program} ({self.pid})", phrase("passes visitors on to {peer}", peer=peer)
