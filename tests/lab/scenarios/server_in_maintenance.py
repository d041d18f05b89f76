"""The program of the site is told to be in maintenance, and nobody is at work.

https://github.com/magento/magento2/issues/1557 (var/.maintenance.flag),
https://docs.nextcloud.com/server/latest/admin_manual/maintenance/update.html (config.php).
"""

from ..lab import Lab
from ..scenario import healthy, scenario
from .frameworks import PAGES
from .php_sockets import PHP

FOLDER = "/srv/polr/public"
FLAG = f"{FOLDER}/var/.maintenance.flag"
CONFIG = f"{FOLDER}/config/config.php"


def _serve(lab: Lab, own: str, *closed: str) -> None:
    lab.server.write(f"{FOLDER}/index.php", "<?php\n")
    lab.server.write(f"{FOLDER}/{own}", "#!/usr/bin/env php\n")
    lab.undo(lambda: lab.server.sh("rm -rf /srv/polr"))
    argv = lab.server.application("closed_server", "127.0.0.1:9000", *closed)
    lab.spawn(lab.server, argv, 9000)
    lab.change(PAGES, PHP.format("127.0.0.1:9000"))


@scenario(outside="http.server-error", server="server.in-maintenance", differs=(FLAG,))
def flag_of_magento_was_left(lab: Lab) -> None:
    lab.server.write(FLAG, "")
    _serve(lab, "bin/magento", FLAG)


@scenario(outside="http.server-error", server="server.in-maintenance", differs=(CONFIG,))
def nextcloud_is_in_maintenance(lab: Lab) -> None:
    lab.server.write(CONFIG, "<?php\n$CONFIG = array (\n  'maintenance' => true,\n);\n")
    _serve(lab, "occ", CONFIG, "'maintenance' => true")


@healthy()
def nextcloud_is_open(lab: Lab) -> None:
    lab.server.write(CONFIG, "<?php\n$CONFIG = array (\n  'maintenance' => false,\n);\n")
    _serve(lab, "occ", CONFIG, "'maintenance' => true")
