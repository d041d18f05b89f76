from diagnose.parsers.linux.mounts import Mount, hiding_folder, parse_mount, private_folders

ROOT = Mount("254:0", "/", "/")
RUN = Mount("0:24", "/", "/run")


def test_a_line_is_read_and_its_octal_numbers_are_characters() -> None:
    assert parse_mount("254:0 / /") == ROOT
    assert parse_mount(r"254:0 /my\040files /srv/a\134b") == Mount(
        "254:0", "/my files", "/srv/a\\b"
    )
    for line in ("", "254:0 /", "254:0 x /", "254:0 / / rw"):
        assert parse_mount(line) is None


def test_folders_of_their_own_are_those_with_another_device_or_folder_behind_them() -> None:
    tmp = Mount("254:0", "/tmp/systemd-private-1/tmp", "/tmp")
    home = Mount("0:24", "/systemd/inaccessible/dir", "/home")
    assert private_folders((ROOT, RUN), (ROOT, RUN, tmp, home)) == ("/home", "/tmp")


def test_what_is_only_mounted_again_is_the_same() -> None:
    """ProtectSystem= makes a mount of /usr and /etc, which shows the same files."""
    etc = Mount("254:0", "/etc", "/etc")
    assert private_folders((ROOT,), (ROOT, etc, Mount("254:0", "/usr", "/usr"))) == ()
    # The last mount at a folder is what is seen there.
    assert private_folders((ROOT,), (ROOT, Mount("0:9", "/", "/etc"), etc)) == ()


def test_what_they_do_not_have_mounted_is_another_folder_and_said_once() -> None:
    data, inner = Mount("8:1", "/", "/data"), Mount("8:2", "/", "/data/inner")
    assert private_folders((ROOT, data, inner), (ROOT,)) == ("/data",)


def test_the_kernels_own_folders_and_what_is_not_known_are_no_difference() -> None:
    assert (
        private_folders((ROOT,), (ROOT, Mount("0:5", "/", "/dev"), Mount("0:6", "/", "/proc")))
        == ()
    )
    assert private_folders((), (ROOT,)) == private_folders((ROOT,), ()) == ()


def test_a_path_lies_in_a_folder_or_not() -> None:
    assert hiding_folder(("/tmp", "/home"), "/home/app/run.sock") == "/home"
    assert hiding_folder(("/tmp",), "/tmpfile") == ""
