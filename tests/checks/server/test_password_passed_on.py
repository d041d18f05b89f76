from dataclasses import replace

from diagnose.model import Confidence, Edit, Manual, Symptom
from diagnose.model.backends import BackendLogin
from diagnose.model.http import Exchange
from diagnose.model.logs import RefusedLogin
from diagnose.model.web_servers import ServerFile, WebServerConfig
from tests.support.check_evidence import SHOP, judge
from tests.support.haproxy_evidence import SERVER as HAPROXY
from tests.support.haproxy_evidence import TEXT, config
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

CHECK = "server.password-passed-on"
SECTION = """\
    <Location /admin>
        AuthType Basic
        Require valid-user
    </Location>
    ProxyPass /ws"""
SITE = HTTPS.replace("    ProxyPass /ws", SECTION)
ADMIN = replace(SHOP, path="/admin")
ASKED = Exchange(
    url="https://shop.example.com/admin",
    address="203.0.113.10",
    port=443,
    status=401,
    headers=(("WWW-Authenticate", 'Basic realm="Private"'),),
)
REFUSED = RefusedLogin(file="/var/log/access.log", path="/admin", status=401, written="", times=2)
PLAIN = BackendLogin(target="http://127.0.0.1:3000/", requested="/admin", status=200)
WITH = replace(PLAIN, with_password=True, status=401, body='{"message":"Basic auth failed"}')
CONTROL = (PLAIN, WITH, PLAIN)


def test_fires_where_the_application_refuses_the_password_alone() -> None:
    logged = replace(ASKED, purpose="logged")
    (claim,) = judge(CHECK, APACHE, apache_config(SITE), logged, REFUSED, *CONTROL)
    assert claim.confidence is Confidence.LIKELY
    assert (claim.facts["times"], claim.facts["plain_status"]) == (2, 200)
    assert claim.fix
    edit, *_ = claim.fix.steps
    assert isinstance(edit, Edit)
    assert " AuthType Basic\n+        RequestHeader unset Authorization\n" in edit.diff


def test_fires_for_a_message_with_the_words_of_the_application() -> None:
    site = apache_config(SITE)
    for symptom in (
        Symptom("other", '{"message":"Basic auth failed"}'),
        Symptom("status", "401 Unauthorized", 401),
        Symptom("login", "asks for the password again and again"),
    ):
        target = replace(ADMIN, symptom=symptom)
        assert judge(CHECK, APACHE, site, ASKED, *CONTROL, target=target)
    target = replace(ADMIN, symptom=Symptom("status", "404 Not Found", 404))
    assert not judge(CHECK, APACHE, site, ASKED, *CONTROL, target=target)


def test_silent_without_a_visitor_or_a_control() -> None:
    site = apache_config(SITE)
    assert not judge(CHECK, APACHE, site, ASKED, *CONTROL, target=ADMIN)
    assert not judge(CHECK, APACHE, site, REFUSED, *CONTROL)
    assert not judge(CHECK, APACHE, site, ASKED, REFUSED, PLAIN, WITH)
    assert not judge(CHECK, APACHE, site, ASKED, REFUSED, PLAIN, replace(WITH, status=200), PLAIN)
    flapping = replace(PLAIN, status=500)
    assert not judge(CHECK, APACHE, site, ASKED, REFUSED, PLAIN, WITH, flapping)
    assert not judge(CHECK, APACHE, site, ASKED, replace(REFUSED, status=403), *CONTROL)


def test_modules_that_apache_lacks_come_first() -> None:
    site = apache_config(SITE, modules=("ssl", "proxy", "proxy_http"))
    (claim,) = judge(CHECK, APACHE, site, ASKED, REFUSED, *CONTROL)
    assert claim.fix
    assert str(claim.fix.steps[0].argv) == "('a2enmod', 'headers')"  # type: ignore[union-attr]


def test_fires_for_haproxy_and_names_its_users() -> None:
    line = "    http-request auth if !{ http_auth(people) }\n"
    text = TEXT.replace("    default_backend", f"{line}    default_backend", 1)
    (claim,) = judge(CHECK, HAPROXY, config(text), ASKED, REFUSED, *CONTROL)
    assert claim.fix
    edit, *_ = claim.fix.steps
    assert isinstance(edit, Edit)
    assert "+    http-request del-header Authorization if { http_auth(people) }\n" in edit.diff


def test_fires_for_caddy_and_keeps_to_the_paths_of_its_password() -> None:
    def edit_of(asks: str) -> str:
        password = f"\t{asks} {{\n\t\tanna $2a$14$x\n\t}}\n"
        text = f"shop.example.com {{\n{password}\treverse_proxy :3000\n}}\n"
        apache = apache_config()
        (site,) = apache.sites
        placed = replace(site, file="/etc/caddy/Caddyfile", line=1, end=6)
        of_caddy = WebServerConfig(
            product="caddy",
            path="/etc/caddy/Caddyfile",
            sites=(placed,),
            listens=apache.listens,
            files=(ServerFile("/etc/caddy/Caddyfile", text),),
        )
        server = replace(APACHE, product="caddy")
        (claim,) = judge(CHECK, server, of_caddy, ASKED, REFUSED, *CONTROL)
        assert claim.fix
        step = claim.fix.steps[0]
        return step.diff if isinstance(step, Edit) else str(isinstance(step, Manual))

    assert " \t}\n+\trequest_header /admin* -Authorization\n" in edit_of("basic_auth /admin*")
    assert " \t}\n+\trequest_header -Authorization\n" in edit_of("basicauth")
    assert "+\trequest_header @office -Authorization\n" in edit_of("basic_auth @office bcrypt Hi")
    assert edit_of("basic_auth {") == "True"


def test_silent_where_the_field_is_taken_away() -> None:
    for line in (
        "RequestHeader unset Authorization",
        'RequestHeader set Authorization "Basic YTpi"',
        "header_up -Authorization",
        "request_header /admin* -Authorization",
        "http-request del-header Authorization if { http_auth(people) }",
    ):
        config = apache_config(SITE)
        (file,) = config.files
        lines = replace(config, files=(replace(file, text=f"{file.text}\t{line}\n"),))
        assert not judge(CHECK, APACHE, lines, ASKED, REFUSED, *CONTROL), line
