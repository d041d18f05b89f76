"""Scenarios of server.apache-stream-held."""

from .. import apache
from ..apache import HTTP
from ..lab import Lab
from .apache import apache_scenario, healthy_apache
from .apache_php_sockets import FOLDER, HANDLER, ROOT, SOCKET
from .server_pages import of_files

EVENTS = "https://shop.example.com/events.php"


def _serve(lab: Lab, flushed: bool = False) -> None:
    """A script of PHP-FPM at a Unix socket sends an event each second."""
    server = lab.server
    server.sh(f"rm -rf {FOLDER}; mkdir {FOLDER}")
    lab.undo(lambda: server.sh(f"rm -rf {FOLDER}"))
    program = server.application("fpm_server", SOCKET, "/", "/events.php:events")
    lab.spawn(server, program, server.path(SOCKET).exists)
    server.sh(f"chown www-data:www-data {SOCKET}; chmod 660 {SOCKET}")
    text = of_files(ROOT).replace("    <Directory", HANDLER, 1)
    if flushed:
        worker = '    <Proxy "fcgi://localhost" flushpackets=on>\n    </Proxy>\n'
        text = text.replace("    <FilesMatch", f"{worker}    <FilesMatch", 1)
    apache.install(lab, f"{text}\n{HTTP}")
    apache.enable(lab, "proxy_fcgi")
    server.write(f"{ROOT}/index.php", "<?php echo 1;\n")
    server.write(f"{ROOT}/events.php", "<?php echo 1;\n")
    apache.start(lab)


@apache_scenario(
    outside="http.slow", server="server.apache-stream-held", target=EVENTS, differs=(apache.SITE,)
)  # fmt: skip
def apache_holds_the_events_of_php(lab: Lab) -> None:
    """After https://github.com/nextcloud/all-in-one/pull/4343."""
    _serve(lab)


@healthy_apache(target=EVENTS)
def apache_passes_the_events_of_php_on(lab: Lab) -> None:
    _serve(lab, flushed=True)
