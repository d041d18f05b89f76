"""Where the file is that nginx does not serve for the target."""

import asyncio
import os
import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from diagnose.machine.local import LocalMachine
from diagnose.model.files import Access, PageFileAccess
from diagnose.parsers.nginx import file_paths
from diagnose.probes.inside import target_files
from diagnose.probes.inside.file_access import ACCESS_SCRIPT
from tests.probes.inside.test_page_files import RUNNING
from tests.support import nginx_evidence
from tests.support.fake_context import Looking
from tests.support.nginx_evidence import config
from tests.support.page_file_access import examined
from tests.support.recorded_machine import RecordedMachine
from tests.support.upstream_evidence import page


def test_two_locations_with_one_folder_are_no_mistake() -> None:
    """The file is there, and nginx answers 404: it has not loaded the folder."""
    file, text = "/srv/blog/app.css", r"location / { } location ~ \.css$ { expires 12h; }"
    words = f"root /srv/blog; {text} location /x {{"
    site = config(nginx_evidence.SITE.replace("location / {", words))
    asked = shlex.join(("sh", "-c", ACCESS_SCRIPT, "sh", "", "11", file, "/srv/blog/index.html"))
    answer = f"uid 33\ngids 33\nname www-data www-data\npath {file}\n"
    answer += "part 0 root 0 root 755 directory||/\n"
    answer += "part 0 root 0 root 755 directory||/srv/blog\n"
    answer += f"part 0 root 0 root 644 regular file||{file}\n"
    ctx = Looking(RecordedMachine({asked: answer}))
    ctx.target = replace(ctx.target, path="/app.css")
    ctx.emit(RUNNING)
    missing = replace(page(404), url=f"{ctx.target.origin}/app.css")

    async def work() -> None:
        ctx.emit(site)
        ctx.emit(missing)
        await target_files.missing_target.work(ctx, missing, site)

    asyncio.run(work())
    (access,) = ctx.observed(PageFileAccess)
    assert (access.exists, access.mistake, access.elsewhere) == (True, "", "")


@pytest.mark.parametrize(("last", "mistake"), [("/srv", ["folder"]), ("/srv/now/public", [])])
def test_the_folder_of_the_site_is_not_there(last: str, mistake: list[str]) -> None:
    text = nginx_evidence.SITE.replace("proxy_pass http://127.0.0.1:3000;", "root /srv/now/public;")
    paths = ("/srv/now/public", "/srv/now/public/index.html")
    asked = shlex.join(("sh", "-c", ACCESS_SCRIPT, "sh", "", "11", *dict.fromkeys(paths)))
    lines = f"part 0 root 0 root 755 directory||/\npart 0 root 0 root 755 directory||{last}\n"
    answer = f"uid 33\ngids 33\nname www-data www-data\npath {paths[0]}\n{lines}"
    ctx = Looking(RecordedMachine({asked: answer}))
    ctx.emit(RUNNING)
    missing, seen = page(404), config(text)

    async def work() -> None:
        ctx.emit(seen)
        ctx.emit(missing)
        await target_files.missing_target.work(ctx, missing, seen)

    asyncio.run(work())
    assert [access.mistake for access in ctx.observed(PageFileAccess)] == mistake


@pytest.mark.parametrize(("there", "mistake"), [(True, ["below"]), (False, [])])
def test_the_public_folder_of_the_project_that_root_names(there: bool, mistake: list[str]) -> None:
    text = nginx_evidence.SITE.replace("proxy_pass http://127.0.0.1:3000;", "root /srv/shop;")
    refused, seen = page(403), config(text)
    indexes = ["/srv/shop/index.php", "/srv/shop/index.htm"]
    indexes += [
        f"/srv/shop/{folder}/{index}"
        for folder in file_paths.PUBLIC_FOLDERS
        for index in ("index.php", "index.html")
    ]
    asked = shlex.join(("sh", "-c", ACCESS_SCRIPT, "sh", "", "11", "/srv/shop", *indexes))
    folder = "part 0 root 0 root 755 directory||/srv/shop\n"
    file = "part 0 root 0 root 644 regular file||/srv/shop/public/index.php\n" if there else ""
    answer = (
        f"uid 33\ngids 33\nname www-data www-data\npath /srv/shop\n{folder}"
        f"path /srv/shop/public/index.php\n{folder}{file}"
    )
    ctx = Looking(RecordedMachine({asked: answer}))
    ctx.emit(RUNNING)

    async def work() -> None:
        ctx.emit(seen)
        ctx.emit(refused)
        await target_files.missing_target.work(ctx, refused, seen)

    asyncio.run(work())
    accesses = ctx.observed(PageFileAccess)
    assert [access.mistake for access in accesses] == mistake
    assert [access.elsewhere for access in accesses] == ["/srv/shop/public/index.php"] * there


@pytest.mark.parametrize(
    ("files", "mistake"),
    [
        (("home.html", "404.html"), "index"),
        (("site-main/index.html",), "below"),
        (("site-main/index.html", "readme.md"), "inside"),
    ],
)
def test_the_front_page_by_another_name_or_one_folder_below(
    tmp_path: Path, files: tuple[str, ...], mistake: str
) -> None:
    """The folder of an archive that was unpacked here; and a page that `index` does not name."""
    for file in files:
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text("x")
    root = f"root {tmp_path};"
    text = nginx_evidence.SITE.replace("proxy_pass http://127.0.0.1:3000;", root)
    refused, seen = page(403), config(text)
    ctx = Looking(LocalMachine())
    ctx.emit(replace(RUNNING, masters=(replace(RUNNING.masters[0], workers=(os.getpid(),)),)))

    async def work() -> None:
        ctx.emit(seen)
        ctx.emit(refused)
        await target_files.missing_target.work(ctx, refused, seen)

    asyncio.run(work())
    (access,) = ctx.observed(PageFileAccess)
    assert (access.mistake, access.elsewhere) == (mistake, f"{tmp_path}/{files[0]}")


def test_the_index_file_that_the_setting_does_not_name() -> None:
    text = nginx_evidence.SITE.replace("proxy_pass http://127.0.0.1:3000;", "root /srv/shop;")
    refused, seen = replace(page(403), url="https://shop.example.com/blog/"), config(text)
    paths = [f"/srv/shop/blog{name}" for name in ("", "/index.php", "/index.htm")]
    asked = shlex.join(("sh", "-c", ACCESS_SCRIPT, "sh", "", "11", *paths))
    folder = "part 0 root 0 root 755 directory||/srv/shop/blog\n"
    file = "part 0 root 0 root 644 regular file||/srv/shop/blog/index.php\n"
    answer = f"uid 33\ngids 33\nname www-data www-data\npath {paths[0]}\n{folder}"
    ctx = Looking(RecordedMachine({asked: f"{answer}path {paths[1]}\n{folder}{file}"}))
    ctx.emit(RUNNING)

    async def work() -> None:
        ctx.emit(seen)
        ctx.emit(refused)
        await target_files.missing_target.work(ctx, refused, seen)

    asyncio.run(work())
    (access,) = ctx.observed(PageFileAccess)
    assert (access.mistake, access.elsewhere) == ("index", "/srv/shop/blog/index.php")


def test_the_index_of_the_site_that_try_files_hides() -> None:
    root = "root /srv/www; try_files $uri =404;"
    text = nginx_evidence.SITE.replace("proxy_pass http://127.0.0.1:3000;", root)
    folder, index = "/srv/www", "/srv/www/index.html"
    asked = shlex.join(("sh", "-c", ACCESS_SCRIPT, "sh", "", "11", folder, index))
    part = "part 0 root 0 root 755 directory||"
    answer = "uid 33\ngids 33\nname www-data www-data\n"
    answer += f"path {folder}\n{part}/\n{part}{folder}\n"
    answer += f"path {index}\n{part}/\n{part}{folder}\n"
    answer += f"part 0 root 0 root 644 regular file||{index}\n"
    ctx = Looking(RecordedMachine({asked: answer}))
    missing, seen = page(404), config(text)

    async def work() -> None:
        for observation in (RUNNING, seen, missing):
            ctx.emit(observation)
        await target_files.missing_target.work(ctx, missing, seen)

    asyncio.run(work())
    (access,) = ctx.observed(PageFileAccess)
    assert (access.mistake, access.elsewhere) == ("hidden", index)


@pytest.mark.parametrize(
    ("path", "is_there", "mistake"),
    [
        ("/guide/start", "/srv/docs/guide/start.html", ["ending"]),
        ("/about", "/srv/docs/about.html", ["ending"]),
        # A file has nothing below it: the path is that of the file on the way.
        ("/api.php/records", "/srv/docs/api.php", []),
    ],
)
def test_a_page_whose_file_has_an_ending(path: str, is_there: str, mistake: list[str]) -> None:
    text = nginx_evidence.SITE.replace("proxy_pass http://127.0.0.1:3000;", "root /srv/docs;")
    file, index = f"/srv/docs{path}", "/srv/docs/index.html"
    page_file = f"{file}.html"
    folder = path.rpartition("/")[0]
    paths = [file, page_file, *([f"/srv/docs{folder}/index.html"] if folder else []), index]
    part = "part 0 root 0 root 755 directory||"
    answer = "uid 33\ngids 33\nname www-data www-data\n"
    answer += f"path {file}\n{part}/\n{part}/srv/docs\n"
    answer += f"path {page_file}\n{part}/\n{part}/srv/docs\n"
    answer += f"part 0 root 0 root 644 regular file||{is_there}\n"
    asked = shlex.join(("sh", "-c", ACCESS_SCRIPT, "sh", "", "11", *paths))
    ctx = Looking(RecordedMachine({asked: answer}))
    ctx.target = replace(ctx.target, path=path)
    url = f"https://shop.example.com{path}"
    missing, seen = replace(page(404), url=url), config(text)

    async def work() -> None:
        for observation in (RUNNING, seen, missing):
            ctx.emit(observation)
        await target_files.missing_target.work(ctx, missing, seen)

    asyncio.run(work())
    assert [access.mistake for access in ctx.observed(PageFileAccess)] == mistake


_BROWSER_PAGE = (
    '<!doctype html><div id="app"></div><script type="module" src="{}assets/a.js"></script>'
)


@pytest.mark.parametrize(
    ("path", "names", "is_found"),
    [
        ("/health/list/", "/health/", True),
        ("/health/list", "/health/", True),
        # Another application's files; relative ones have no addresses below.
        ("/health/list", "/other/", False),
        ("/health/list", "./", False),
        ("/health/list.json", "/health/", False),
    ],
)
def test_the_application_in_a_folder_of_the_site(path: str, names: str, is_found: bool) -> None:
    text = nginx_evidence.SITE.replace("proxy_pass http://127.0.0.1:3000;", "root /srv/www;")
    page_file, home = "/srv/www/health/index.html", "/srv/www/index.html"
    file = f"/srv/www{path.rstrip('/')}"
    ending = [] if path.endswith("/") or "." in path else [f"{file}.html"]
    asked = shlex.join(("sh", "-c", ACCESS_SCRIPT, "sh", "", "11", file, *ending, page_file, home))
    part = "part 0 root 0 root 755 directory||"
    answer = "uid 33\ngids 33\nname www-data www-data\n"
    answer += f"path {file}\n{part}/\n{part}/srv/www\n"
    for index in (page_file, home):
        answer += f"path {index}\n{part}/\n{part}/srv/www\n"
        answer += f"part 0 root 0 root 644 regular file||{index}\n"
    machine = RecordedMachine(
        {asked: answer},
        files={page_file: _BROWSER_PAGE.format(names), home: "<p>Welcome to our site.</p>"},
    )
    ctx = Looking(machine)
    ctx.target = replace(ctx.target, path=path)
    missing, seen = replace(page(404), url=f"https://shop.example.com{path}"), config(text)

    async def work() -> None:
        for observation in (RUNNING, seen, missing):
            ctx.emit(observation)
        await target_files.missing_target.work(ctx, missing, seen)

    asyncio.run(work())
    found = [(access.mistake, access.elsewhere) for access in ctx.observed(PageFileAccess)]
    assert found == [("fallback", page_file)] * is_found


def looked_for(
    body: str, path: str, existing: list[str], loaded: float | None = None
) -> list[tuple[str, str, str]]:
    """The path that nginx opens, the mistake and the other path, with these files there."""
    site = config(nginx_evidence.SITE.replace("location / {", f"{body} location /x {{"))
    ctx = Looking(RecordedMachine({}))
    ctx.target = replace(ctx.target, path=path)
    masters = tuple(replace(master, loaded=loaded) for master in RUNNING.masters)
    ctx.emit(replace(RUNNING, masters=masters))
    missing = replace(page(404), url=f"{ctx.target.origin}{path}")

    async def access(_: object, __: str, ___: str, paths: list[str]) -> list[Access]:
        return [examined(path, exists=path in existing) for path in paths]

    async def work() -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(target_files, "read_access", access)
            ctx.emit(site)
            ctx.emit(missing)
            await target_files.missing_target.work(ctx, missing, site)

    asyncio.run(work())
    return [(each.path, each.mistake, each.elsewhere) for each in ctx.observed(PageFileAccess)]


PHP = """root /srv/a; location / { try_files $uri $uri/ /index.php?$args; }
location ~ \\.php$ { try_files $uri =404; fastcgi_pass 127.0.0.1:9000; }"""


@pytest.mark.parametrize("is_newer", [True, False])
def test_the_script_that_only_the_files_of_now_lead_to(is_newer: bool) -> None:
    """nginx has another folder loaded. It is not looked at where nginx has the files of now."""
    loaded = nginx_evidence.LOADED - 120 if is_newer else nginx_evidence.LOADED
    found = looked_for(PHP, "/", ["/srv/a/index.php", "/srv/a"], loaded)
    assert (("/srv/a/index.php", "", "") in found) == is_newer


TRIED = "root /srv/a; location / { try_files $uri/index.html =404; }"
TAKEN = "location / { root /srv/a; } location /index { alias /srv/a; }"


@pytest.mark.parametrize(
    ("body", "path", "existing", "seen"),
    [
        (TRIED, "/a.css", ["/srv/a/a.css"], [("/srv/a/a.css", "untried", "/srv/a/a.css")]),
        (TRIED, "/a.css", [], []),
        (TRIED.replace("$uri/", "$uri $uri/"), "/a.css", [], []),
        (TAKEN, "/", ["/srv/a/index.html"], [("/srv/a.html", "taken", "/srv/a/index.html")]),
        # The folder has none, or the other location has one.
        (TAKEN, "/", [], []),
        (TAKEN, "/", ["/srv/a/index.html", "/srv/a.html"], []),
        (TAKEN.replace("alias /srv/a", "proxy_pass http://127.0.0.1:3000"), "/", [], []),
    ],
)
def test_what_try_files_and_the_index_lead_to(
    body: str, path: str, existing: list[str], seen: list[tuple[str, str, str]]
) -> None:
    found = looked_for(body, path, existing)
    assert [each for each in found if each[1] in {"untried", "taken"}] == seen


@pytest.mark.parametrize(("name", "seen_there"), [("app.css", True), ("notes.txt", False)])
def test_a_style_sheet_as_the_target_that_has_no_type(name: str, seen_there: bool) -> None:
    text = nginx_evidence.SITE.replace("proxy_pass http://127.0.0.1:3000;", "root /srv/shop;")
    plain = replace(
        page(200), url=f"https://shop.example.com/{name}",
        headers=(("Content-Type", "text/plain"),),
    )  # fmt: skip
    seen = config(text)
    paths = [f"/srv/shop/{name}", "/etc/nginx/mime.types"]
    asked = shlex.join(("sh", "-c", ACCESS_SCRIPT, "sh", "", "11", *paths))
    parts = "".join(f"path {path}\npart 0 root 0 root 644 regular file||{path}\n" for path in paths)
    ctx = Looking(RecordedMachine({asked: f"uid 33\ngids 33\nname www-data www-data\n{parts}"}))
    ctx.emit(RUNNING)

    async def work() -> None:
        ctx.emit(seen)
        ctx.emit(plain)
        await target_files.missing_target.work(ctx, plain, seen)

    asyncio.run(work())
    listed = [access.types_file for access in ctx.observed(PageFileAccess)]
    assert listed == ["/etc/nginx/mime.types"] * seen_there
