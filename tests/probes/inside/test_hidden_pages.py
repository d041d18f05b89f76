"""The page of a path that the page for all that is no file hides."""

import asyncio
from dataclasses import replace

import pytest

from diagnose.model import Vantage
from diagnose.model.http import Exchange
from diagnose.model.server_rules import ServedFolder
from diagnose.model.site_folders import HiddenPage
from diagnose.model.web_servers import SiteSocket, WebServerConfig, WebSite
from diagnose.probes.inside import hidden_pages
from tests.support.caddy_evidence import CADDY, caddy_config, document
from tests.support.fake_context import Looking
from tests.support.nginx_evidence import config
from tests.support.recorded_machine import RecordedMachine

HOME = "<!doctype html><title>Home</title><h1>Home</h1><p>All that is on the site.</p>\n"
SKILLS = HOME.replace("Home", "Skills")
ROOT = "<!doctype html><title>{}</title><script src=/main.js></script><div id=root>{}</div>\n"


def seen(
    files: dict[str, str],
    shown: str = HOME,
    *,
    product: str = "caddy",
    path: str = "/skills",
    tried: str = "$uri",
    kind: str = "text/html; charset=utf-8",
) -> list[str]:
    """Return the pages that are hidden."""
    ctx = Looking(RecordedMachine(files={f"/srv/dist/{name}": files[name] for name in files}))
    ctx.target = replace(ctx.target, path=path)
    page = Exchange(
        url=ctx.target.url,
        address="203.0.113.10",
        port=443,
        status=200,
        headers=(("Content-Type", kind),),
        body=shown,
    )
    caddy = caddy_config("shop.example.com {\n}\n", document("shop.example.com"))
    folder = ServedFolder(path, "/srv/dist", path, fallback="/index.html")
    caddy = replace(caddy, folders=(folder,))
    nginx = config(
        "server { listen 443 ssl; server_name shop.example.com; root /srv/dist; "
        f"location / {{ try_files {tried} /index.html; }} }}"
    )

    async def work() -> None:
        if product == "caddy":
            await hidden_pages.page_hidden_by_caddy.work(ctx, page, caddy)
        else:
            await hidden_pages.page_hidden_by_nginx.work(ctx, page, nginx)

    for observation in (CADDY, caddy, page) if product == "caddy" else (nginx, page):
        ctx.emit(observation)
    asyncio.run(work())
    return [hidden.file for hidden in ctx.observed(HiddenPage)]


@pytest.mark.parametrize("product", ["caddy", "nginx"])
@pytest.mark.parametrize("name", ["skills.html", "skills/index.html"])
def test_the_page_beside_is_hidden(product: str, name: str) -> None:
    files = {"index.html": HOME, name: SKILLS}
    assert seen(files, product=product) == [f"/srv/dist/{name}"]


def test_a_path_with_a_slash_has_a_folder_alone() -> None:
    files = {"index.html": HOME, "skills.html": SKILLS}
    assert seen(files, product="nginx", path="/skills/") == []
    files = {"index.html": HOME, "skills/index.html": SKILLS}
    assert seen(files, product="nginx", path="/skills/") == ["/srv/dist/skills/index.html"]


@pytest.mark.parametrize("product", ["caddy", "nginx"])
def test_a_fragment_for_a_script_is_no_page(product: str) -> None:
    files = {"index.html": HOME, "skills/index.html": "<ul><li>Anna</ul>\n"}
    assert seen(files, product=product) == []


@pytest.mark.parametrize("product", ["caddy", "nginx"])
def test_silent_for_an_application_without_such_files(product: str) -> None:
    assert seen({"index.html": HOME, "other.html": SKILLS}, product=product) == []


def test_silent_where_the_page_itself_was_shown_or_another() -> None:
    files = {"index.html": HOME, "skills.html": SKILLS}
    assert seen(files, SKILLS) == []
    assert seen(files, HOME.replace("Home", "Else")) == []
    assert seen(files, kind="application/json") == []
    assert seen({"index.html": HOME, "skills.html": HOME}) == []


def test_silent_where_one_application_makes_both_pages() -> None:
    home, own = ROOT.format("Home", "Welcome"), ROOT.format("Skills", "Skills")
    assert seen({"index.html": home, "skills.html": own}, home) == []
    own = own.replace("main.js", "skills.js")
    assert seen({"index.html": home, "skills.html": own}, home) == ["/srv/dist/skills.html"]


@pytest.mark.parametrize("path", ["/", "/app.js", "/a/../b", "/a%2fb", "/" + "a" * 300])
def test_silent_for_paths_that_name_no_page(path: str) -> None:
    assert seen({"index.html": HOME, "index": SKILLS}, path=path) == []


APP = "<!doctype html><title>App</title><script src=/app/main.js></script><div id=root></div>\n"


@pytest.mark.parametrize("product", ["caddy", "nginx"])
@pytest.mark.parametrize("path", ["/app/users", "/app/users/7"])
def test_the_page_of_the_folder_s_application_is_hidden(product: str, path: str) -> None:
    files = {"index.html": HOME, "app/index.html": APP}
    assert seen(files, product=product, path=path) == ["/srv/dist/app/index.html"]
    based = APP.replace("<script src=/app/", "<base href=/app/><script src=")
    files["app/index.html"] = based
    assert seen(files, product=product, path=path) == ["/srv/dist/app/index.html"]


def test_silent_where_the_folder_has_no_application_of_its_own() -> None:
    def shown(inner: str, home: str = HOME) -> list[str]:
        return seen({"index.html": home, "app/index.html": inner}, home, path="/app/users")

    assert shown(SKILLS) == []
    assert shown(APP.replace("/app/main", "/main")) == []
    assert shown(APP, HOME + "<script src=/app/main.js></script>") == []
    assert shown(APP.replace("<script src=/app/main.js></script>", "")) == []
    assert shown(APP.replace("/app/main.js", "http://[/app/main.js")) == []
    assert seen({"index.html": HOME}, path="/app/users") == []
    assert seen({"index.html": HOME, "app/index.html": APP}, APP, path="/app/users") == []


def page_of(ctx: Looking) -> Exchange:
    return Exchange(
        url=ctx.target.url, address="203.0.113.10", port=443, status=200, body=HOME,
        headers=(("Content-Type", "text/html"),),
    )  # fmt: skip


def test_apache_shows_the_start_page_below_an_application_s_folder() -> None:
    files = {"/srv/dist/index.html": HOME, "/srv/dist/app/index.html": APP}
    for path, pages in (("/app/users", ["/srv/dist/app/index.html"]), ("/users", [])):
        ctx = Looking(RecordedMachine(files=files))
        ctx.target = replace(ctx.target, path=path)
        site = WebSite(
            names=("shop.example.com",), sockets=(SiteSocket(port=443, tls=True),), root="/srv/dist"
        )
        seen_config = WebServerConfig(
            vantage=Vantage.SERVER, product="apache", path="/etc/apache2/a.conf", sites=(site,)
        )
        page = page_of(ctx)
        ctx.emit(page)

        async def work(
            ctx: Looking = ctx, page: Exchange = page, config: WebServerConfig = seen_config
        ) -> None:
            await hidden_pages.page_hidden_by_apache.work(ctx, page, config)

        asyncio.run(work())
        assert [hidden.file for hidden in ctx.observed(HiddenPage)] == pages
