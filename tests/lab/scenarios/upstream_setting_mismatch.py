"""Programs whose own configuration does not fit the site (applications/configured_server.py)."""

from .. import site
from ..containers import ComposeFile, Engine
from ..lab import Lab
from ..scenario import healthy, scenario
from .nginx_host_not_passed import PAGES
from .nginx_in_container import STARTED

CHECK = "upstream.setting-mismatch"
CONFIG = "/srv/cloud/config/config.php"
NEXTCLOUD = """\
<?php
$CONFIG = array (
  'passwordsalt' => 'jk3Lw0Xq',
  'trusted_domains' =>
  array (
    0 => 'localhost',
  ),
  'dbpassword' => 'never-shown',
  'trusted_proxies' => ['127.0.0.1'],
);
"""


def configured(
    lab: Lab, mode: str, files: dict[str, str], folder: str, variables: str = ""
) -> None:
    """The pages come from a program that has these files, started in this folder."""
    server = lab.server
    for path, text in files.items():
        server.write(path, text)
    lab.undo(lambda: server.sh(f"rm -f {' '.join(files)}"))
    start = " ".join(server.application("configured_server", mode, "3001"))
    lab.spawn(server, ("sh", "-c", f"cd {folder} && {variables} exec {start}"), 3001)
    lab.change(PAGES, PAGES.replace("127.0.0.1:3000", "127.0.0.1:3001"))


@scenario(outside="http.host-refused", server=CHECK, differs=(CONFIG,))
def nextcloud_lacks_the_name(lab: Lab) -> None:
    """trusted_domains has localhost alone, as after an installation at http://localhost."""
    configured(lab, "nextcloud", {CONFIG: NEXTCLOUD}, "/srv/cloud")


@scenario(outside="http.host-refused", server=CHECK, differs=("/srv/cloud/config/z.config.php",))
def nextcloud_has_the_name_in_an_earlier_file(lab: Lab) -> None:
    """A file of *.config.php is read after config.php, and its list counts."""
    overlay = "<?php\n$CONFIG = array(\n  'trusted_domains' => ['cloud.example.net'],\n);\n"
    mine = NEXTCLOUD.replace("'localhost'", f"'{site.NAME}'")
    files = {CONFIG: mine, "/srv/cloud/config/z.config.php": overlay}
    configured(lab, "nextcloud", files, "/srv/cloud")


@healthy()
def nextcloud_has_a_pattern_for_the_name(lab: Lab) -> None:
    mine = NEXTCLOUD.replace("'localhost'", "'*.example.com'")
    configured(lab, "nextcloud", {CONFIG: mine}, "/srv/cloud")


@scenario(outside="http.redirect-downgrade", server=CHECK, differs=(CONFIG,))
def nextcloud_writes_http(lab: Lab) -> None:
    """overwriteprotocol has http, of the time before the site had https."""
    mine = NEXTCLOUD.replace("'localhost'", f"'{site.NAME}'").replace(
        "  'dbpassword'", "  'overwriteprotocol' => 'http',\n  'dbpassword'"
    )
    configured(lab, "nextcloud", {CONFIG: mine}, "/srv/cloud")


@scenario(outside="http.redirect-downgrade", server=CHECK, differs=(CONFIG,))
def nextcloud_trusts_another_proxy(lab: Lab) -> None:
    mine = NEXTCLOUD.replace("'localhost'", f"'{site.NAME}'").replace(
        "['127.0.0.1']", "['10.0.0.5']"
    )
    configured(lab, "nextcloud", {CONFIG: mine}, "/srv/cloud")


@scenario(outside="http.redirect-wrong-host", server=CHECK, differs=("/srv/blog/wp-config.php",))
def wordpress_has_the_address_of_its_installation(lab: Lab) -> None:
    mine = (
        "<?php\ndefine( 'DB_PASSWORD', 'never-shown' );\ndefine( 'WP_HOME', 'http://10.0.0.8' );\n"
    )
    configured(lab, "wordpress", {"/srv/blog/wp-config.php": mine}, "/srv/blog")


@scenario(outside=None, server=CHECK, differs=("processes",))
def home_assistant_trusts_no_proxy(lab: Lab) -> None:
    configured(lab, "hass", {"/srv/home/configuration.yaml": "default_config:\n"}, "/srv/home")


@healthy()
def home_assistant_trusts_the_network(lab: Lab) -> None:
    text = "http:\n  use_x_forwarded_for: true\n  trusted_proxies:\n    - 127.0.0.0/8\n"
    configured(lab, "hass", {"/srv/home/configuration.yaml": text}, "/srv/home")


@scenario(outside="http.host-refused", server=CHECK, differs=("processes",))
def django_lacks_the_name(lab: Lab) -> None:
    text = 'SECRET_KEY = "never-shown"\nALLOWED_HOSTS = ["localhost", "127.0.0.1"]\n'
    configured(lab, "manage.py", {"/srv/shop/settings.py": text}, "/srv/shop")


@healthy(args=("CSRF verification failed. Request aborted.",))
def django_trusts_the_origin_of_an_old_message(lab: Lab) -> None:
    """https://github.com/HHS/OPRE-OPS/pull/247, mended."""
    text = (
        f'ALLOWED_HOSTS = ["{site.NAME}"]\nROOT_URLCONF = "shop.urls"\n'
        f'CSRF_TRUSTED_ORIGINS = ["https://{site.NAME}"]\n'
    )
    configured(lab, "manage.py", {"/srv/shop/settings.py": text}, "/srv/shop")


@scenario(outside="http.redirect-wrong-host", server=CHECK, differs=("processes",))
def grafana_has_the_default_address(lab: Lab) -> None:
    text = "[server]\nroot_url = http://localhost:3000/\n[security]\nadmin_password = never-shown\n"
    file = "/srv/grafana/grafana.ini"
    configured(lab, "grafana-server", {file: text}, "/srv/grafana", f"GF_PATHS_CONFIG={file}")


@healthy()
def nextcloud_has_a_wrong_key_beside_the_right_one(lab: Lab) -> None:
    mine = NEXTCLOUD.replace("'localhost'", f"'{site.NAME}'").replace(
        "  'dbpassword'",
        "  'overwrite_protocol' => 'http',\n  'overwriteprotocol' => 'https',\n  'dbpassword'",
    )
    configured(lab, "nextcloud", {CONFIG: mine}, "/srv/cloud")


@scenario(outside="http.redirect-downgrade", server=CHECK, differs=(CONFIG,))
def nextcloud_does_not_know_the_key(lab: Lab) -> None:
    """Issue 13431 of nextcloud/server: `overwrite_protocol`."""
    mine = NEXTCLOUD.replace("'localhost'", f"'{site.NAME}'").replace(
        "  'dbpassword'", "  'overwrite_protocol' => 'https',\n  'dbpassword'"
    )
    mine = mine.replace("  'trusted_proxies' => ['127.0.0.1'],\n", "")
    configured(lab, "nextcloud", {CONFIG: mine}, "/srv/cloud")


@healthy()
def home_assistant_has_the_proxy_twice(lab: Lab) -> None:
    text = (
        "http:\n  use_x_forwarded_for: true\n"
        "  trusted_proxies:\n    - 10.0.0.5\n    - 127.0.0.1\n    - ::1\n"
    )
    configured(lab, "hass", {"/srv/home/configuration.yaml": text}, "/srv/home")


@scenario(outside=None, server=CHECK, differs=("processes",))
def home_assistant_was_not_restarted(lab: Lab) -> None:
    """The file was corrected after the program had begun: nothing is to be edited."""
    file = "/srv/home/configuration.yaml"
    configured(lab, "hass", {file: "default_config:\n"}, "/srv/home")
    text = "http:\n  use_x_forwarded_for: true\n  trusted_proxies:\n    - 127.0.0.1\n"
    lab.server.write(file, text)
    lab.server.sh(f"touch -d '+1 minute' {file}")


COMPOSE, ENV_FILE = "/srv/kc/docker-compose.yml", "/srv/kc/kc.env"


def keycloak(
    lab: Lab,
    *variables: str,
    image: str = "quay.io/keycloak/keycloak:18.0.2",
    env_file: str = "",
) -> None:
    """Keycloak in a container that publishes its port on loopback, of a compose file. `env_file` is
    the text of a file that it names."""
    engine = Engine(lab)
    file = ComposeFile(engine, COMPOSE)
    lines = "".join(f"      {each.replace('=', ': ')}\n" for each in ("KC_DB=dev-mem", *variables))
    named = "    env_file: ./kc.env\n" if env_file else ""
    head = f"services:\n  keycloak:\n    image: {image}\n{named}    environment:\n"
    lab.server.write(ENV_FILE, env_file)
    words = lab.server.application("configured_server", "keycloak", "3001", "--host", "0.0.0.0")
    file.program(image, words)
    file.bring_up(f'{head}{lines}    ports:\n      - "127.0.0.1:8081:3001"\n')
    engine.reaches(file.address("kc-keycloak-1"), 3001)
    lab.change(PAGES, PAGES.replace("127.0.0.1:3000", "127.0.0.1:8081"))


@scenario(outside="http.mixed-content", server=CHECK, differs=STARTED)
def keycloak_lacks_the_variable(lab: Lab) -> None:
    keycloak(lab)


@scenario(outside="http.mixed-content", server=CHECK, differs=STARTED)
def keycloak_has_another_value_in_its_env_file(lab: Lab) -> None:
    """https://github.com/keycloak/keycloak/issues/12913, with its variables in a file of their
    own."""
    keycloak(lab, env_file="# Of the proxy\nKC_PROXY=none\n")


@healthy()
def keycloak_has_the_variable_in_its_env_file(lab: Lab) -> None:
    keycloak(lab, env_file="# KC_PROXY=none\nKC_PROXY=edge\n")


@healthy()
def keycloak_has_the_variable(lab: Lab) -> None:
    keycloak(lab, "KC_PROXY=edge")
