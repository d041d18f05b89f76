"""Scenarios of nginx.script-params-missing, after nginx's documentation of `fastcgi_param` ("These
directives are inherited … if and only if there are no fastcgi_param directives defined on the
current level") and many questions about an empty $_POST or $_GET behind PHP-FPM."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .page_assets import PAGE

SCRIPT = "    fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;\n"
MINE = (site.CONF,)


def _php(lab: Lab, lines: str, outer: str = "") -> None:
    """A form in PHP beside the shop."""
    lab.spawn(lab.server, lab.server.application("gateway_server", "php-files", "9000"), 9000)
    lab.server.write("/srv/forms/index.php", "<?php\n")
    location = f"  location ~ \\.php$ {{\n    root /srv/forms;\n{lines}"
    lab.change(PAGE, f"{outer}{location}    fastcgi_pass 127.0.0.1:9000;\n  }}\n{PAGE}")


@scenario(outside=None, server="nginx.script-params-missing", differs=MINE)
def php_learns_the_script_alone(lab: Lab) -> None:
    """`fastcgi_param SCRIPT_FILENAME` without `include fastcgi_params`: forms arrive empty."""
    _php(lab, SCRIPT)


@scenario(outside=None, server="nginx.script-params-missing", differs=MINE)
def parameters_are_not_inherited(lab: Lab) -> None:
    """All parameters stand in the server block, and the location has `fastcgi_param HTTPS on;`."""
    _php(lab, "    fastcgi_param HTTPS on;\n", "  include fastcgi.conf;\n")


@healthy()
def parameters_are_inherited(lab: Lab) -> None:
    _php(lab, "", "  include fastcgi.conf;\n")


@healthy()
def parameters_and_the_script(lab: Lab) -> None:
    _php(lab, f"    include fastcgi_params;\n{SCRIPT}")
