"""Streams of PHP that nginx collects in FastCGI's buffers."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .apache_php_sockets import SOCKET
from .page_assets import PAGE

MINE = (site.CONF,)
EVENTS = f"https://{site.NAME}/index.php/update"
ROUTE = f"https://{site.NAME}/update"


def _php(lab: Lab, lines: str = "") -> None:
    """PHP-FPM's script sends an event each second."""
    server = lab.server
    server.write("/srv/php/index.php", "<?php echo 1;")
    server.sh(f"mkdir -p {SOCKET.rpartition('/')[0]}; rm -f {SOCKET}")
    program = server.application("fpm_server", SOCKET, "/index.php/update:events", "/update:events")
    lab.spawn(server, program, server.path(SOCKET).exists)
    server.sh(f"chmod 666 {SOCKET}")
    php = (
        "  root /srv/php;\n"
        "  location / {\n    root /srv/www;\n  }\n"
        "  location /update {\n    try_files $uri /index.php$is_args$args;\n  }\n"
        "  location ~ \\.php(/|$) {\n    fastcgi_split_path_info ^(.+\\.php)(/.*)$;\n"
        f"    include fastcgi.conf;\n{lines}    fastcgi_pass unix:{SOCKET};\n  }}\n"
    )
    server.write("/srv/www/index.html", "<h1>Shop</h1>\n")
    lab.change(PAGE, php)


@scenario(outside="http.slow", server="upstream.stream-buffered", target=EVENTS, differs=MINE)
def events_of_php_come_all_at_once(lab: Lab) -> None:
    """https://github.com/owncloud/core/pull/9924: a script sends its progress."""
    _php(lab)


@healthy(target=EVENTS)
def events_of_php_are_not_buffered(lab: Lab) -> None:
    _php(lab, "    fastcgi_buffering off;\n")


@scenario(outside="http.slow", server="upstream.stream-buffered", target=ROUTE, differs=MINE)
def events_of_a_route_of_php_come_all_at_once(lab: Lab) -> None:
    """The same by a route of the application: `try_files` leads to its index.php."""
    _php(lab)
