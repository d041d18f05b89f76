"""PHP-FPM behind nginx gets more than its post_max_size."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .nginx_other_requests_failed import visit

PAGES = site.HTTPS[site.HTTPS.index("  location / {") : site.HTTPS.index("  location /ws")]
FOLDER = "/srv/shop-php"
LIMIT = "how much visitors may send, its owner decides"


def _shop(lab: Lab, size: int) -> None:
    """A page sends an upload of so many bytes to index.php, twice."""
    lab.spawn(lab.server, lab.server.application("fpm_server", "127.0.0.1:3001", "/"), 3001)
    lab.server.write(f"{FOLDER}/index.php", "<?php\n")
    lab.undo(lambda: lab.server.sh(f"rm -rf {FOLDER}"))
    php = (
        f"  root {FOLDER};\n  client_max_body_size 64m;\n"
        "  location / {\n    try_files $uri /index.php?$args;\n  }\n"
        "  location ~ \\.php$ {\n    include fastcgi_params;\n    fastcgi_pass 127.0.0.1:3001;\n"
        "    fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;\n  }\n\n"
    )
    lab.change(PAGES, php)
    lab.client.sh(f"head -c {size} /dev/zero > /run/upload")
    for _ in range(2):
        visit(lab, "/", "-H", "Expect:", "-F", "file=@/run/upload")


@scenario(outside=None, server="upstream.php-post-limit", manual=LIMIT)
def php_drops_a_large_upload(lab: Lab) -> None:
    _shop(lab, 9_000_000)


@healthy()
def php_takes_an_upload(lab: Lab) -> None:
    _shop(lab, 3_000_000)
