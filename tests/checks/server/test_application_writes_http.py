from dataclasses import replace

from diagnose.model import Confidence, Edit, Observation
from diagnose.model.backends import BackendAnswer
from diagnose.model.server import Listener, Listeners
from diagnose.model.web_servers import WebServer, WebServerConfig
from tests.support.caddy_evidence import CADDY, caddy_config
from tests.support.check_evidence import judge
from tests.support.haproxy_evidence import SERVER as HAPROXY
from tests.support.haproxy_evidence import config as haproxy_config
from tests.support.report_builder import ANSWER
from tests.support.web_server_evidence import APACHE, HTTPS, MODULES, apache_config

CHECK = "server.application-writes-http"
LOGIN = "http://shop.example.com/login?next=%2F"
PAGE = replace(ANSWER, status=302, headers=(("Location", LOGIN),))
PLAIN = BackendAnswer(
    target="http://127.0.0.1:3000/", path="/", host="shop.example.com", status=302, location=LOGIN
)
SECURE = replace(PLAIN, proto="https")


def added(server: WebServer, config: WebServerConfig, *answers: Observation) -> list[str]:
    """The lines that the remedy adds."""
    (claim,) = judge(CHECK, server, config, PAGE, *answers, masked=False)
    assert claim.fix
    edits = [step for step in claim.fix.steps if isinstance(step, Edit)]
    lines = "".join(edit.diff for edit in edits).split("\n")
    return [line[1:].strip() for line in lines if line.startswith("+") and line[1:2] != "+"]


def test_fires_and_edits_the_location() -> None:
    assert added(APACHE, apache_config(), PLAIN, SECURE) == [
        r"Header edit Location ^http://shop\.example\.com/ https://shop.example.com/"
    ]
    here = [replace(answer, target="http://127.0.0.1:3000") for answer in (PLAIN, SECURE)]
    rule = (
        r"http-response replace-header Location ^http://shop\.example\.com/(.*) "
        r"https://shop.example.com/\1 if { ssl_fc }"
    )
    assert added(HAPROXY, haproxy_config(), *here) == [rule]
    assert added(CADDY, caddy_config(), *here) == [
        "reverse_proxy 127.0.0.1:3000 {",
        r"header_down Location ^http://shop\.example\.com/ https://shop.example.com/",
        "}",
    ]


def test_a_web_server_in_between_may_be_what_says_http() -> None:
    """nginx on the port overwrites the field, and its application was not asked itself."""
    (claim,) = judge(CHECK, APACHE, apache_config(), PAGE, PLAIN, SECURE)
    assert claim.confidence is Confidence.CERTAIN
    nginx = Listeners(
        sockets=(Listener(address="127.0.0.1", port=3000, family=4, process="nginx"),)
    )
    (claim,) = judge(CHECK, APACHE, apache_config(), PAGE, PLAIN, SECURE, nginx)
    assert claim.confidence is Confidence.POSSIBLE
    assert claim.facts["told"] == ""


def test_fires_and_loads_the_module_that_the_line_needs() -> None:
    config = apache_config(modules=tuple(name for name in MODULES if name != "headers"))
    (claim,) = judge(CHECK, APACHE, config, PAGE, PLAIN, SECURE)
    assert claim.fix
    assert "a2enmod" in str(claim.fix.steps[0])


def test_fires_and_writes_its_line_below_one_that_goes_on() -> None:
    site = HTTPS.replace("ProxyPass / http", "ProxyPass / \\\n        http")
    (line,) = added(APACHE, apache_config(site), PLAIN, SECURE)
    assert line.startswith("Header edit Location ")


def test_silent_where_the_field_helps_or_another_redirects() -> None:
    helped = replace(SECURE, location=LOGIN.replace("http:", "https:"))
    assert not judge(CHECK, APACHE, apache_config(), PAGE, PLAIN, helped)
    served = replace(SECURE, status=200, location="")
    assert not judge(CHECK, APACHE, apache_config(), PAGE, PLAIN, served)
    other = "http://shop.example.com/other"
    own = (replace(PLAIN, location=other), replace(SECURE, location=other))
    assert not judge(CHECK, APACHE, apache_config(), PAGE, *own)
    assert not judge(CHECK, APACHE, apache_config(), PAGE, PLAIN)
    secure_page = replace(PAGE, headers=(("Location", "https://shop.example.com/login"),))
    assert not judge(CHECK, APACHE, apache_config(), secure_page, PLAIN, SECURE)
