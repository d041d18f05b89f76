import asyncio
import shlex
from dataclasses import replace
from pathlib import Path

from diagnose.machine import LIMIT, FileContent
from diagnose.machine.local import LocalMachine
from diagnose.model.http import Exchange
from diagnose.model.nginx import ConfigFile, NginxConfig
from diagnose.model.sites import SiteFile, UnreadCopy
from diagnose.parsers.nginx.config import parse
from diagnose.probes.inside import unincluded_sites
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine

MAIN = "/etc/nginx/nginx.conf"
BLOG = "http { include conf.d/*.conf; server { listen 443 ssl; server_name blog.example.com; } }"
SHOP = "server { listen 443 ssl; server_name shop.example.com; }\n"
AVAILABLE = "/etc/nginx/sites-available/shop"


def config(text: str = BLOG) -> NginxConfig:
    return NginxConfig(path=MAIN, main=parse(text, MAIN), files=(ConfigFile(MAIN, text),))


def look_at(seen: NginxConfig, found: str, files: dict[str, str]) -> Looking:
    folders = ("/etc/nginx", "/etc/nginx/conf.d", *unincluded_sites.CONFIG_FOLDERS[1:])
    argv = (
        "sh",
        "-c",
        unincluded_sites.FIND_SCRIPT,
        "sh",
        "shop.example.com",
        "*.example.com",
        *folders,
    )
    ctx = Looking(RecordedMachine({shlex.join(argv): found}, files))
    asyncio.run(unincluded_sites.not_included.work(ctx, seen))  # type: ignore[arg-type]
    return ctx


def test_a_file_that_nobody_includes_is_seen() -> None:
    looking = look_at(config(), f"{AVAILABLE}\n{MAIN}\n", {AVAILABLE: f"# the shop\n{SHOP}"})
    (seen,) = looking.observed(SiteFile)
    assert (seen.path, seen.line, seen.names) == (AVAILABLE, 2, ("shop.example.com",))


def test_a_file_with_the_name_on_another_port_is_not() -> None:
    files = {AVAILABLE: SHOP.replace("443", "8443"), "/etc/nginx/notes": "shop.example.com\n"}
    assert not look_at(config(), "\n".join(files), files).observations


def test_nothing_is_looked_for_where_a_block_has_the_name() -> None:
    looking = look_at(config(BLOG.replace("blog", "shop")), AVAILABLE, {AVAILABLE: SHOP})
    assert isinstance(looking.machine, RecordedMachine)
    assert not looking.machine.commands_run


def test_the_script_follows_links_and_names_no_more_than_fits(tmp_path: Path) -> None:
    folder = tmp_path / "conf.d"
    folder.mkdir()
    (tmp_path / "shop").write_text(SHOP)
    (folder / "shop").symlink_to(tmp_path / "shop")
    (folder / "gone").symlink_to(tmp_path / "nothing")
    (folder / "big").write_text(SHOP + "#" * 600_000)
    (folder / "other").write_text("server { }\n")
    argv = (
        "sh",
        "-c",
        unincluded_sites.FIND_SCRIPT,
        "sh",
        "shop.example.com",
        "*.example.com",
        str(folder),
    )
    ran = asyncio.run(LocalMachine().run(*argv))
    assert ran.out.splitlines() == [str(folder / "shop")]


PROJECT = "/srv/shop/nginx/ssl.conf"


def _in_project(*beside: str) -> list[str]:
    """Return the file of a project's folder for nginx, with these files in the project's own."""
    first = ("/etc/nginx", "/etc/nginx/conf.d", *unincluded_sites.CONFIG_FOLDERS[1:])
    words = ("sh", "-c", unincluded_sites.FIND_SCRIPT, "sh", "shop.example.com", "*.example.com")
    searches = {
        shlex.join((*words, *first)): "",
        shlex.join((*words, "/srv/shop/nginx")): f"{PROJECT}\n",
    }
    # The folder itself counts as a path here.
    files = {PROJECT: SHOP, "/srv/shop/nginx": "", **dict.fromkeys(beside, "")}
    ctx = Looking(RecordedMachine(searches, files))
    asyncio.run(unincluded_sites.not_included.work(ctx, config()))  # type: ignore[arg-type]
    return [site.path for site in ctx.observed(SiteFile)]


def test_a_file_in_the_folder_of_a_project() -> None:
    assert _in_project() == [PROJECT]
    assert _in_project("/srv/shop/deploy.yml") == [PROJECT]


def test_a_container_reads_the_file_of_a_project() -> None:
    assert _in_project("/srv/shop/compose.yaml") == []
    assert _in_project("/srv/shop/docker-compose.prod.yml") == []


OLD = "server { listen 443 ssl; server_name shop.example.com; location / { root /srv; } }\n"
NEW = OLD.replace(
    "location / {", "location /api/ { proxy_pass http://127.0.0.1:3001; } location / {"
)
ENABLED = "/etc/nginx/sites-enabled/shop"


class _Dated(RecordedMachine):
    """Its files have a time."""

    changed = 0.0

    async def read(self, path: str, limit: int = LIMIT) -> FileContent:
        return replace(await super().read(path, limit), changed=self.changed)


def edited(status: int, changed: float, *, used_changed: float = 5.0) -> Looking:
    """What is seen after the path was answered so; the files' times are as given."""
    main = f"http {{ include sites-enabled/*; {OLD} }}"
    parsed = parse(f"http {{ {OLD} }}", ENABLED)
    files = (ConfigFile(MAIN, main), ConfigFile(ENABLED, OLD, used_changed))
    config = NginxConfig(path=MAIN, main=parsed, files=files)
    argv = (
        "sh", "-c", unincluded_sites.FIND_SCRIPT, "sh", "shop.example.com", "*.example.com",
        "/etc/nginx", "/etc/nginx/sites-enabled",
    )  # fmt: skip
    machine = _Dated({shlex.join(argv): f"{ENABLED}\n{AVAILABLE}\n"}, {AVAILABLE: NEW})
    machine.changed = changed
    ctx = Looking(machine)
    ctx.target = replace(ctx.target, path="/api/products")
    url = f"{ctx.target.origin}/api/products"
    ctx.emit(config)
    page = ctx.emit(Exchange(url=url, address="192.0.2.1", port=443, status=status))
    asyncio.run(unincluded_sites.edited_elsewhere.work(ctx, page, config))  # type: ignore[arg-type]
    return ctx


def test_a_newer_file_with_a_location_for_the_path_is_seen() -> None:
    (copy,) = edited(404, 9.0).observed(UnreadCopy)
    assert (copy.path, copy.location, copy.used) == (AVAILABLE, "location /api/", ENABLED)
    assert copy.replaces


def test_an_older_file_and_a_page_that_comes_raise_no_question() -> None:
    assert not edited(404, 1.0).observed(UnreadCopy)
    assert not edited(200, 9.0).observed(UnreadCopy)
