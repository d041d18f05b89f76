from diagnose.model import Unseen, Vantage
from tests.support.check_evidence import judge, texts


def unseen(what: str, why: str = "needs root", enable: str = "") -> Unseen:
    return Unseen(vantage=Vantage.SERVER, what=what, why=why, enable=enable)


def test_fires_once_and_names_each_thing_and_its_command() -> None:
    zones = unseen("firewalld's zones", enable="sudo firewall-cmd --list-all-zones")
    (claim,) = judge("host.limited-privileges", zones, unseen("logs"), unseen("logs"))
    assert claim.facts["count"] == 2
    said = texts("host.limited-privileges", claim)
    assert any("firewalld's zones (`sudo firewall-cmd --list-all-zones`)" in text for text in said)


def test_silent_where_the_reason_is_another() -> None:
    assert not judge("host.limited-privileges", unseen("run", why="deadline"))
