from dataclasses import replace

from diagnose.model import Applicability, Confidence, Severity
from diagnose.model.backends import BackendVisit
from diagnose.model.http import Exchange
from diagnose.model.logs import ServerRequestError
from diagnose.model.server_rules import AnsweringRule
from diagnose.model.site_folders import FolderAccess, FolderRules, SiteFolder
from diagnose.model.web_servers import ServerFile, WebServerConfig
from tests.support.caddy_evidence import (
    CADDY,
    CONFIG,
    INTERNAL_ERROR,
    PASSED,
    caddy_config,
    sites,
)
from tests.support.caddy_evidence import SITE as CADDYFILE
from tests.support.check_evidence import CHAT, SHOP, judge
from tests.support.report_builder import ANSWER
from tests.support.web_server_evidence import APACHE, HTTPS, MODULES, SITE, apache_config
from tests.support.web_server_evidence import PASSED as APACHE_PASSED
from tests.support.websocket_evidence import upgrade

CHECK = "server.reload-needed"
OLD = sites("example.com")
MOVED = sites("shop.example.com", dial="127.0.0.1:3999")


def test_fires_when_the_name_was_not_loaded() -> None:
    config = caddy_config(loaded=False, running=OLD)
    (claim,) = judge(CHECK, CADDY, config, PASSED, INTERNAL_ERROR)
    assert claim.facts["missing"] is True
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC


def test_fires_when_the_application_moved() -> None:
    config = caddy_config(loaded=False, running=MOVED)
    (claim,) = judge(CHECK, CADDY, config, PASSED, replace(ANSWER, status=502))
    assert claim.severity is None


def test_fires_and_does_not_say_that_a_site_is_missing_whose_application_failed() -> None:
    """Caddy cannot be asked what it runs with (`admin off`)."""
    file = ServerFile(CONFIG, f"{{\n\tadmin off\n}}\n{CADDYFILE}", changed=2000.0)
    config = caddy_config(loaded=None)
    sites_of_file = tuple(replace(site, file=CONFIG, line=4) for site in config.sites)
    asked = replace(config, files=(file,), sites=sites_of_file)
    for status, missing in ((502, False), (404, True)):
        answer = replace(ANSWER, status=status, body="")
        (claim,) = judge(CHECK, CADDY, asked, PASSED, answer)
        assert (claim.facts["off"], claim.facts["missing"]) == (True, missing)


def test_fires_as_a_note_when_nothing_is_wrong() -> None:
    config = caddy_config(loaded=False, running=MOVED)
    for answer in (
        replace(ANSWER, body="shop"),
        replace(ANSWER, status=401),
        replace(ANSWER, body="", method="HEAD"),
    ):
        (claim,) = judge(CHECK, CADDY, config, PASSED, answer)
        assert claim.severity is Severity.NOTE


def test_silent_when_it_is_loaded_unknown_or_another_site_changed() -> None:
    assert not judge(CHECK, CADDY, caddy_config(), PASSED, INTERNAL_ERROR)
    assert not judge(CHECK, CADDY, caddy_config(loaded=None), PASSED, INTERNAL_ERROR)
    same = sites("shop.example.com")
    other = caddy_config(loaded=False, running=(*same, *OLD))
    assert not judge(CHECK, CADDY, other, PASSED, INTERNAL_ERROR)


def test_silent_when_the_configuration_is_refused() -> None:
    config = caddy_config(loaded=False, running=OLD)
    assert not judge(CHECK, CADDY, config, replace(PASSED, passed=False), INTERNAL_ERROR)


LOADED = replace(APACHE, loaded=2000.0)
OWN_404 = replace(
    ANSWER, status=404, body="<h1>Not Found</h1><address>Apache/2.4.62 Server at shop Port 443",
)  # fmt: skip
ANSWERED = BackendVisit(
    target="http://127.0.0.1:3000/", requested="/", path="/", status=200, connected=True
)


def apache_file(changed: float, site: str = HTTPS) -> WebServerConfig:
    config = apache_config(site)
    return replace(config, files=(replace(config.files[0], changed=changed),))


def test_fires_for_apache_where_the_newer_file_passes_on_what_it_answers_itself() -> None:
    (claim,) = judge(CHECK, LOADED, apache_file(3000.0), OWN_404, ANSWERED)
    assert claim.facts["place"] == f"{SITE}:7"
    assert claim.confidence is Confidence.LIKELY
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC


def test_fires_for_apache_where_the_newer_file_passes_the_websocket_on() -> None:
    opened = replace(
        ANSWERED, target="ws://127.0.0.1:3000/ws", requested="/ws", path="/ws", websocket=True,
        status=101, accepted=True,
    )  # fmt: skip
    rest = (LOADED, apache_file(3000.0), ANSWER, opened)
    (claim,) = judge(CHECK, *rest, upgrade(404), target=CHAT)
    assert claim.facts["path"] == "/ws"
    assert not judge(CHECK, *rest, upgrade(502), target=CHAT)
    closed = replace(opened, accepted=False)
    assert not judge(CHECK, *rest[:3], closed, upgrade(404), target=CHAT)


def test_silent_for_apache_where_the_file_is_old_or_the_answer_is_the_applications() -> None:
    assert not judge(CHECK, LOADED, apache_file(1500.0), OWN_404, ANSWERED)
    own = replace(OWN_404, body="Cannot GET /")
    assert not judge(CHECK, LOADED, apache_file(3000.0), own, ANSWERED)
    assert not judge(CHECK, LOADED, apache_file(3000.0), OWN_404, replace(ANSWERED, status=404))
    rule = AnsweringRule(path="/", status=404, rule="Redirect 404 /", file=SITE, line=8)
    ruled = replace(apache_file(3000.0), rules=(rule,))
    assert not judge(CHECK, LOADED, ruled, OWN_404, ANSWERED)
    refused = replace(APACHE_PASSED, passed=False)
    assert not judge(CHECK, LOADED, refused, apache_file(3000.0), OWN_404, ANSWERED)


ROOT = "/var/www/html"
FILES = f"""\
<VirtualHost *:443>
    ServerName shop.example.com
    SSLEngine on
    DocumentRoot {ROOT}
</VirtualHost>
<Directory {ROOT}>
    AllowOverride All
    Require all granted
</Directory>
"""
SHOP_PAGE = Exchange(
    url="https://shop.example.com/about", address="203.0.113.10", port=443, status=404,
    body=OWN_404.body,
)  # fmt: skip
ABOUT = replace(SHOP, path="/about")
RULES = FolderRules(
    file=ServerFile(f"{ROOT}/.htaccess", "RewriteEngine on\nRewriteRule . index.php/$0 [L]\n"),
    folder="/",
    script="/index.php",
    script_exists=True,
    own_script=f"{ROOT}/index.php",
)
HERE = SiteFolder(path=ROOT, requested="/about", exists=True, page_exists=True)
READABLE = FolderAccess(path=f"{ROOT}/about", uid=33, user="www-data")
DENIED = ServerRequestError(
    product="apache", log="/var/log/apache2/error.log", reason="denied", code="AH01630",
    message=f"AH01630: client denied by server configuration: {ROOT}/about", file=f"{ROOT}/about",
)  # fmt: skip


def newer(site: str = FILES, modules: tuple[str, ...] = MODULES) -> WebServerConfig:
    config = apache_config(site, modules=modules)
    return replace(config, files=(replace(config.files[0], changed=3000.0),))


def test_fires_for_apache_where_the_rules_on_disk_lead_to_a_script() -> None:
    (claim,) = judge(CHECK, LOADED, newer(), SHOP_PAGE, RULES, target=ABOUT)
    assert claim.facts["gives_script"] == "/index.php"
    assert claim.confidence is Confidence.LIKELY
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC


def test_fires_for_apache_where_the_file_on_disk_may_be_read() -> None:
    (claim,) = judge(CHECK, LOADED, newer(), SHOP_PAGE, HERE, READABLE, target=ABOUT)
    assert claim.facts["gives_file"] == f"{ROOT}/about"


def test_fires_for_apache_where_the_file_redirects_the_path() -> None:
    line = "    Redirect /about https://shop.example.com/us\n</VirtualHost>"
    config = newer(FILES.replace("</VirtualHost>", line))
    (claim,) = judge(CHECK, LOADED, config, SHOP_PAGE, target=ABOUT)
    assert claim.facts["gives_url"] == "https://shop.example.com/us"


def test_fires_for_apache_where_the_file_lets_everybody_in() -> None:
    refused = replace(SHOP_PAGE, status=403)
    (claim,) = judge(CHECK, LOADED, newer(), refused, DENIED, target=ABOUT)
    assert claim.facts["gives_folder"] == ROOT
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    for words in ("all denied", "ip 192.0.2.0/24"):
        closed = newer(FILES.replace("all granted", words))
        assert not judge(CHECK, LOADED, closed, refused, DENIED, target=ABOUT)
    by_path = f"{FILES}<Location />\n    Require ip 192.0.2.0/24\n</Location>\n"
    assert not judge(CHECK, LOADED, newer(by_path), refused, DENIED, target=ABOUT)
    assert not judge(CHECK, LOADED, newer(), refused, target=ABOUT)


def test_silent_for_apache_where_its_files_give_the_same() -> None:
    lost = replace(RULES, script_exists=False)
    assert not judge(CHECK, LOADED, newer(), SHOP_PAGE, lost, target=ABOUT)
    without = newer(modules=("ssl", "alias"))
    assert not judge(CHECK, LOADED, without, SHOP_PAGE, RULES, target=ABOUT)
    unread = newer(FILES.replace("AllowOverride All", "AllowOverride None"))
    assert not judge(CHECK, LOADED, unread, SHOP_PAGE, RULES, target=ABOUT)
    hidden = replace(READABLE, hidden=True)
    assert not judge(CHECK, LOADED, newer(), SHOP_PAGE, HERE, hidden, target=ABOUT)
    own = replace(SHOP_PAGE, body="Cannot GET /about")
    assert not judge(CHECK, LOADED, newer(), own, RULES, target=ABOUT)
    young = replace(LOADED, loaded=4000.0)
    assert not judge(CHECK, young, newer(), SHOP_PAGE, RULES, target=ABOUT)
    logged = replace(DENIED, reason="logged", code="AH00037")
    assert not judge(CHECK, LOADED, newer(), SHOP_PAGE, logged, RULES, target=ABOUT)
