from dataclasses import replace

from diagnose.model import Applicability, Edit, Manual
from tests.support.check_evidence import SHOP, judge
from tests.support.nginx_evidence import RUNNING, config
from tests.support.page_errors import page
from tests.support.page_evidence import answered, loads, sheet
from tests.support.page_file_access import examined

CHECK = "nginx.rewrite-outdone"
RULE = r"rewrite ^/([0-9])([0-9])-(\w+)/.+\.jpg$ /img/p/$1/$2/$1$2-$3.jpg last;"
ENDINGS = r"location ~* \.(css|jpg)$ { expires max; }"
IMAGE = "/42-large/cup.jpg"
FOUND = "/srv/shop/img/p/4/2/42-large.jpg"
TARGET = replace(SHOP, path=IMAGE)
REFUSED = replace(page(404), url=TARGET.url)
ACCESS = examined(f"/srv/shop{IMAGE}", url=IMAGE, elsewhere=FOUND, mistake="rewrite")


def site(*lines: str) -> str:
    body = "\n  ".join(("root /srv/shop;", *lines))
    return f"server {{\n  listen 443 ssl;\n  server_name shop.example.com;\n  {body}\n}}\n"


def owner(*rules: str) -> str:
    return f"location / {{ {' '.join(rules)} try_files $uri =404; }}"


def added_lines(text: str) -> list[str]:
    (claim,) = judge(CHECK, RUNNING, config(text), REFUSED, ACCESS, target=TARGET)
    assert claim.fix
    diffs = [step.diff for step in claim.fix.steps if isinstance(step, Edit)]
    return [line[1:].strip() for diff in diffs for line in diff.split("\n")[2:] if line[:1] == "+"]


def test_fires_and_copies_the_rules_of_single_paths() -> None:
    other = r"rewrite ^/([0-9])-(\w+)/.+\.jpg$ /img/p/$1/$1-$2.jpg last;"
    (claim,) = judge(
        CHECK, RUNNING, config(site(owner(other, RULE), ENDINGS)), REFUSED, ACCESS, target=TARGET
    )
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    assert (claim.facts["elsewhere"], claim.facts["rule"]) == (FOUND, RULE.removesuffix(";"))
    lines = added_lines(site(owner(other, RULE), ENDINGS))
    assert other in lines
    assert RULE in lines


def test_fires_and_leaves_files_alone_where_the_rule_is_for_every_path() -> None:
    text = site(owner("rewrite ^/42-large/(.*)$ /img/$1 last;", "rewrite ^(.*)$ /a$1;"), ENDINGS)
    assert not any("^(.*)$" in line for line in added_lines(text))
    every = site(owner("rewrite ^/(?!img/)(.*)$ /img/p/4/2/42-large.jpg last;"), ENDINGS)
    assert "if (!-f $request_filename) {" in added_lines(every)


def test_fires_and_writes_nothing_that_would_go_round() -> None:
    text = site(owner("rewrite ^/(.*)$ /img/$1 last;"), ENDINGS)
    (claim,) = judge(CHECK, RUNNING, config(text), REFUSED, ACCESS, target=TARGET)
    assert claim.fix
    assert [step.step for step in claim.fix.steps if isinstance(step, Manual)] == ["copy-the-rules"]


def test_fires_for_a_file_of_the_page() -> None:
    text = site(owner(r"rewrite ^/v[0-9]/(.*)\.css$ /themes/$1.css break;"), ENDINGS)
    file = sheet("/v2/app.css")
    access = examined(
        "/srv/shop/v2/app.css",
        url="/v2/app.css",
        elsewhere="/srv/shop/themes/app.css",
        mistake="rewrite",
    )
    responses = (loads(file), answered(file, 404), page(200), access)
    (claim,) = judge(CHECK, RUNNING, config(text), *responses)
    assert claim.facts["page"]
    assert not judge("nginx.page-file-not-found", RUNNING, config(text), page(200))


def test_silent_without_the_rule_or_with_another_mistake() -> None:
    text = site(owner(), ENDINGS)
    assert not judge(CHECK, RUNNING, config(text), REFUSED, ACCESS, target=TARGET)
    other = replace(ACCESS, mistake="expression")
    text = site(owner(RULE), ENDINGS)
    assert not judge(CHECK, RUNNING, config(text), REFUSED, other, target=TARGET)


def test_silent_where_no_expression_comes_first() -> None:
    text = site(owner(RULE))
    assert not judge(CHECK, RUNNING, config(text), REFUSED, ACCESS, target=TARGET)


def test_silent_for_a_location_that_is_closed_on_purpose() -> None:
    for closed in ("internal;", "if ($arg_key != a) { return 404; }", "deny all;"):
        text = site(owner(RULE), ENDINGS.replace("expires", f"{closed} expires"))
        assert not judge(CHECK, RUNNING, config(text), REFUSED, ACCESS, target=TARGET)
