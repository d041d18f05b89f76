from dataclasses import replace

import pytest

from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Confidence,
    Edit,
    Failure,
    Fix,
    Manual,
    Severity,
    Symptom,
    Target,
)
from diagnose.model.containers import (
    ComposeFile,
    ComposeService,
    Container,
    Containers,
    Namespace,
    NginxContainer,
)
from diagnose.model.http import Exchange
from diagnose.model.nginx import CertificateFile
from diagnose.model.steps import Risk
from diagnose.model.tls import Alert, Certificate, Handshake
from tests.support.check_evidence import NOW, SHOP, judge, texts
from tests.support.nginx_evidence import BUILD, SITE, config

BLOG = "server {\n listen 443 ssl;\n server_name blog.example.com;\n ssl_certificate b.pem;\n}\n"
TYPO = SITE.replace("shop.example.com", "shpo.example.com")


def served(*names: str) -> Handshake:
    leaf = Certificate("CN=x", "CN=y", "1", NOW, NOW, "00", dns_names=names)
    return Handshake(address="203.0.113.10", port=443, chain=(leaf,))


def test_fires_when_another_sites_certificate_comes_and_corrects_the_slip() -> None:
    (claim,) = judge("nginx.no-matching-server", config(BLOG + TYPO), served("blog.example.com"))
    assert claim.facts["mistyped"] == "shpo.example.com"
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Edit)
    assert "+    server_name shop.example.com;\n" in claim.fix.steps[0].diff


WWW_SHOP = Target("www.shop.example.com", "https", "www.shop.example.com", 443)
CERTBOT = "/etc/letsencrypt/live/shop/fullchain.pem"
SHOPS = f"""\
server {{
    listen 443 ssl;
    server_name shop.example.com;
    ssl_certificate {CERTBOT};
}}
server {{ listen 80; server_name localhost; }}
server {{ listen 80; server_name shop.example.com; }}
"""


def sibling(*names: str, path: str = CERTBOT) -> Claim:
    """The claim about www, where the block of the bare name has a certificate for these names."""
    leaf = Certificate("CN=x", "CN=y", "1", NOW, NOW, "00", dns_names=names)
    file = CertificateFile(path=path, chain=(leaf,))
    text = SHOPS.replace(CERTBOT, path)
    observations = (config(text), file, served(*names))
    (claim,) = judge("nginx.no-matching-server", *observations, target=WWW_SHOP, masked=False)
    return claim


def test_the_block_of_the_bare_name_gets_both_and_so_does_its_certificate() -> None:
    """Issue 849 of zelytra/BetterFleet: the block, the certificate, and the block of port 80."""
    claim = sibling("shop.example.com")
    assert claim.fix
    edit, *_, order = claim.fix.steps
    assert isinstance(edit, Edit)
    assert edit.diff.count("+") >= 2
    assert "+    server_name shop.example.com www.shop.example.com;\n" in edit.diff
    assert "+server { listen 80; server_name shop.example.com www.shop.example.com; }" in edit.diff
    assert isinstance(order, Manual)
    (command,) = order.commands
    assert isinstance(command, Command)
    assert "-d shop.example.com -d www.shop.example.com" in " ".join(command.argv)
    assert any("www.shop.example.com" in text for text in texts("nginx.no-matching-server", claim))


@pytest.mark.parametrize(
    ("onward", "applicability"),
    [
        ("return 301 https://$host$request_uri;", Applicability.AUTOMATIC),
        ("return 301 https://www.shop.example.com$request_uri;", Applicability.AUTOMATIC),
        ("return 301 https://shop.example.com$request_uri;", Applicability.REVIEW),
    ],
)
def test_fires_and_gives_the_block_the_name_that_port_80_leads_to(
    onward: str, applicability: Applicability
) -> None:
    """The certificate is for both: one word is missing."""
    names = ("shop.example.com", "www.shop.example.com")
    leaf = Certificate("CN=x", "CN=y", "1", NOW, NOW, "00", dns_names=names)
    file = CertificateFile(path=CERTBOT, chain=(leaf,))
    text = SHOPS.replace(
        "listen 80; server_name shop.example.com;",
        f"listen 80; server_name {' '.join(names)}; {onward}",
    )
    seen = (config(text), file, served("blog.example.com"))
    (claim,) = judge("nginx.no-matching-server", *seen, target=WWW_SHOP, masked=False)
    assert claim.fix
    assert claim.fix.applicability is applicability
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert edit.diff.count("\n+") == 2  # the head of the file, and one line


def test_another_tools_certificate_is_issued_by_hand() -> None:
    claim = sibling("shop.example.com", path="/etc/nginx/ssl/shop.pem")
    assert claim.fix
    order = claim.fix.steps[-1]
    assert isinstance(order, Manual)
    assert not order.commands


def test_a_block_that_redirects_to_the_name_does_not_get_it() -> None:
    """It would be a circle."""
    www = "server { listen 443 ssl; server_name www.shop.example.com; ssl_certificate w.pem; %s }\n"
    for line, name in (("return 301 https://shop.example.com$request_uri;", ""),
                       ("root /srv;", "www.shop.example.com")):  # fmt: skip
        text = BLOG + www % line
        (claim,) = judge("nginx.no-matching-server", config(text), served("blog.example.com"))
        assert claim.facts["sibling"] == name


def test_a_name_of_another_site_gets_no_block() -> None:
    """blog.example.com is no sibling."""
    (claim,) = judge("nginx.no-matching-server", config(BLOG), served("blog.example.com"))
    assert claim.facts["sibling"] == ""


def test_fires_when_the_default_block_rejects_the_name() -> None:
    rejected = Handshake(address="203.0.113.10", port=443, alert=Alert(2, 112, "unrecognized_name"))
    (claim,) = judge("nginx.no-matching-server", config(BLOG), rejected, masked=False)
    assert claim.facts["mistyped"] == ""


@pytest.mark.parametrize(
    ("word", "names"),
    [
        ("shop.example.com,", "shop.example.com"),
        ("shop.example.com,www.example.com", "shop.example.com www.example.com"),
        ("https://shop.example.com/", "shop.example.com"),
        ("shop.example.com:443", "shop.example.com"),
    ],
)
def test_fires_on_a_name_with_more_than_the_name_in_it(word: str, names: str) -> None:
    observations = (
        config(BLOG + SITE.replace("shop.example.com", word)),
        served("shop.example.com"),
    )
    unknown = Exchange(url=SHOP.url, address="203.0.113.10", port=443, status=404)
    (claim,) = judge("nginx.no-matching-server", *observations, unknown)
    assert (claim.severity, claim.confidence) == (None, Confidence.CERTAIN)
    assert claim.fix
    assert claim.fix.applicability is Applicability.AUTOMATIC
    assert isinstance(claim.fix.steps[0], Edit)
    assert f"+    server_name {names};\n" in claim.fix.steps[0].diff
    (claim,) = judge("nginx.no-matching-server", *observations, replace(unknown, status=200))
    assert (claim.severity, claim.confidence) == (Severity.WARNING, Confidence.LIKELY)


def test_silent_where_the_block_with_that_name_is_the_one_that_answers() -> None:
    own = SITE.replace("shop.example.com", "shop.example.com,")
    assert not judge("nginx.no-matching-server", config(own), served("shop.example.com"))


def test_fires_when_the_name_is_written_in_its_own_script() -> None:
    target = replace(SHOP, host="xn--fiqs8s.test")
    written = SITE.replace("shop.example.com", "中国.test")
    (claim,) = judge(
        "nginx.no-matching-server", config(BLOG + written), served("blog.example.com"),
        target=target, masked=False,
    )  # fmt: skip
    assert claim.facts["mistyped"] == "中国.test"


def test_fires_when_the_default_block_hangs_up() -> None:
    hangs_up = "server {\n listen 443 ssl default_server;\n return 444;\n}\n"
    empty = Exchange(
        url=SHOP.url,
        address="203.0.113.10",
        port=443,
        failure=Failure("closed", "connection closed"),
    )
    assert judge("nginx.no-matching-server", config(hangs_up), served("shop.example.com"), empty)


@pytest.mark.parametrize("line", ["", ' server_name "";\n'])
def test_fires_and_says_in_words_that_the_default_block_has_no_name(line: str) -> None:
    nameless = BLOG.replace(" server_name blog.example.com;\n", line)
    (claim,) = judge("nginx.no-matching-server", config(nameless + TYPO), served("blog.test"))
    assert claim.facts["default_names"] == ()
    said = texts("nginx.no-matching-server", claim)
    assert any(", which has no name." in text for text in said)
    assert any("，该块没有名称。" in text for text in said)


def test_silent_when_the_default_block_is_meant_for_it() -> None:
    assert not judge("nginx.no-matching-server", config(TYPO), served("shop.example.com"))
    assert not judge("nginx.no-matching-server", config(TYPO), served("*.example.com"))


def test_silent_when_the_block_bears_the_name_and_its_certificate_is_wrong() -> None:
    for names in ("shop.example.com", "*.example.com", ".example.com", "~^shop"):
        text = SITE.replace("shop.example.com", names)
        # A stand-in of the host does not match an expression with the host's own letters.
        masked = not names.startswith("~")
        assert not judge(
            "nginx.no-matching-server", config(BLOG + text), served("a.test"), masked=masked
        )


def test_silent_when_the_default_block_is_the_sites_own_and_its_certificate_wrong() -> None:
    assert not judge("nginx.no-matching-server", config(TYPO), served("old.example.com"))
    nameless = SITE.replace("shop.example.com", "_")
    assert not judge("nginx.no-matching-server", config(nameless), served("old.example.com"))


def test_silent_for_an_address() -> None:
    target = Target("203.0.113.10", "https", "203.0.113.10", 443)
    assert not judge("nginx.no-matching-server", config(), served("a.test"), target=target)


PLAIN = "server {\n listen 80;\n server_name shop.example.com;\n}\n"


def how(text: str, *observations: CertificateFile) -> Applicability:
    (claim,) = judge(
        "nginx.no-matching-server", config(BLOG + text), served("blog.example.com"), *observations
    )
    assert claim.fix
    return claim.fix.applicability


def test_fires_and_is_sure_where_the_certificate_lies_under_the_right_name() -> None:
    live = "ssl_certificate /etc/letsencrypt/live/{}/fullchain.pem"
    right, wrong = (
        TYPO.replace("ssl_certificate shop.pem", live.format(name))
        for name in ("shop.example.com", "shpo.example.com")
    )
    assert how(right + PLAIN) is Applicability.AUTOMATIC
    assert how(wrong + PLAIN) is Applicability.REVIEW
    # It may be a site of its own, and this one's block was never written or taken away.
    assert how(right) is Applicability.REVIEW
    assert how(right + PLAIN + PLAIN.replace("shop", "shpo")) is Applicability.REVIEW


def test_fires_and_is_sure_where_the_certificate_is_not_for_the_mistyped_name() -> None:
    def file(*names: str) -> CertificateFile:
        leaf = Certificate("CN=x", "CN=y", "1", NOW, NOW, "00", dns_names=names)
        return CertificateFile(path="/etc/nginx/shop.pem", chain=(leaf,))

    assert how(TYPO + PLAIN, file("shop.example.com")) is Applicability.AUTOMATIC
    for names in (("*.example.com",), ("shop.example.com", "shpo.example.com"), ("a.test",)):
        assert how(TYPO + PLAIN, file(*names)) is Applicability.REVIEW
    assert how(TYPO + PLAIN) is Applicability.REVIEW


REFUSAL = "<center><h1>404 Not Found</h1></center>\n<hr><center>nginx</center>"
WELCOME = "<title>Welcome to nginx!</title>\n<h1>Welcome to nginx!</h1>"
#: The block of other names, in the ways in which it refuses every path.
REFUSING = (
    "return 404;",
    "deny all;",
    "location / { return 410; }",
    "location ^~ / { deny all; }",
    "location ^~ /.well-known/acme-challenge/ { root /var/www; } location / { return 404; }",
)
#: And those in which a site may be behind it.
OPEN = (
    "location = / { return 404; }",
    "location / { return 404; } location /api { proxy_pass http://127.0.0.1:3000; }",
    "deny all; allow 203.0.113.0/24;",
    "if ($bot) { return 404; }",
    "return 200 ok;",
    "",
)


def page(status: int, body: str) -> Exchange:
    return Exchange(url=SHOP.url, address="203.0.113.10", port=443, status=status, body=body)


def catch_all(text: str) -> str:
    """A nameless default block with this text in it."""
    head = "listen 443 ssl default_server; server_name _; ssl_certificate shop.pem;"
    return f"server {{ {head} {text} }}\n"


@pytest.mark.parametrize("text", REFUSING)
def test_fires_when_the_default_block_refuses_every_path(text: str) -> None:
    valid = served("shop.example.com")
    for sites in (BLOG, TYPO, ""):
        observations = (config(catch_all(text) + sites), valid, page(404, REFUSAL))
        # The stand-ins of two names are alike.
        (claim,) = judge("nginx.no-matching-server", *observations, masked=False)
        assert (claim.severity, claim.confidence) == (None, Confidence.CERTAIN)
        assert claim.facts["status"] == 404


@pytest.mark.parametrize("text", OPEN)
def test_silent_when_the_default_block_has_more_than_a_refusal(text: str) -> None:
    observations = (config(catch_all(text) + BLOG), served("shop.example.com"))
    assert not judge("nginx.no-matching-server", *observations, page(404, REFUSAL))


def test_silent_when_an_application_refuses() -> None:
    observations = (config(catch_all("return 404;") + BLOG), served("shop.example.com"))
    assert not judge("nginx.no-matching-server", *observations, page(404, "no such shop"))


def test_fires_when_visitors_get_the_page_of_a_new_nginx() -> None:
    valid, welcome = served("shop.example.com"), page(200, WELCOME)
    (claim,) = judge("nginx.no-matching-server", config(catch_all("") + TYPO), valid, welcome)
    assert claim.facts["default_page"]
    assert claim.facts["mistyped"] == "shpo.example.com"
    assert not judge("nginx.no-matching-server", config(catch_all("")), valid, welcome)


def test_fires_with_care_when_a_block_of_other_names_shows_its_page() -> None:
    both = served("shop.example.com", "blog.example.com")
    (claim,) = judge(
        "nginx.no-matching-server", config(BLOG + TYPO), both, page(200, "blog"), masked=False
    )
    assert (claim.severity, claim.confidence) == (Severity.WARNING, Confidence.LIKELY)
    assert claim.facts["mistyped"] == "shpo.example.com"
    other = SITE.replace("shop.example.com", "wiki.example.net")
    (claim,) = judge(
        "nginx.no-matching-server", config(BLOG + other), both, page(200, "blog"), masked=False
    )
    assert (claim.severity, claim.facts["mistyped"]) == (Severity.NOTE, "")
    told = replace(SHOP, symptom=Symptom("wrong-site", "I land on the blog"))
    seen = (config(BLOG + other), both, page(200, "blog"))
    (claim,) = judge("nginx.no-matching-server", *seen, target=told, masked=False)
    assert claim.severity is Severity.WARNING
    nameless = SITE.replace("    server_name shop.example.com;\n", "")
    seen = (config(BLOG + nameless), both, page(200, "blog"))
    (claim,) = judge("nginx.no-matching-server", *seen, masked=False)
    assert (claim.severity, bool(claim.facts["nameless"])) == (Severity.WARNING, True)
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Edit)


@pytest.mark.parametrize(
    ("text", "status"),
    [
        (BLOG + TYPO, 502),  # its application is down, whatever the name
        (BLOG, 200),  # the only block
        (TYPO + BLOG, 200),  # the site's own
        (BLOG.replace("blog.example.com", "_") + TYPO, 200),
        (BLOG.replace("blog", "www.shop") + BLOG, 200),
    ],
)
def test_silent_when_the_block_may_be_meant(text: str, status: int) -> None:
    observations = (
        config(text),
        served("shop.example.com", "blog.example.com"),
        page(status, "blog"),
    )
    assert not judge("nginx.no-matching-server", *observations, masked=False)


def test_silent_when_no_page_was_asked_for() -> None:
    both = served("shop.example.com", "blog.example.com")
    assert not judge("nginx.no-matching-server", config(BLOG + TYPO), both)


WWW = """\
server {
    listen 443 ssl;
    server_name www.shop.example.com;
    return 301 $scheme://shop.example.com$request_uri;
}
"""


def test_fires_where_the_block_of_www_redirects_the_name_to_itself() -> None:
    """The site's own block has lost its `listen 443 ssl`."""
    observations = (config(WWW + SITE.replace("listen 443 ssl;", "")), served("shop.example.com"))
    page = Exchange(
        url=SHOP.url, address="203.0.113.10", port=443, status=301,
        headers=(("Location", SHOP.url),),
    )  # fmt: skip
    (claim,) = judge("nginx.no-matching-server", *observations, page)
    assert claim.confidence is Confidence.CERTAIN
    assert claim.facts["default_names"] == ("www.shop.example.com",)
    elsewhere = replace(page, headers=(("Location", "https://shop.example.com/login"),))
    assert not judge("nginx.no-matching-server", *observations, elsewhere)


def test_the_block_with_the_certificate_gets_the_listen() -> None:
    own = SITE.replace("listen 443 ssl;", "listen 80;")
    (claim,) = judge(
        "nginx.no-matching-server", config(BLOG + own), served("blog.example.com"), masked=False
    )
    assert claim.fix
    (edit,) = claim.fix.edits
    assert claim.fix.applicability is Applicability.REVIEW
    assert "+    listen 443 ssl;" in edit.diff
    keyless = own.replace("    ssl_certificate_key shop.key;\n", "")
    observations = (config(BLOG + keyless), served("blog.example.com"))
    (claim,) = judge("nginx.no-matching-server", *observations, masked=False)
    assert claim.fix
    assert [step.step for step in claim.fix.steps if isinstance(step, Manual)] == ["add-the-listen"]


def test_the_choices_have_what_a_person_types() -> None:
    blog = BLOG.replace("listen 443 ssl;", "listen 443 ssl default_server; root /srv;")
    seen = (BUILD, config(blog), served("blog.example.com"))
    (claim,) = judge("nginx.no-matching-server", *seen, masked=False)
    assert claim.fix
    name, refusal = claim.fix.edits
    assert "+ server_name blog.example.com shop.example.com;" in name.diff
    assert "+    listen 443 ssl default_server;\n+    server_name _;" in refusal.diff
    assert "+    ssl_reject_handshake on;" in refusal.diff
    assert "- listen 443 ssl default_server; root /srv;" in refusal.diff
    assert "+ listen 443 ssl; root /srv;" in refusal.diff
    assert all(isinstance(step, Manual) for step in claim.fix.steps)
    old = replace(BUILD, version="1.18.0")
    (claim,) = judge("nginx.no-matching-server", old, *seen[1:], masked=False)
    assert claim.fix
    assert len(claim.fix.edits) == 1, "its certificate has no key here"


def test_no_block_gets_the_name_where_several_have_pages() -> None:
    blog = BLOG.replace("listen 443 ssl;", "listen 443 ssl; root /srv;")
    both = blog + blog.replace("blog.", "wiki.")
    (claim,) = judge(
        "nginx.no-matching-server", config(both), served("blog.example.com"), masked=False
    )
    assert not claim.facts["owner"]
    assert claim.fix
    assert not claim.fix.steps[0].commands  # type: ignore[union-attr]


def test_fires_where_the_site_is_on_another_port_alone_and_another_sites_pages_come() -> None:
    other = SITE.replace("shop.example.com", "blog.example.org")
    own = "server {\n listen 80;\n server_name shop.example.com;\n root /srv/shop;\n}\n"
    page = Exchange(url=SHOP.url, address="203.0.113.10", port=443, status=200)
    observations = (served("shop.example.com", "blog.example.org"), page)
    (claim,) = judge("nginx.no-matching-server", config(other + own), *observations, masked=False)
    assert (claim.severity, claim.confidence) == (Severity.WARNING, Confidence.LIKELY)
    assert claim.facts["elsewhere"]
    assert claim.facts["order"] == "certbot --nginx -d shop.example.com"
    redirecting = own.replace("root /srv/shop", "return 301 https://$host$request_uri")
    assert not judge("nginx.no-matching-server", config(other + redirecting), *observations)


def test_the_names_own_block_gets_the_certificate_that_covers_it() -> None:
    keys = " ssl_certificate b.pem;\n ssl_certificate_key b.key;\n"
    other = BLOG.replace("blog.example.com", "blog.example.org").replace(
        " ssl_certificate b.pem;\n", keys
    )
    own = "server {\n listen 80;\n server_name shop.example.com;\n root /srv/shop;\n}\n"
    page = Exchange(url=SHOP.url, address="203.0.113.10", port=443, status=200)

    def fix(own: str, *names: str) -> Fix:
        seen = (config(other + own), served(*names), page)
        (claim,) = judge("nginx.no-matching-server", *seen, masked=False)
        assert claim.fix
        return claim.fix

    covered = fix(own, "blog.example.org", "shop.example.com")
    assert covered.applicability is Applicability.REVIEW
    (edit,) = [step for step in covered.steps if isinstance(step, Edit)]
    added = [line for line in edit.diff.splitlines() if line.startswith("+ ")]
    assert added == [
        "+ listen 443 ssl;",
        "+ ssl_certificate b.pem;",
        "+ ssl_certificate_key b.key;",
    ]
    # The certificate does not have the name, and one has to be issued first.
    by_hand = fix(own, "blog.example.org")
    assert by_hand.applicability is Applicability.MANUAL
    steps = [step.step for step in by_hand.steps if isinstance(step, Manual)]
    assert steps == ["listen-there", "refuse-unknown-names"]


def test_a_default_block_for_unknown_names_where_another_site_answers() -> None:
    """Both ways are offered: the name in a block, and a block that refuses names of no site."""
    seen = (config(BLOG), served("blog.example.com"))
    (claim,) = judge("nginx.no-matching-server", *seen, masked=False)
    assert claim.fix
    steps = [step.step for step in claim.fix.steps if isinstance(step, Manual)]
    assert steps == ["add-the-name", "refuse-unknown-names"]
    said = "\n".join(texts("nginx.no-matching-server", claim))
    assert "`listen 443 ssl;`" in said
    assert "ssl_reject_handshake on; }`" in said


def test_no_certificate_is_named_where_visitors_use_http() -> None:
    plain = Target("shop.example.com", "http", "shop.example.com", 80)
    text = BLOG.replace("443 ssl", "80").replace(" ssl_certificate b.pem;\n", " root /srv;\n")
    page = Exchange(url="http://shop.example.com/", address="203.0.113.10", port=80, status=404)
    blog = config(text + text.replace("blog.", "wiki."))
    seen = (blog, replace(page, status=200))
    (claim,) = judge("nginx.no-matching-server", *seen, target=plain, masked=False)
    said = "\n".join(texts("nginx.no-matching-server", claim))
    assert "`listen 80;`" in said
    assert "return 404; }`" in said
    assert "ssl" not in said
    assert "certificate" not in said


PROXY = (
    "# nginx-proxy version : 1.6.0\nserver {\n server_name _;\n listen 80;\n listen 443 ssl;\n"
    " ssl_reject_handshake on;\n location ^~ / {\n return 503;\n }\n}\n"
)
PLAIN = (
    "server {\n listen 80;\n server_name shop.example.com;\n"
    " location / {\n proxy_pass http://a;\n }\n}\n"
)
REJECTED = Handshake(address="203.0.113.10", port=443, alert=Alert(2, 112, "unrecognized_name"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (TYPO, "VIRTUAL_HOST=shpo.example.com"),
        (PLAIN, "LETSENCRYPT_HOST=shop.example.com"),
        (BLOG, "No container that runs has"),
    ],
)
def test_the_environment_is_named_where_nginx_proxy_writes_the_file(text: str, words: str) -> None:
    """nginx-proxy/nginx-proxy 743, 1028 and 1182. nginx.tmpl, version 1.6."""
    (claim,) = judge("nginx.no-matching-server", config(PROXY + text), REJECTED, masked=False)
    assert claim.fix
    assert [step.step for step in claim.fix.steps] == ["set-the-virtual-host"]  # type: ignore[union-attr]
    assert any(words in shown for shown in texts("nginx.no-matching-server", claim))


def test_the_mistyped_name_is_changed_in_the_compose_file() -> None:
    """Where two containers have it, a person decides."""
    path = "/srv/shop/compose.yaml"
    lines = (
        "services:\n  web:\n    environment:\n      VIRTUAL_HOST: a.example,shpo.example.com\n"
        "      LETSENCRYPT_HOST: shpo.example.com\n"
    )
    file = ComposeFile(path=path, text=lines)
    service = ComposeService("shop", "web", "/srv/shop", (path,))
    shop = Container(engine="docker", id="b" * 64, name="shop", state="running", compose=service)
    seen = (config(PROXY + TYPO), REJECTED, file)
    own = Containers(containers=(shop,))
    (claim,) = judge("nginx.no-matching-server", *seen, own, masked=False)
    assert claim.fix
    diff = claim.fix.edits[0].diff
    assert '+      VIRTUAL_HOST: "a.example,shop.example.com"\n' in diff
    assert '+      LETSENCRYPT_HOST: "shop.example.com"\n' in diff
    two = Containers(containers=(shop, replace(shop, id="c" * 64, name="shop2")))
    (claim,) = judge("nginx.no-matching-server", *seen, two, masked=False)
    assert claim.fix
    assert not claim.fix.edits


FALLBACK = PROXY.replace(" ssl_reject_handshake on;\n", "")
UNAVAILABLE = Exchange(
    url="https://shop.example.com/", address="203.0.113.10", port=443, status=503
)


def beside_proxy(text: str, port: int = 3000, state: str = "running") -> tuple[object, ...]:
    """nginx-proxy, and the application of a compose file in its network, with a database."""
    path = "/srv/np/compose.yaml"

    def container(number: int, name: str, image: str, ran: str = "running") -> Container:
        return Container(
            engine="docker", id=f"{number}" * 64, name=name, image=image, state=ran,  # type: ignore[arg-type]
            networks=("np_default",), compose=ComposeService("np", name, "/srv/np", (path,)),
        )  # fmt: skip

    known = (
        container(1, "nginx-proxy", "nginxproxy/nginx-proxy:1.6"),
        container(2, "app", "shop:1", state), container(3, "db", "postgres:16"),
    )  # fmt: skip
    spaces = (
        Namespace(pid=2, container="2" * 64, sockets=(("0.0.0.0", port),)),
        Namespace(pid=3, container="3" * 64, sockets=(("0.0.0.0", 5432),)),
    )
    own = NginxContainer(
        pid=1, engine="docker", digest="1" * 64, name="nginx-proxy", networks=("np_default",)
    )
    return own, Containers(containers=known, namespaces=spaces), ComposeFile(path=path, text=text)


def test_the_only_application_gets_the_name_that_no_container_has() -> None:
    """Issue 435 of nginx-proxy: 503 for every name. A database is no site."""
    text = "services:\n  app:\n    image: shop:1\n    environment: #hidden\n      - #hidden\n"
    seen = (config(FALLBACK), UNAVAILABLE)
    (claim,) = judge("nginx.no-matching-server", *seen, *beside_proxy(text), masked=False)  # type: ignore[arg-type]
    assert claim.facts["status"] == 503
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.edits[0]
    assert edit.risk is Risk.OPENS_TO_ALL
    assert "+      - VIRTUAL_HOST=shop.example.com\n" in edit.diff
    assert "+      - VIRTUAL_PORT=3000\n" in edit.diff
    (claim,) = judge("nginx.no-matching-server", *seen, *beside_proxy(text, 80), masked=False)  # type: ignore[arg-type]
    assert claim.fix
    assert "VIRTUAL_PORT" not in claim.fix.edits[0].diff


def named(host: str, *more: str) -> str:
    lines = "".join(f"      - {each}\n" for each in (f"VIRTUAL_HOST={host}", *more))
    return f"services:\n  app:\n    image: shop:1\n    environment:\n{lines}"


@pytest.mark.parametrize("host", ["nodeapp.local", "shop.example.net"])
def test_the_only_container_with_a_name_gets_the_visited_one_besides(host: str) -> None:
    """nginx-proxy answers 503 for a name that no container gives it."""
    seen = (config(FALLBACK), UNAVAILABLE)
    (claim,) = judge("nginx.no-matching-server", *seen, *beside_proxy(named(host)), masked=False)  # type: ignore[arg-type]
    assert claim.fix
    edit = claim.fix.edits[0]
    assert edit.risk is Risk.OPENS_TO_ALL
    assert f"+      - VIRTUAL_HOST={host},shop.example.com\n" in edit.diff


def test_the_container_of_the_other_name_gets_both_and_their_certificate() -> None:
    text = named("www.shop.example.com", "LETSENCRYPT_HOST=www.shop.example.com")
    block = (
        "server {\n listen 443 ssl;\n server_name www.shop.example.com;\n"
        " ssl_certificate /etc/nginx/certs/www.shop.example.com.crt;\n}\n"
    )
    seen = (config(PROXY + block), REJECTED)
    (claim,) = judge("nginx.no-matching-server", *seen, *beside_proxy(text), masked=False)  # type: ignore[arg-type]
    assert claim.fix
    diff = "".join(edit.diff for edit in claim.fix.edits)
    assert "+      - VIRTUAL_HOST=www.shop.example.com,shop.example.com\n" in diff
    assert "+      - LETSENCRYPT_HOST=www.shop.example.com,shop.example.com\n" in diff


def test_a_container_whose_file_has_the_name_is_made_anew() -> None:
    text = "services:\n  app:\n    environment:\n      - VIRTUAL_HOST=shop.example.com\n"
    stopped = beside_proxy(text, state="exited")
    seen = (config(FALLBACK), UNAVAILABLE)
    (claim,) = judge("nginx.no-matching-server", *seen, *stopped, masked=False)  # type: ignore[arg-type]
    assert claim.fix
    (step,) = claim.fix.steps
    assert isinstance(step, Command)
    assert step.argv[-3:] == ("up", "-d", "app")


def test_silent_where_somebody_wrote_the_block_that_is_closed_for_all() -> None:
    """A block with 503 that nginx-proxy did not write may be the site's own, in maintenance."""
    text = FALLBACK.replace("# nginx-proxy version : 1.6.0\n", "")
    assert not judge("nginx.no-matching-server", config(text), UNAVAILABLE)


def test_silent_where_a_container_gave_the_name_and_answers_503_itself() -> None:
    text = FALLBACK + SITE
    assert not judge("nginx.no-matching-server", config(text), UNAVAILABLE)


def test_another_file_gets_the_block_itself() -> None:
    text = PROXY.replace("# nginx-proxy version : 1.6.0\n", "")
    (claim,) = judge("nginx.no-matching-server", config(text + TYPO), REJECTED, masked=False)
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Edit)


def test_a_name_of_https_alone_gets_a_block_that_redirects() -> None:
    """certbot's block for port 80 lacks the second name: certbot issue 7354."""
    certbot = (
        "server {\n    if ($host = www.shop.example.com) {\n"
        "        return 301 https://$host$request_uri;\n    } # managed by Certbot\n"
        "    listen 80;\n    listen [::]:80;\n    server_name www.shop.example.com;\n"
        "    return 404; # managed by Certbot\n}\n"
    )
    own = SITE.replace("listen 443 ssl;", "listen 443 ssl;\n    ssl_certificate shop.pem;")
    plain = replace(SHOP, scheme="http", port=80)
    page = Exchange(
        url="http://shop.example.com/",
        address="203.0.113.10",
        port=80,
        status=404,
        body="<center>nginx</center>",
    )
    (claim,) = judge(
        "nginx.no-matching-server", config(certbot + own), page, target=plain, masked=False
    )
    assert claim.fix
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    written = [
        "    listen 80;", "    listen [::]:80;", "    server_name shop.example.com;",
        "    return 301 https://$host$request_uri;",
    ]  # fmt: skip
    assert "".join(f"+{line}\n" for line in written) in edit.diff


def test_fires_and_names_the_only_block_without_a_name() -> None:
    nameless = SITE.replace("    server_name shop.example.com;\n", "")
    commented = SITE.replace("server_name shop", "# server_name shop")
    for text, added in (
        (nameless, "+    server_name shop.example.com;\n"),
        (commented, "+    server_name shop.example.com;\n"),
    ):
        seen = (config(BLOG + text), served("blog.example.com"))
        (claim,) = judge("nginx.no-matching-server", *seen, masked=False)
        assert claim.fix
        edit = claim.fix.steps[0]
        assert isinstance(edit, Edit)
        assert added in edit.diff
    seen = (config(BLOG + nameless + nameless), served("blog.example.com"))
    (claim,) = judge("nginx.no-matching-server", *seen, masked=False)
    assert claim.fix
    assert not isinstance(claim.fix.steps[0], Edit)


COMMA = (
    "server {\n listen 80;\n server_name shop.example.com,www.shop.example.com;\n"
    " return 301 https://$host$request_uri;\n}\n"
    "server {\n listen 443 ssl;\n server_name shop.example.com,www.shop.example.com;\n"
    " ssl_certificate s.pem;\n}\n"
)


def test_a_comma_is_corrected_in_the_block_of_port_80_too_and_explains_its_page() -> None:
    """After issue 5817 of certbot."""
    blog = BLOG.replace("listen 443 ssl;", "listen 80;\n listen 443 ssl;")
    served_for = served("shop.example.com", "blog.example.com")
    (claim,) = judge("nginx.no-matching-server", config(blog + COMMA), served_for)
    assert claim.fix
    assert isinstance(claim.fix.steps[0], Edit)
    assert claim.fix.steps[0].diff.count("server_name shop.example.com www.shop.example.com;") == 2
    assert [subject.port for subject in claim.covers] == [443, 80]


def test_leaves_the_page_of_port_80_to_its_own_block() -> None:
    own = "server {\n listen 80;\n server_name shop.example.com;\n root /srv;\n}\n"
    _, tls = COMMA.split("server {\n listen 443", 1)
    text = config(f"{BLOG}{own}server {{\n listen 443{tls}")
    (claim,) = judge("nginx.no-matching-server", text, served("blog.example.com"))
    assert [subject.port for subject in claim.covers] == [443]
