import pytest

from diagnose.model import Applicability, Confidence, Edit
from tests.support.check_evidence import judge
from tests.support.web_server_evidence import APACHE, HTTPS, apache_config

CHECK = "server.apache-member-tls-off"
MEMBERS = "<Proxy balancer://shop>\n    BalancerMember http://127.0.0.1:8081\n"
MEMBERS += "    BalancerMember https://127.0.0.1:8082\n</Proxy>\n"
SITE = MEMBERS + HTTPS.replace("ProxyPass / http://127.0.0.1:3000/", "ProxyPass / balancer://shop/")


def test_fires_and_names_the_member_without_tls() -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(SITE))
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["members"] == ("https://127.0.0.1:8082",)
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert "+    BalancerMember http://127.0.0.1:8082\n" in edit.diff


def test_fires_and_leaves_a_member_of_another_machine_to_a_person() -> None:
    (claim,) = judge(CHECK, APACHE, apache_config(SITE.replace("127.0.0.1:8082", "10.0.0.9:8082")))
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    ProxyPass / ", "    SSLProxyEngine on\n    ProxyPass / "),
        ("<Proxy balancer://shop>\n", "<Proxy balancer://shop>\n    SSLProxyEngine on\n"),
        ("<Proxy", "SSLProxyEngine On\n<Proxy"),
        ("https://127.0.0.1:8082", "http://127.0.0.1:8082"),
        ("http://127.0.0.1:8081", "https://127.0.0.1:8081"),
        ("balancer://shop/", "balancer://other/"),
    ],
)
def test_silent_where_tls_is_on_or_all_members_speak_alike(old: str, new: str) -> None:
    assert not judge(CHECK, APACHE, apache_config(SITE.replace(old, new, 1)))


def test_silent_where_a_part_was_not_read() -> None:
    assert not judge(CHECK, APACHE, apache_config(SITE, complete=False))
