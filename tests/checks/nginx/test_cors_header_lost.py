"""nginx.cors-header-lost: add_header that is not inherited, or not sent with an error."""

from dataclasses import replace

from diagnose.model import Applicability, Claim, Edit
from diagnose.model.http import Exchange
from diagnose.model.symptom import Symptom
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import BUILD, RUNNING, SITE, config
from tests.support.upstream_evidence import page

CHECK = "nginx.cors-header-lost"
ALLOW = "add_header Access-Control-Allow-Origin https://app.example.net"
PASTED = replace(SHOP, symptom=Symptom("cors", "blocked by CORS policy"))
HOST = "        proxy_set_header Host $host;\n"
OWN = "        add_header Cache-Control no-store;\n"


def claims(outer: str, inner: str, answer: Exchange, pasted: bool = True) -> list[Claim]:
    text = SITE.replace("    location / {", f"    {outer}\n    location / {{")
    text = text.replace(HOST, HOST + inner)
    return judge(CHECK, config(text), BUILD, RUNNING, answer, target=PASTED if pasted else SHOP)


def edit_of(claim: Claim) -> str:
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    return edit.diff


def test_fires_where_the_location_inherits_none() -> None:
    (claim,) = claims(f"{ALLOW};", OWN, page(200))
    assert claim.facts["own"] == "add_header Cache-Control no-store"
    assert f"+        {ALLOW};\n" in edit_of(claim)


def test_fires_for_an_error_without_always() -> None:
    (claim,) = claims(f"{ALLOW};", "", page(401))
    assert f"+    {ALLOW} always;\n" in edit_of(claim)


def test_fires_where_the_request_named_an_origin() -> None:
    asked = replace(page(401), equivalent="curl -sSi -H 'Origin: https://app.example.net' …")
    assert claims(f"{ALLOW};", "", asked, pasted=False)


def test_silent_where_it_is_sent() -> None:
    sent = replace(page(200), headers=(("Access-Control-Allow-Origin", "*"),))
    assert not claims(f"{ALLOW};", "", sent)
    assert not claims(f"{ALLOW} always;", "", page(401))


def test_silent_about_a_preflight_that_gets_an_error() -> None:
    """Browsers refuse it with the field as well."""
    assert not claims(f"{ALLOW};", "", replace(page(405), method="OPTIONS"))
    assert claims(f"{ALLOW};", OWN, replace(page(204), method="OPTIONS"))


def test_silent_without_a_question_or_a_line() -> None:
    assert not claims(f"{ALLOW};", OWN, page(200), pasted=False)
    assert not claims("", OWN, page(200))


FONTS = replace(PASTED, path="/fonts/a.woff")
MEDIA = 'location ~* \\.(png|woff)$ { expires 1M; add_header Cache-Control "public"; }'
ALLOWING = f"location ~* \\.(ttf|woff)$ {{ {ALLOW}; }}"


def shadowed(*locations: str) -> list[Claim]:
    text = SITE.replace(
        "    location / {", "".join(f"    {one}\n" for one in locations) + "    location / {"
    )
    answer = replace(page(200), url=f"{SHOP.origin}/fonts/a.woff")
    return judge(CHECK, config(text), BUILD, RUNNING, answer, target=FONTS)


def test_fires_where_an_earlier_expression_gets_the_path() -> None:
    (claim,) = shadowed(MEDIA, ALLOWING)
    assert claim.facts["other"] == "location ~* \\.(ttf|woff)$"
    assert claim.facts["used"] == "location ~* \\.(png|woff)$"
    assert f"+ {ALLOW};" in edit_of(claim).replace("    ", " ").replace("  ", " ")


def test_fires_where_an_expression_outdoes_a_prefix() -> None:
    (claim,) = shadowed(f"location /fonts/ {{ {ALLOW}; }}", MEDIA)
    assert claim.facts["other"] == "location /fonts/"


def test_fires_without_an_edit_where_a_line_would_end_the_inheritance() -> None:
    outer = "add_header X-Frame-Options DENY;"
    (claim,) = shadowed(outer, "location ~* \\.woff$ { expires 1M; }", ALLOWING)
    assert claim.fix
    assert claim.fix.applicability is Applicability.MANUAL


def test_silent_where_the_other_location_is_for_other_paths() -> None:
    assert not shadowed(MEDIA, f"location ~* \\.(ttf|svg)$ {{ {ALLOW}; }}")
    assert not shadowed(MEDIA, f"location /api/ {{ {ALLOW}; }}")


def test_fires_for_an_error_that_a_message_tells_of() -> None:
    words = (
        "No 'Access-Control-Allow-Origin' header is present on the requested resource. "
        "POST https://shop.example.com/ net::ERR_FAILED 422 (Unprocessable Content)"
    )
    target = replace(SHOP, symptom=Symptom("cors", words))
    sent = replace(page(200), headers=(("Access-Control-Allow-Origin", "*"),))
    text = SITE.replace("    location / {", f"    {ALLOW};\n    location / {{")
    (claim,) = judge(CHECK, config(text), BUILD, RUNNING, sent, target=target)
    assert claim.facts["told"]
    assert f"+    {ALLOW} always;\n" in edit_of(claim)
    always = config(text.replace(f"{ALLOW};", f"{ALLOW} always;"))
    assert not judge(CHECK, always, BUILD, RUNNING, sent, target=target)
