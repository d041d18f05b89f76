from dataclasses import replace

import pytest

from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Edit,
    Manual,
    Observation,
    Severity,
    Vantage,
)
from diagnose.model.applications import KnownApplication, ReadSetting
from diagnose.model.nginx import ContainerNginx, NginxConfig
from diagnose.parsers.nginx import config as nginx_parser
from diagnose.parsers.symptoms import symptom_of
from tests.support.check_evidence import SHOP, judge
from tests.support.haproxy_evidence import SERVER as HAPROXY
from tests.support.haproxy_evidence import TEXT
from tests.support.haproxy_evidence import config as haproxy_config
from tests.support.nginx_evidence import RUNNING, config
from tests.support.page_evidence import answered, description, loads, module, script, sheet
from tests.support.upstream_evidence import page as target_page
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

CHECK = "http.mixed-content"
OWN = script("http://shop.example.com/app.js")
TARGET_PAGE = target_page(200)
CDN = script("http://cdn.example.net/lib.js")


def test_fires_for_a_script_over_http_of_any_host() -> None:
    (claim,) = judge(CHECK, loads(OWN, CDN))
    assert claim.confidence is Confidence.CERTAIN
    assert claim.severity is Severity.WARNING
    assert not claim.facts["own"]
    (claim,) = judge(CHECK, loads(OWN))
    assert claim.facts["own"]


def test_fires_as_an_error_for_the_only_style_sheet() -> None:
    page = loads(sheet("http://shop.example.com/a.css"), base="http://shop.example.com/")
    (claim,) = judge(CHECK, page)
    assert claim.severity is Severity.ERROR
    assert claim.facts["base"] == "http://shop.example.com/"


def test_fires_for_the_server_of_the_description_that_the_page_shows() -> None:
    """Issue 171 of springdoc/springdoc-openapi: the application writes it for each request."""
    shown = answered(description(), requests=("http://shop.example.com",))
    observations = (RUNNING, config(), TARGET_PAGE, loads(script(), description()))
    (claim,) = judge(CHECK, *observations, shown)
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["script"] == ""
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Edit)
    assert not judge(CHECK, *observations, answered(description()))


def test_fires_for_a_file_that_redirects_to_http() -> None:
    redirected = answered(module(), 301, redirects=("http://shop.example.com/assets/index.js",))
    (claim,) = judge(CHECK, loads(module()), redirected)
    assert claim.facts["redirect"] == module().url


def test_a_frame_of_the_site_that_redirects_to_http_is_a_warning() -> None:
    frame = replace(module(), kind="frame", is_optional=True)
    for host, severity in (("shop.example.com", Severity.WARNING), ("ads.net", Severity.NOTE)):
        redirected = answered(frame, 302, redirects=(f"http://{host}/editor/index.html",))
        (claim,) = judge(CHECK, loads(frame), redirected)
        assert claim.severity is severity


def test_fires_with_less_confidence_for_what_scripts_request() -> None:
    asked = answered(script(), requests=("http://api.shop.example.com/v1",))
    (claim,) = judge(CHECK, loads(script()), asked)
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["request"]


def test_fires_and_names_the_script_that_has_to_be_built_anew() -> None:
    asked = answered(script(), requests=("http://shop.example.com/api",))
    (claim,) = judge(CHECK, loads(script()), asked, RUNNING, proxied())
    assert claim.facts["script"] == script().url
    assert not edits(claim), "a field of nginx does not change a file"
    (claim,) = judge(CHECK, loads(script(), requests=("http://shop.example.com/api",)))
    assert claim.facts["script"] == ""


def test_the_policy_that_upgrades_what_a_script_asks_for() -> None:
    def typed(*more: Observation, url: str = "http://shop.example.com/api") -> str:
        asked = answered(script(), requests=(url,))
        (claim,) = judge(CHECK, loads(script()), asked, RUNNING, proxied(), *more, masked=False)
        assert claim.fix
        (step,) = claim.fix.steps
        assert isinstance(step, Manual)
        return "".join(each.diff for each in step.commands if isinstance(each, Edit))

    line = "add_header Content-Security-Policy upgrade-insecure-requests always;"
    assert line in typed(TARGET_PAGE)
    own = replace(TARGET_PAGE, headers=(("Content-Security-Policy", "default-src 'self'"),))
    assert not typed(own), "the page has a policy"
    assert not typed(TARGET_PAGE, url="http://shop.example.com:8080/api"), "no TLS there"
    assert not typed(TARGET_PAGE, url="http://api.shop.example.com/api"), "another certificate"


def test_fires_and_names_a_port_that_nobody_tells_the_application() -> None:
    told = proxied("proxy_set_header Host $host; proxy_set_header X-Forwarded-Proto https;")
    page, port = loads(script("http://shop.example.com:8080/app.js")), "port"
    (claim,) = judge(CHECK, page, TARGET_PAGE, RUNNING, told)
    assert claim.facts[port] == 8080
    (claim,) = judge(CHECK, loads(OWN), TARGET_PAGE, RUNNING, told)
    assert claim.facts[port] == ""
    other = proxied("proxy_set_header Host $host:8080; proxy_set_header X-Forwarded-Proto https;")
    (claim,) = judge(CHECK, page, TARGET_PAGE, RUNNING, other)
    assert claim.facts[port] == "", "nginx tells it this port"


def test_fires_for_an_api_at_an_address() -> None:
    (claim,) = judge(CHECK, loads(script(), requests=("http://203.0.113.10:8080/api/v1",)))
    assert claim.confidence is Confidence.LIKELY
    assert not claim.facts["own"]


def test_silent_where_browsers_upgrade_or_the_page_is_plain() -> None:
    assert not judge(CHECK, loads(OWN, upgrades=True))
    assert not judge(CHECK, loads(OWN, url="http://shop.example.com/"))


def test_silent_about_this_machine_other_sites_requests_and_https() -> None:
    assert not judge(CHECK, loads(script("http://localhost:3000/a.js"), script()))
    foreign = answered(script(), requests=("http://api.example.net/v1",))
    assert not judge(CHECK, loads(script()), foreign)


TOLD = (
    "Mixed Content: The page at 'https://shop.example.com/desk' was loaded over HTTPS, but "
    "requested an insecure XMLHttpRequest endpoint '{}'. This request has been blocked"
)
POLICY = (
    "Refused to send form data to 'http://shop.example.com/login' because it violates the "
    "following Content Security Policy directive: \"form-action 'self'\"."
)


def pasted(text: str, *observations: Observation) -> list[Claim]:
    symptom = symptom_of(text)
    return judge(CHECK, loads(script()), *observations, target=replace(SHOP, symptom=symptom))


def test_fires_for_what_a_browser_blocked_on_another_page() -> None:
    for text in (TOLD.format("http://shop.example.com/api/v1"), POLICY):
        (claim,) = pasted(text, RUNNING, proxied())
        assert claim.confidence is Confidence.LIKELY
        assert claim.facts["message"]
        assert claim.facts["own"]
        assert claim.fix
        assert any(isinstance(step, Edit) for step in claim.fix.steps)


@pytest.mark.parametrize("host", ["domain", "mydomain.tld", "your-domain", "<domain>", "***"])
def test_fires_for_an_address_out_of_which_the_name_was_taken(host: str) -> None:
    """Issue 9097 of gravitee-io/issues: "http://domain/portal/environments/DEFAULT/"."""
    (claim,) = pasted(TOLD.format(f"http://{host}/api/v1"), RUNNING, proxied())
    assert claim.facts["file"] == "http://shop.example.com/api/v1"
    assert not pasted(TOLD.format("http://api.foreign.net/api/v1"), RUNNING, proxied())


API = "http://shop.example.com/storage/v1/a.pdf"


@pytest.mark.parametrize(
    "text",
    [
        f"Blocked loading mixed active content “{API}”",
        f'Blocked loading mixed active content "{API}"',
        f"Blocked loading mixed display content “{API}”",
        f"Loading mixed (insecure) display content “{API}” on a secure page",
        f"Loading mixed (insecure) active content “{API}” on a secure page",
        f"Mixed Content: Upgrading insecure display request ‘{API}’ to use ‘https’",
        f"已阻止载入混合活动内容“{API}”",
        f"正在安全页面上载入混合（不安全）的显示内容“{API}”",
        "[blocked] The page at https://shop.example.com/desk was not allowed to run insecure "
        f"content from {API}.",
        "[Warning] The page at https://shop.example.com/desk was allowed to display insecure "
        f"content from {API}.",
        "[blocked] The page at https://shop.example.com/desk requested insecure content from "
        f"{API}. This content was blocked and must be served over HTTPS.",
    ],
)
def test_reads_the_address_in_the_words_of_firefox_and_safari(text: str) -> None:
    (claim,) = pasted(text, RUNNING, proxied())
    assert claim.facts["message"]
    assert claim.facts["file"] == API
    assert not pasted(text.replace("shop.example.com/storage", "cdn.example.net/storage"))


def test_the_message_is_a_note_where_nginx_tells_the_scheme() -> None:
    told = proxied("proxy_set_header X-Forwarded-Proto https;")
    (claim,) = pasted(TOLD.format("http://shop.example.com/api/v1"), RUNNING, told)
    assert claim.severity is Severity.NOTE
    assert claim.facts["told"]


def test_names_the_setting_of_a_known_application() -> None:
    gitea = KnownApplication(id="gitea", name="Gitea", url="https://shop.example.com/")
    (claim,) = pasted(TOLD.format("http://shop.example.com/api/v1"), gitea)
    assert claim.facts["known"] == "Gitea"
    told = proxied("proxy_set_header X-Forwarded-Proto https;")
    (other,) = pasted(TOLD.format("http://shop.example.com/api/v1"), gitea, RUNNING, told)
    assert other.severity is Severity.WARNING
    assert str(other.about) != str(claim.about), "an edit of nginx has helped, and this is left"
    assert "ROOT_URL" in str(claim.facts["setting"])


def test_silent_about_messages_of_another_time_or_of_other_hosts() -> None:
    assert not pasted(TOLD.format("http://shop.example.com/app.js"))
    assert not pasted(TOLD.format("http://cdn.example.net/app.js"))
    assert not pasted("GET http://shop.example.com/ net::ERR_CONNECTION_REFUSED")


OLD = (
    "Mixed Content: The page at '{}' was loaded over HTTPS, but requested an insecure script "
    "'http://shop.example.com/{}'. This request has been blocked; the content must be served "
    "over HTTPS."
)


def test_silent_where_the_page_of_the_message_names_https_today() -> None:
    own = "https://shop.example.com/"
    assert not pasted(OLD.format(own, "old.js?v=1"))
    assert not pasted(OLD.format(f"{own}desk", "app.js?v=1")), "the same script, another version"
    assert pasted(OLD.format(f"{own}desk", "desk.js"))
    endpoint = OLD.replace("insecure script", "insecure XMLHttpRequest endpoint")
    assert pasted(endpoint.format(own, "api/v1")), "no file of the page"


def proxied(lines: str = "") -> NginxConfig:
    return config(
        "server {\n  listen 443 ssl;\n  server_name shop.example.com;\n  location / {\n"
        f"    proxy_pass http://127.0.0.1:3000;\n{lines}  }}\n}}\n"
    )


def edits(claim: Claim) -> list[Edit]:
    return [step for step in (claim.fix.steps if claim.fix else ()) if isinstance(step, Edit)]


def test_the_fix_tells_the_application_the_scheme() -> None:
    (claim,) = judge(CHECK, RUNNING, proxied(), loads(OWN))
    (edit,) = edits(claim)
    assert "+    proxy_set_header X-Forwarded-Proto $scheme;" in edit.diff
    (claim,) = judge(CHECK, RUNNING, proxied(), loads(CDN))
    assert not edits(claim)
    told = "    proxy_set_header X-Forwarded-Proto $scheme;\n"
    (claim,) = judge(CHECK, RUNNING, proxied(told), loads(OWN))
    assert not edits(claim)


APACHE_SITE = HTTPS.replace("    ProxyPass /ws ws://127.0.0.1:3000/ws\n", "")
TELLS = "    RequestHeader set X-Forwarded-Proto https\n    ProxyPass / "


def test_fires_and_lets_apache_tell_the_application_the_scheme() -> None:
    """Issue 483 of openhab/openhab-distro."""
    (claim,) = judge(CHECK, APACHE, apache_config(APACHE_SITE), loads(OWN))
    assert claim.facts["untold"]
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    (edit,) = edits(claim)
    assert "+    RequestHeader set X-Forwarded-Proto https\n" in edit.diff


def test_fires_without_an_edit_of_apache_where_that_does_not_help() -> None:
    told = apache_config(APACHE_SITE.replace("    ProxyPass / ", TELLS))
    secure = apache_config(APACHE_SITE.replace("http://127", "https://127"))
    for page, configuration in (
        (loads(OWN), told), (loads(OWN), secure), (loads(CDN), apache_config(APACHE_SITE)),
    ):  # fmt: skip
        (claim,) = judge(CHECK, APACHE, configuration, page)
        assert not edits(claim)
        assert not claim.facts["untold"]


def test_fires_and_lets_haproxy_tell_the_application_the_scheme() -> None:
    (claim,) = judge(CHECK, HAPROXY, haproxy_config(), loads(OWN))
    assert claim.facts["untold"] == "HAProxy"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    (edit,) = edits(claim)
    assert "+    http-request set-header X-Forwarded-Proto https if { ssl_fc }\n" in edit.diff


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("set-header X-Forwarded-Proto https", True),
        ("set-header X-Forwarded-Proto %[ssl_fc,iif(https,http)]", True),
        ("set-header X-Forwarded-Proto http", False),
        ("set-header X-Forwarded-Proto https if { src 192.0.2.1 }", False),
    ],
)
def test_fires_without_an_edit_of_haproxy_that_says_something_itself(line: str, told: bool) -> None:
    text = TEXT.replace("    default_backend", f"    http-request {line}\n    default_backend")
    (claim,) = judge(CHECK, HAPROXY, haproxy_config(text), loads(OWN))
    assert bool(claim.facts["told"]) is told
    assert not edits(claim)
    assert not claim.facts["untold"]


def test_fires_without_an_edit_of_haproxy_in_front_of_https() -> None:
    text = TEXT.replace(":3000 check", ":3000 ssl verify none check")
    (claim,) = judge(CHECK, HAPROXY, haproxy_config(text), loads(OWN))
    assert not edits(claim)


def test_fires_for_a_frame_over_http() -> None:
    (claim,) = judge(CHECK, loads(script(), insecure_frames=("http://shop.example.com/a",)))
    assert (claim.confidence, claim.severity) == (Confidence.CERTAIN, Severity.WARNING)
    assert not judge(CHECK, loads(insecure_frames=("http://a.example/",), upgrades=True))


def test_fires_and_names_the_inner_block_that_says_http() -> None:
    text = """
server {
    listen 443 ssl;
    server_name shop.example.com;
    location / {
        proxy_pass http://127.0.0.1:8080;
        proxy_set_header Host $host;
        proxy_set_header X-Forwarded-Proto https;
    }
}
server {
    listen 127.0.0.1:8080;
    location / {
        proxy_pass http://127.0.0.1:3000;
        proxy_set_header X-Forwarded-Proto %s;
    }
}
"""
    page = loads(script("http://shop.example.com/app.js"))
    (claim,) = judge("http.mixed-content", page, RUNNING, config(text % "$scheme"))
    assert claim.facts["inner_line"] == "proxy_set_header X-Forwarded-Proto $scheme"
    (edit,) = edits(claim)
    assert "+        proxy_set_header X-Forwarded-Proto $http_x_forwarded_proto;\n" in edit.diff
    passed = config(text % "$http_x_forwarded_proto")
    (claim,) = judge("http.mixed-content", page, RUNNING, passed)
    assert not claim.facts["inner"]
    assert claim.facts["told"]


INSIDE = """
http {
    server {
        listen 80;
        location / { try_files $uri /index.html; }
        location /api/ {
            proxy_pass http://backend:5001;
            proxy_set_header X-Forwarded-Proto %s;
        }
    }
}
"""


def in_container(scheme: str) -> ContainerNginx:
    main = nginx_parser.parse(INSIDE % scheme, "web:/etc/nginx/nginx.conf")
    return ContainerNginx(
        vantage=Vantage.SERVER, engine="docker", container="web",
        endpoints=(("127.0.0.1", 3000),), port=80, main=main,
    )  # fmt: skip


def test_names_the_line_of_the_nginx_in_a_container() -> None:
    front = proxied("proxy_set_header X-Forwarded-Proto $scheme;")
    text = "Blocked loading mixed active content “http://shop.example.com/api/a.pdf”"
    (claim,) = pasted(text, RUNNING, front, in_container("$scheme"))
    assert (claim.severity, claim.facts["inner_container"]) == (Severity.WARNING, "web")
    assert claim.facts["inner"] == "web:/etc/nginx/nginx.conf:8"
    assert claim.fix
    assert [getattr(step, "step", "") for step in claim.fix.steps] == ["inner-line-in-container"]
    (other,) = pasted(text, RUNNING, front, in_container("$http_x_forwarded_proto"))
    assert not other.facts["inner"]


def test_an_inner_name_is_that_of_the_programs_own_setting() -> None:
    """Issue 8859 of grafana: root_url has the name of a container. A file of another site is none
    of the program's address."""
    read = ReadSetting(
        application="grafana", topic="public_url", key="GF_SERVER_ROOT_URL", source="variable",
        values=("http://nginx/grafana",), wanted="https://shop.example.com/grafana",
        file="/srv/g/compose.yml", number=8, line="      GF_SERVER_ROOT_URL: http://nginx/grafana",
        new="      GF_SERVER_ROOT_URL: https://shop.example.com/grafana", container="grafana",
        engine="docker",
        load=("docker", "compose", "-f", "/srv/g/compose.yml", "up", "-d", "grafana"),
    )  # fmt: skip
    (claim,) = judge(CHECK, loads(script("http://nginx/grafana/app.js")), read, masked=False)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert "shop.example.com/grafana" in claim.fix.edits[0].diff
    (claim,) = judge(CHECK, loads(CDN), read, masked=False)
    assert claim.fix
    assert not claim.fix.edits
