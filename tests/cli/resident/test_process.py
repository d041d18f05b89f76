import os
from pathlib import Path

from diagnose.processes.resident_client import is_private
from tests.support.resident import call, closed_port, resident, was_handed_over

SERVE = ("serve", "--resident", "--web.listen-address=127.0.0.1:0", "--config.file")


def test_nothing_is_left_after_the_exporter(tmp_path: Path) -> None:
    with resident(tmp_path) as running:
        pid = running.pid
        assert running.socket_path.exists()
        running.process.terminate()
        assert running.process.wait(timeout=30) == 0
    assert not running.socket_path.exists()
    assert not Path(f"/proc/{pid}").exists()


def test_a_resident_ends_with_an_exporter_that_is_killed(tmp_path: Path) -> None:
    with resident(tmp_path) as running:
        descriptor = os.pidfd_open(running.pid)
        running.process.kill()
        import select

        assert select.select([descriptor], [], [], 30)[0]
        os.close(descriptor)
    with resident(tmp_path) as after, closed_port() as url:
        assert call(after, "--json", url).returncode == 2


def test_there_is_one_of_a_user(tmp_path: Path) -> None:
    with resident(tmp_path) as running:
        second = call(running, *SERVE, str(tmp_path / "blackbox.yml"))
        assert second.returncode == 64
        assert "another one is running" in second.stderr
        assert running.socket_path.exists()


def test_a_folder_that_others_can_enter_is_not_used(tmp_path: Path) -> None:
    with resident(tmp_path) as running, closed_port() as url:
        assert is_private(str(running.socket_path.parent))
        running.socket_path.parent.chmod(0o755)
        assert not was_handed_over(call(running, "--json", url))
    environment = running.environment
    again = call(running, *SERVE, str(tmp_path / "blackbox.yml"), env=environment)
    assert again.returncode == 64
    assert "yours alone" in again.stderr


def test_without_the_option_there_is_no_resident(tmp_path: Path) -> None:
    from tests.exporter.test_main import started
    from tests.support.exporter import http_module, write_config

    with started("--config.file", write_config(tmp_path, http_module())) as serve:
        children = Path(f"/proc/{serve.process.pid}/task/{serve.process.pid}/children").read_text()
    assert children.split() == []
