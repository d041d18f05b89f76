from diagnose.model import Applicability, Claim, Confidence, Edit, Observation
from diagnose.model.backends import BackendVisit, MemberAnswer
from diagnose.model.http import Exchange
from tests.support.check_evidence import judge as put
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

PAGE = Exchange(url="https://shop.example.com/", address="203.0.113.10", port=443, status=503)
FIRST, SECOND = "127.0.0.1:8081", "127.0.0.1:8082"
DOWN = MemberAnswer(member=FIRST, path="/", connected=False)
UP = MemberAnswer(member=SECOND, path="/", connected=True, status=200)


def site(second: str, first: str = "") -> str:
    """A balancer of two members, beside another one with the same program in service."""
    members = (
        f"    BalancerMember http://{FIRST}{first}\n    BalancerMember http://{SECOND}{second}\n"
    )
    other = f"<Proxy balancer://other>\n    BalancerMember http://{SECOND}\n</Proxy>\n"
    route = HTTPS.replace("ProxyPass / http://127.0.0.1:3000/", "ProxyPass / balancer://shop/")
    return f"{other}<Proxy balancer://shop>\n{members}</Proxy>\n{route}"


def judge(text: str, *observations: Observation) -> list[Claim]:
    return put(
        "server.apache-members-out", APACHE, apache_config(text), *observations, masked=False
    )


def added(claim: Claim) -> str:
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    return edit.diff


def test_fires_where_the_only_member_that_works_is_disabled() -> None:
    (claim,) = judge(site(" retry=5 status=+D"), PAGE, DOWN, UP)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["members"] == (f"{SECOND} (status=D)",)
    assert claim.facts["refused"] == (FIRST,)
    assert f"+    BalancerMember http://{SECOND} retry=5\n" in added(claim)
    (claim,) = judge(site(" status=S+I"), PAGE, DOWN, UP)
    assert f"+    BalancerMember http://{SECOND} status=+I\n" in added(claim)


def test_fires_for_one_member_alone() -> None:
    text = site(" status=+S").replace(f"    BalancerMember http://{FIRST}\n", "")
    visit = BackendVisit(target="balancer://shop/", requested="/", path="/", status=200)
    (claim,) = judge(text, PAGE, visit)
    assert claim.confidence is Confidence.CERTAIN
    assert f"+    BalancerMember http://{SECOND}\n" in added(claim)


def test_fires_with_care_where_nobody_asked() -> None:
    (claim,) = judge(site(" status=+D", " status=+D"), PAGE)
    assert claim.confidence is Confidence.LIKELY
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_silent_where_a_member_is_in_service() -> None:
    assert not judge(site(""), PAGE, DOWN, UP)
    assert not judge(site(" status=+D"), PAGE, UP)
    for used in ("+H", "-D", "+D-D", "+I"):
        assert not judge(site(f" status={used}"), PAGE, DOWN, UP)


def test_silent_for_a_page_that_comes() -> None:
    page = Exchange(url=PAGE.url, address=PAGE.address, port=443, status=200)
    assert not judge(site(" status=+D"), page, DOWN, UP)
