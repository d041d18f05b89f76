"""Where the files of a site are that Apache or Caddy does not find."""

import asyncio
import shlex
from dataclasses import replace

import pytest

from diagnose.machine import CommandResult
from diagnose.model.http import Exchange
from diagnose.model.logs import ServerRequestError
from diagnose.model.pages import PageFileResponse
from diagnose.model.server_rules import ServedFolder
from diagnose.model.site_folders import CgiScript, FolderRules, SiteFolder
from diagnose.probes.inside import site_folders
from tests.support.caddy_evidence import CADDY, caddy_config, document
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine
from tests.support.web_server_evidence import APACHE, apache_config

PAGE = Exchange(url="https://shop.example.com/", address="203.0.113.10", port=443, status=404)


def test_the_folder_in_which_caddy_runs_where_none_is_named() -> None:
    """The pid of the observed Caddy is 10."""
    result = CommandResult((), 0, "/srv/caddy\n", "", 0.0)
    ctx = Looking(RecordedMachine({"readlink /proc/10/cwd": result}))
    config = caddy_config("shop.example.com {\n}\n", document("shop.example.com"))
    config = replace(config, folders=(ServedFolder("/", "", "/"),))
    for observation in (CADDY, PAGE, config):
        ctx.emit(observation)

    async def work() -> None:
        await site_folders.folder_after_config.work(ctx, config)

    asyncio.run(work())
    (folder,) = ctx.observed(SiteFolder)
    assert (folder.path, folder.requested, folder.is_unset) == ("/srv/caddy", "/", True)


def test_the_folder_of_an_alias_and_the_rules_of_its_htaccess() -> None:
    root = "/usr/share/admin"
    files = {
        f"{root}/.htaccess": "RewriteEngine On\nRewriteRule ^ /admin/index.php [L]\n",
        f"{root}/index.php": "<?php\n",
    }
    site = (
        "<VirtualHost *:443>\nServerName shop.example.com\nDocumentRoot /var/www\n"
        f"Alias /admin {root}\n</VirtualHost>\n"
    )
    page = replace(PAGE, url="https://shop.example.com/admin/login")
    ctx = Looking(RecordedMachine(files=files))
    ctx.target = replace(ctx.target, path="/admin/login")
    config = apache_config(site)
    for observation in (APACHE, page, config):
        ctx.emit(observation)

    async def work() -> None:
        await site_folders.folder_after_config.work(ctx, config)

    asyncio.run(work())
    (folder,) = ctx.observed(SiteFolder)
    assert (folder.path, folder.requested, folder.has_rewrite_rules) == (root, "/login", True)
    assert folder.lost_script == ""


def rules_of(path: str, **files: str) -> list[FolderRules]:
    """What is observed of the .htaccess for a page of this path that is missing."""
    root = "/var/www"
    site = (
        f"<VirtualHost *:443>\nServerName shop.example.com\nDocumentRoot {root}\n</VirtualHost>\n"
    )
    ctx = Looking(RecordedMachine(files={f"{root}/{name}": text for name, text in files.items()}))
    ctx.target = replace(ctx.target, path=path)
    config = apache_config(site)
    folder = SiteFolder(path=root, requested=path, exists=True)
    ctx.emit(config)

    async def work() -> None:
        await site_folders.rules_of_missing_page.work(ctx, folder, config)

    asyncio.run(work())
    return list(ctx.observed(FolderRules))


def test_the_rules_of_the_deepest_folder_that_lead_out_of_it() -> None:
    moved = "RewriteEngine On\nRewriteRule . /index.php [L]\n"
    files = {"blog/.htaccess": moved, "blog/index.php": "<?php\n"}
    (rules,) = rules_of("/blog/2020/tea/", **files)
    assert (rules.folder, rules.script, rules.script_exists) == ("/blog", "/index.php", False)
    assert rules.own_script == "/var/www/blog/index.php"
    (rules,) = rules_of("/blog/tea", **files, **{"index.php": "<?php\n"})
    assert rules.script_exists


def test_rules_that_stay_in_their_folder_or_have_no_script_there() -> None:
    own = "RewriteEngine On\nRewriteRule . index.php [L]\n"
    (rules,) = rules_of("/blog/tea/", **{"blog/.htaccess": own, "blog/index.php": "<?php\n"})
    assert (rules.script, rules.script_exists) == ("/blog/index.php", True)
    moved = "RewriteEngine On\nRewriteRule . /index.php [L]\n"
    assert not rules_of("/blog/tea/", **{"blog/.htaccess": moved, "index.php": "<?php\n"})


def test_the_script_of_the_sites_own_folder_that_an_alias_hides() -> None:
    site = (
        "<VirtualHost *:443>\nServerName shop.example.com\nDocumentRoot /var/www\n"
        "<Directory /var/www>\nAllowOverride All\n</Directory>\n"
        "Alias /error/ /usr/share/error/\n</VirtualHost>\n"
    )
    rules = (
        "RewriteEngine On\nRewriteCond %{REQUEST_FILENAME} !-f\nRewriteRule ^(.*)$ index.php [L]\n"
    )
    files = {
        "/var/www/.htaccess": rules,
        "/var/www/index.php": "<?php\n",
        "/var/www/error/no.html": "No.\n",
        "/usr/share/error/x": "",
    }
    for path, hidden in (
        ("/error/denied", "/var/www/index.php"),
        ("/error/no.html", "/var/www/error/no.html"),
    ):
        ctx = Looking(RecordedMachine(files=files))
        ctx.target = replace(ctx.target, path=path)
        config = apache_config(site)
        page = replace(PAGE, url=f"https://shop.example.com{path}")
        for observation in (APACHE, page, config):
            ctx.emit(observation)
        probe = site_folders.folder_after_config
        asyncio.run(probe.work(ctx, config))  # type: ignore[arg-type]
        (folder,) = ctx.observed(SiteFolder)
        assert folder.hidden == hidden


def _looked(site: str, path: str, files: dict[str, str]) -> SiteFolder:
    ctx = Looking(RecordedMachine(files=files))
    ctx.target = replace(ctx.target, path=path)
    config = apache_config(
        f"<VirtualHost *:443>\nServerName shop.example.com\n{site}</VirtualHost>\n"
    )
    for observation in (APACHE, replace(PAGE, url=f"https://shop.example.com{path}"), config):
        ctx.emit(observation)

    async def work() -> None:
        await site_folders.folder_after_config.work(ctx, config)

    asyncio.run(work())
    (folder,) = ctx.observed(SiteFolder)
    return folder


def test_the_folder_beside_that_of_an_alias_has_the_file() -> None:
    files = {"/srv/shop/assets/css/site.css": "p{}", "/srv/shop/static/keep.txt": ""}
    alias = "Alias /static /srv/shop/static\n"
    assert _looked(alias, "/static/css/site.css", files).elsewhere == "/srv/shop/assets"
    assert _looked(alias, "/static/css/none.css", files).elsewhere == ""
    # A document that is not for visitors, and a style sheet that is gone.
    files |= {"/srv/shop/private/list.csv": "", "/srv/shop/assets/css/old.css": ""}
    assert _looked(alias, "/static/list.csv", files).elsewhere == ""
    own = files | {"/srv/shop/static/css/new.css": "p{}"}
    assert _looked(alias, "/static/css/old.css", own).elsewhere == ""
    joined = _looked("Alias /static/ /srv/shop/static\n", "/static/css/site.css", files)
    assert (joined.path, joined.requested) == ("/srv/shop", "/staticcss/site.css")


def test_the_folder_for_visitors_and_the_script_to_which_nothing_leads() -> None:
    script = "<?php require __DIR__.'/../vendor/autoload.php';\n"
    files = {"/srv/shop/public/index.php": script}
    above = _looked("DocumentRoot /srv/shop\n", "/users", files)
    assert (above.elsewhere, above.front_script) == ("/srv/shop/public", "")
    inside = _looked("DocumentRoot /srv/shop/public\n", "/users", files)
    assert (inside.elsewhere, inside.front_script) == ("", "index.php")
    assert not inside.is_wordpress
    rules = {"/srv/shop/public/.htaccess": "RewriteEngine On\nRewriteRule ^ index.php [L]\n"}
    assert _looked("DocumentRoot /srv/shop/public\n", "/users", files | rules).front_script == ""


@pytest.mark.parametrize(
    "script",
    [
        "<?php require dirname(__DIR__).'/config/bootstrap.php';\n",
        "<?php require 'lib/router.php';\n(new Router())->dispatch($_GET['q'] ?? '/');\n",
        "<?php Flight::start();\n",
    ],
)
def test_the_script_of_an_application_to_which_nothing_leads(script: str) -> None:
    """https://github.com/kevinpapst/AdminLTEBundle-Demo/issues/7: Symfony 4."""
    files = {"/srv/shop/public/index.php": script}
    assert _looked("DocumentRoot /srv/shop/public\n", "/en/", files).front_script == "index.php"


def test_the_script_of_the_nearest_folder_above_the_path() -> None:
    """WordPress in a folder of the site, also where the site's own folder has a script."""
    script = "<?php require 'wp-blog-header.php';\n"
    files = {"/srv/shop/index.php": script, "/srv/shop/blog/index.php": script}
    site = "DocumentRoot /srv/shop\n"
    assert _looked(site, "/blog/2026/tea", files).front_script == "blog/index.php"
    assert _looked(site, "/tea", files).front_script == "index.php"
    assert _looked(site, "/tea", files).is_wordpress
    rules = {"/srv/shop/blog/.htaccess": "RewriteEngine On\nRewriteRule . index.php [L]\n"}
    assert _looked(site, "/blog/2026/tea", files | rules).front_script == ""
    other = {"/srv/shop/blog/index.php": "<?php phpinfo();\n"}
    assert _looked(site, "/blog/2026/tea", files | other).front_script == ""


def test_an_address_with_a_slash_beside_scripts_that_are_passed_on() -> None:
    site = (
        "DocumentRoot /srv/shop\n"
        'ProxyPassMatch "^/(.*\\.php)$" "fcgi://127.0.0.1:9000/srv/shop/$1"\n'
    )
    files = {"/srv/shop": "", "/srv/shop/index.php": "<?php require 'wp-blog-header.php';\n"}
    assert _looked(site, "/hello-world/", files).front_script == "index.php"


def _access_as(children: str) -> list[str]:
    """Return the processes whose rights were read for a page that Apache refuses. The pid of the
    observed Apache is 10."""
    config = apache_config(
        "<VirtualHost *:443>\nServerName shop.example.com\nDocumentRoot /var/www\n</VirtualHost>\n"
    )
    files = {"/var/www": "", "/var/www/index.html": "<p>\n"}
    machine = RecordedMachine({"cat /proc/10/task/10/children": children}, files)
    ctx = Looking(machine)
    for observation in (replace(APACHE, pid=10), replace(PAGE, status=403), config):
        ctx.emit(observation)

    async def work() -> None:
        await site_folders.folder_after_config.work(ctx, config)

    asyncio.run(work())
    words = [shlex.split(command) for command in machine.commands_run]
    return [command[5] for command in words if command[:2] == ["sh", "-c"] and len(command) > 5]


def test_who_may_read_the_files_of_apache_is_a_workers_question() -> None:
    assert _access_as("11 12 13 ") == ["13"]
    assert _access_as("") == ["10"]


def test_a_file_of_the_page_that_apache_serves_itself_and_that_came_as_a_page() -> None:
    config = apache_config(
        "<VirtualHost *:443>\nServerName shop.example.com\nDocumentRoot /var/www\n</VirtualHost>\n"
    )
    file = PageFileResponse(
        page="https://shop.example.com/", file_kind="script",
        url="https://shop.example.com/app.js", address="203.0.113.10", port=443, status=200,
        is_html=True,
    )  # fmt: skip
    for is_html, count in ((True, 1), (False, 0)):
        ctx = Looking(RecordedMachine(files={"/var/www": "", "/var/www/app.js": "1;\n"}))
        response = replace(file, is_html=is_html)
        for observation in (APACHE, config, response):
            ctx.emit(observation)
        asyncio.run(site_folders.folder_after_file.work(ctx, response))  # type: ignore[arg-type]
        folders = ctx.observed(SiteFolder)
        assert len(folders) == count
        assert all(folder.page_exists and folder.requested == "/app.js" for folder in folders)


def test_the_deepest_folder_with_rules_where_the_sites_own_has_none() -> None:
    root, files = "/var/www", {"/var/www/blog/.htaccess": "RewriteRule . /blog/index.php [L]\n"}
    site = (
        "<VirtualHost *:443>\nServerName shop.example.com\nDocumentRoot /var/www\n</VirtualHost>\n"
    )
    for own, expected in (("", f"{root}/blog"), ("RewriteRule . /index.php [L]\n", "")):
        ctx = Looking(RecordedMachine(files=files | ({f"{root}/.htaccess": own} if own else {})))
        ctx.target = replace(ctx.target, path="/blog/2020/tea")
        page, config = (
            replace(PAGE, url="https://shop.example.com/blog/2020/tea"),
            apache_config(site),
        )
        for observation in (APACHE, page, config):
            ctx.emit(observation)

        async def work(ctx: Looking = ctx, config: object = config) -> None:
            await site_folders.folder_after_config.work(ctx, config)

        asyncio.run(work())
        (folder,) = ctx.observed(SiteFolder)
        assert folder.rules_folder == expected


def test_the_script_that_apache_could_not_start() -> None:
    path = "/srv/cgi/stock.pl"
    files = {path: "#!/usr/local/bin/perl5\nprint 1;\n", "/usr/bin/perl": ""}
    mode = CommandResult((), 0, "755\n", "", 0.0)
    ctx = Looking(RecordedMachine({f"stat -c %a {path}": mode}, files=files))
    error = ServerRequestError(
        product="apache",
        log="/var/log/apache2/error.log",
        reason="logged",
        message=f"(2)No such file or directory: AH01241: exec of '{path}' failed",
        file=path,
        errno=2,
    )

    async def work() -> None:
        await site_folders.script_of_error.work(ctx, error)
        await site_folders.script_of_error.work(ctx, replace(error, message="AH01102: cut"))

    asyncio.run(work())
    (script,) = ctx.observed(CgiScript)
    assert (script.mode, script.interpreter, script.has_interpreter) == (
        0o755,
        "/usr/local/bin/perl5",
        False,
    )
    assert script.near == ("/usr/bin/perl",)
