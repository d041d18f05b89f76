"""Scenarios of nginx.root-missing, with a small FastCGI server (applications/fpm_server.py)."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario

PAGES = site.HTTPS[site.HTTPS.index("  location / {") : site.HTTPS.index("  location /ws")]
FOLDER = "/srv/shop-php"
ROOT = f"root {FOLDER};\n"


def _shop(lab: Lab, server: str, location: str) -> None:
    lab.spawn(lab.server, lab.server.application("fpm_server", "127.0.0.1:3001", "/"), 3001)
    lab.server.write(f"{FOLDER}/index.php", "<?php\n")
    lab.undo(lambda: lab.server.sh(f"rm -rf {FOLDER}"))
    front = f"  location / {{\n{location}    try_files $uri /index.php?$args;\n  }}\n\n"
    php = (
        "  location ~ \\.php$ {\n    include fastcgi_params;\n    fastcgi_pass 127.0.0.1:3001;\n"
        "    fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;\n  }\n\n"
    )
    lab.change(PAGES, f"{server}{front}{php}")


@scenario(outside="http.answer-says-why", server="nginx.root-missing", differs=(site.CONF,))
def folder_in_one_location_alone(lab: Lab) -> None:
    """The first of nginx's own list of pitfalls."""
    _shop(lab, "", f"    {ROOT}")


@healthy()
def folder_in_the_server_block(lab: Lab) -> None:
    _shop(lab, f"  {ROOT}", "")
