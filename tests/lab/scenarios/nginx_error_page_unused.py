"""Scenarios of nginx.error-page-unused.

After pull request 16 of guillaumebriday/traefik-custom-error-pages (a relative path makes a circle
of redirects), issue 2 of bartosjiri/nginx-errors (the page of 401 asks for the password) and issue
1283 of owncloud-archive/documentation (the errors of the application are not intercepted).
"""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .page_assets import FOLDER, SHOP, _serve

MISSING = f"https://{site.NAME}/nothing/here"
TIMEOUT = "  ssl_session_timeout 5m;\n"
OWN = "<!doctype html><title>404</title><h1>This page is lost</h1>\n"
NOT_SHOWN = ("our custom 404 page is not shown",)
PASSWORD = (
    '  auth_basic "members";\n  auth_basic_user_file /etc/nginx/members;\n'
    "  error_page 401 /errors/401.html;\n"
)


def _lost(lab: Lab, line: str) -> None:
    lines = f"  root {FOLDER};\n  {line}\n  location /nothing/ {{ try_files $uri =404; }}\n"
    _serve(lab, lines, **{"index.html": SHOP, "404.html": OWN})


@scenario(
    outside="http.redirect-loop",
    server="nginx.error-page-unused",
    target=MISSING,
    differs=(site.CONF,),
)
def error_page_without_its_slash(lab: Lab) -> None:
    _lost(lab, "error_page 404 ./404.html;")


@healthy(target=MISSING)
def error_page_with_its_slash(lab: Lab) -> None:
    _lost(lab, "error_page 404 /404.html;")


def _closed(lab: Lab, line: str) -> None:
    lab.server.write("/etc/nginx/members", "anna:{PLAIN}secret\n")
    errors = f"  location ^~ /errors/ {{\n    internal;\n    root {FOLDER};\n{line}  }}\n"
    _serve(lab, f"{PASSWORD}{errors}", **{"index.html": SHOP, "errors/401.html": OWN})


@scenario(
    outside=None,
    unsure=("client",),
    server="nginx.error-page-unused",
    args=("the default 401 error page is shown, not the styled one",),
    manual="the site stays behind its password",
)
def error_page_is_behind_the_password_itself(lab: Lab) -> None:
    _closed(lab, "")


def _passed(lab: Lab, lines: str) -> None:
    own = f"  error_page 404 /404.html;\n  location = /404.html {{\n    root {FOLDER};\n  }}\n"
    lab.server.sh(f"mkdir -p {FOLDER}")
    lab.server.write(f"{FOLDER}/404.html", OWN)
    lab.server.sh(f"chmod -R a+rX {FOLDER}")
    lab.change(TIMEOUT, f"{TIMEOUT}{own}{lines}")


@scenario(
    outside=None, server="nginx.error-page-unused", args=NOT_SHOWN, differs=(site.CONF,)
)  # fmt: skip
def application_answers_for_what_it_does_not_have(lab: Lab) -> None:
    _passed(lab, "")


@healthy(args=NOT_SHOWN)
def errors_of_the_application_are_intercepted(lab: Lab) -> None:
    _passed(lab, "  proxy_intercept_errors on;\n")
