"""host.files-exhausted: when it fires, and when it is silent."""

from diagnose.model import Command
from diagnose.model.resources import FileUser, OpenDescriptors
from tests.support.check_evidence import judge

CHECK = "host.files-exhausted"


def opened(files: int, port: int = 3000, name: str = "node", more: int = 0) -> OpenDescriptors:
    users = [FileUser(7, name, files, 900, 1024)]
    users += [FileUser(8, name, more, 10, 1024)] if more else []
    return OpenDescriptors(port=port, users=tuple(users))


def test_fires_for_an_application_at_its_limit() -> None:
    (claim,) = judge(CHECK, opened(1024))
    assert (claim.facts["application"], claim.facts["leak"]) == (True, False)
    assert claim.facts["limit"] == 1024


def test_fires_for_the_program_of_the_port() -> None:
    (claim,) = judge(CHECK, opened(1024, port=443, name="haproxy"))
    assert not claim.facts["application"]


def test_silent_below_the_limit_and_without_one() -> None:
    assert not judge(CHECK, opened(1000))
    free = OpenDescriptors(port=3000, users=(FileUser(7, "node", 5000, 4000, 0),))
    assert not judge(CHECK, free)


def test_silent_while_another_process_of_the_port_accepts() -> None:
    assert not judge(CHECK, opened(1024, more=40))


def test_silent_about_nginx_which_says_so_itself() -> None:
    assert not judge(CHECK, opened(1024, port=443, name="nginx"))


def test_a_service_gets_a_higher_limit() -> None:
    user = FileUser(7, "node", 1024, 900, 1024, "shop")
    (claim,) = judge(CHECK, OpenDescriptors(port=3000, users=(user,)))
    assert claim.fix
    lines = [" ".join(step.argv) for step in claim.fix.steps if isinstance(step, Command)]
    assert lines[1].endswith("zz-open-files.conf [Service] LimitNOFILE=65536")
    assert lines[-1] == "systemctl restart shop"
    (other,) = judge(CHECK, opened(1024))
    assert other.fix
    assert not any(isinstance(step, Command) for step in other.fix.steps)
