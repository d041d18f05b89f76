"""The files of a site of LiteSpeed, which is not read further."""

import asyncio

from diagnose.machine import LIMIT, FileContent
from diagnose.model import Unseen
from diagnose.model.server import Listener, Listeners
from diagnose.probes.inside import web_servers
from diagnose.probes.inside.web_servers.litespeed import MAX_READ, ROOT, site_files
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine

MAIN = {f"{ROOT}/httpd_config.conf": "listener SSL {\n  map Example *\n}\n"}
OWN = f"{ROOT}/vhosts/shop.example.com/vhost.conf"
CYBERPANEL = {f"{ROOT}/vhosts/blog.example.com/vhost.conf": "docRoot $VH_ROOT/public_html\n"}


def found(files: dict[str, str]) -> tuple[str, ...]:
    return asyncio.run(site_files(Looking(RecordedMachine({}, files))))


def test_a_file_in_a_folder_of_the_name_is_the_sites() -> None:
    assert found(MAIN | CYBERPANEL | {OWN: "docRoot $VH_ROOT/public_html\n"}) == (OWN,)


def test_few_files_of_many_are_read() -> None:
    many = {f"{ROOT}/vhosts/s{number}/vhost.conf": "docRoot a\n" for number in range(200)}
    machine = Counting({}, MAIN | many)
    asyncio.run(site_files(Looking(machine)))
    assert machine.reads <= MAX_READ + 3


class Counting(RecordedMachine):
    reads = 0

    async def read(self, path: str, limit: int = LIMIT) -> FileContent:
        self.reads += 1
        return await super().read(path, limit)

    async def read_all(self, pattern: str, limit: int = LIMIT) -> tuple[FileContent, ...]:
        files = await super().read_all(pattern, limit)
        self.reads += len(files)
        return files


def test_the_main_file_says_which_names_a_virtual_host_has() -> None:
    main = f"{ROOT}/httpd_config.conf"
    named = {main: "listener SSL {\n  map shop Shop.example.com\n}\n"}
    assert found(named | CYBERPANEL) == (main,)
    assert found(MAIN | CYBERPANEL) == (main,)


def test_the_enterprise_server_may_read_apaches_file() -> None:
    xml = {f"{ROOT}/httpd_config.xml": "<loadApacheConf>1</loadApacheConf>\n"}
    apaches = {"/etc/apache2/conf/httpd.conf": "ServerName shop.example.com\n"}
    assert found(xml | apaches) == ("/etc/apache2/conf/httpd.conf",)
    assert found(apaches) == ()


def test_the_command_that_shows_them_is_printed() -> None:
    ctx = Looking(RecordedMachine({}, MAIN | {OWN: ""}))
    socket = Listener(address="0.0.0.0", port=443, family=4, process="litespeed", pid=7)

    async def work() -> None:
        await web_servers.web_servers.work(ctx, Listeners(sockets=(socket,)))

    asyncio.run(work())
    (unseen,) = ctx.observed(Unseen)
    assert unseen.what == "LiteSpeed's configuration"
    assert unseen.enable == f"sudo cat {OWN}"
