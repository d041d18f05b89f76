"""Observations of machines in front of this server, seen on the server itself."""

from typing import ClassVar, Literal

from diagnose.model import Observation
from diagnose.model.frozen import frozen
from diagnose.model.marks import Address, FilePath, Text, UrlPath, Word
from diagnose.model.summary import Summary, counted, phrase, socket_text

#: The version of the PROXY protocol (HAProxy's doc/proxy-protocol.txt): 1 is text, 2 is binary.
HeaderVersion = Literal[1, 2]


@frozen(kw_only=True, eq=False)
class FrontConnection(Observation):
    """For each connection that the server opened to `port` of `address`, none of its own, one
    came from that address to its own ports `own_ports`: the machine there passes visitors on to
    this server, or a router translates their addresses to its own."""

    layer: ClassVar[str] = "tcp"

    address: Address
    port: int
    own_address: Address
    own_ports: tuple[int, ...]

    def summary(self) -> Summary:
        sockets = tuple(socket_text(self.own_address, port) for port in self.own_ports)
        return phrase("passed on from {place}", place=socket_text(self.address, self.port)), sockets


@frozen(kw_only=True, eq=False)
class ProxyHeaderRequest(Observation):
    """The header of the PROXY protocol, which the web server took for a request and refused (400),
    by its access log `file`.

    `sender` sent it. `visitor` is the visitor's address in it and `port` the port of the sender
    that the visitor asked, "" and 0 if the log does not tell. A header of version 2 is binary: the
    log has its first byte or nothing, as it would of other bytes that are no HTTP. `written` is the
    time of the last as printed, `times` their number.
    """

    layer: ClassVar[str] = "server"

    file: FilePath
    sender: Address
    version: HeaderVersion
    visitor: Address = ""
    port: int = 0
    written: Text = ""
    times: int = 1

    def summary(self) -> Summary:
        times = counted("{count} time", "{count} times", self.times)
        return phrase("PROXY header of {address}", address=self.sender), (times, self.written)


@frozen(kw_only=True, eq=False)
class RefusedHealthCheck(Observation):
    """The same request of one machine again and again, in even intervals, that the web server never
    answered with a success (2xx), by its access log `file`: the health check of a balancer or of a
    monitor. `status` is that of the last, `every_s` the usual interval in seconds, `agent` the
    User-Agent ("" if the log has none), `port` the server's own port if the log tells it, else
    0."""

    layer: ClassVar[str] = "cloud"

    file: FilePath
    sender: Address
    method: Word
    path: UrlPath
    status: int
    every_s: float
    times: int
    written: Text = ""
    agent: Text = ""
    port: int = 0

    def summary(self) -> Summary:
        times = counted("{count} time", "{count} times", self.times)
        subject = phrase("health check {method} {path}", method=self.method, path=self.path)
        return subject, (str(self.status), times, self.written)
