"""upstream.setting-mismatch: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.checking.registry import load_check
from diagnose.model import Confidence, Edit, Manual, Severity, Symptom
from diagnose.model.applications import ReadSetting
from diagnose.model.backends import BackendAnswer, BackendVisit
from diagnose.model.http import Exchange
from diagnose.model.nginx import NginxConfig
from diagnose.model.pages import Page, PageFile
from diagnose.model.requests import Asked, ComparedRequest
from diagnose.model.steps import Command
from tests.support.check_evidence import SHOP, judge
from tests.support.page_evidence import loads
from tests.support.redirect_evidence import config

CHECK = "upstream.setting-mismatch"
PAGE = Exchange(url="https://shop.example.com/", address="203.0.113.10", port=443, status=400)
UNTRUSTED = replace(PAGE, body="<title>Nextcloud</title>Access through untrusted domain")
NAMES = ReadSetting(
    application="nextcloud", topic="allowed_host", key="trusted_domains", values=("localhost",),
    wanted="shop.example.com", file="/srv/cloud/config/config.php", number=5,
    line="  'trusted_domains' => ['localhost'],",
    new="  'trusted_domains' => ['localhost', 'shop.example.com'],", needs_restart=False,
)  # fmt: skip
PROXIES = ReadSetting(
    application="home-assistant", topic="trusted_proxy", key="http.trusted_proxies",
    source="nowhere", wanted="127.0.0.1", file="/srv/home/configuration.yaml", number=3,
    new="http:\n  use_x_forwarded_for: true", added=True, proxy="127.0.0.1", unit="hass.service",
)  # fmt: skip
ADDRESS = ReadSetting(
    application="grafana", topic="public_url", key="server.root_url",
    values=("http://localhost:3000/",), wanted="https://shop.example.com/",
    file="/etc/grafana/grafana.ini", number=2, line="root_url = http://localhost:3000/",
    new="root_url = https://shop.example.com/", unit="grafana-server.service",
)  # fmt: skip
MOVED = replace(PAGE, status=302, headers=(("Location", "http://localhost:3000/login"),))
WITHOUT = ComparedRequest(
    target="http://127.0.0.1:8123", path="/", address="127.0.0.1", port=8123, part="field",
    name="X-Forwarded-For", change="removed", status=200,
)  # fmt: skip
TOLD = "proxy_set_header X-Forwarded-Proto $scheme;"


def nginx(port: int, *lines: str, host: str = "127.0.0.1") -> NginxConfig:
    block = f"proxy_pass http://{host}:{port}; {' '.join(lines)}"
    return config(
        f"server {{ listen 443 ssl; server_name shop.example.com; location / {{ {block} }} }}"
    )


def test_fires_for_a_name_that_the_file_lacks() -> None:
    (claim,) = judge(CHECK, NAMES, UNTRUSTED)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["place"] == "/srv/cloud/config/config.php:5"
    assert claim.fix is not None
    (edit,) = claim.fix.steps
    assert isinstance(edit, Edit)
    assert "@@ -5,1 +5,1 @@" in edit.diff
    assert edit.diff.endswith("+  'trusted_domains' => ['localhost', 'shop.example.com'],\n")


def test_fires_for_a_proxy_that_is_not_trusted() -> None:
    refused = replace(PAGE, body="400: Bad Request")
    (claim,) = judge(CHECK, PROXIES, refused, WITHOUT)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.fix is not None
    edit, restart = claim.fix.steps
    assert isinstance(edit, Edit)
    assert "@@ -3,0 +4,2 @@\n+http:\n" in edit.diff
    assert isinstance(restart, Command)
    assert restart.argv == ("systemctl", "restart", "hass")
    (claim,) = judge(CHECK, PROXIES, refused)
    assert claim.confidence is Confidence.LIKELY


def test_fires_for_the_address_that_a_redirect_has() -> None:
    (claim,) = judge(CHECK, ADDRESS, MOVED)
    assert claim.confidence is Confidence.CERTAIN
    plain = replace(ADDRESS, values=("http://shop.example.com/",))
    assert judge(CHECK, plain, replace(MOVED, headers=(("Location", "http://shop.example.com/x"),)))


def test_fires_as_likely_where_another_file_may_be_in_force() -> None:
    (claim,) = judge(CHECK, replace(NAMES, unsure=True), UNTRUSTED)
    assert claim.confidence is Confidence.LIKELY
    assert claim.fix is not None
    assert isinstance(claim.fix.steps[0], Manual)
    (claim,) = judge(CHECK, replace(NAMES, unsure=True, values=(), new=""), UNTRUSTED)
    assert claim.facts["computed"]


def test_fires_for_a_variable_with_the_compose_file() -> None:
    read = replace(
        ADDRESS, application="minio", key="MINIO_BROWSER_REDIRECT_URL", source="variable", file="",
        number=0, line="", new="", unit="", container="minio", engine="docker",
        compose="/srv/minio/compose.yaml", service="minio",
    )  # fmt: skip
    (claim,) = judge(CHECK, read, MOVED)
    assert claim.facts["its_compose"] == "/srv/minio/compose.yaml"
    assert claim.fix is not None
    assert isinstance(claim.fix.steps[0], Manual)


def test_fires_for_a_message_of_the_application() -> None:
    text = "it's unlikely matching the site you are visiting"
    read = replace(ADDRESS, application="gitea", key="server.ROOT_URL")
    target = replace(SHOP, symptom=Symptom("application", text))
    (claim,) = judge(CHECK, read, replace(PAGE, status=200), target=target)
    assert claim.confidence is Confidence.LIKELY
    right = replace(read, values=("https://shop.example.com/",))
    assert not judge(CHECK, right, replace(PAGE, status=200), target=target)


GITEA = replace(
    ADDRESS, application="gitea", key="server.ROOT_URL", values=("http://localhost:3300/",),
    line="ROOT_URL = http://localhost:3300/", new="ROOT_URL = https://shop.example.com/",
)  # fmt: skip
LIBRENMS = ReadSetting(
    application="librenms", topic="trusted_proxy", key="APP_TRUSTED_PROXIES", source="nowhere",
    wanted="127.0.0.1", file="/opt/librenms/.env", number=3, added=True, proxy="127.0.0.1",
    new="APP_TRUSTED_PROXIES=127.0.0.1", needs_restart=False,
)  # fmt: skip
SERVED = replace(PAGE, status=200)


def test_fires_for_the_address_that_the_pages_files_have() -> None:
    file = PageFile(kind="script", url="http://localhost:3300/js/index.js")
    (claim,) = judge(CHECK, GITEA, SERVED, loads(file), nginx(3300, "proxy_set_header Host $host;"))
    assert claim.confidence is Confidence.CERTAIN
    (claim,) = judge(CHECK, GITEA, SERVED, loads(file), nginx(3300, host="localhost"))
    assert claim.confidence is Confidence.LIKELY


def test_fires_for_a_form_of_an_application_that_trusts_no_proxy() -> None:
    form = loads(insecure_forms=("http://shop.example.com/login",))
    (claim,) = judge(CHECK, LIBRENMS, SERVED, form, nginx(8000, TOLD))
    assert claim.severity is Severity.WARNING
    assert claim.fix is not None
    (edit,) = claim.fix.steps
    assert isinstance(edit, Edit)
    assert edit.diff.endswith("@@ -3,0 +4,1 @@\n+APP_TRUSTED_PROXIES=127.0.0.1\n")
    assert not judge(CHECK, LIBRENMS, SERVED, form, nginx(8000))


def test_fires_for_the_default_that_a_message_names() -> None:
    vault = replace(
        ADDRESS, application="vaultwarden", key="DOMAIN", source="nowhere", values=(), file="",
        line="", new="", number=0, unit="", container="vault", engine="docker",
    )  # fmt: skip
    words = 'Blocked loading mixed active content "http://localhost/attachments/1"'
    told = replace(SHOP, symptom=Symptom("mixed-content", words))
    (claim,) = judge(CHECK, vault, SERVED, target=told)
    assert claim.facts["named"]
    assert claim.facts["its_variable"]
    other = replace(
        SHOP, symptom=Symptom("mixed-content", words.replace("localhost", "localhost:9"))
    )
    assert not judge(CHECK, vault, SERVED, target=other)
    assert not judge(CHECK, replace(vault, source="unread"), SERVED, target=told)


def test_fires_with_one_edit_for_two_lines_of_one_address() -> None:
    home = replace(
        ADDRESS, application="wordpress", key="WP_HOME", values=("http://localhost:3000",),
        file="/srv/blog/wp-config.php", line="a", new="b", needs_restart=False,
    )  # fmt: skip
    site = replace(home, key="WP_SITEURL", number=4, line="c", new="d")
    (claim,) = judge(CHECK, home, site, MOVED)
    assert claim.fix is not None
    (edit,) = claim.fix.steps
    assert isinstance(edit, Edit)
    assert edit.diff.endswith("@@ -2,1 +2,1 @@\n-a\n+b\n@@ -4,1 +4,1 @@\n-c\n+d\n")


@pytest.mark.parametrize(
    "values",
    [("localhost", "shop.example.com"), ("*.example.com",), ("*",), ("shop.example.com:443",),
     ("SHOP.example.com",)],
)  # fmt: skip
def test_silent_where_the_list_has_the_name(values: tuple[str, ...]) -> None:
    assert not judge(CHECK, replace(NAMES, values=values), UNTRUSTED)


def test_silent_where_no_answer_shows_it() -> None:
    served = replace(PAGE, status=200)
    assert not judge(CHECK, NAMES, served)
    assert not judge(CHECK, NAMES, PAGE)
    assert not judge(CHECK, PROXIES, served)
    assert not judge(CHECK, ADDRESS, served)
    other = replace(MOVED, headers=(("Location", "http://localhost:9000/"),))
    assert not judge(CHECK, ADDRESS, other)
    good = replace(MOVED, headers=(("Location", "https://www.example.com/"),))
    assert not judge(CHECK, replace(ADDRESS, values=("https://www.example.com/",)), good)


def test_silent_where_the_web_server_sends_another_name() -> None:
    asked = Asked(
        target="http://127.0.0.1:3001", path="/", address="127.0.0.1", port=3001, status=400,
        sent="127.0.0.1:3001",
    )  # fmt: skip
    assert not judge(CHECK, NAMES, UNTRUSTED, asked)


@pytest.mark.parametrize("values", [("127.0.0.0/8",), ("127.0.0.1",), ("*",), ("proxy.internal",)])
def test_silent_where_the_proxy_may_be_trusted(values: tuple[str, ...]) -> None:
    read = replace(PROXIES, source="file", values=values, added=False)
    assert not judge(CHECK, read, replace(PAGE, body="400: Bad Request"), WITHOUT)


def test_silent_where_nothing_tells_the_scheme() -> None:
    read = replace(
        PROXIES, application="nextcloud", key="trusted_proxies", source="file", values=("10.0.0.5",)
    )
    plain = replace(MOVED, headers=(("Location", "http://shop.example.com/login"),))
    answer = BackendAnswer(target="http://127.0.0.1:3001", path="/", host="shop.example.com")
    assert not judge(CHECK, read, plain, answer)


def test_silent_where_the_address_is_not_that_of_redirects() -> None:
    """APP_URL of Laravel is for its console: a redirect to http comes of the request."""
    plain = replace(MOVED, headers=(("Location", "http://shop.example.com/login"),))
    read = replace(
        ADDRESS, application="laravel", key="APP_URL", values=("http://shop.example.com",)
    )
    assert not judge(CHECK, read, plain)
    jenkins = replace(ADDRESS, application="jenkins", key="jenkinsUrl")
    assert not judge(CHECK, jenkins, MOVED)


def test_silent_where_the_application_heeds_the_scheme() -> None:
    """Told https, it redirects to https: the web server does not tell it."""
    plain = replace(MOVED, headers=(("Location", "http://shop.example.com/login"),))
    read = replace(ADDRESS, values=("http://shop.example.com/",))
    answer = BackendAnswer(
        target="http://127.0.0.1:3000", path="/", host="shop.example.com", proto="https",
        status=302, location="https://shop.example.com/login",
    )  # fmt: skip
    assert not judge(CHECK, read, plain, answer)
    (claim,) = judge(CHECK, read, plain, replace(answer, location="http://shop.example.com/login"))
    assert claim.confidence is Confidence.CERTAIN


def test_fires_for_a_name_that_the_application_does_not_know() -> None:
    plain = replace(MOVED, headers=(("Location", "http://shop.example.com/login"),))
    read = replace(
        NAMES, topic="public_url", key="overwriteprotocol", misspelt="overwrite_protocol",
        values=("https",), line="'overwrite_protocol' => 'https',",
        new="'overwriteprotocol' => 'https',",
    )  # fmt: skip
    told = nginx(3000, TOLD)
    (claim,) = judge(CHECK, read, plain, told)
    assert claim.facts["misspelt"] == "overwrite_protocol"
    assert claim.fix is not None
    (edit,) = claim.fix.steps
    assert isinstance(edit, Edit)
    assert not judge(CHECK, read, plain, nginx(3000))


def test_fires_with_a_restart_alone_where_the_file_is_newer_than_the_process() -> None:
    read = replace(
        PROXIES, source="file", values=("127.0.0.1",), stale=True, added=False, process="python3",
        line="    - 127.0.0.1", new="",
    )  # fmt: skip
    (claim,) = judge(CHECK, read, replace(PAGE, body="400: Bad Request"), WITHOUT)
    assert claim.confidence is Confidence.LIKELY
    assert claim.facts["stale"]
    assert claim.fix is not None
    (restart,) = claim.fix.steps
    assert isinstance(restart, Command)
    assert restart.argv == ("systemctl", "restart", "hass")
    assert not judge(CHECK, read, replace(PAGE, status=200))


def test_fires_for_a_variable_that_the_compose_file_lacks() -> None:
    page = Page(url="https://shop.example.com/auth/", address="203.0.113.10", port=443, files=(
        PageFile("script", "http://shop.example.com/auth/js/keycloak.js"),))  # fmt: skip
    read = ReadSetting(
        application="keycloak", topic="trusted_proxy", key="KC_PROXY", source="nowhere",
        wanted="edge", file="/srv/kc/compose.yml", number=6, new='      KC_PROXY: "edge"',
        added=True, container="keycloak", engine="docker", compose="/srv/kc/compose.yml",
        service="keycloak",
        load=("docker", "compose", "-f", "/srv/kc/compose.yml", "up", "-d", "keycloak"),
    )  # fmt: skip
    told = nginx(8081, TOLD)
    (claim,) = judge(CHECK, read, replace(PAGE, status=200), page, told)
    assert claim.fix is not None
    edit, up = claim.fix.steps
    assert isinstance(edit, Edit)
    assert isinstance(up, Command)
    assert up.argv[:2] == ("docker", "compose")
    assert not judge(CHECK, read, replace(PAGE, status=200), page)


def test_silent_where_nginx_tells_the_name_of_the_setting() -> None:
    """The redirect may be made of the request: nginx's missing Host line is the cause."""
    untold = nginx(3000, host="localhost")
    assert not judge(CHECK, ADDRESS, MOVED, untold)


@pytest.mark.parametrize(
    "values",
    [("https://shop.example.com",), ("https://shop.example.com/",),
     ("https://shop.example.com:443/",), ("https://SHOP.example.com/",),
     ("%(protocol)s://%(domain)s:%(http_port)s/",), ("${URL}",), ("shop.example.com",)],
)  # fmt: skip
def test_silent_where_the_address_is_the_sites_or_is_computed(values: tuple[str, ...]) -> None:
    """A slash at the end, the usual port, capitals, a name that the program puts in."""
    plain = replace(MOVED, headers=(("Location", "http://shop.example.com/login"),))
    for answer in (MOVED, plain):
        assert not judge(CHECK, replace(ADDRESS, values=values), answer)


@pytest.mark.parametrize(
    "values", [("0.0.0.0/0",), ("::1", "127.0.0.1/32"), ("10.0.0.1", "127.0.0.1"), ("loopback",)]
)
def test_silent_where_one_of_several_proxies_is_trusted(values: tuple[str, ...]) -> None:
    read = replace(PROXIES, source="file", values=values, added=False)
    assert not judge(CHECK, read, replace(PAGE, body="400: Bad Request"), WITHOUT)


def test_silent_where_a_computed_value_is_not_of_names() -> None:
    """`http: !include http.yaml`: what stands there is not known."""
    read = replace(PROXIES, source="file", values=(), unsure=True, new="", added=False)
    assert not judge(CHECK, read, replace(PAGE, body="400: Bad Request"), WITHOUT)


DOH = replace(SHOP, path="/dns-query")
CLOSED = ReadSetting(
    application="adguard-home", topic="plain_path", key="tls.allow_unencrypted_doh",
    values=("false",), wanted="true", file="/opt/AdGuardHome/AdGuardHome.yaml", number=9,
    line="  allow_unencrypted_doh: false", new="  allow_unencrypted_doh: true",
    unit="AdGuardHome.service",
)  # fmt: skip
NO_DOH = replace(PAGE, url=DOH.url, status=404, body="Not Found\n")
ASKED = ComparedRequest(
    target="http://127.0.0.1:3080", path="/dns-query", address="127.0.0.1", port=3080,
    part="none", status=404, body="Not Found\n",
)  # fmt: skip


def test_fires_for_a_path_that_the_program_does_not_serve_over_http() -> None:
    (claim,) = judge(CHECK, CLOSED, NO_DOH, ASKED, target=DOH)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.fix is not None
    edit, restart = claim.fix.steps
    assert isinstance(edit, Edit)
    assert "+  allow_unencrypted_doh: true" in edit.diff
    assert isinstance(restart, Command)


def test_silent_for_such_a_path_that_is_open_or_asked_over_https() -> None:
    opened = replace(CLOSED, values=("true",))
    assert not judge(CHECK, opened, NO_DOH, ASKED, target=DOH)
    assert not judge(CHECK, CLOSED, NO_DOH, replace(ASKED, status=200), target=DOH)
    assert not judge(CHECK, CLOSED, NO_DOH, ASKED)


def test_fires_for_a_host_check_that_is_not_switched_off() -> None:
    skip = ReadSetting(
        application="syncthing", topic="allowed_host", key="gui.insecureSkipHostcheck",
        source="nowhere", wanted="true", file="/home/a/.config/syncthing/config.xml", number=2,
        new="        <insecureSkipHostcheck>true</insecureSkipHostcheck>", added=True,
        unit="syncthing@a.service",
    )  # fmt: skip
    refused = replace(PAGE, status=403, body="Host check error\n")
    (claim,) = judge(CHECK, skip, refused)
    assert claim.confidence is Confidence.CERTAIN


def test_explains_that_the_line_is_missing() -> None:
    """A line that is there with another value is no missing one."""
    assert "upstream.framework-setting" in load_check(CHECK).explains


BELOW = ReadSetting(
    application="grafana", topic="base_path", key="server.serve_from_sub_path", source="nowhere",
    wanted="true", file="/etc/grafana/grafana.ini", number=1, new="serve_from_sub_path = true",
    added=True, folder="/grafana", unit="grafana-server.service",
)  # fmt: skip
LOGIN = replace(
    PAGE, url="https://shop.example.com/grafana/login", status=302, purpose="redirect",
    headers=(("Location", "/grafana/login"),),
)  # fmt: skip


def test_fires_for_a_page_in_the_folder_that_redirects_to_itself() -> None:
    target = replace(SHOP, path="/grafana/")
    (claim,) = judge(CHECK, BELOW, LOGIN, target=target)
    assert (claim.confidence, claim.facts["absent"]) == (Confidence.LIKELY, True)
    edit = claim.fix.steps[0] if claim.fix else None
    assert isinstance(edit, Edit)
    assert "+serve_from_sub_path = true" in edit.diff
    # The folder is taken off the path, or another page answers.
    assert not judge(CHECK, replace(BELOW, strips=True), LOGIN, target=target)
    other = replace(LOGIN, headers=(("Location", "/grafana/home"),))
    assert not judge(CHECK, BELOW, other, target=target)
    on = replace(BELOW, source="file", values=("true",))
    assert not judge(CHECK, on, LOGIN, target=target)


def test_fires_for_settings_that_laravel_keeps_as_they_were() -> None:
    away = replace(MOVED, headers=(("Location", "https://localhost/login"),))
    read = ReadSetting(
        application="laravel", topic="public_url", key="APP_URL",
        values=("https://shop.example.com",), file="/var/www/shop/.env", number=5,
        stale=True, cached="/var/www/shop/bootstrap/cache/config.php", needs_restart=False,
        load=("php", "/var/www/shop/artisan", "config:clear"),
    )  # fmt: skip
    (claim,) = judge(CHECK, read, away)
    assert (claim.facts["stale"], claim.facts["cached"]) == (True, read.cached)
    assert claim.fix is not None
    (clear,) = claim.fix.steps
    assert isinstance(clear, Command)
    assert clear.argv == read.load
    assert not judge(CHECK, replace(read, stale=False, cached="", load=()), away)


FOLDER = ReadSetting(
    application="navidrome", topic="base_path", key="ND_BASEURL", source="nowhere",
    wanted="/music", folder="/music", strips=True, process="navidrome", unit="navidrome.service",
)  # fmt: skip
MUSIC = replace(SHOP, path="/music/")
LEFT = Exchange(
    url="https://shop.example.com/music/", address="203.0.113.10", port=443, status=302,
    headers=(("Location", "/app/"),),
)  # fmt: skip


def in_folder(line: str) -> NginxConfig:
    return config(
        "server { listen 443 ssl; server_name shop.example.com; location /music/ { "
        f"proxy_pass http://127.0.0.1:4533{line}; }} }}"
    )


def test_fires_with_the_setting_and_the_edit_of_the_web_server_together() -> None:
    (claim,) = judge(CHECK, FOLDER, LEFT, in_folder("/"), target=MUSIC, masked=False)
    assert claim.fix is not None
    steps = [step.argv[0] if isinstance(step, Command) else step for step in claim.fix.steps]
    assert steps[:4] == ["mkdir", "sh", "systemctl", "systemctl"]
    edit = steps[4]
    assert isinstance(edit, Edit)
    assert "proxy_pass http://127.0.0.1:4533;" in edit.diff
    whole = replace(FOLDER, strips=False)
    (claim,) = judge(CHECK, whole, LEFT, in_folder(""), target=MUSIC, masked=False)
    assert claim.fix is not None
    assert not any(isinstance(step, Edit) for step in claim.fix.steps)


def test_silent_where_one_half_of_both_edits_is_not_exact() -> None:
    assert not judge(CHECK, FOLDER, LEFT, in_folder("/other/"), target=replace(MUSIC, path="/"))
    by_hand = replace(FOLDER, unit="")
    assert not judge(CHECK, by_hand, LEFT, in_folder("/"), target=MUSIC, masked=False)
    right = replace(FOLDER, source="variable", values=("/music",), strips=False)
    assert not judge(CHECK, right, LEFT, in_folder(""), target=MUSIC, masked=False)


def test_fires_for_a_folder_whose_page_the_program_has_at_its_root_alone() -> None:
    missed, whole = replace(LEFT, status=404, headers=()), replace(FOLDER, strips=False)
    root = BackendVisit(target="http://127.0.0.1:4533", requested="/music/", path="/", status=200)
    (claim,) = judge(CHECK, whole, missed, root, target=MUSIC, masked=False)
    assert claim.confidence is Confidence.LIKELY
    assert not judge(CHECK, whole, missed, target=MUSIC, masked=False)
    below = replace(MUSIC, path="/music/rest/ping")
    assert not judge(CHECK, whole, missed, root, target=below, masked=False)


def test_a_variable_of_the_image_alone_is_a_persons() -> None:
    pool = replace(FOLDER, process="php-fpm8.2", strips=False)
    (claim,) = judge(CHECK, pool, LEFT, in_folder(""), target=MUSIC, masked=False)
    assert claim.fix is not None
    assert isinstance(claim.fix.steps[0], Manual)
