"""Files are written where nobody else can lead root astray: a real shell, a folder of its own."""

import fcntl
import os
import subprocess
from importlib import resources
from pathlib import Path

import pytest

FILES = resources.files("diagnose.fixing").joinpath("shell/files.sh").read_text("utf-8")
STRANGER = 12345
SHELLS = ["dash", "bash"]

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: files of another user")


def sh(*words: str | Path, shell: str = "sh") -> subprocess.CompletedProcess[str]:
    argv = [shell, "-c", FILES + '\n"$@"', "sh", *map(str, words)]
    return subprocess.run(argv, capture_output=True, text=True, check=False)


@pytest.fixture
def copies(tmp_path: Path) -> Path:
    """What a fix has saved, and what it is about to write."""
    folder = tmp_path / "copies"
    folder.mkdir()
    (folder / "before").write_text("old\n")
    (folder / "after").write_text("new\n")
    return folder


def replace(copies: Path, path: Path, token: str = "t") -> subprocess.CompletedProcess[str]:
    return sh("replace", copies / "after", path, copies / "before", token)


@pytest.mark.parametrize("shell", SHELLS)
def test_a_file_keeps_its_owner_and_mode(copies: Path, tmp_path: Path, shell: str) -> None:
    path = tmp_path / "site.conf"
    path.write_text("old\n")
    path.chmod(0o640)
    if os.geteuid() == 0:
        os.chown(path, STRANGER, STRANGER)
    was = path.stat()
    done = sh("replace", copies / "after", path, copies / "before", "t", shell=shell)
    assert (done.returncode, done.stderr) == (0, "")
    now = path.stat()
    assert path.read_text() == "new\n"
    assert (now.st_mode, now.st_uid, now.st_gid) == (was.st_mode, was.st_uid, was.st_gid)
    assert {one.name for one in tmp_path.iterdir()} == {"copies", "site.conf"}


@pytest.mark.parametrize("exists", [True, False])
def test_a_file_that_cannot_be_written_leaves_no_other(
    copies: Path, tmp_path: Path, exists: bool
) -> None:
    """What is to be written cannot be read to its end; so it is with a disk that is full."""
    path = tmp_path / "site.conf"
    if exists:
        path.write_text("old\n")
    else:
        (copies / "before.absent").touch()
    (copies / "after").unlink()
    done = replace(copies, path)
    assert done.returncode != 0
    assert "could not be written" in done.stderr
    assert {entry.name for entry in tmp_path.iterdir()} == {"copies", *["site.conf"] * exists}


@pytest.mark.parametrize("shell", SHELLS)
def test_a_restored_file_keeps_its_times(copies: Path, tmp_path: Path, shell: str) -> None:
    path = tmp_path / "site.conf"
    path.write_text("new\n")
    os.utime(copies / "before", (1_000_000_000, 1_000_000_000))
    done = sh("restore", copies / "before", path, "t", shell=shell)
    assert (done.returncode, done.stderr) == (0, "")
    assert (path.read_text(), path.stat().st_mtime) == ("old\n", 1_000_000_000)


@needs_root
@pytest.mark.parametrize("word", ["replace", "restore", "allowed", "real_path"])
@pytest.mark.parametrize("way", ["folder", "link", "group", "anybody"])
def test_what_others_may_exchange_is_not_written(
    copies: Path, tmp_path: Path, word: str, way: str
) -> None:
    """A file of root's, in a folder that somebody else may change, or behind a link of theirs."""
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    path = theirs / "site.conf"
    match way:
        case "folder":
            path.write_text("old\n")
            os.chown(theirs, STRANGER, STRANGER)
        case "link":
            secret = tmp_path / "secret"
            secret.write_text("old\n")
            path.symlink_to(secret)
            os.chown(theirs, STRANGER, STRANGER)
        case "group":
            path.write_text("old\n")
            os.chown(theirs, 0, 1)
            theirs.chmod(0o775)
        case "anybody":
            path.write_text("old\n")
            theirs.chmod(0o777)
    words = {
        "replace": (copies / "after", path, copies / "before", "t"),
        "restore": (copies / "after", path, "t"),
        "allowed": (path,),
        "real_path": (path,),
    }
    done = sh(word, *words[word])
    assert done.returncode == 1
    assert "may exchange what is there: it is not written to" in done.stderr
    assert path.read_text() == "old\n"


@needs_root
def test_a_group_without_members_changes_nothing(copies: Path, tmp_path: Path) -> None:
    """As the group staff in Debian's /usr/local."""
    folder = tmp_path / "local"
    folder.mkdir()
    os.chown(folder, 0, 54321)
    folder.chmod(0o2775)
    (folder / "site.conf").write_text("old\n")
    assert replace(copies, folder / "site.conf").returncode == 0


@needs_root
def test_the_owner_of_a_file_may_own_its_folder(copies: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    path = home / "site.conf"
    path.write_text("old\n")
    for owned in (home, path):
        os.chown(owned, STRANGER, STRANGER)
    assert replace(copies, path).returncode == 0
    assert (path.read_text(), path.stat().st_uid) == ("new\n", STRANGER)
    assert sh("allowed", path).returncode == 1  # a command goes by the name alone


@needs_root
def test_a_file_of_somebody_in_a_sticky_folder_is_his(copies: Path, tmp_path: Path) -> None:
    """As in /tmp (sticky(7)): he may exchange it for another one."""
    tmp_path.chmod(0o1777)
    path = tmp_path / "site.conf"
    path.write_text("old\n")
    assert sh("allowed", path).returncode == 0
    os.chown(path, STRANGER, STRANGER)
    assert sh("allowed", path).returncode == 1


def test_a_link_in_the_place_of_the_new_file_is_not_followed(copies: Path, tmp_path: Path) -> None:
    victim, path = tmp_path / "victim", tmp_path / "site.conf"
    victim.write_text("theirs\n")
    path.write_text("old\n")
    (tmp_path / ".diagnose-t").symlink_to(victim)
    done = replace(copies, path)
    assert done.returncode != 0
    assert (victim.read_text(), path.read_text()) == ("theirs\n", "old\n")


@needs_root
@pytest.mark.parametrize("way", ["owner", "mode", "link"])
def test_a_folder_for_journals_that_is_not_ours_is_refused(tmp_path: Path, way: str) -> None:
    """What stands in a journal is run as root."""
    place = tmp_path / "diagnose"
    place.mkdir(mode=0o700)
    match way:
        case "owner":
            os.chown(place, STRANGER, STRANGER)
        case "mode":
            place.chmod(0o770)
            os.chown(place, 0, 1)
        case "link":
            place.rename(tmp_path / "real")
            place.symlink_to(tmp_path / "real")
    assert sh("private_folder", place).returncode == 1


def test_links_that_lead_in_circles_end(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    done = sh("real_path", tmp_path / "a" / "site.conf")
    assert "too many levels of symbolic links" in done.stderr


@needs_root
def test_a_tree_with_a_folder_of_somebody_is_not_restored(tmp_path: Path) -> None:
    saved, place = tmp_path / "saved", tmp_path / "firewalld"
    for folder in (saved, place, place / "zones"):
        folder.mkdir()
    os.chown(place / "zones", STRANGER, STRANGER)
    done = sh("restore", saved, place, "t")
    assert "others may write in zones" in done.stderr
    assert (place / "zones").exists()


@pytest.mark.parametrize("shell", SHELLS)
def test_a_copy_that_vanishes_takes_no_file_with_it(tmp_path: Path, shell: str) -> None:
    """Another program may put the folder of the fix away in the middle."""
    copy, path = tmp_path / "copies" / "0.before", tmp_path / "firewalld"
    for folder in (copy, path):
        (folder / "zones").mkdir(parents=True)
        (folder / "zones" / "public.xml").write_text("<zone/>")
        (folder / "firewalld.conf").write_text("DefaultZone=public")
    vanish = "a_tree_of_root() { mv -- {0} {0}.gone; }".replace("{0}", str(copy))
    text = f"{FILES}\n{vanish}\nrestore {copy} {path} t"
    result = subprocess.run([shell, "-c", text], capture_output=True, text=True, check=False)
    assert result.returncode != 0
    assert "has gone" in result.stderr
    assert (path / "zones" / "public.xml").read_text() == "<zone/>"
    assert (path / "firewalld.conf").exists()


@pytest.mark.parametrize("shell", SHELLS)
def test_what_came_since_is_removed_with_its_folder(tmp_path: Path, shell: str) -> None:
    copy, path = tmp_path / "0.before", tmp_path / "firewalld"
    for folder in (copy, path):
        folder.mkdir()
        (folder / "firewalld.conf").write_text("DefaultZone=public")
    (path / "zones").mkdir()
    (path / "zones" / "public.xml").write_text("<zone/>")
    done = sh("restore", copy, path, "t", shell=shell)
    assert (done.returncode, done.stderr) == (0, "")
    assert [one.name for one in path.iterdir()] == ["firewalld.conf"]


def test_only_one_takes_a_fix_back(tmp_path: Path) -> None:
    """The second waits for the first, and then has nothing to do."""
    (tmp_path / "lock").touch()
    with (tmp_path / "lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        argv = ["sh", "-c", f"{FILES}\nhold {tmp_path} && echo mine"]
        second = subprocess.Popen(argv, stdout=-1, stderr=-1, text=True)
        (tmp_path / "passed").touch()
    out, err = second.communicate(timeout=30)
    assert (out, "taken back" in err, second.returncode) == ("", True, 1)
    (tmp_path / "passed").unlink()
    assert subprocess.run(argv, capture_output=True, text=True, check=True).stdout == "mine\n"
