from dataclasses import replace

from diagnose.model import Applicability, Command, Confidence
from diagnose.model.files import PathComponent, ServiceFileAccess
from diagnose.model.server import Listeners
from diagnose.model.services import ServiceFailure, UnitCorrection
from tests.support.check_evidence import judge
from tests.support.web_server_evidence import LISTENING

CHECK = "listener.service-failed"
NOBODY = Listeners()
FAILURE = ServiceFailure(
    unit="shop",
    state="failed",
    user="www-data",
    reason="port-permission",
    message="Error: listen EACCES: permission denied 0.0.0.0:443",
)
KEY = replace(FAILURE, reason="file-permission", file="/etc/app/key.pem")


def test_fires_for_a_port_that_the_user_may_not_open() -> None:
    (claim,) = judge(CHECK, NOBODY, FAILURE)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["port-permission"]
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_fires_and_grants_the_capability_beside_the_unit() -> None:
    lines = ("AmbientCapabilities=CAP_NET_BIND_SERVICE",)
    correction = UnitCorrection(unit="shop", lines=lines)
    (claim,) = judge(CHECK, NOBODY, FAILURE, correction)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    commands = [step.argv for step in claim.fix.steps if isinstance(step, Command)]
    assert commands[1][-2:] == ("[Service]", *lines)
    assert not claim.facts["bounded"]
    both = replace(correction, lines=(*lines, "CapabilityBoundingSet=CAP_NET_BIND_SERVICE"))
    (claim,) = judge(CHECK, NOBODY, FAILURE, both)
    assert claim.facts["bounded"]


def test_fires_with_care_for_a_key_that_may_not_be_read() -> None:
    (claim,) = judge(CHECK, NOBODY, KEY)
    assert claim.confidence is Confidence.LIKELY
    (claim,) = judge(CHECK, NOBODY, KEY, FAILURE)
    assert claim.facts["port-permission"], "the port is surer"


def test_silent_when_somebody_listens_or_it_may_be_either() -> None:
    assert not judge(CHECK, LISTENING, FAILURE)
    assert not judge(CHECK, NOBODY, KEY, replace(KEY, unit="mail"))


LIVE = "/etc/letsencrypt/live"
CERTBOTS = replace(FAILURE, reason="file-permission", file=f"{LIVE}/www.example.com/privkey.pem")
CLOSED = PathComponent(path=LIVE, uid=0, user="root", gid=0, group="root", mode=0o700, folder=True)
ACCESS = ServiceFileAccess(
    path=CERTBOTS.file, unit="shop", uid=33, user="www-data", gids=(33,), group="www-data",
    parts=(CLOSED,),
)  # fmt: skip


def test_fires_with_the_commands_that_open_the_path() -> None:
    (claim,) = judge(CHECK, NOBODY, CERTBOTS, ACCESS)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    said = [" ".join(step.argv) for step in claim.fix.steps if isinstance(step, Command)]
    assert said == [
        f"chgrp www-data {LIVE}",
        f"chmod g+x {LIVE}",
        "systemctl reset-failed shop",
        "systemctl restart shop",
    ]


def test_fires_surely_for_the_certificate_of_the_site() -> None:
    host = judge(CHECK, NOBODY, FAILURE)[0].facts["name"]
    own = replace(CERTBOTS, file=f"{LIVE}/{host}/privkey.pem")
    assert judge(CHECK, NOBODY, own, ACCESS)[0].confidence is Confidence.CERTAIN
    foreign = replace(own, file=f"{LIVE}/mail.other.net/privkey.pem")
    assert judge(CHECK, NOBODY, foreign, ACCESS)[0].confidence is Confidence.LIKELY
    assert judge(CHECK, NOBODY, own)[0].confidence is Confidence.LIKELY


def test_fires_and_only_starts_it_where_the_path_is_open_by_now() -> None:
    (claim,) = judge(CHECK, NOBODY, CERTBOTS, replace(ACCESS, parts=(replace(CLOSED, mode=0o755),)))
    assert claim.facts["readable"]
    assert claim.fix
    assert len(claim.fix.steps) == 2


def test_fires_and_opens_no_home() -> None:
    home = replace(ACCESS, parts=(replace(CLOSED, path="/home/me"),))
    (claim,) = judge(CHECK, NOBODY, CERTBOTS, home)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL
