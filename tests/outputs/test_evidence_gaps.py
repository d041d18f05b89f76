from diagnose.model import Observation, Unseen
from diagnose.model.nginx import ContainerNginx
from diagnose.model.view import View
from diagnose.outputs.evidence_gaps import evidence_gaps
from diagnose.parsers.nginx.config import parse
from tests.support.report_builder import report


def test_a_gap_is_told_once() -> None:
    unseen = Unseen(what="the firewall", why="needs-root")
    gaps = evidence_gaps(report(unseen, unseen), View())
    assert [gap.what for gap in gaps].count("the firewall") == 1


def test_a_configuration_that_was_read_later_is_no_gap() -> None:
    unseen = Unseen(what="nginx's configuration", why="it runs in a container")
    main = parse("events {} http {}", "web:/etc/nginx/nginx.conf")
    inner = ContainerNginx(container="web", endpoints=(("127.0.0.1", 8080),), port=80, main=main)

    def told(*observations: Observation) -> list[str]:
        return [gap.what for gap in evidence_gaps(report(*observations), View())]

    assert unseen.what in told(unseen)
    assert unseen.what not in told(unseen, inner)
    assert "the firewall" in told(Unseen(what="the firewall", why="needs-root"), inner)
