"""What a copy takes over, and what it leaves to its caller."""

from pathlib import Path

import pytest

from diagnose.cli.resident import worker
from tests.support.resident import call, children, closed_port, resident, was_handed_over


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["list"],
        ["--json"],
        ["--json", "--unknown", "shop.example.com"],
        ["--json", "--server", "ssh://root@203.0.113.10", "shop.example.com"],
        ["--json", "--vantage", "ssh://root@203.0.113.10", "shop.example.com"],
        ["--jsonl", "shop.example.com"],
    ],
)
def test_what_the_caller_has_to_do_itself(words: list[str]) -> None:
    assert worker._accepted_request(words) is None


def test_a_run_from_outside_is_accepted_with_the_time_that_it_may_take() -> None:
    request = worker._accepted_request(["--json", "--timeout", "3", "--wait", "1m", "127.0.0.1"])
    assert request is not None
    assert worker._seconds(request) > 63.0


def test_a_copy_is_used_again_and_by_the_next_folder(tmp_path: Path) -> None:
    folders = [tmp_path / "a", tmp_path / "b"]
    with resident(tmp_path) as running, closed_port() as url:
        for folder in (*folders, *folders):
            folder.mkdir(exist_ok=True)
            call(running, "--json", "-o", "report.json", url, cwd=folder)
        copies = children(running.pid)
        process = call(running, "--json", url)
        assert was_handed_over(process)
        assert children(running.pid) == copies
        # Nothing of a caller is kept: its files and its folder.
        for pid in copies:
            assert Path(f"/proc/{pid}/cwd").readlink() == Path("/")
            opened = [str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir()]
            assert not [name for name in opened if "memfd" in name]
