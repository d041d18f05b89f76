"""Containers that their engine does not start after a boot, or cannot start. Docker does not run
here: see `nginx_in_container`."""

from ..containers import Engine, application
from ..lab import HERE, Lab
from ..scenario import healthy, scenario
from .nginx_in_container import PANEL, STARTED

FOLDER = "/srv/projectsend"


def _shop(lab: Lab, *lines: str) -> Engine:
    """The application in a container of a compose file, behind nginx of the server."""
    engine = Engine(lab, f"{FOLDER}/docker-compose.yml")
    application(engine, ports=((8080, 3000),), bind="127.0.0.1", lines=lines)
    lab.edit("127.0.0.1:3000", "127.0.0.1:8080")
    lab.reload()
    return engine


@scenario(
    outside="http.server-error", server="upstream.container-stopped", differs=STARTED, not_on=PANEL
)
def container_has_no_restart_policy(lab: Lab) -> None:
    """https://github.com/projectsend/projectsend/issues/1658: after a boot the container is "Exited
    (0)"."""
    _shop(lab).docker("ended", "app", "0")


@scenario(
    outside="http.server-error", server="upstream.container-stopped", differs=STARTED, not_on=PANEL
)
def container_is_not_to_restart(lab: Lab) -> None:
    """The power failed: "Exited (255)". The compose file says `restart: "no"`."""
    _shop(lab, 'restart: "no"').docker("ended", "app", "255")


@healthy(not_on=PANEL)
def container_without_a_restart_policy_runs(lab: Lab) -> None:
    _shop(lab).answers(8080)


TEXT = """\
services:
  app:
    image: app:1
    container_name: app
    restart: always
    ports:
      - "127.0.0.1:8080:3000"
    networks:
      - front
networks:
  front:
    external: true
"""


def _in_front(lab: Lab) -> Engine:
    """The application in a network that its compose file does not make."""
    engine = Engine(lab, f"{FOLDER}/docker-compose.yml")
    engine.docker("network", "create", "front")
    assert engine.compose is not None
    program = lab.server.python(str(HERE / "application.py"), "--host", "0.0.0.0")
    engine.compose.program("app:1", program)
    engine.compose.bring_up(TEXT)
    lab.edit("127.0.0.1:3000", "127.0.0.1:8080")
    lab.reload()
    return engine


@scenario(
    outside="http.server-error", server="upstream.container-stopped", differs=STARTED, not_on=PANEL
)
def external_network_of_a_container_is_gone(lab: Lab) -> None:
    """https://docs.docker.com/reference/cli/docker/network/prune/: the container was stopped, and
    the network was unused."""
    engine = _in_front(lab)
    engine.docker("stop", "app")
    engine.docker("network", "rm", "front")
    lab.server.run(["docker", "start", "app"])


@healthy(not_on=PANEL)
def external_network_of_a_container_is_there(lab: Lab) -> None:
    _in_front(lab).answers(8080)
