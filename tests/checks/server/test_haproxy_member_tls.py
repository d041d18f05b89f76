from typing import Any

import pytest

from diagnose.model import Applicability, Claim, Confidence, Edit
from diagnose.model.haproxy import HaproxyTry
from tests.support.check_evidence import judge
from tests.support.haproxy_evidence import SERVER, TEXT, attempt, config

CHECK = "server.haproxy-member-tls"
TLS = "    server b 127.0.0.1:3001 ssl verify none check\n"


def asked(name: str, tls: bool, status: int | None) -> HaproxyTry:
    more: dict[str, Any] = {"name": name, "tls": tls, "port": 3000 if name == "a" else 3001}
    return attempt("protocol", status, **more)


RIGHT = asked("a", False, 200)


def claims(line: str, *tries: HaproxyTry) -> list[Claim]:
    return list(judge(CHECK, SERVER, config(TEXT + line), RIGHT, *tries))


def test_fires_and_takes_tls_away_from_a_plain_port() -> None:
    (claim,) = claims(TLS, asked("b", True, None), asked("b", False, 404))
    assert (claim.confidence, claim.facts["member"]) == (Confidence.CERTAIN, "b")
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    server b 127.0.0.1:3001 check\n" in edit.diff


def test_fires_and_gives_tls_to_a_port_that_wants_it() -> None:
    line = "    server b 127.0.0.1:3001 check # new\n    server c 127.0.0.1:3002 ssl verify none\n"
    (claim,) = claims(line, asked("b", False, 400), asked("b", True, 200))
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    server b 127.0.0.1:3001 check ssl verify none # new\n" in edit.diff


def test_fires_and_leaves_another_machine_to_a_person() -> None:
    line = "    server b 10.0.0.9:3001\n    server c 127.0.0.1:3002 ssl verify none\n"
    (claim,) = claims(line, asked("b", False, None), asked("b", True, 200))
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


@pytest.mark.parametrize(
    "tries",
    [
        (asked("b", True, 200),),
        (asked("b", True, 503),),
        (asked("b", True, None), asked("b", False, None)),
        (asked("b", True, None), asked("b", False, 400)),
        (asked("b", True, 400), asked("b", False, 400)),
        (),
    ],
)
def test_silent_where_it_answers_so_or_not_in_the_other_way_either(
    tries: tuple[HaproxyTry, ...],
) -> None:
    assert not claims(TLS, *tries)


def test_silent_where_no_other_server_answers_or_all_lines_are_alike() -> None:
    tries = (asked("b", True, None), asked("b", False, 200))
    assert not judge(CHECK, SERVER, config(TEXT + TLS), *tries)
    assert not claims(TLS.replace(" ssl verify none", ""), *tries)
    assert not claims(TLS.replace(" check", " disabled"), *tries)
