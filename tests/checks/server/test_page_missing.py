from dataclasses import replace

import pytest

from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Confidence,
    Edit,
    Manual,
    Severity,
    Vantage,
    commands,
)
from diagnose.model.http import Exchange
from diagnose.model.logs import ServerRequestError
from diagnose.model.server_rules import AnsweringRule, ServedFolder
from diagnose.model.site_folders import SiteFolder
from diagnose.model.web_servers import SiteAlias, WebServerTest
from tests.support.caddy_evidence import CADDY, caddy_config, document
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
    observations = (APACHE, replace(config, modules=("ssl", "proxy")), folder, PAGE)
    (claim,) = judge(CHECK, *observations, target=ABOUT, masked=False)
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
    assert claim.fix.applicability is Applicability.REVIEW
    assert claim.fix.steps == (commands.move(f"{ROOT}/.htacess", f"{ROOT}/.htaccess"),)
    assert not judge(CHECK, APACHE, apache_config(SITE), folder, PAGE, target=ABOUT)


def test_fires_when_the_rules_lead_to_a_script_that_is_not_there() -> None:
    folder = replace(FOLDER, has_rewrite_rules=True, lost_script="index.php", index_files=())
    config = apache_config(SITE.replace("Require", "AllowOverride All\n        Require"))
    (claim,) = judge(CHECK, APACHE, config, folder, PAGE, target=ABOUT, masked=False)
    assert claim.facts["lost"] is True
    assert claim.facts["script"] == "index.php"


def test_fires_when_the_index_file_has_a_name_that_is_not_listed() -> None:
    error = ServerRequestError(
        product="apache", log="/var/log/apache2/error.log", reason="logged", code="AH01276",
        message="AH01276: Cannot serve directory /var/www/shop/: No matching DirectoryIndex "
        "(index.html,index.htm) found, and server-generated directory index forbidden",
    )  # fmt: skip
    folder = replace(START, index_files=("index.php",))
    page = replace(PAGE, url="https://shop.example.com/", status=403)
    observations = (APACHE, apache_config(SITE), page, error)
    (claim,) = judge(CHECK, *observations, folder, masked=False)
    assert claim.facts["index_name"] is True
    assert claim.facts["names"] == ("index.html", "index.htm")
    assert claim.facts["index_line"] == "DirectoryIndex index.html index.htm index.php"
    assert claim.facts["reads"] is False
    assert not judge(CHECK, *observations, replace(folder, index_files=("index.htm",)))
    config = apache_config(SITE.replace("Require", "AllowOverride All\n        Require"))
    (claim,) = judge(CHECK, APACHE, config, page, error, folder, masked=False)
    assert claim.facts["reads"] is True, "an .htaccess may have the list (issue 23 of ftree)"
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL
    own = "    SSLEngine on\n    DirectoryIndex index.html index.htm\n"
    text = SITE.replace("    SSLEngine on\n", own)
    (claim,) = judge(CHECK, APACHE, apache_config(text), page, error, folder, masked=False)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL, "nothing runs PHP"
    handler = '    SetHandler "proxy:fcgi://127.0.0.1:9000"\n    <Directory'
    text = text.replace("    <Directory", handler)
    (claim,) = judge(CHECK, APACHE, apache_config(text), page, error, folder, masked=False)
    edit = claim.fix.steps[0] if claim.fix else None
    assert isinstance(edit, Edit)
    assert "+    DirectoryIndex index.html index.htm index.php" in edit.diff


@pytest.mark.parametrize("word", ["none", "disabled"])
def test_silent_about_names_where_apache_looked_for_no_index(word: str) -> None:
    error = ServerRequestError(
        product="apache", log="/var/log/apache2/error.log", reason="logged", code="AH01276",
        message="AH01276: Cannot serve directory /var/www/shop/folder: No matching DirectoryIndex "
        f"({word}) found, and server-generated directory index forbidden",
    )  # fmt: skip
    folder = replace(FOLDER, requested="/folder", page_exists=True)
    page = replace(PAGE, url="https://shop.example.com/folder", status=403)
    target = replace(SHOP, path="/folder")
    assert not judge(CHECK, APACHE, apache_config(SITE), page, error, folder, target=target)


@pytest.mark.parametrize("is_logged", [True, False])
def test_silent_about_an_index_file_where_a_rule_refuses_everybody(is_logged: bool) -> None:
    denied = ServerRequestError(
        product="apache", log="/var/log/apache2/error.log", reason="denied", code="AH01630",
        message=f"AH01630: client denied by server configuration: {ROOT}/", file=f"{ROOT}/",
    )  # fmt: skip
    rule = AnsweringRule("/", 403, "Require ip 10.9.0.0/16", file="/etc/apache2/shop.conf", line=6)
    page = replace(PAGE, url="https://shop.example.com/", status=403)
    config = apache_config(SITE)
    seen = (page, denied) if is_logged else (page,)
    config = config if is_logged else replace(config, rules=(rule,))
    assert not judge(CHECK, APACHE, config, START, *seen)
    assert judge(CHECK, APACHE, apache_config(SITE), START, page), "neither of them is seen"


def test_fires_where_directory_slash_keeps_apache_from_the_folder() -> None:
    off = SITE.replace("Require", "DirectorySlash Off\n        Require")
    error = ServerRequestError(
        product="apache", log="/var/log/apache2/error.log", reason="logged", code="AH01276",
        message="AH01276: Cannot serve directory /var/www/shop/folder: No matching DirectoryIndex "
        "(none) found, and server-generated directory index forbidden",
    )  # fmt: skip
    folder = replace(FOLDER, requested="/folder", page_exists=True)
    page = replace(PAGE, url="https://shop.example.com/folder", status=403)

    def seen(text: str, module: str = "dir", path: str = "/folder") -> list[Claim]:
        config = replace(apache_config(text), modules=("ssl", module))
        observations, target = (APACHE, config, page, error, folder), replace(SHOP, path=path)
        return list(judge(CHECK, *observations, target=target, masked=False))

    (claim,) = seen(off)
    assert (claim.facts["no_slash"], claim.confidence) == (True, Confidence.LIKELY)
    assert claim.fix
    assert "+        DirectorySlash On" in str(claim.fix.steps[0])
    assert not seen(off.replace(f"<Directory {ROOT}>", f"<Directory {ROOT}/other>"))
    assert not seen(off, module="autoindex")
    assert not seen(off, path="/folder/")
    assert not seen(SITE)


def test_fires_when_the_configuration_names_no_folder() -> None:
    site = caddy_config("shop.example.com {\n\tfile_server\n}\n", document("shop.example.com"))
    folder = SiteFolder(path="/", requested="/", exists=True, is_unset=True)
    page = replace(PAGE, url="https://shop.example.com/")
    (claim,) = judge(CHECK, CADDY, site, page, folder, masked=False)
    assert claim.facts["no_root"] is True
    other = replace(folder, requested="/about")
    assert not judge(CHECK, CADDY, site, page, other)


def test_fires_below_an_alias_whose_htaccess_is_not_read() -> None:
    alias = f"DocumentRoot {ROOT}\n    Alias /admin /usr/share/admin"
    config = apache_config(SITE.replace(f"DocumentRoot {ROOT}", alias))
    folder = replace(FOLDER, path="/usr/share/admin", requested="/login", has_rewrite_rules=True)
    target = replace(SHOP, path="/admin/login")
    page = replace(PAGE, url="https://shop.example.com/admin/login")
    (claim,) = judge(CHECK, APACHE, config, folder, page, target=target, masked=False)
    assert (claim.facts["htaccess"], claim.facts["folder"]) == (True, "/usr/share/admin")
    read = apache_config(
        SITE.replace(f"DocumentRoot {ROOT}", alias).replace(
            "</VirtualHost>",
            "<Directory /usr/share/admin>\nAllowOverride All\n</Directory>\n</VirtualHost>",
        )
    )
    assert not judge(CHECK, APACHE, read, folder, page, target=target)


OWN_404 = (
    "<title>404 Not Found</title><h1>Not Found</h1>"
    "<address>Apache/2.4.62 (Debian) Server at shop.example.com Port 443</address>"
)
FRONT = replace(FOLDER, index_files=("index.php",), front_script="index.php")


def test_fires_for_an_application_to_whose_script_nothing_leads() -> None:
    page = replace(PAGE, body=OWN_404)
    (claim,) = judge(CHECK, APACHE, apache_config(SITE), FRONT, page, target=ABOUT, masked=False)
    assert claim.facts["no_rules"] is True
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+        FallbackResource /index.php\n" in edit.diff
    own = replace(page, body="<title>404 | Not Found</title>")
    assert not judge(CHECK, APACHE, apache_config(SITE), FRONT, own, target=ABOUT)


def test_wordpress_writes_its_rules_itself() -> None:
    page, folder = replace(PAGE, body=OWN_404), replace(FRONT, is_wordpress=True)
    (claim,) = judge(CHECK, APACHE, apache_config(SITE), folder, page, target=ABOUT, masked=False)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL
    own, line = claim.fix.steps
    assert isinstance(own, Manual)
    assert isinstance(line, Manual)
    assert (own.step, line.step) == ("permalinks", "no-rules")
    assert isinstance(line.commands[0], Edit)


def test_fires_for_an_application_in_a_folder_of_the_site() -> None:
    """WordPress in /blog: what is outside of its folder stays as it is."""
    page, folder = replace(PAGE, body=OWN_404), replace(FRONT, front_script="blog/index.php")
    (claim,) = judge(CHECK, APACHE, apache_config(SITE), folder, page, target=ABOUT, masked=False)
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert f'+    <Directory "{ROOT}/blog">\n' in edit.diff
    assert "+        FallbackResource /blog/index.php\n" in edit.diff


def test_fires_for_the_folder_above_that_for_visitors() -> None:
    folder = replace(FOLDER, index_files=(), elsewhere=f"{ROOT}/public")
    (claim,) = judge(CHECK, APACHE, apache_config(SITE), folder, PAGE, target=ABOUT, masked=False)
    assert claim.facts["elsewhere"] == f"{ROOT}/public"
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert f"+    DocumentRoot {ROOT}/public\n" in edit.diff
    assert f"+    <Directory {ROOT}/public>\n" in edit.diff
    full = replace(folder, index_files=("index.html",))
    assert not judge(CHECK, APACHE, apache_config(SITE), full, PAGE, target=ABOUT)


def test_silent_where_the_folder_nearby_has_rules_of_its_own() -> None:
    closed = f"    <Directory {ROOT}/public>\n        Require ip 10.0.0.0/8\n    </Directory>\n"
    config = apache_config(SITE.replace("    SSLEngine", f"{closed}    SSLEngine"))
    folder = replace(FOLDER, index_files=(), elsewhere=f"{ROOT}/public")
    assert not judge(CHECK, APACHE, config, folder, PAGE, target=ABOUT)


STYLE = replace(SHOP, path="/static/site.css")
STYLE_PAGE = replace(PAGE, url="https://shop.example.com/static/site.css")
ALIAS = SITE.replace("    SSLEngine", "    Alias /static/ /srv/shop/static\n    SSLEngine")


def test_fires_for_an_alias_that_lacks_a_slash() -> None:
    folder = SiteFolder(path="/srv/shop", requested="/staticsite.css", exists=True)
    config = apache_config(ALIAS)
    (claim,) = judge(CHECK, APACHE, config, folder, STYLE_PAGE, target=STYLE, masked=False)
    assert claim.facts["alias_slash"] is True
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    Alias /static/ /srv/shop/static/\n" in edit.diff
    right = apache_config(ALIAS.replace("shop/static", "shop/static/"))
    found = replace(folder, path="/srv/shop/static", requested="/site.css")
    assert not judge(CHECK, APACHE, right, found, STYLE_PAGE, target=STYLE)


def test_fires_for_an_alias_of_a_folder_beside_the_right_one() -> None:
    config = apache_config(ALIAS.replace("/static/ ", "/static "))
    folder = SiteFolder(
        path="/srv/shop/static", requested="/site.css", exists=True, elsewhere="/srv/shop/assets"
    )
    (claim,) = judge(CHECK, APACHE, config, folder, STYLE_PAGE, target=STYLE, masked=False)
    assert claim.facts["elsewhere"] == "/srv/shop/assets"
    closed = replace(STYLE_PAGE, status=403)
    assert not judge(CHECK, APACHE, config, folder, closed, target=STYLE)


def test_a_fallback_that_is_not_there_is_written_right() -> None:
    text = "shop.example.com {\n\troot * /srv\n\ttry_files {path} /index.htm\n\tfile_server\n}\n"
    config = caddy_config(text, document("shop.example.com"))
    config = replace(config, sites=(replace(config.sites[0], root="/srv"),))
    folder = replace(FOLDER, path="/srv", is_application=True)
    (claim,) = judge(CHECK, CADDY, config, folder, PAGE, target=ABOUT, masked=False)
    assert claim.facts["fallback"] == "/index.htm"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+\ttry_files {path} /index.html\n" in edit.diff
    for right in (("index.html", "index.htm"), ("index.php",)):
        other = replace(folder, index_files=right)
        (claim,) = judge(CHECK, CADDY, config, other, PAGE, target=ABOUT, masked=False)
        assert claim.facts["fallback"] == ""


def test_fires_for_the_alias_of_a_configuration_that_is_not_enabled() -> None:
    file = "/etc/apache2/conf-available/about.conf"
    idle = (SiteAlias("/about", "/usr/share/about", file=file, line=3),)
    config = replace(apache_config(SITE), idle_aliases=idle)
    (claim,) = judge(CHECK, APACHE, config, FOLDER, PAGE, target=ABOUT, masked=False)
    assert claim.facts["not_enabled"] is True
    assert claim.facts["alias_file"] == file
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    first = claim.fix.steps[0]
    assert isinstance(first, Command)
    assert first.argv == ("a2enconf", "about")


def test_silent_for_other_aliases_that_are_not_enabled() -> None:
    idle = (SiteAlias("/abo", "/usr/share/about", file="/etc/apache2/conf-available/a.conf"),)
    config = replace(apache_config(SITE), idle_aliases=idle)
    assert not judge(CHECK, APACHE, config, FOLDER, PAGE, target=ABOUT)
    there = replace(FOLDER, page_exists=True)
    config = replace(config, idle_aliases=(replace(idle[0], prefix="/about"),))
    assert not judge(CHECK, APACHE, config, there, PAGE, target=ABOUT)


def test_silent_when_an_application_answers_the_folder() -> None:
    page = replace(PAGE, url="https://shop.example.com/", body="<title>404</title>No such page.")
    assert not judge(CHECK, APACHE, apache_config(SITE), START, page)


def test_fires_where_the_address_leaves_the_ending_out() -> None:
    folder = replace(FOLDER, suffixed=f"{ROOT}/about.html")
    (claim,) = judge(CHECK, APACHE, apache_config(SITE), folder, PAGE, target=ABOUT)
    assert claim.facts["suffixed"] == f"{ROOT}/about.html"
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Edit)
    assert "+        Options +MultiViews" in claim.fix.steps[0].diff


FILES = "shop.example.com {\n\troot * /srv/shop\n\tfile_server\n}\n"


def test_caddy_gets_the_ending_before_file_server() -> None:
    made = document("shop.example.com")
    config = caddy_config(FILES, made)
    sites = tuple(replace(site, root="/srv/shop", routes=()) for site in config.sites)
    folder = replace(FOLDER, path="/srv/shop", suffixed="/srv/shop/about.html")
    config = replace(config, sites=sites)
    (claim,) = judge(CHECK, CADDY, config, folder, PAGE, target=ABOUT, masked=False)
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Edit)
    assert "+\ttry_files {path} {path}.html" in claim.fix.steps[0].diff
    tried = caddy_config(FILES.replace("\tfile", "\ttry_files {path} /a\n\tfile"), made)
    tried = replace(tried, sites=sites)
    (claim,) = judge(CHECK, CADDY, tried, folder, PAGE, target=ABOUT, masked=False)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_fires_where_a_rewrite_leads_to_no_file() -> None:
    text = FILES.replace("\tfile", "\trewrite /old/* /new{uri}\n\tfile")
    config = caddy_config(text, document("shop.example.com"))
    sites = tuple(replace(site, root="/srv/shop", routes=()) for site in config.sites)
    served = ServedFolder("/old/a", "/srv/shop", "/new/old/a")
    folder = replace(FOLDER, path="/srv/shop", requested="/new/old/a", index_files=())
    old = replace(PAGE, url="https://shop.example.com/old/a")
    config, target = replace(config, sites=sites, folders=(served,)), replace(SHOP, path="/old/a")
    (claim,) = judge(CHECK, CADDY, config, folder, old, target=target)
    assert claim.facts["rewritten"] == "/new/old/a"
    assert claim.facts["rewriting"] == "/etc/caddy/Caddyfile:3"
    assert not judge(CHECK, CADDY, config, replace(folder, page_exists=True), old, target=target)
    shorter = replace(config, folders=(replace(served, path="/a"),))
    cut = replace(folder, requested="/a")
    assert not judge(CHECK, CADDY, shorter, cut, old, target=target)


def test_fires_beside_scripts_of_a_program_where_the_page_is_apaches_own() -> None:
    """ProxyPassMatch for scripts alone: what its program answers is the program's affair."""
    scripts = '    ProxyPassMatch "^/(.*\\.php)$" "fcgi://127.0.0.1:9000/var/www/shop/$1"\n'
    config = apache_config(SITE.replace("    SSLEngine", f"{scripts}    SSLEngine"))
    folder = replace(FOLDER, has_rewrite_rules=True)
    (claim,) = judge(CHECK, APACHE, config, folder, PAGE, target=ABOUT, masked=False)
    assert claim.facts["htaccess"] is True
    own = replace(PAGE, body="<h1>Nothing here</h1>")
    assert not judge(CHECK, APACHE, config, folder, own, target=ABOUT, masked=False)


BLOG = f"{ROOT}/blog"


def test_fires_for_the_rules_of_a_folder_below() -> None:
    folder = replace(FOLDER, requested="/blog/tea", rules_folder=BLOG)
    target = replace(ABOUT, path="/blog/tea")
    page = replace(PAGE, url="https://shop.example.com/blog/tea")
    read = apache_config(SITE.replace("Require all granted", "AllowOverride All"))
    without = replace(read, modules=("ssl", "proxy"))
    (claim,) = judge(CHECK, APACHE, without, folder, page, target=target, masked=False)
    assert claim.facts["no_module"]
    assert claim.facts["folder"] == BLOG
    assert not judge(CHECK, APACHE, read, folder, page, target=target)
    # Not read: no section lets Apache read it there.
    (claim,) = judge(CHECK, APACHE, apache_config(SITE), folder, page, target=target, masked=False)
    assert claim.facts["htaccess"]
    assert claim.facts["folder"] == BLOG
    section = f"<Directory {BLOG}>\n AllowOverride All\n</Directory>\n"
    inner = apache_config(SITE.replace("</VirtualHost>", f"{section}</VirtualHost>"))
    assert not judge(CHECK, APACHE, inner, folder, page, target=target)


def test_follows_from_the_refused_file_that_passes_the_page_on() -> None:
    text = SITE.replace("    <Dir", "    ProxyPass /about http://127.0.0.1:3000/about\n    <Dir")
    folder = replace(FOLDER, is_application=True)
    refused = WebServerTest(vantage=Vantage.SERVER, product="apache", passed=False, message="x")
    (claim,) = judge(CHECK, APACHE, apache_config(text), refused, folder, PAGE, target=ABOUT)
    assert claim.consequence_of == ("server.config-invalid",)
    (claim,) = judge(CHECK, APACHE, apache_config(SITE), refused, folder, PAGE, target=ABOUT)
    assert not claim.consequence_of
