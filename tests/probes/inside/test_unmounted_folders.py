import asyncio

from diagnose.model.resources import UnmountedFolder
from diagnose.probes.inside.unmounted_folders import unmounted_folders
from tests.support.fake_context import Looking
from tests.support.recorded_machine import RecordedMachine

FSTAB = "UUID=1 / ext4 defaults 0 1\nUUID=4 /srv/site ext4 nofail 0 2\n"
ROOT = "/dev/vda1 / ext4 rw 0 0\n"


def look(files: dict[str, str]) -> tuple[UnmountedFolder, ...]:
    looking = Looking(RecordedMachine({}, files))
    asyncio.run(_work(looking))
    return tuple(looking.observed(UnmountedFolder))


async def _work(looking: Looking) -> None:
    await unmounted_folders.work(looking)


def test_a_disk_that_is_not_mounted() -> None:
    (folder,) = look({"/etc/fstab": FSTAB, "/proc/mounts": ROOT})
    assert (folder.path, folder.device, folder.type) == ("/srv/site", "UUID=4", "ext4")


def test_nothing_where_all_is_mounted_or_unknown() -> None:
    mounted = ROOT + "/dev/vdb /srv/site ext4 rw 0 0\n"
    for files in ({"/etc/fstab": FSTAB, "/proc/mounts": mounted}, {"/etc/fstab": FSTAB}, {}):
        assert not look(files)
