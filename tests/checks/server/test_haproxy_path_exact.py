from dataclasses import replace

from diagnose.model import Confidence, Edit, Manual
from diagnose.model.http import Upgrade
from diagnose.model.pages import PageFileResponse
from tests.support.check_evidence import SHOP, judge
from tests.support.haproxy_evidence import SERVER, TEXT, config, page

CHECK = "server.haproxy-path-exact"
ACL = "    acl acme path /.well-known/acme-challenge\n"
RULE = "    use_backend certbot if acme\n"
PLAIN = f"frontend http\n    bind :80\n{ACL}{RULE}    default_backend app\n"
CERTBOT = "backend certbot\n    server c 127.0.0.1:8089\n"
SITE = TEXT.replace("    default_backend", f"{ACL}{RULE}    default_backend") + PLAIN + CERTBOT
TARGET = replace(SHOP, path="/.well-known/acme-challenge/token")
MISSING = page(404, url=f"https://shop.example.com{TARGET.path}")


def test_fires_and_edits_both_frontends() -> None:
    (claim,) = judge(CHECK, SERVER, config(SITE), MISSING, target=TARGET)
    assert claim.confidence is Confidence.LIKELY
    assert (claim.facts["value"], claim.facts["backend"]) == (
        "/.well-known/acme-challenge", "certbot",
    )  # fmt: skip
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert edit.diff.count("+    acl acme path_beg /.well-known/acme-challenge\n") == 2


def test_fires_behind_a_redirect_and_for_a_websocket() -> None:
    redirected = replace(MISSING, purpose="redirect")
    assert judge(CHECK, SERVER, config(SITE), redirected, target=TARGET)
    chat = SITE.replace(RULE, "    use_backend certbot if { path /chat }\n")
    refused = Upgrade(
        url="wss://shop.example.com/chat/ws", path="/chat/ws", address="203.0.113.10", port=443,
        status=404,
    )  # fmt: skip
    target = replace(SHOP, websockets=("/chat/ws",))
    (claim,) = judge(CHECK, SERVER, config(chat), refused, target=target)
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    use_backend certbot if { path_beg /chat }\n" in edit.diff


def test_fires_without_an_edit_where_the_root_is_among_the_paths() -> None:
    text = SITE.replace("path /.well", "path / /.well")
    (claim,) = judge(CHECK, SERVER, config(text), MISSING, target=TARGET)
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual)


def test_silent_where_the_beginning_is_compared_or_the_page_is_no_part_of_it() -> None:
    beginning = config(SITE.replace("path /", "path_beg /"))
    assert not judge(CHECK, SERVER, beginning, MISSING, target=TARGET)
    beside = replace(SHOP, path="/.well-known/acme-challenges")
    missing = page(404, url=f"https://shop.example.com{beside.path}")
    assert not judge(CHECK, SERVER, config(SITE), missing, target=beside)
    assert not judge(CHECK, SERVER, config(SITE), replace(MISSING, status=200), target=TARGET)
    earlier = SITE.replace(RULE, "    use_backend app if { path_beg /.well-known }\n" + RULE)
    assert not judge(CHECK, SERVER, config(earlier), MISSING, target=TARGET)


STYLES = """\
    acl is_css path_end -i -m str .css
    use_backend certbot if is_css
"""
STYLED = TEXT.replace("    default_backend", f"{STYLES}    default_backend") + CERTBOT
FILE = PageFileResponse(
    page="https://shop.example.com/", file_kind="stylesheet",
    url="https://shop.example.com/theme/site.css", address="203.0.113.10", port=443, status=404,
)  # fmt: skip


def test_fires_where_a_flag_takes_the_place_of_the_method() -> None:
    """For a file of the page, and for the file itself."""
    (claim,) = judge(CHECK, SERVER, config(STYLED), FILE)
    assert (claim.facts["criterion"], claim.facts["wanted"]) == ("path_end -m str", "path_end")
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    acl is_css path_end -i .css\n" in edit.diff
    target = replace(SHOP, path="/theme/site.css")
    missing = page(404, url=FILE.url)
    assert judge(CHECK, SERVER, config(STYLED), missing, target=target)


def test_fires_once_for_files_in_whose_place_a_page_comes() -> None:
    html = replace(FILE, status=200, is_html=True)
    other = replace(html, url="https://shop.example.com/theme/print.css")
    assert len(judge(CHECK, SERVER, config(STYLED), html, other)) == 1


def test_silent_where_the_method_is_used_or_the_file_comes() -> None:
    used = STYLED.replace(" -m str", "")
    assert not judge(CHECK, SERVER, config(used), FILE)
    assert not judge(CHECK, SERVER, config(STYLED.replace("-m str", "-m end")), FILE)
    assert not judge(CHECK, SERVER, config(STYLED), replace(FILE, status=200))
    elsewhere = replace(FILE, url="https://cdn.example.org/theme/site.css")
    assert not judge(CHECK, SERVER, config(STYLED), elsewhere)
    script = replace(FILE, url="https://shop.example.com/theme/site.js")
    assert not judge(CHECK, SERVER, config(STYLED), script)
