"""Scenarios of nginx.https-param-missing, with a small FastCGI server
(applications/framework_server.py) that forces https."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .nginx_https_param_off import PASSED, _php


@scenario(outside="http.redirect-loop", server="nginx.https-param-missing", differs=(site.CONF,))
def php_forces_https_and_is_told_nothing(lab: Lab) -> None:
    """Parameters of a project's own, without HTTPS."""
    _php(lab, "fastcgi_param SERVER_NAME $server_name;", "php-forces-https")


@healthy()
def php_forces_https_and_is_told_it(lab: Lab) -> None:
    _php(lab, PASSED, "php-forces-https")
