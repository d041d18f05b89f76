"""Checks of the layer `server`: web servers other than nginx (ADR 25), and what they share.

One check judges every product; its page has the facts `server` (its title) and the commands. What
only one product has is a check whose name begins with it.
"""

from dataclasses import dataclass

from diagnose.model import Command, Effect, Evidence, Risk
from diagnose.model.server import Listeners
from diagnose.model.web_servers import WebServer, WebServerConfig, WebServerTest, WebSite
from diagnose.parsers.web_sites import answering_sites


@dataclass(frozen=True)
class ServerView:
    """The web server that has the target's port, or else the one that should have it, with its
    configuration and its test; None for what was not observed."""

    evidence: Evidence
    server: WebServer
    config: WebServerConfig | None
    test: WebServerTest | None

    @property
    def answering_sites(self) -> tuple[WebSite, ...]:
        """The sites that answer the target's name on its port, one for each address."""
        target = self.evidence.target
        return answering_sites(self.config, target.port, target.host) if self.config else ()

    @property
    def facts(self) -> dict[str, object]:
        """The facts that every text of this layer may use."""
        target = self.evidence.target
        return {"server": self.server.title, "name": target.host, "port": target.port}


def server_view(evidence: Evidence) -> ServerView | None:
    """Return the view of the server that answers on the target's port; None if there is none, or
    if it is in a container."""
    port = evidence.target.port
    servers = [server for server in evidence.good(WebServer) if not server.foreign]
    taken = any(listeners.on(port) for listeners in evidence.good(Listeners))
    holders = [server for server in servers if port in server.ports]
    server = next(iter(holders or ([] if taken else servers)), None)
    if server is None:
        return None
    configs, tests = evidence.good(WebServerConfig), evidence.good(WebServerTest)
    return ServerView(
        evidence,
        server,
        next((config for config in configs if config.product == server.product), None),
        next((test for test in tests if test.product == server.product), None),
    )


def test_steps(server: WebServer) -> tuple[Command, ...]:
    """Return the command that tests the configuration; () if the product has none."""
    return (Command(server.test, Effect.TEST),) if server.test else ()


def reload_steps(server: WebServer) -> tuple[Command, ...]:
    """Return the commands that test the configuration and then load it; they start a server that
    does not run."""
    if server.pid is None:
        return start_steps(server)
    reload = (Command(server.reload, Effect.RELOAD, risk=Risk.RELOADS),) if server.reload else ()
    return (*test_steps(server), *reload)


def start_steps(server: WebServer) -> tuple[Command, ...]:
    """Return the commands that test the configuration and start the server."""
    start = Command(server.start, Effect.START, undo=server.stop, risk=Risk.STARTS)
    return (*test_steps(server), *((start,) if server.start else ()))
