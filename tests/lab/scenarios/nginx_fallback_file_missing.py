"""The script that answers all paths is not there. After questions on Stack Overflow and Drupal
Answers, "404 on every page after a deployment": the release was built without it."""

from ..lab import Lab
from ..scenario import scenario

SCRIPTS = """\
  root /srv/shop;
  location / {
    try_files $uri /index.php?$query_string;
  }
  location ~ \\.php$ {
    try_files $fastcgi_script_name =404;
    include fastcgi_params;
    fastcgi_pass 127.0.0.1:3000;
  }
"""


@scenario(outside=None, server="nginx.fallback-file-missing", manual="the file has to be deployed")
def front_controller_was_not_deployed(lab: Lab) -> None:
    from .frameworks import PAGES

    lab.server.write("/srv/shop/style.css", "body { margin: 0 }\n")
    lab.change(PAGES, SCRIPTS)
