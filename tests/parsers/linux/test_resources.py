"""What `stat -f` of coreutils 9.7 prints in the laboratory, and lines of descriptors.sh."""

from diagnose.model.resources import FileUser
from diagnose.parsers.linux.resources import parse_descriptors, parse_file_systems

DISKS = """\
fe5c3ba8c1b3e8a4 ext2/ext3 4096 5128192 1310720 1310720 900000 /
fe5c3ba8c1b3e8a4 ext2/ext3 4096 5128192 1310720 1310720 900000 /etc
c2a4a8c7b8a1f2d3 tmpfs 4096 12800 0 20 0 /var/lib/nginx
stat: cannot read file system information for '/www': No such file or directory
"""


def test_each_file_system_is_there_once() -> None:
    root, small = parse_file_systems(DISKS)
    assert (root.paths, root.type, root.free) == (("/", "/etc"), "ext2/ext3", 1310720 * 4096)
    assert (small.paths, small.free, small.files) == (("/var/lib/nginx",), 0, 20)
    assert small.free_files == 0


def test_processes_with_and_without_a_limit() -> None:
    text = "12 40 36 1024 shop.service node\n13 5 2 unlimited - my app\nrubbish\n"
    users = parse_descriptors(text)
    assert users == (FileUser(12, "node", 40, 36, 1024, "shop"), FileUser(13, "my app", 5, 2, 0))
    assert not users[1].is_out_of_files
