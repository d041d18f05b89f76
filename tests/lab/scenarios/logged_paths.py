"""The page is answered, and what it asks of an interface is not: nginx asks the application for
another path than it has. Only nginx's access log shows it."""

from .. import site
from ..lab import HERE, Lab
from ..scenario import healthy, scenario
from .nginx_other_requests_failed import log_of_its_own, visit
from .upstream_context_path import needs_java, serve_java

MINE = (site.CONF,)


def _interface(lab: Lab, location: str, *paths: str) -> None:
    """An application with these paths behind a location of its own."""
    argv = lab.server.python(str(HERE / "applications" / "paths_server.py"), "3009", *paths)
    lab.spawn(lab.server, argv, 3009)
    log_of_its_own(lab, f"  {location}\n")


@scenario(outside=None, server="upstream.wrong-path", differs=MINE)
def interface_loses_its_prefix(lab: Lab) -> None:
    """After https://github.com/nyrkio/nyrkio/pull/149 and
    https://github.com/openfaas/faas/issues/421: `proxy_pass` ends with a slash."""
    _interface(lab, "location /api/ { proxy_pass http://127.0.0.1:3009/; }", "/api/roms:json")
    visit(lab, "/api/roms")


@scenario(outside=None, server="upstream.wrong-path", differs=MINE)
def interface_keeps_its_prefix(lab: Lab) -> None:
    """After https://github.com/dalen/puppetexplorer/issues/40: the other way round."""
    _interface(lab, "location /api/ { proxy_pass http://127.0.0.1:3009; }", "/v4/nodes:json")
    visit(lab, "/api/v4/nodes")


@scenario(outside=None, server="upstream.wrong-path", differs=MINE)
def login_loses_its_prefix(lab: Lab) -> None:
    """The page sends a login, which no GET can: the application says 405 at its path
    (https://github.com/docker-hy/docker-hy.github.io/issues/147 is the same for a GET)."""
    _interface(lab, "location /api/ { proxy_pass http://127.0.0.1:3009/; }", "/api/login:405:")
    visit(lab, "/api/login", "-d", "user=anna")


def _of_another_name(lab: Lab, host: str) -> None:
    """An application that knows its own name alone, below a path of the site."""
    hosts = lab.server.read("/etc/hosts")
    lab.server.write("/etc/hosts", f"{hosts}127.0.0.1 tomcat.internal\n")
    passed = f"proxy_pass http://tomcat.internal:3009/; proxy_set_header Host {host};"
    _interface(lab, f"location /web/ {{ {passed} }}", "@tomcat.internal", "/user/hi:json")
    visit(lab, "/web/user/hi")


@scenario(outside=None, server="upstream.wrong-host-header", differs=MINE)
def interface_of_another_name(lab: Lab) -> None:
    """The visitor's name is passed on to a Tomcat that has a host of its own, after
    https://cloud.tencent.com/developer/article/2606485, asked for the site's name alone."""
    _of_another_name(lab, "$http_host")


@scenario(
    outside=None, server="upstream.wrong-host-header", differs=MINE,
    target=f"https://{site.NAME}/web/user/hi",
)  # fmt: skip
def interface_of_another_name_by_its_address(lab: Lab) -> None:
    _of_another_name(lab, "$http_host")


@healthy()
def interface_gets_its_own_name(lab: Lab) -> None:
    _of_another_name(lab, "$proxy_host")


@scenario(outside=None, server="upstream.context-path", differs=MINE, needs=needs_java)
def interface_below_a_context_path(lab: Lab) -> None:
    """Issue 6279 of jeecgboot/JeecgBoot, asked for the start page alone."""
    serve_java(lab, "/")
    log_of_its_own(lab)
    visit(lab, "/jeecgboot/sys/randomImage/1")


def _login(lab: Lab, fields: str) -> None:
    """Keycloak below a path of the site: it refuses what did not come by https."""
    lab.spawn(lab.server, lab.server.application("refusing_server", "keycloak", "3009"), 3009)
    passed = f"proxy_pass http://127.0.0.1:3009; proxy_set_header Host $http_host; {fields}"
    log_of_its_own(lab, f"  location /auth/ {{ {passed} }}\n")
    visit(lab, "/auth/realms/shop")


@scenario(outside=None, server="upstream.scheme-not-passed", differs=MINE)
def login_below_a_path_wants_https(lab: Lab) -> None:
    """ "HTTPS required" of Keycloak behind a path, where the site's own page works."""
    _login(lab, "")


@healthy()
def login_below_a_path_has_https(lab: Lab) -> None:
    _login(lab, "proxy_set_header X-Forwarded-Proto $scheme;")


@healthy()
def interface_has_its_prefix(lab: Lab) -> None:
    """What is asked for is not there, under either path."""
    _interface(lab, "location /api/ { proxy_pass http://127.0.0.1:3009; }", "/api/roms:json")
    visit(lab, "/api/roms/7")


@healthy()
def interface_beside_a_page_for_all_paths(lab: Lab) -> None:
    """A thing that is not there, of an application with one page for every other path: that page
    answers below the prefix too."""
    _interface(
        lab,
        "location /api/ { proxy_pass http://127.0.0.1:3009/; }",
        "/items:json", "/items/5:404:", "*",
    )  # fmt: skip
    visit(lab, "/api/items/5")


@healthy()
def login_of_an_application_that_lacks_it(lab: Lab) -> None:
    """A POST that nobody handles, under either path."""
    _interface(lab, "location /api/ { proxy_pass http://127.0.0.1:3009/; }", "/users:json")
    visit(lab, "/api/login", "-d", "user=anna")
