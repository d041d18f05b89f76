"""server.apache-rule-unescaped: AH10410, and the rule that wrote the blank into the query."""

from dataclasses import replace

from diagnose.model import Confidence, Edit
from diagnose.model.logs import ServerRequestError
from diagnose.model.web_servers import ServerFile
from tests.support.check_evidence import SHOP, judge
from tests.support.report_builder import ANSWER
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

CHECK = "server.apache-rule-unescaped"
TARGET = replace(SHOP, path="/tag/red%20shoes")
PAGE = replace(ANSWER, status=403, url=TARGET.url)
# As httpd 2.4.71 wrote it.
ERROR = ServerRequestError(
    product="apache",
    log="/var/log/apache2/error.log",
    reason="logged",
    code="AH10410",
    message="AH10410: Rewritten query string contains control characters or spaces",
)
RULE = "RewriteRule ^/tag/(.*)$ /index.php?tag=$1 [L]"


def config_with(rule: str) -> str:
    return HTTPS.replace("    ProxyPass /ws", f"    {rule}\n    ProxyPass /ws")


def test_fires_and_adds_the_flag() -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(config_with(RULE)), ERROR, PAGE, target=TARGET)
    assert claim.confidence is Confidence.CERTAIN
    edit = claim.fix.steps[0] if claim.fix else None
    assert isinstance(edit, Edit)
    assert "+    RewriteRule ^/tag/(.*)$ /index.php?tag=$1 [B,L]" in edit.diff


def test_fires_for_the_rule_of_an_htaccess() -> None:
    rules = ServerFile("/var/www/shop/.htaccess", RULE.replace("^/", "^"))
    error = replace(ERROR, code="AH10411", rules=rules)
    (claim,) = judge(CHECK, APACHE, apache_config(), error, PAGE, target=TARGET)
    assert claim.facts["place"] == "/var/www/shop/.htaccess:1"
    assert claim.fix is not None
    assert len(claim.fix.steps) == 1


def test_fires_without_a_rule_that_is_known() -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(), ERROR, PAGE, target=TARGET)
    assert (claim.confidence, claim.facts["rule"]) == (Confidence.LIKELY, "")


def test_silent_when_the_log_has_another_line_or_the_page_came() -> None:
    config = apache_config(config_with(RULE))
    other = replace(ERROR, code="AH01276")
    assert not judge(CHECK, APACHE, config, other, PAGE, target=TARGET)
    assert not judge(CHECK, APACHE, config, ERROR, replace(PAGE, status=200), target=TARGET)
