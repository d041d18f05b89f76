from dataclasses import replace

import pytest

from diagnose.model import Applicability, Severity
from diagnose.model.http import Exchange
from diagnose.model.site_folders import SiteFolder
from tests.support.check_evidence import SHOP, judge
from tests.support.web_server_evidence import APACHE, apache_config

CHECK = "server.page-missing"
ROOT = "/var/www/shop"
SITE = f"""\
<VirtualHost *:443>
    ServerName shop.example.com
    DocumentRoot {ROOT}
    SSLEngine on
    <Directory {ROOT}>
        Require all granted
    </Directory>
</VirtualHost>
"""
ABOUT = replace(SHOP, path="/about")
PAGE = Exchange(url="https://shop.example.com/about", address="203.0.113.10", port=443, status=404)
FOLDER = SiteFolder(path=ROOT, requested="/about", exists=True, index_files=("index.html",))
START = replace(FOLDER, requested="/", page_exists=True, index_files=())


@pytest.mark.parametrize(
    ("folder", "fact"),
    [
        (replace(FOLDER, exists=False), "no_folder"),
        (START, "no_index"),
        (replace(FOLDER, has_rewrite_rules=True), "htaccess"),
        (replace(FOLDER, has_rewrite_rules=True, requested="/about/"), "htaccess"),
        (replace(FOLDER, is_application=True), "fall_back"),
    ],
)
def test_fires_and_says_why(folder: SiteFolder, fact: str) -> None:
    config = apache_config(SITE)
    (claim,) = judge(CHECK, APACHE, config, folder, PAGE, target=ABOUT, masked=False)
    assert claim.facts[fact] is True
    assert (claim.severity is Severity.ERROR) is (fact == "no_folder")


@pytest.mark.parametrize(
    "folder",
    [
        FOLDER,
        replace(START, index_files=("index.php",)),
        replace(FOLDER, is_application=True, requested="/logo.png"),
        replace(FOLDER, page_exists=True, is_application=True),
        replace(FOLDER, path="/var/www/other", exists=False),
    ],
)
def test_silent_where_the_file_is_nowhere_on_purpose(folder: SiteFolder) -> None:
    assert not judge(CHECK, APACHE, apache_config(SITE), folder, PAGE, target=ABOUT)


def test_silent_where_htaccess_is_read_or_the_page_is_well() -> None:
    allowed = apache_config(SITE.replace("Require", "AllowOverride All\n        Require"))
    rules = replace(FOLDER, has_rewrite_rules=True)
    assert not judge(CHECK, APACHE, allowed, rules, PAGE, target=ABOUT)
    fine = replace(PAGE, status=200)
    assert not judge(CHECK, APACHE, apache_config(SITE), START, fine, target=ABOUT)


def test_fires_when_the_module_of_the_rules_is_not_loaded() -> None:
    config = apache_config(SITE.replace("Require all granted", "AllowOverride All"))
    folder = replace(FOLDER, has_rewrite_rules=True)
    seen = (APACHE, replace(config, modules=("ssl", "proxy")), folder, PAGE)
    (claim,) = judge(CHECK, *seen, target=ABOUT, masked=False)
    assert claim.facts["no_module"]
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC
    loaded = replace(config, modules=("ssl", "rewrite"))
    assert not judge(CHECK, APACHE, loaded, folder, PAGE, target=ABOUT)


def test_fires_for_a_file_that_may_be_meant_as_htaccess() -> None:
    folder = replace(FOLDER, lookalike=".htacess")
    config = apache_config(SITE.replace("Require", "AllowOverride All\n        Require"))
    (claim,) = judge(CHECK, APACHE, config, folder, PAGE, target=ABOUT, masked=False)
    assert claim.facts["lookalike"] == ".htacess"
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL
    assert not judge(CHECK, APACHE, apache_config(SITE), folder, PAGE, target=ABOUT)
