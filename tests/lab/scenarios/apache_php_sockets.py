"""PHP-FPM listens on a Unix socket, and the handler of Apache names one that it cannot use."""

from .. import apache
from ..apache import HTTP
from ..lab import Lab
from .apache import apache_scenario, healthy_apache
from .server_pages import of_files

ROOT = "/var/www/shop"
FOLDER = "/run/php"
SOCKET, NEWER = f"{FOLDER}/php8.2-fpm.sock", f"{FOLDER}/php8.4-fpm.sock"
POOL = "/etc/php/8.2/fpm/pool.d/www.conf"
HANDLER = f"""\
    ProxyPass /ws ws://127.0.0.1:3000/ws
    DirectoryIndex index.php
    <FilesMatch "\\.php$">
        SetHandler "proxy:unix:{SOCKET}|fcgi://localhost"
    </FilesMatch>
    <Directory"""


def serve(
    lab: Lab, socket: str, owner: str = "www-data:www-data", module: str = "proxy_fcgi"
) -> None:
    """A site in PHP, whose PHP-FPM listens on this socket, which has this owner and mode 660."""
    server = lab.server
    server.sh(f"rm -rf {FOLDER}; mkdir {FOLDER}")
    lab.undo(lambda: server.sh(f"rm -rf {FOLDER}"))
    lab.spawn(server, server.application("fpm_server", socket), server.path(socket).exists)
    server.sh(f"chown {owner} {socket}; chmod 660 {socket}")
    text = of_files(ROOT).replace("    <Directory", HANDLER, 1)
    apache.install(lab, f"{text}\n{HTTP}")
    apache.enable(lab, module)
    server.write(f"{ROOT}/index.php", "<?php echo 1;\n")
    apache.start(lab)


@apache_scenario(
    outside="http.server-error", server="server.backend-not-reached", differs=(apache.SITE,)
)
def apache_asks_the_php_of_another_version(lab: Lab) -> None:
    """After https://github.com/nextcloud/server/issues/15609: "(2)No such file or directory:
    AH02454: FCGI: attempt to connect to Unix domain socket /run/php/php7.3-fpm.sock"."""
    serve(lab, NEWER)


@apache_scenario(
    outside="http.server-error", server="server.backend-not-reached",
    manual="the pool is not known",
)  # fmt: skip
def apache_may_not_use_the_socket_of_php(lab: Lab) -> None:
    """https://github.com/fideloper/Vaprobash/issues/306: root owns the socket."""
    serve(lab, SOCKET, "root:root")


@apache_scenario(
    outside="http.server-error", server="server.backend-not-reached", differs=("/etc/group",)
)
def apache_is_not_in_the_group_of_the_socket(lab: Lab) -> None:
    """The socket is for a group of its own, as panels have it."""
    serve(lab, SOCKET, "root:games")


@apache_scenario(
    outside="http.page-downloaded",
    server="http.page-downloaded",
    differs=(apache.SITE,),
)
def apache_has_no_handler_for_php(lab: Lab) -> None:
    """https://github.com/oerdnj/deb.sury.org/issues/266: after an update of PHP nothing passes the
    scripts on, and visitors get their source."""
    serve(lab, SOCKET)
    text = lab.server.read(apache.SITE)
    first, rest = text.split('    <FilesMatch "')
    lab.server.write(apache.SITE, first + rest.partition("    </FilesMatch>\n")[2])
    lab.server.run(["apachectl", "graceful"], check=True)


@apache_scenario(
    outside="http.server-error", server="server.application-down", differs=(apache.SITE,)
)
def apache_asks_a_port_and_php_has_a_socket(lab: Lab) -> None:
    """Apache's words are "(111)Connection refused: AH00957: FCGI: attempt to connect to
    127.0.0.1:9000 (*) failed"."""
    serve(lab, SOCKET)
    named = f"unix:{SOCKET}|fcgi://localhost"
    lab.edit(named, "fcgi://127.0.0.1:9000", apache.SITE)
    lab.server.run(["apachectl", "graceful"], check=True)


@healthy_apache()
def apache_may_use_the_socket_of_php(lab: Lab) -> None:
    """One of another version is beside."""
    serve(lab, SOCKET)
    server = lab.server
    lab.spawn(server, server.application("fpm_server", NEWER), server.path(NEWER).exists)
