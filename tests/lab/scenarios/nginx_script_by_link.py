"""Scenarios of nginx.script-by-link. After https://github.com/symfony/symfony-docs/pull/5758:
"PHP-FPM will display old pages after deployment": OPcache does not see that the link changed."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .page_assets import FOLDER, PAGE

TOLD = ("visitors still see the old version after a deployment",)


def _serve(lab: Lab, root: str) -> None:
    server = lab.server
    server.sh(f"mkdir -p {FOLDER}/releases/2/public; ln -s releases/2 {FOLDER}/current")
    server.write(f"{FOLDER}/releases/2/public/index.php", "<?php\n")
    server.sh(f"chmod -R a+rX {FOLDER}")
    lab.spawn(server, server.application("framework_server", "php", "3001"), 3001)
    names = ("REQUEST_METHOD", "QUERY_STRING", "CONTENT_TYPE", "CONTENT_LENGTH")
    lines = "".join(f"    fastcgi_param {name} ${name.lower()};\n" for name in names)
    lab.change(
        PAGE,
        f"  root {FOLDER}/current/public;\n  location / {{\n"
        f"    try_files $uri /index.php$is_args$args;\n  }}\n  location ~ \\.php$ {{\n{lines}"
        f"    fastcgi_param SCRIPT_FILENAME {root}$fastcgi_script_name;\n"
        "    fastcgi_pass 127.0.0.1:3001;\n  }\n",
    )


@scenario(outside=None, server="nginx.script-by-link", args=TOLD, differs=(site.CONF,))
def script_of_php_has_the_link_of_a_release(lab: Lab) -> None:
    _serve(lab, "$document_root")


@healthy(args=TOLD)
def script_of_php_has_the_folder_of_a_release(lab: Lab) -> None:
    _serve(lab, "$realpath_root")
