from dataclasses import replace

from diagnose.model import Applicability, Confidence, Edit
from diagnose.model.site_folders import SiteFolder
from tests.support.check_evidence import SHOP, judge
from tests.support.report_builder import ANSWER
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

CHECK = "server.apache-alias-hides"
FILES = "".join(line for line in HTTPS.splitlines(keepends=True) if "ProxyPass" not in line)
OWN = '    DocumentRoot /var/www/shop\n    Alias /error/ "/usr/share/apache2/error/"\n'
CONFIG = apache_config(FILES.replace("</Virt", f"{OWN}</Virt"))
PAGE = replace(SHOP, path="/error/denied")
MISSING = replace(ANSWER, url=PAGE.url, status=404)
FOLDER = SiteFolder(
    path="/usr/share/apache2/error",
    requested="/denied",
    exists=True,
    hidden="/var/www/shop/index.php",
)


def test_fires_where_the_site_leads_all_paths_to_a_script() -> None:
    (claim,) = judge(CHECK, APACHE, CONFIG, MISSING, FOLDER, target=PAGE, masked=False)
    assert claim.confidence is Confidence.LIKELY
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert '+#    Alias /error/ "/usr/share/apache2/error/"\n' in edit.diff


def test_is_certain_where_the_site_has_the_file() -> None:
    own = replace(FOLDER, hidden="/var/www/shop/error/denied")
    (claim,) = judge(CHECK, APACHE, CONFIG, MISSING, own, target=PAGE)
    assert claim.confidence is Confidence.CERTAIN


def test_silent_where_nothing_is_hidden_or_the_alias_has_the_file() -> None:
    assert not judge(CHECK, APACHE, CONFIG, MISSING, replace(FOLDER, hidden=""), target=PAGE)
    there = replace(FOLDER, page_exists=True)
    assert not judge(CHECK, APACHE, CONFIG, MISSING, there, target=PAGE)
    assert not judge(CHECK, APACHE, CONFIG, replace(MISSING, status=200), FOLDER, target=PAGE)
    assert not judge(CHECK, APACHE, apache_config(FILES), MISSING, FOLDER, target=PAGE)


def test_silent_for_a_picture_that_the_site_has_not() -> None:
    target = replace(SHOP, path="/error/no.png")
    missing = replace(MISSING, url=target.url)
    assert not judge(CHECK, APACHE, CONFIG, missing, FOLDER, target=target)
    own = replace(FOLDER, hidden="/var/www/shop/error/no.png")
    assert judge(CHECK, APACHE, CONFIG, missing, own, target=target)
