"""A site that is enabled in sites-enabled, and a main configuration that does not include it."""

from .. import site
from ..lab import Lab
from ..scenario import scenario

MAIN, ENABLED = "/etc/nginx/nginx.conf", "/etc/nginx/sites-enabled/shop"
DEFAULT = """\
server {
  listen 80 default_server;
  root /var/www/empty;
}
"""
INCLUDE = "a whole folder may be left out on purpose"


@scenario(
    outside=None,
    server="nginx.site-not-included",
    target=f"http://{site.NAME}/app",
    manual=INCLUDE,
    not_on={"panel": "it has folders of its own", "built-*": "it has folders of its own"},
)
def enabled_site_is_not_read(lab: Lab) -> None:
    """Issue 94 of h5bp/server-configs-nginx: 404 from the server block of nginx.conf itself."""
    lab.stop_nginx()
    server = lab.server
    server.sh(
        "mkdir -p /var/www/empty /etc/nginx/sites-enabled && rm -f /etc/nginx/sites-enabled/*"
    )
    server.write("/var/www/empty/robots.txt", "User-agent: *\n")
    server.write(MAIN, server.read(MAIN).replace("include /etc/nginx/sites-enabled/*;", ""))
    server.write(ENABLED, server.read(site.CONF))
    server.write(site.CONF, DEFAULT)
    lab.start_nginx()
