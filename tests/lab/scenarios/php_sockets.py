"""PHP-FPM listens on a Unix socket, and nginx asks another address.

After issues 1 of davibe/gitlist-docker, and threads about "php7.4-fpm.sock failed (2: No such file
or directory)" after an upgrade of PHP.
"""

from .. import site
from ..lab import Lab
from ..machines import Machine
from ..scenario import healthy, scenario
from .application_services import ONE_LAYOUT
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


POOL = f"[www]\nuser = www-data\nlisten = {SOCKET}\npm = dynamic\n"
FPM = """\
[Unit]
Description=The PHP 8.2 FastCGI Process Manager
[Service]
UMask=0000
ExecStart={}
[Install]
WantedBy=multi-user.target
"""


def _packaged(lab: Lab, *command: str) -> Machine:
    """The distribution's service of PHP-FPM, whose pool alone names the socket; not started."""
    server = lab.server
    assert isinstance(server, Machine)
    server.sh(f"rm -rf {FOLDER}; mkdir {FOLDER}")
    lab.undo(lambda: server.sh(f"rm -rf {FOLDER}"))
    server.write("/etc/php/8.2/fpm/pool.d/www.conf", POOL)
    server.write("/usr/lib/systemd/system/php8.2-fpm.service", FPM.format(" ".join(command)))
    server.systemctl("daemon-reload")
    stop = "systemctl stop php8.2-fpm; systemctl reset-failed php8.2-fpm"
    lab.undo(lambda: server.sh(stop, check=False))
    write_scripts(lab, "/srv/polr/public", "index.php")
    lab.change(PAGES, PHP.format(f"unix:{SOCKET}"))
    return server


WANTED = "/etc/systemd/system/multi-user.target.wants/php8.2-fpm.service"


@scenario(
    outside="http.server-error", server="upstream.service-failed",
    differs=(*MINE, "processes", WANTED), not_on=ONE_LAYOUT,
)  # fmt: skip
def php_fpm_is_not_started(lab: Lab) -> None:
    """After many threads about "php8.2-fpm.sock failed (2: No such file or directory)"."""
    _packaged(lab, "/usr/bin/env", *lab.server.application("fpm_server", SOCKET)[1:])


@scenario(
    outside="http.server-error", server="upstream.service-failed", not_on=ONE_LAYOUT,
    manual="which user the pool is to have is a choice",
)  # fmt: skip
def php_fpm_does_not_start(lab: Lab) -> None:
    """ "[pool www] cannot get uid for user": the line before the last says why."""
    server = _packaged(lab, "/bin/sh", "/srv/polr/fpm.sh")
    why = "ERROR: [pool www] cannot get uid for user 'polr'"
    lines = f'echo "{why}"\necho "ERROR: FPM initialization failed"\nexit 78\n'
    server.write("/srv/polr/fpm.sh", lines)
    server.systemctl("start", "php8.2-fpm", check=False)
