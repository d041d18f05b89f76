"""host.file-closed-to-service: when it fires, and when it is silent."""

from dataclasses import replace

from diagnose.model import Applicability, Claim, Manual
from diagnose.model.files import PathComponent, ServiceFileAccess
from diagnose.model.server import Listeners
from diagnose.model.services import ServiceFailure
from diagnose.parsers.symptoms import message_symptom
from tests.support.check_evidence import SHOP, judge
from tests.support.web_server_evidence import LISTENING

CHECK = "host.file-closed-to-service"
FILE = "/etc/letsencrypt/live/shop.example.com/privkey.pem"
WORDS = f"Error: EACCES: permission denied, open '{FILE}'"
FAILURE = ServiceFailure(
    unit="chat", state="failed", user="chat", reason="file-permission", message=WORDS, file=FILE
)
CLOSED = PathComponent(
    path="/etc/letsencrypt/live", uid=0, user="root", gid=0, group="root", mode=0o700
)
ACCESS = ServiceFileAccess(
    path=FILE, unit="chat", uid=990, user="chat", gids=(990,), group="chat", parts=(CLOSED,)
)


def claims(
    *seen: ServiceFailure | ServiceFileAccess | Listeners, words: str = WORDS
) -> list[Claim]:
    target = replace(SHOP, symptom=message_symptom(words) if words else None)
    return judge(CHECK, *seen, target=target)


def test_fires_and_lets_the_group_of_the_service_read() -> None:
    (claim,) = claims(FAILURE, ACCESS, LISTENING)
    assert claim.facts["unit"] == "chat"
    assert claim.facts["closed"]
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW


def test_fires_with_a_step_where_nothing_is_known_of_the_file() -> None:
    (claim,) = claims(FAILURE, LISTENING)
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Manual)


def test_silent_where_the_message_names_another_file_or_two_services_have_it() -> None:
    other = replace(FAILURE, file="/etc/ssl/private/other.key")
    assert not claims(other, LISTENING)
    assert not claims(FAILURE, replace(FAILURE, unit="mail"), LISTENING)


def test_silent_without_a_message_and_where_the_port_itself_is_not_served() -> None:
    assert not claims(FAILURE, ACCESS, LISTENING, words="")
    assert not claims(FAILURE, ACCESS, Listeners())
