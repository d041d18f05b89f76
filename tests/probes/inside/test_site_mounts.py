"""Where the mounts of a web server's container have the files that it did not find."""

import asyncio
import fnmatch

from diagnose.machine.container import ContainerMachine
from diagnose.model.containers import BindMount, NginxContainer, SiteMounts
from diagnose.probes.inside.site_mounts import observe_site_mounts
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine

ROOT = "/var/www/site"
HTML = BindMount("/usr/share/nginx/html", "/srv/shop/html")
PAGE = "/usr/share/nginx/html/index.html"


class Inner(ContainerMachine):
    """A container that has these files and folders."""

    def __init__(self, *paths: str) -> None:
        super().__init__(RecordedMachine(), 7, "docker", "web")
        self.paths = paths

    async def glob(self, pattern: str) -> tuple[str, ...]:
        return tuple(
            path
            for path in self.paths
            if fnmatch.fnmatchcase(path, pattern) and path.count("/") == pattern.count("/")
        )


def looked(
    inner: Inner | RecordedMachine,
    *mounts: BindMount,
    folder: str = ROOT,
    file: str = f"{ROOT}/",
    used: tuple[str, ...] = (),
    own_network: bool = False,
) -> tuple[SiteMounts, ...]:
    ctx = Looking(inner)
    container = NginxContainer(
        pid=7, engine="docker", name="web", mounts=mounts, own_network=own_network
    )
    ctx.observations.append(container)
    asyncio.run(observe_site_mounts(ctx, folder, file, used))
    return ctx.observed(SiteMounts)


def test_the_site_is_in_another_mount() -> None:
    (seen,) = looked(Inner(PAGE), HTML)
    assert (seen.folder, seen.exists, seen.found) == (ROOT, False, (HTML.point,))
    (deep,) = looked(Inner(f"{HTML.point}/dist/index.html"), HTML)
    assert deep.found == (f"{HTML.point}/dist",)
    style = looked(Inner(f"{HTML.point}/css/a.css"), HTML, file=f"{ROOT}/css/a.css")
    assert style[0].found == (HTML.point,)


def test_the_mounted_folder_is_empty() -> None:
    (seen,) = looked(Inner(ROOT), BindMount(ROOT, "/srv/shop/dist"))
    assert (seen.is_empty, seen.source, seen.beside) == (True, "/srv/shop/dist", "")


def test_nothing_is_told_where_the_file_is_there_or_nowhere() -> None:
    assert not looked(Inner(ROOT, f"{ROOT}/index.html", PAGE), HTML)
    assert not looked(Inner(ROOT, f"{ROOT}/a"), HTML)
    # Empty in the image: no mount is to be corrected.
    assert not looked(Inner(ROOT), HTML)


def test_what_another_site_uses_is_not_taken_for_this_one() -> None:
    assert not looked(Inner(PAGE), HTML, used=(HTML.point, ROOT))
    below = f"{HTML.point}/blog"
    assert not looked(Inner(f"{below}/index.html"), HTML, used=(below,))
    assert not looked(Inner("/etc/x/index.html"), BindMount("/etc/x", "/srv/x"))


def test_no_container_and_no_path_out_of_the_folder() -> None:
    assert not looked(RecordedMachine(), HTML)
    assert not looked(Inner(PAGE), HTML, own_network=True)
    assert not looked(Inner(PAGE), HTML, folder="html", file="html/")
    assert not looked(Inner(PAGE), HTML, file=f"{ROOT}/../x.html")
    assert not looked(Inner(PAGE), HTML, folder="/srv/[a]", file="/srv/[a]/")
