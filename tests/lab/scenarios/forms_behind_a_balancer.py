"""Forms that fail where another machine ends TLS: nginx tells the application its own scheme."""

from .. import site
from ..lab import SERVER, Lab
from ..scenario import healthy, scenario
from .addresses import OTHER, WEBSOCKETS, other_machine
from .forms import FORM
from .nginx_other_requests_failed import visit

CSRF = "CSRF verification failed. Request aborted."
FRONT = (
    f"proxy_pass http://{SERVER}; proxy_set_header Host $host;"
    f" proxy_set_header X-Forwarded-Proto https; proxy_http_version 1.1;{WEBSOCKETS}"
)


def _behind(lab: Lab, scheme: str) -> None:
    """Django behind nginx at port 80, which another machine asks."""
    lab.spawn(lab.server, lab.server.application("guarded_server", "django-page", "3001"), 3001)
    block = (
        f"server {{\n  listen 80;\n  server_name {site.NAME};\n  location /login {{\n"
        f"    proxy_set_header X-Forwarded-Proto {scheme};\n    proxy_set_header Host $http_host;\n"
        "    proxy_pass http://127.0.0.1:3001;\n  }\n  location / {\n"
        "    proxy_pass http://127.0.0.1:3000;\n    proxy_http_version 1.1;\n"
        "    proxy_set_header Host $http_host;\n    proxy_set_header Upgrade $http_upgrade;\n"
        "    proxy_set_header Connection upgrade;\n  }\n}\n"
    )
    lab.server.write(site.CONF, block)
    lab.restart_nginx()
    other_machine(lab, FRONT)
    lab.dns([OTHER])
    origin = f"Origin: https://{site.NAME}"
    visit(lab, "/login", "-H", origin, "-d", "user=a", referer=FORM)


@scenario(outside=None, server="upstream.origin-mismatch", differs=(site.CONF,), target=FORM)
def form_behind_a_balancer_that_ends_tls(lab: Lab) -> None:
    """https://github.com/opengisch/QFieldCloud/issues/1201, by nginx's log."""
    _behind(lab, "$scheme")


@scenario(
    outside=None, server="upstream.origin-mismatch", differs=(site.CONF,), target=FORM, args=(CSRF,)
)  # fmt: skip
def message_about_a_form_behind_a_balancer(lab: Lab) -> None:
    """The same with the message."""
    _behind(lab, "$scheme")


@healthy(target=FORM)
def balancer_that_ends_tls_is_told(lab: Lab) -> None:
    _behind(lab, "https")


@healthy(target=FORM)
def scheme_of_the_balancer_is_passed_on(lab: Lab) -> None:
    _behind(lab, "$http_x_forwarded_proto")
