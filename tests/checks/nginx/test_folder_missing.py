"""nginx.folder-missing: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Host, Vantage
from diagnose.model.files import PageFileAccess, PathComponent
from tests.support.check_evidence import judge
from tests.support.nginx_evidence import RUNNING, config
from tests.support.page_errors import page

CHECK = "nginx.folder-missing"
SITE = """\
server {
    listen 443 ssl;
    server_name shop.example.com;
    location / {
        root /srv/current/public;
        try_files $uri $uri/ =404;
    }
}
"""


def part(path: str) -> PathComponent:
    return PathComponent(path=path, uid=0, user="root", gid=0, group="root", mode=0o755)


ROOT = Host(vantage=Vantage.SERVER, hostname="shop", role="server", privileged=True)
ACCESS = PageFileAccess(
    vantage=Vantage.SERVER, path="/srv/current/public", url="https://shop.example.com/",
    parts=(part("/"), part("/srv")), mistake="folder",
)  # fmt: skip


def test_fires_and_says_how_far_the_path_goes() -> None:
    (claim,) = judge(CHECK, page(404), ACCESS, RUNNING, ROOT, config(SITE), masked=False)
    assert claim.facts["folder"] == "/srv/current/public"
    assert claim.facts["existing"] == "/srv"
    assert claim.location


def test_silent_where_the_folder_is_there_or_the_page_too() -> None:
    other = replace(ACCESS, mistake="fallback", elsewhere="/srv/index.html")
    assert not judge(CHECK, page(404), other, RUNNING, ROOT, config(SITE), masked=False)
    assert not judge(CHECK, page(200), ACCESS, RUNNING, ROOT, config(SITE), masked=False)
    assert not judge(CHECK, page(404), ACCESS, RUNNING, ROOT, config(), masked=False)


def test_silent_where_we_may_not_see_everything() -> None:
    nobody = replace(ROOT, privileged=False)
    assert not judge(CHECK, page(404), ACCESS, RUNNING, nobody, config(SITE), masked=False)


def test_silent_on_a_name_that_means_no_folder() -> None:
    for folder in ("/nonexistent", "/var/empty/", "/dev/null"):
        access = replace(ACCESS, path=folder)
        text = SITE.replace("/srv/current/public", folder)
        assert not judge(CHECK, page(404), access, RUNNING, ROOT, config(text), masked=False)


def test_fires_for_a_script_that_nginx_looks_for_itself() -> None:
    script = "location / {\n        try_files $fastcgi_script_name =404;\n        fastcgi_pass a;"
    text = SITE.replace("    location / {\n", f"    {script}\n").replace(
        "        try_files $uri $uri/ =404;\n", ""
    )
    (claim,) = judge(CHECK, page(404), ACCESS, RUNNING, ROOT, config(text), masked=False)
    assert claim.facts["folder"] == "/srv/current/public"
