"""The steps that load modules of Apache."""

import pytest

from checks.server import ServerView
from checks.server._apache_modules import loading_fix, loading_steps
from diagnose.model import Applicability, Command, Edit, Evidence, Vantage
from diagnose.model.web_servers import ServerFile, WebServer, WebServerConfig
from tests.support.check_evidence import NOW, SHOP

MAIN = """\
LoadModule proxy_module modules/mod_proxy.so
#LoadModule proxy_http_module modules/mod_proxy_http.so
  # LoadModule proxy_balancer_module modules/mod_proxy_balancer.so
#LoadModule slotmem_shm_module modules/mod_slotmem_shm.so
# See LoadModule headers_module in the documentation.
"""


def view(path: str, text: str = MAIN) -> ServerView:
    server = WebServer(vantage=Vantage.SERVER, product="apache", config=path)
    config = WebServerConfig(
        vantage=Vantage.SERVER, product="apache", path=path, modules=("core", "proxy"),
        files=(ServerFile(path, text),),
    )  # fmt: skip
    return ServerView(Evidence(SHOP, NOW, (server, config)), server, config, None)


def test_debian_has_a_command() -> None:
    steps = loading_steps(view("/etc/apache2/apache2.conf"), ("proxy", "headers"))
    assert steps
    assert isinstance(steps[0], Command)
    assert steps[0].argv == ("a2enmod", "headers")


@pytest.mark.parametrize(("name", "is_safe"), [("headers", True), ("autoindex", False)])
def test_what_a_module_shows_to_visitors_is_read_first(name: str, is_safe: bool) -> None:
    fix = loading_fix(view("/etc/apache2/apache2.conf"), (name,), ())
    assert fix
    assert (fix.applicability is Applicability.AUTOMATIC) is is_safe


@pytest.mark.parametrize(
    "path", ["/opt/bitnami/apache/conf/httpd.conf", "/etc/apache2/conf/httpd.conf"]
)
def test_elsewhere_the_line_is_no_comment_any_more(path: str) -> None:
    fix = loading_fix(view(path), ("proxy_balancer",), ())
    assert fix
    assert fix.applicability is Applicability.REVIEW
    (edit,) = fix.steps
    assert isinstance(edit, Edit)
    added = [line for line in edit.diff.splitlines() if line.startswith("+L")]
    assert added == [
        "+LoadModule proxy_balancer_module modules/mod_proxy_balancer.so",
        "+LoadModule slotmem_shm_module modules/mod_slotmem_shm.so",
    ]


def test_a_person_loads_what_no_line_has() -> None:
    assert loading_steps(view("/etc/httpd/conf/httpd.conf"), ("headers",)) is None
    assert loading_fix(view("/etc/httpd/conf/httpd.conf"), ("headers",), ()) is None


def test_nothing_is_loaded_twice() -> None:
    assert loading_steps(view("/etc/httpd/conf/httpd.conf"), ("proxy",)) == ()
    assert loading_fix(view("/etc/httpd/conf/httpd.conf"), ("proxy",), ()) is None
