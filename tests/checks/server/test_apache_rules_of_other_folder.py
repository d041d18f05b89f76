from dataclasses import replace

from diagnose.model import Confidence, Edit, Manual
from diagnose.model.http import Exchange
from diagnose.model.site_folders import FolderRules
from diagnose.model.web_servers import ServerFile
from tests.support.check_evidence import SHOP, judge
from tests.support.web_server_evidence import APACHE, apache_config

CHECK = "server.apache-rules-of-other-folder"
SITE = """\
<VirtualHost *:443>
    ServerName shop.example.com
    DocumentRoot /var/www/shop
    SSLEngine on
    <Directory /var/www/shop>
        AllowOverride All
    </Directory>
</VirtualHost>
"""
TEXT = "RewriteEngine On\nRewriteBase /\nRewriteRule . /index.php [L]\n"
FILE = "/var/www/shop/blog/.htaccess"
RULES = FolderRules(
    file=ServerFile(FILE, TEXT),
    folder="/blog",
    script="/index.php",
    script_exists=False,
    own_script="/var/www/shop/blog/index.php",
)
POST = replace(SHOP, path="/blog/hello/")
PAGE = Exchange(
    url="https://shop.example.com/blog/hello/", address="203.0.113.10", port=443, status=404
)
MODULES = ("rewrite", "ssl")


def test_fires_and_names_the_folder_in_the_rules() -> None:
    config = apache_config(SITE, modules=MODULES)
    (claim,) = judge(CHECK, APACHE, config, RULES, PAGE, target=POST)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.fix
    (edit,) = claim.fix.steps
    assert isinstance(edit, Edit)
    assert edit.path == FILE
    assert "+RewriteBase /blog/\n" in edit.diff
    assert "+RewriteRule . /blog/index.php [L]\n" in edit.diff


def test_fires_where_another_application_has_the_script() -> None:
    config = apache_config(SITE, modules=MODULES)
    other = replace(RULES, script_exists=True)
    (claim,) = judge(CHECK, APACHE, config, other, PAGE, target=POST)
    assert claim.confidence is Confidence.LIKELY
    quoted = replace(RULES, file=ServerFile(FILE, TEXT.replace("/index.php", '"/index.php"')))
    (claim,) = judge(CHECK, APACHE, config, quoted, PAGE, target=POST)
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual)


def test_silent_where_the_rules_do_not_count_or_the_page_is_there() -> None:
    unread = apache_config(SITE.replace("AllowOverride All", "AllowOverride None"))
    assert not judge(CHECK, APACHE, unread, RULES, PAGE, target=POST)
    without = apache_config(SITE, modules=("ssl",))
    assert not judge(CHECK, APACHE, without, RULES, PAGE, target=POST)
    config = apache_config(SITE, modules=MODULES)
    answer = replace(PAGE, status=200)
    assert not judge(CHECK, APACHE, config, RULES, answer, target=POST)
