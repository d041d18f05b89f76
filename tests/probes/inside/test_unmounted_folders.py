import asyncio

from diagnose.model import Failure, Observation
from diagnose.model.http import Exchange
from diagnose.model.nginx import NginxTest
from diagnose.model.nginx import TestMessage as Message
from diagnose.model.resources import UnmountedFolder
from diagnose.model.tcp import Connection
from diagnose.probes.inside import unmounted_folders as probes
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine

FSTAB = "UUID=1 / ext4 defaults 0 1\nUUID=4 /srv/site ext4 nofail 0 2\n"
ROOT = "/dev/vda1 / ext4 rw 0 0\n"
FILES = {"/etc/fstab": FSTAB, "/proc/mounts": ROOT}
FAILED = Exchange(url="https://shop.example.com/", address="203.0.113.10", port=443, status=404)
REFUSED = Failure("refused", "Connection refused", 111, "ECONNREFUSED")
CLOSED = Connection(address="203.0.113.10", port=443, family=4, failure=REFUSED)
FATAL = NginxTest(
    binary="/usr/sbin/nginx", passed=False, messages=(Message("emerg", "no such file"),)
)


def look(files: dict[str, str], *observations: Observation) -> tuple[UnmountedFolder, ...]:
    looking = Looking(RecordedMachine({}, files))
    asyncio.run(_work(looking, *observations))
    return tuple(looking.observed(UnmountedFolder))


async def _work(looking: Looking, *observations: Observation) -> None:
    for observation in observations:
        match observation:
            case Exchange():
                await probes.of_page.work(looking, observation)
            case Connection():
                await probes.of_connection.work(looking, observation)
            case NginxTest():
                await probes.of_configuration.work(looking, observation)


def test_a_disk_that_is_not_mounted() -> None:
    for seen in (FAILED, CLOSED, FATAL):
        (folder,) = look(FILES, seen)
        assert (folder.path, folder.device, folder.type) == ("/srv/site", "UUID=4", "ext4")


def test_they_are_read_once() -> None:
    assert len(look(FILES, FAILED, CLOSED)) == 1


def test_nothing_where_all_is_mounted_or_unknown() -> None:
    mounted = ROOT + "/dev/vdb /srv/site ext4 rw 0 0\n"
    for files in ({"/etc/fstab": FSTAB, "/proc/mounts": mounted}, {"/etc/fstab": FSTAB}, {}):
        assert not look(files, FAILED)


def test_nothing_is_read_where_the_site_works() -> None:
    from dataclasses import replace

    page, open_port = replace(FAILED, status=200), replace(CLOSED, failure=None)
    machine = RecordedMachine({}, FILES)
    looking = Looking(machine)
    asyncio.run(_work(looking, page, open_port, replace(FATAL, passed=True, messages=())))
    assert not looking.observed(UnmountedFolder)
