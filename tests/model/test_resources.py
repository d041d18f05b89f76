from dataclasses import replace

from diagnose.model.resources import FileSystem, FileUser, OpenDescriptors
from tests.support.summaries import summary_text


def test_a_process_is_out_of_files_at_its_limit() -> None:
    assert FileUser(1, "node", 1024, 900, 1024).is_out_of_files
    assert not FileUser(1, "node", 1023, 900, 1024).is_out_of_files
    assert not FileUser(1, "node", 5000, 900, 0).is_out_of_files


def test_what_is_left_is_said() -> None:
    disk = FileSystem(paths=("/var",), type="tmpfs", free=0, size=9 << 20, free_files=1, files=20)
    assert summary_text(disk) == (
        "file system of /var",
        "0.0 of 9.0 MiB and 1 of 20 inodes are free",
    )
    large = replace(disk, free=79838330880, size=270553174016)
    assert summary_text(large)[1] == "74.4 of 252.0 GiB and 1 of 20 inodes are free"
    opened = OpenDescriptors(port=443, users=(FileUser(3, "node", 5, 4, 9),))
    assert summary_text(opened) == ("open files of the processes of port 443", "node 3 5/9")
