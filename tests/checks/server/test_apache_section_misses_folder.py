from dataclasses import replace

import pytest

from diagnose.model import Applicability, Confidence, Edit
from diagnose.model.http import Exchange
from diagnose.model.site_folders import SiteFolder
from tests.support.check_evidence import SHOP, judge
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

CHECK = "server.apache-section-misses-folder"
LINE = "    ProxyPass / http://127.0.0.1:3000/\n"
SECTION = (
    "    DocumentRoot /srv/shop/public\n    <Directory {}>\n        Require all granted\n"
    "        RewriteRule ^ index.php [L]\n    </Directory>\n"
)
FOLDER = SiteFolder(path="/srv/shop/public", requested="/users", exists=True)
TARGET = replace(SHOP, path="/users")


def page(status: int) -> Exchange:
    return Exchange(
        url="https://shop.example.com/users", address="203.0.113.10", port=443, status=status,
        purpose="target",
    )  # fmt: skip


def site(section: str) -> str:
    return HTTPS.replace(LINE, section)


@pytest.mark.parametrize("written", ["/srv/shop/publci", '"/srv/shpo/public"', "/srv/shop/publi/"])
@pytest.mark.parametrize("status", [403, 404])
def test_fires_and_writes_the_folder(written: str, status: int) -> None:
    config = apache_config(site(SECTION.format(written)))
    (claim,) = judge(CHECK, APACHE, config, page(status), FOLDER, target=TARGET, masked=False)
    assert claim.confidence is Confidence.LIKELY
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    added = [line for line in edit.diff.split("\n") if line.startswith("+    <")]
    assert "/srv/shop/public" in added[0]


@pytest.mark.parametrize(
    "written", ["/srv/shop/public", "/srv/shop", "/srv/other/pages", "/srv/shop/public2", "/srv/*"]
)
def test_silent_about_the_own_folder_and_another(written: str) -> None:
    config = apache_config(site(SECTION.format(written)))
    assert not judge(CHECK, APACHE, config, page(404), FOLDER, target=TARGET)


def test_silent_where_the_page_comes_or_another_site_has_the_folder() -> None:
    config = apache_config(site(SECTION.format("/srv/shop/publci")))
    assert not judge(CHECK, APACHE, config, page(200), FOLDER, target=TARGET)
    beside = site(SECTION.format("/srv/shop/publci")) + HTTPS.replace("shop.", "blog.").replace(
        LINE, "    DocumentRoot /srv/shop/publci\n"
    )
    assert not judge(CHECK, APACHE, apache_config(beside), page(404), FOLDER, target=TARGET)


def test_silent_where_the_site_has_a_section_too() -> None:
    both = (
        SECTION.format("/srv/shop/publci") + "    <Directory /srv/shop/public>\n    </Directory>\n"
    )
    assert not judge(CHECK, APACHE, apache_config(site(both)), page(404), FOLDER, target=TARGET)


def test_silent_where_the_section_has_nothing_that_the_page_lacks() -> None:
    granting = SECTION.format("/srv/shop/publci").replace(
        "        RewriteRule ^ index.php [L]\n", ""
    )
    config = apache_config(site(granting))
    assert not judge(CHECK, APACHE, config, page(404), FOLDER, target=TARGET)
    assert judge(CHECK, APACHE, config, page(403), FOLDER, target=TARGET, masked=False)


def test_silent_where_the_folder_of_the_site_is_not_there() -> None:
    config = apache_config(site(SECTION.format("/srv/shop/publci")))
    gone = replace(FOLDER, exists=False)
    assert not judge(CHECK, APACHE, config, page(404), gone, target=TARGET)


INNER = replace(FOLDER, requested="/blog/tea", deepest="/srv/shop/public/blog")


@pytest.mark.parametrize("beside", ["", "    <Directory /srv/shop/public>\n    </Directory>\n"])
def test_fires_for_the_path_of_the_url(beside: str) -> None:
    config = apache_config(site(SECTION.format("/blog/") + beside))
    (claim,) = judge(CHECK, APACHE, config, page(404), INNER, target=TARGET, masked=False)
    assert claim.facts["by_url"]
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    <Directory /srv/shop/public/blog/>\n" in edit.diff
    there = replace(INNER, page_exists=True, deepest="")
    assert judge(CHECK, APACHE, config, page(403), there, target=TARGET, masked=False)


def test_silent_for_a_folder_of_this_name_that_the_site_has_not() -> None:
    config = apache_config(site(SECTION.format("/blog")))
    for folder in (replace(INNER, deepest=""), replace(INNER, deepest="/srv/shop/public/blogs")):
        assert not judge(CHECK, APACHE, config, page(404), folder, target=TARGET)
    own = SECTION.format("/blog") + "    <Directory /srv/shop/public/blog>\n    </Directory>\n"
    assert not judge(CHECK, APACHE, apache_config(site(own)), page(404), INNER, target=TARGET)
