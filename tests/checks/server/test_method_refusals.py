"""server.method-refused on HAProxy and Caddy: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Claim, Confidence, Edit
from diagnose.model.symptom import Symptom
from tests.support.caddy_evidence import CADDY, caddy_config, document
from tests.support.check_evidence import SHOP, judge
from tests.support.haproxy_evidence import SERVER, TEXT, config, page

CHECK = "server.method-refused"
TOLD = Symptom("status", "DELETE https://shop.example.com/ 403 (Forbidden)", 403)


def on_haproxy(*rules: str, status: int = 200, told: Symptom = TOLD) -> list[Claim]:
    lines = "".join(f"    {rule}\n" for rule in rules)
    text = TEXT.replace("    default_b", f"{lines}    default_b")
    target = replace(SHOP, path="/", symptom=told)
    return judge(CHECK, SERVER, config(text), page(status), target=target, masked=False)


def on_caddy(lines: str, told: Symptom = TOLD) -> list[Claim]:
    text = f"shop.example.com {{\n{lines}\treverse_proxy 127.0.0.1:3000\n}}\n"
    own = caddy_config(text, document("shop.example.com"))
    target = replace(SHOP, path="/", symptom=told)
    return judge(CHECK, CADDY, own, page(200), target=target, masked=False)


def added(claims: list[Claim]) -> list[str]:
    (claim,) = claims
    assert claim.confidence is Confidence.LIKELY
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    return [row[1:].strip() for row in edit.diff.split("\n")[2:] if row.startswith("+")]


@pytest.mark.parametrize(
    ("rules", "more"),
    [
        (["http-request deny unless METH_GET or METH_POST"], "|| { method DELETE }"),
        (["http-request deny unless { method GET HEAD POST }"], "|| { method DELETE }"),
        (["acl known method GET POST", "http-request deny if !known"], "!{ method DELETE }"),
        (["http-request deny if !METH_GET !METH_POST"], "!{ method DELETE }"),
    ],
)
def test_fires_on_haproxy_and_lets_the_method_in(rules: list[str], more: str) -> None:
    assert added(on_haproxy(*rules)) == [f"{rules[-1]} {more}"]
    assert not on_haproxy(*rules[:-1], f"{rules[-1]} {more}"), "the remedy was carried out"


def test_fires_for_a_person_where_the_method_is_refused_by_name() -> None:
    for claims in (
        on_haproxy("http-request deny if METH_DELETE"),
        on_caddy("\t@write method PUT DELETE\n\trespond @write 403\n"),
    ):
        (claim,) = claims
        assert claim.fix
        assert claim.fix.applicability is Applicability.MANUAL


@pytest.mark.parametrize(
    "rule",
    [
        "http-request deny if METH_PUT",
        "http-request deny unless METH_GET or METH_DELETE",
        "http-request deny unless METH_GET or { src 10.0.0.0/8 }",
        "http-request deny if { path_beg /admin } !METH_GET",
        "http-request deny deny_status 405 unless METH_GET",
        "http-request deny unless { method -m reg GET|POST }",
    ],
)
def test_silent_where_haproxy_lets_the_method_in(rule: str) -> None:
    assert not on_haproxy(rule)


def test_silent_where_the_page_is_refused_or_the_words_are_a_sentence() -> None:
    rule = "http-request deny unless METH_GET or METH_POST"
    assert not on_haproxy(rule, status=403)
    assert not on_haproxy(rule, told=Symptom("status", "delete the page: 403", 403))
    assert not on_haproxy("http-request deny", status=200)


@pytest.mark.parametrize(
    ("lines", "line"),
    [
        (
            "\t@other not method GET POST HEAD\n\trespond @other 403\n",
            "@other not method GET POST HEAD DELETE",
        ),
        (
            "\t@other {\n\t\tnot method GET POST\n\t}\n\thandle @other {\n\t\terror 403\n\t}\n",
            "not method GET POST DELETE",
        ),
    ],
)
def test_fires_on_caddy_and_lets_the_method_in(lines: str, line: str) -> None:
    assert added(on_caddy(lines)) == [line]


@pytest.mark.parametrize(
    "lines",
    [
        "\t@other not method GET POST DELETE\n\trespond @other 403\n",
        "\t@other {\n\t\tnot method GET\n\t\tpath /admin/*\n\t}\n\trespond @other 403\n",
        "\t@other not method GET\n\trespond @other 405\n",
        "\t@other not method GET\n\theader @other X-Written yes\n",
        "\t@other not method POST\n\trespond @other 403\n",
    ],
)
def test_silent_where_caddy_lets_the_method_in(lines: str) -> None:
    assert not on_caddy(lines)
