"""PHP-FPM listens on a Unix socket, and nginx asks another address.

After issues 1 of davibe/gitlist-docker, and threads about "php7.4-fpm.sock failed (2: No such file
or directory)" after an upgrade of PHP.
"""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .frameworks import PAGES
from .php_folders import write_scripts

MINE = (site.CONF,)
FOLDER = "/run/php"
SOCKET = f"{FOLDER}/php8.2-fpm.sock"
PHP = """\
  root /srv/polr/public;
  index index.php;
  location / {{ try_files $uri $uri/ /index.php?$query_string; }}
  location ~ \\.php$ {{
    include fastcgi_params;
    fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
    fastcgi_pass {};
  }}
"""


def start_fpm(lab: Lab, address: str, *sockets: str) -> None:
    """PHP-FPM on these Unix sockets, and a site that asks this address."""
    lab.server.sh(f"rm -rf {FOLDER}; mkdir {FOLDER}")
    lab.undo(lambda: lab.server.sh(f"rm -rf {FOLDER}"))
    for socket in sockets:
        argv = lab.server.application("fpm_server", socket)
        lab.spawn(lab.server, argv, lab.server.path(socket).exists)
        lab.server.sh(f"chmod 666 {socket}")
    write_scripts(lab, "/srv/polr/public", "index.php")
    lab.change(PAGES, PHP.format(address))


@scenario(outside="http.server-error", server="upstream.refused", differs=MINE)
def php_listens_on_a_socket_and_a_port_is_asked(lab: Lab) -> None:
    start_fpm(lab, "127.0.0.1:9000", SOCKET)


@scenario(outside="http.server-error", server="upstream.socket-unreachable", differs=MINE)
def php_of_another_version_listens(lab: Lab) -> None:
    start_fpm(lab, "unix:/var/run/php/php7.4-fpm.sock", SOCKET)


@scenario(outside="http.server-error", server="upstream.socket-unreachable", differs=MINE)
def php_of_the_old_version_left_its_socket(lab: Lab) -> None:
    old = f"{FOLDER}/php7.4-fpm.sock"
    start_fpm(lab, f"unix:{old}", SOCKET)
    leave = f"import socket; socket.socket(socket.AF_UNIX).bind('{old}')"
    lab.server.run(lab.server.python("-c", leave))
    lab.server.sh(f"chmod 666 {old}")


@scenario(outside="http.server-error", server="upstream.refused", manual="which version is meant?")
def php_of_two_versions_listens(lab: Lab) -> None:
    start_fpm(lab, "127.0.0.1:9000", SOCKET, f"{FOLDER}/php8.3-fpm.sock")


@healthy()
def php_on_the_socket_that_is_asked(lab: Lab) -> None:
    start_fpm(lab, f"unix:{SOCKET}", SOCKET, f"{FOLDER}/php8.3-fpm.sock")
