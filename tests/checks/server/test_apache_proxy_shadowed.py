from dataclasses import replace

from diagnose.model import Applicability, Edit, Severity
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.pages import Page, PageFile, PageFileResponse
from diagnose.model.server_rules import HandledPath
from tests.support.check_evidence import SHOP, judge
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

CHECK = "server.apache-proxy-shadowed"
ROOT = "https://shop.example.com"
LINE = "    ProxyPass / http://127.0.0.1:3000/\n"
KEPT = "    ProxyPass /assets/ !\n"
LATE = HTTPS.replace(LINE, LINE + KEPT)
LOADED = Page(
    url=f"{ROOT}/", address="203.0.113.10", port=443,
    files=(PageFile(url=f"{ROOT}/assets/app.js", kind="script"),),
)  # fmt: skip
FILE = PageFileResponse(
    page=f"{ROOT}/", file_kind="script", url=f"{ROOT}/assets/app.js", address="203.0.113.10",
    port=443, status=404,
)  # fmt: skip


def test_fires_and_moves_the_line() -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(LATE), LOADED, FILE, masked=False)
    assert claim.facts["late"] == "ProxyPass /assets/ !"
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    ProxyPass /assets/ !\n     ProxyPass / http" in edit.diff


def test_fires_for_the_page_itself() -> None:
    page = Exchange(url=f"{ROOT}/assets/", address="203.0.113.10", port=443, status=404)
    target = replace(SHOP, path="/assets/")
    (claim,) = judge(CHECK, APACHE, apache_config(LATE), page, target=target, masked=False)
    assert claim.facts["path"] == "/assets/"


def test_silent_in_the_right_order_and_where_all_is_there() -> None:
    early = HTTPS.replace(LINE, KEPT + LINE)
    assert not judge(CHECK, APACHE, apache_config(early), LOADED, FILE)
    assert not judge(CHECK, APACHE, apache_config(LATE), LOADED, replace(FILE, status=200))
    inside = LATE.replace(KEPT, "<Location /assets/>\n    ProxyPass !\n</Location>\n")
    assert not judge(CHECK, APACHE, apache_config(inside), LOADED, FILE)


ALIAS = HTTPS.replace(LINE, f"    Alias /assets /srv/assets\n{LINE}")


def test_fires_for_an_alias_and_excludes_its_paths() -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(ALIAS), LOADED, FILE, masked=False)
    assert claim.facts["alias"]
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    ProxyPass /assets !\n     ProxyPass / http" in edit.diff


def test_silent_for_an_alias_that_is_excluded_or_whose_files_come() -> None:
    excluded = ALIAS.replace(LINE, f"    ProxyPass /assets !\n{LINE}")
    assert not judge(CHECK, APACHE, apache_config(excluded), LOADED, FILE)
    assert not judge(CHECK, APACHE, apache_config(ALIAS), LOADED, replace(FILE, status=200))


def test_silent_for_an_alias_whose_other_files_the_application_has() -> None:
    other = replace(FILE, url="https://shop.example.com/assets/other.js", status=200)
    assert not judge(CHECK, APACHE, apache_config(ALIAS), LOADED, FILE, other)
    shell = replace(other, url=FILE.url, is_html=True)
    assert judge(CHECK, APACHE, apache_config(ALIAS), LOADED, shell)


BALANCED = HTTPS.replace("    ProxyPass /ws ws://127.0.0.1:3000/ws\n", "").replace(
    LINE, "    ProxyPass / balancer://shop/\n    ProxyPass /ws balancer://sockets/ws\n"
)
REFUSED = Upgrade(
    url="wss://shop.example.com/ws", path="/ws", address="203.0.113.10", port=443,
    through="front", accepted=False, status=400,
)  # fmt: skip


def test_fires_for_a_websocket_of_a_balancer() -> None:
    target = replace(SHOP, websockets=("/ws",))
    (claim,) = judge(CHECK, APACHE, apache_config(BALANCED), REFUSED, target=target)
    assert claim.facts["path"] == "/ws"
    lines = BALANCED.split("\n")
    index = next(i for i, line in enumerate(lines) if "balancer://shop" in line)
    lines[index], lines[index + 1] = lines[index + 1], lines[index]
    assert not judge(CHECK, APACHE, apache_config("\n".join(lines)), REFUSED, target=target)


GRANTED = HTTPS.replace(
    LINE,
    "    DocumentRoot /srv/app\n    <Directory /srv/app>\n        Require all granted\n"
    f"    </Directory>\n{LINE}",
)
HANDLED = HandledPath(
    product="apache", path="/assets/app.js", unserved_file="/srv/app/assets/app.js",
    unserved_root="/srv/app", application="127.0.0.1:3000",
)  # fmt: skip


def test_fires_for_a_file_of_the_document_root_and_excludes_its_folder() -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(GRANTED), LOADED, FILE, HANDLED, masked=False)
    assert claim.facts["late"] == "DocumentRoot /srv/app"
    assert claim.facts["file"] == "/srv/app/assets/app.js"
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    ProxyPass /assets/ !\n     ProxyPass / http" in edit.diff


def test_a_file_in_a_folder_of_another_name_is_excluded_alone() -> None:
    path = "/tea/app.js"
    file = replace(FILE, url=f"{ROOT}{path}")
    handled = replace(HANDLED, path=path, unserved_file=f"/srv/app{path}")
    (claim,) = judge(CHECK, APACHE, apache_config(GRANTED), LOADED, file, handled, masked=False)
    assert claim.facts["exclusion"] == "ProxyPass /tea/app.js !"


def test_silent_for_a_folder_that_nobody_may_see_or_whose_other_files_come() -> None:
    closed = GRANTED.replace("Directory /srv/app", "Directory /srv/other")
    assert not judge(CHECK, APACHE, apache_config(closed), LOADED, FILE, HANDLED)
    other = replace(FILE, url=f"{ROOT}/assets/other.js", status=200)
    assert not judge(CHECK, APACHE, apache_config(GRANTED), LOADED, FILE, HANDLED, other)
    gone = replace(HANDLED, unserved_file="")
    assert not judge(CHECK, APACHE, apache_config(GRANTED), LOADED, FILE, gone)


def test_fires_as_a_warning_where_the_file_of_the_alias_is_there() -> None:
    asked = replace(SHOP, path="/assets/app.js")
    page = Exchange(
        url=f"{SHOP.origin}/assets/app.js", address="203.0.113.10", port=443, status=404
    )
    (claim,) = judge(CHECK, APACHE, apache_config(ALIAS), page, target=asked, masked=False)
    assert claim.severity is Severity.NOTE
    there = HandledPath(
        product="apache",
        path="/assets/app.js",
        unserved_file="/srv/assets/app.js",
        unserved_root="/srv/assets",
    )
    (claim,) = judge(CHECK, APACHE, apache_config(ALIAS), page, there, target=asked, masked=False)
    assert claim.severity is None
    assert claim.facts["file"] == "/srv/assets/app.js"


def test_a_late_line_for_websockets_of_the_same_program_follows_from_the_lost_upgrade() -> None:
    ws = "    ProxyPass /ws ws://127.0.0.1:3000/ws\n"
    pages = [Exchange(url=f"{ROOT}/ws", address="203.0.113.10", port=443, status=404)]
    for target, causes in (
        ("ws://127.0.0.1:3000/ws", ("server.websocket-not-passed",)),
        ("ws://127.0.0.1:4000/ws", ()),
    ):
        late = f"    ProxyPass /ws {target}\n"
        config = apache_config(HTTPS.replace(ws, "").replace(LINE, LINE + late))
        site = replace(SHOP, path="/ws")
        (claim,) = judge(CHECK, APACHE, config, *pages, target=site, masked=False)
        assert claim.consequence_of == causes
