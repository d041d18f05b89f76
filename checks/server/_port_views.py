"""The view of the server that has a port, which need not be the target's."""

from checks.server import ServerView
from diagnose.model import Evidence
from diagnose.model.web_servers import WebServer, WebServerConfig


def view_of_port(evidence: Evidence, port: int) -> ServerView | None:
    for server in evidence.good(WebServer):
        if port in server.ports and not server.foreign:
            configs = evidence.good(WebServerConfig)
            config = next((each for each in configs if each.product == server.product), None)
            return ServerView(evidence, server, config, None)
    return None
