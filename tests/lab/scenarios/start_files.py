"""The application is down, and a file on the server says how it is started."""

from .. import apache
from ..lab import Lab
from ..scenario import healthy, scenario

PACKAGE = '{"name": "web", "scripts": {"start": "node app.js"}}\n'
SOURCE = "require('http').createServer().listen(process.env.PORT || 3000)\n"
BY_HAND = "a person starts it"


def _project(lab: Lab) -> None:
    lab.undo(lambda: lab.server.sh("rm -rf /srv/web"))
    lab.server.write("/srv/web/package.json", PACKAGE)
    lab.server.write("/srv/web/app.js", SOURCE)


@scenario(outside="http.server-error", server="upstream.refused", manual=BY_HAND)
def project_of_node_is_not_started(lab: Lab) -> None:
    """After a restart of the server nobody started it: no pm2 startup."""
    lab.application_service.stop()
    _project(lab)


@scenario(
    outside="http.server-error", server="server.application-down", manual=BY_HAND,
    needs=apache.needs_apache,
)  # fmt: skip
def project_of_node_behind_apache_is_not_started(lab: Lab) -> None:
    lab.application_service.stop()
    _project(lab)
    apache.serve(lab)


@healthy()
def project_of_node_beside_the_application(lab: Lab) -> None:
    """A second copy that nobody starts names the same port."""
    _project(lab)
