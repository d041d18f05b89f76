"""Applications in PHP: the folder that nginx serves, the names of its index, and the path of a
script below a prefix.

After issues of polr, laravel-admin and deb.sury.org, and articles about ThinkPHP and `alias`.
"""

from .. import site
from ..lab import Lab
from ..scenario import UNLOGGED, healthy, scenario
from .frameworks import PAGES

MINE = (site.CONF,)
SCRIPT = "<?php echo 1;\n"
FOLDER = "/srv/polr/public"
PHP = """\
  location ~ \\.php$ {
    include fastcgi_params;
    fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
    fastcgi_pass 127.0.0.1:9000;
  }
"""


def start_fpm(lab: Lab, *paths: str) -> None:
    """PHP-FPM with a program that answers these paths, all of them without any."""
    lab.spawn(lab.server, lab.server.application("fpm_server", "127.0.0.1:9000", *paths), 9000)


def write_scripts(lab: Lab, folder: str, *names: str) -> None:
    top = "/".join(folder.split("/")[:3])
    lab.undo(lambda: lab.server.sh(f"rm -rf {top}"))
    for name in names:
        lab.server.write(f"{folder}/{name}", SCRIPT)


# The names of the index


def _front(lab: Lab, lines: str, php: str = PHP) -> None:
    start_fpm(lab, "/", "/admin")
    write_scripts(lab, FOLDER, "index.php")
    front = "  location / { try_files $uri $uri/ /index.php?$query_string; }\n"
    lab.change(PAGES, f"  root {FOLDER};\n{lines}{front}{php}")


@scenario(outside=None, server="nginx.index-missing", differs=MINE, not_on=UNLOGGED)
def front_page_whose_script_is_not_named(lab: Lab) -> None:
    """https://github.com/cydrobolt/polr/issues/273: /admin works, and / is 403."""
    _front(lab, "")


@scenario(outside=None, server="nginx.index-missing", differs=MINE, not_on=UNLOGGED)
def front_page_whose_script_is_not_among_the_names(lab: Lab) -> None:
    _front(lab, "  index index.html index.htm;\n")


@scenario(
    outside=None, server="nginx.index-missing", target=f"https://{site.NAME}/test-release/",
    differs=MINE, not_on=UNLOGGED,
)  # fmt: skip
def folder_of_scripts_whose_index_is_not_named(lab: Lab) -> None:
    """https://github.com/oerdnj/deb.sury.org/issues/676: only /test-release/index.php opens."""
    _front(lab, "")
    write_scripts(lab, f"{FOLDER}/test-release", "index.php")


@healthy()
def front_page_whose_script_is_named(lab: Lab) -> None:
    _front(lab, "  index index.html index.php;\n")
