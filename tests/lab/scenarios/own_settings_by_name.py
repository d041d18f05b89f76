"""Programs in containers that the web server reaches by their name or address, and whose own
setting does not fit the site. Docker does not run here: see `nginx_in_container`."""

from .. import site
from ..containers import ComposeFile, Engine, application, proxied, proxy
from ..lab import Lab
from ..scenario import healthy, scenario
from .nginx_host_not_passed import PAGES
from .nginx_in_container import PANEL, STARTED
from .upstream_setting_mismatch import COMPOSE

CHECK = "upstream.setting-mismatch"
FOLDER = "/srv/cloud"
CONFIG = f"{FOLDER}/config/config.php"
NEXTCLOUD = """\
<?php
$CONFIG = array (
  'trusted_domains' => ['localhost'],
  'trusted_proxies' => ['127.0.0.1', '172.17.0.0/16'],
);
"""


def _nextcloud(lab: Lab, text: str) -> tuple[Engine, str]:
    """Nextcloud in a container, with its folder mounted; it publishes no port."""
    engine, server = Engine(lab), lab.server
    server.write(CONFIG, text)
    lab.undo(lambda: server.sh(f"rm -rf {FOLDER}"))
    words = server.application("configured_server", "nextcloud", "3001", "--host", "0.0.0.0")
    start = f"cd /var/www/html && exec {' '.join(words)}"
    address = engine.run(
        "nextcloud", ["sh", "-c", start], binds=[(FOLDER, "/var/www/html")], image="nextcloud:31"
    )
    engine.reaches(address, 3001)
    return engine, address


def _by_name(lab: Lab, text: str) -> None:
    """nginx in a container of its own asks for the name of the other."""
    _behind_names(*_nextcloud(lab, text), "nextcloud")


def _behind_names(engine: Engine, address: str, name: str) -> None:
    """The pages come from the container of this name, the WebSocket from another one."""
    other = proxied("http://app:3000")
    pages = PAGES.replace("127.0.0.1:3000", f"{name}:3001")
    text = other.replace(PAGES.replace("127.0.0.1:3000", "app:3000"), pages, 1)
    proxy(engine, text, hosts=f"{address} {name}\n{application(engine)} app\n")
    engine.answers(443)


@scenario(outside="http.host-refused", server=CHECK, differs=(CONFIG,), not_on=PANEL)
def nextcloud_at_its_containers_name_lacks_the_name(lab: Lab) -> None:
    _by_name(lab, NEXTCLOUD)


@healthy(not_on=PANEL)
def nextcloud_at_its_containers_name_has_the_name(lab: Lab) -> None:
    _by_name(lab, NEXTCLOUD.replace("localhost", site.NAME))


@scenario(outside="http.host-refused", server=CHECK, differs=(CONFIG,), not_on=PANEL)
def nextcloud_at_its_containers_address_lacks_the_name(lab: Lab) -> None:
    """nginx of the server itself asks for the address of the container."""
    _, address = _nextcloud(lab, NEXTCLOUD)
    lab.change(PAGES, PAGES.replace("127.0.0.1:3000", f"{address}:3001"))


@scenario(outside="http.mixed-content", server=CHECK, differs=STARTED, not_on=PANEL)
def keycloak_at_its_services_name_lacks_the_variable(lab: Lab) -> None:
    """The name is that of the service in the compose file."""
    engine = Engine(lab)
    file, image = ComposeFile(engine, COMPOSE), "quay.io/keycloak/keycloak:18.0.2"
    service = (
        f"services:\n  keycloak:\n    image: {image}\n    environment:\n      KC_DB: dev-mem\n"
    )
    words = lab.server.application("configured_server", "keycloak", "3001", "--host", "0.0.0.0")
    file.program(image, words)
    file.bring_up(service)
    address = file.address("kc-keycloak-1")
    engine.reaches(address, 3001)
    _behind_names(engine, address, "keycloak")
    engine.docker("network", "connect", "kc_default", "proxy")
