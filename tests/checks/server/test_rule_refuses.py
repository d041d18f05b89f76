"""server.rule-refuses: when it fires, and when it is silent."""

from dataclasses import replace

import pytest

from diagnose.model import Applicability, Claim, Confidence, Edit, Failure, Fix, Severity
from diagnose.model.backends import BackendVisit
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.pages import Page, PageFile, PageFileResponse
from diagnose.model.server_rules import AnsweringRule, HandledPath, Question
from diagnose.model.symptom import Symptom
from diagnose.model.web_servers import WebServerConfig
from tests.support.caddy_evidence import CADDY, CONFIG, caddy_config
from tests.support.check_evidence import SHOP, judge
from tests.support.web_server_evidence import APACHE, LISTENING, apache_config

CHECK = "server.rule-refuses"
RULE = AnsweringRule("/", 403, "RewriteRule ^ - [F]", file="/etc/apache2/shop.conf", line=7)
PAGE = Exchange(url="https://shop.example.com/", address="203.0.113.10", port=443, status=403)
VISIT = BackendVisit(target="http://127.0.0.1:3000/", requested="/", path="/", status=200)
SOCKET = Upgrade(
    url="wss://shop.example.com/ws", path="/ws", address="203.0.113.10", port=443, status=401
)


def config(*rules: AnsweringRule) -> WebServerConfig:
    return replace(apache_config(), rules=rules)


def asking(*questions: Question) -> AnsweringRule:
    return replace(RULE, questions=questions)


def test_fires_on_a_rule_that_holds_and_an_application_that_answers() -> None:
    (claim,) = judge(CHECK, APACHE, LISTENING, config(RULE), PAGE, VISIT)
    assert (claim.confidence, claim.severity) == (Confidence.CERTAIN, Severity.WARNING)
    assert claim.facts["place"] == "/etc/apache2/shop.conf:7"


def test_fires_without_certainty_where_there_is_no_control() -> None:
    (claim,) = judge(CHECK, APACHE, LISTENING, config(RULE), PAGE)
    assert claim.confidence is Confidence.LIKELY


def test_fires_as_a_note_on_a_folder_that_is_closed() -> None:
    closed = replace(RULE, rule="Require all denied")
    (claim,) = judge(CHECK, APACHE, LISTENING, config(closed), PAGE)
    assert claim.severity is Severity.NOTE
    (missed,) = judge(CHECK, APACHE, LISTENING, config(closed), PAGE, VISIT)
    assert missed.severity is Severity.WARNING


def test_fires_as_a_note_on_a_hidden_file() -> None:
    hidden = replace(RULE, path="/.env")
    page = replace(PAGE, url="https://shop.example.com/.env")
    target, visit = replace(SHOP, path="/.env"), replace(VISIT, requested="/.env", path="/.env")
    observed = (APACHE, LISTENING, config(hidden), page, visit)
    (claim,) = judge(CHECK, *observed, target=target)
    assert claim.severity is Severity.NOTE


def test_fires_as_a_note_on_a_rule_that_asks_for_a_cookie() -> None:
    asks = replace(RULE, rule="respond @guests 403", condition="not header Cookie *staff=1*")
    (claim,) = judge(CHECK, APACHE, LISTENING, config(asks), PAGE, VISIT)
    assert claim.severity is Severity.NOTE
    other = replace(asks, condition="not header X-Shop *staff=1*")
    (claim,) = judge(CHECK, APACHE, LISTENING, config(other), PAGE, VISIT)
    assert claim.severity is Severity.WARNING


def test_fires_as_a_note_on_a_rule_about_the_address() -> None:
    (claim,) = judge(CHECK, APACHE, LISTENING, config(asking("address")), PAGE, VISIT)
    assert (claim.confidence, claim.severity) == (Confidence.LIKELY, Severity.NOTE)
    assert claim.facts["address"] is True


def test_fires_on_a_password_before_a_websocket() -> None:
    rule = replace(RULE, path="/ws", websocket=True, status=401, questions=("login",))
    target = replace(SHOP, websockets=("/ws",))
    (claim,) = judge(CHECK, APACHE, LISTENING, config(rule), SOCKET, target=target)
    assert (claim.severity, claim.facts["socket"]) == (Severity.WARNING, True)


def test_fires_on_the_first_that_is_certain() -> None:
    later = replace(RULE, rule="RedirectMatch 403 /")
    (claim,) = judge(CHECK, APACHE, LISTENING, config(RULE, later), PAGE)
    assert claim.facts["rule"] == RULE.rule


def test_silent_where_another_status_came_or_the_page_is_fine() -> None:
    assert not judge(CHECK, APACHE, LISTENING, config(RULE), replace(PAGE, status=404))
    assert not judge(CHECK, APACHE, LISTENING, config(RULE), replace(PAGE, status=200))
    other = replace(PAGE, address="2001:db8::1", status=200)
    assert not judge(CHECK, APACHE, LISTENING, config(RULE), PAGE, other)


def test_silent_for_a_password_that_is_asked_of_a_preflight() -> None:
    rule = replace(RULE, status=401, rule="Require valid-user", questions=("login",))
    asked = replace(
        PAGE, status=401, method="OPTIONS", equivalent="curl -H 'Origin: https://a.example' x"
    )
    assert not judge(CHECK, APACHE, LISTENING, config(rule), asked)
    assert judge(CHECK, APACHE, LISTENING, config(rule), replace(asked, equivalent="curl x"))


def test_silent_where_two_rules_may_be_it_or_it_is_about_something_else() -> None:
    two = config(asking("address"), replace(asking("other"), rule="Require ip 10.0.0.1"))
    assert not judge(CHECK, APACHE, LISTENING, two, PAGE)
    socket = replace(RULE, path="/ws", websocket=True)
    assert not judge(CHECK, APACHE, LISTENING, config(socket), PAGE)
    elsewhere = replace(APACHE, ports=(8080,))
    assert not judge(CHECK, elsewhere, config(RULE), PAGE)


def test_one_line_that_refuses_the_page_and_the_websocket_is_one_cause() -> None:
    failing = replace(RULE, status=500, rule="error 500")
    rules = config(failing, replace(failing, path="/ws", websocket=True))
    target = replace(SHOP, websockets=("/ws",))
    answers = (replace(PAGE, status=500), replace(SOCKET, status=500))
    (claim,) = judge(CHECK, APACHE, LISTENING, rules, *answers, target=target)
    assert [subject.path for subject in claim.covers] == ["/", "/ws", None]
    other = config(failing, replace(failing, path="/ws", websocket=True, line=9))
    assert len(judge(CHECK, APACHE, LISTENING, other, *answers, target=target)) == 2


STYLE = PageFile("stylesheet", "https://shop.example.com/wp-content/a.css")
OWN_PAGE = Page(url="https://shop.example.com/", address="203.0.113.10", port=443, files=(STYLE,))
FORBIDDEN = PageFileResponse(
    page=OWN_PAGE.url, file_kind="stylesheet", url=STYLE.url, address="203.0.113.10", port=443,
    status=403,
)  # fmt: skip
HANDLED = HandledPath(
    product="apache",
    path="/wp-content/a.css",
    rules=(AnsweringRule("/wp-content/a.css", 403, "respond 403"),),
)


def test_fires_for_a_file_of_the_page_that_a_rule_refuses() -> None:
    (claim,) = judge(CHECK, APACHE, LISTENING, config(), OWN_PAGE, FORBIDDEN, HANDLED)
    assert (claim.facts["path"], claim.facts["status"]) == ("/wp-content/a.css", 403)


def test_silent_for_a_file_where_the_rule_is_not_known_for_certain() -> None:
    (rule,) = HANDLED.rules
    maybe = replace(HANDLED, rules=(replace(rule, questions=("other",)),))
    assert not judge(CHECK, APACHE, LISTENING, config(), OWN_PAGE, FORBIDDEN, maybe)
    missing = replace(FORBIDDEN, status=404)
    assert not judge(CHECK, APACHE, LISTENING, config(), OWN_PAGE, missing, HANDLED)


HELLO = 'shop.example.com {\n\trespond "ok"\n\treverse_proxy 127.0.0.1:3000\n}\n'
OK = replace(PAGE, status=200, body="ok")


def greeting(condition: str = "", bypassed: str = "127.0.0.1:3000") -> WebServerConfig:
    rule = AnsweringRule("/", 200, "respond 200", condition, file=CONFIG, line=2, bypassed=bypassed)
    return replace(caddy_config(HELLO), rules=(rule,))


def test_fires_for_a_rule_that_answers_everything_before_the_application() -> None:
    (claim,) = judge(CHECK, CADDY, greeting(), OK, masked=False)
    assert (claim.severity, claim.facts["application"]) == (Severity.WARNING, "127.0.0.1:3000")
    assert claim.fix
    assert claim.fix.applicability is Applicability.REVIEW
    edit = claim.fix.steps[0]
    assert isinstance(edit, Edit)
    assert '-\trespond "ok"\n' in edit.diff


def test_silent_for_a_rule_with_a_condition_or_nothing_behind_it() -> None:
    assert not judge(CHECK, CADDY, greeting("path /health"), OK, masked=False)
    assert not judge(CHECK, CADDY, greeting(bypassed=""), OK, masked=False)
    assert not judge(CHECK, CADDY, greeting(), replace(OK, status=302), masked=False)


def spared(text: str, line: int) -> str:
    path = "/.well-known/matrix/server"
    rule = replace(RULE, path=path, status=404, rule="respond @dot 404", file=CONFIG, line=line)
    page = replace(PAGE, url=f"https://shop.example.com{path}", status=404)
    caddy = replace(caddy_config(text), rules=(rule,))
    (claim,) = judge(
        CHECK, CADDY, caddy, LISTENING, page, target=replace(SHOP, path=path), masked=False
    )
    edit = claim.fix.steps[0] if claim.fix else None
    return edit.diff if isinstance(edit, Edit) else ""


def test_a_rule_against_hidden_files_spares_what_is_well_known() -> None:
    added = "+\t\tnot path /.well-known/*\n"
    assert added in spared("a {\n\t@dot path */.*\n\trespond @dot 404\n}\n", 3)
    block = "a {\n\t@dot {\n\t\tpath */.*\n\t}\n\thandle @dot {\n\t\trespond 404\n\t}\n}\n"
    assert added in spared(block, 6)


def test_a_rule_that_is_not_about_paths_is_left_to_a_person() -> None:
    assert not spared("a {\n\t@dot header X b\n\trespond @dot 404\n}\n", 3)
    assert not spared("a {\n\trespond /.* 404\n}\n", 2)


HIDDEN_RULES = """\
<VirtualHost *:443>
    ServerName shop.example.com
    RewriteEngine On
    RewriteCond %{REQUEST_URI} !^\\.well-known/
    RewriteRule ^/(\\.|occ) - [R=404,L]
</VirtualHost>
"""


def test_a_rewrite_rule_spares_challenges_of_acme() -> None:
    """https://github.com/nextcloud/server/issues/663."""
    path = "/.well-known/acme-challenge/somefile.txt"
    rules = apache_config(HIDDEN_RULES)
    rule = replace(RULE, path=path, status=404, rule="RewriteRule ^/(\\.|occ) - [R=404,L]",
                   file=rules.sites[0].file, line=5)  # fmt: skip
    page = replace(PAGE, url=f"https://shop.example.com{path}", status=404)
    (claim,) = judge(
        CHECK, APACHE, replace(rules, rules=(rule,)), LISTENING, page,
        target=replace(SHOP, path=path), masked=False,
    )  # fmt: skip
    edit = claim.fix.steps[0] if claim.fix else None
    assert isinstance(edit, Edit)
    assert "+    RewriteRule ^/\\.well-known/acme-challenge/ - [L]\n" in edit.diff


def test_fires_where_caddy_closes_the_connection() -> None:
    rule = AnsweringRule("/", 0, "abort @out", "not remote_ip 10.0.0.0/8", ("address",))
    caddy = replace(caddy_config(), rules=(rule,))
    closed = replace(PAGE, status=None, failure=Failure("closed", "closed without an answer"))
    (claim,) = judge(CHECK, CADDY, caddy, LISTENING, closed)
    assert (claim.severity, claim.confidence) == (Severity.ERROR, Confidence.LIKELY)
    assert claim.facts["abort"] is True
    assert not judge(CHECK, CADDY, caddy, LISTENING, closed, replace(PAGE, status=200))
    assert not judge(CHECK, CADDY, caddy_config(), LISTENING, closed)
    reset = replace(closed, failure=Failure("reset", "Connection reset by peer"))
    assert not judge(CHECK, CADDY, caddy, LISTENING, reset)  # a firewall does that


def test_fires_and_opens_the_section_of_the_sites_own_application() -> None:
    """https://github.com/wekan/wekan/issues/4520: `<Proxy *>` of the server denies everybody."""
    text = MANIFEST.format("", "upgrade=websocket")
    rule = AnsweringRule("/", 403, "Require all denied", "<Proxy *>", bypassed="127.0.0.1:3000",
                         file="/etc/apache2/conf-enabled/proxy.conf", line=2)  # fmt: skip
    page = replace(PAGE, status=403)

    def fix_of(text: str, denial: str = "Require all denied") -> Fix:
        own = replace(apache_config(text), rules=(replace(rule, rule=denial),))
        (claim,) = judge(CHECK, APACHE, own, LISTENING, page, masked=False)
        assert claim.fix
        return claim.fix

    fix = fix_of(text)
    assert fix.applicability is Applicability.REVIEW
    assert '+    <Proxy "http://127.0.0.1:3000/*">\n' in str(getattr(fix.steps[0], "diff", ""))
    # The old directives are lifted by the old ones alone.
    old = str(getattr(fix_of(text, "Deny from all").steps[0], "diff", ""))
    assert "+        Allow from all\n" in old
    assert "Require" not in old
    forward = fix_of(text.replace("    ProxyPass", "    ProxyRequests On\n    ProxyPass"))
    assert not isinstance(forward.steps[0], Edit)


SLASHED = "/iiif%2Fmaps/info.json"
MANIFEST = """\
<VirtualHost *:443>
    ServerName shop.example.com{}
    ProxyPass / http://127.0.0.1:3000/ {}
</VirtualHost>
"""


def encoded(line: str = "", word: str = "nocanon", visited: int = 200) -> Claim | None:
    own = apache_config(MANIFEST.format(line and f"\n    {line}", word))
    place = (own.sites[0].file, 3) if line else ("", 0)
    rule = AnsweringRule(SLASHED, 404, "AllowEncodedSlashes Off", "%2F", () if line else ("other",),
                         file=place[0], line=place[1])  # fmt: skip
    page = replace(PAGE, url=f"https://shop.example.com{SLASHED}", status=404)
    visit = replace(VISIT, requested=SLASHED, path=SLASHED, status=visited)
    claims = judge(
        CHECK, APACHE, replace(own, rules=(rule,)), LISTENING, page, visit,
        target=replace(SHOP, path=SLASHED), masked=False,
    )  # fmt: skip
    return claims[0] if claims else None


def difference(claim: Claim | None) -> str:
    edit = claim.fix.steps[0] if claim and claim.fix else None
    return edit.diff if isinstance(edit, Edit) else ""


def test_fires_where_the_application_has_a_path_with_an_encoded_slash() -> None:
    claim = encoded()
    assert claim
    assert (claim.severity, claim.confidence) == (Severity.ERROR, Confidence.CERTAIN)
    assert "+    AllowEncodedSlashes NoDecode\n" in difference(claim)
    assert "-    AllowEncodedSlashes Off\n" in difference(encoded("AllowEncodedSlashes Off"))
    assert "+    ProxyPass / http://127.0.0.1:3000/ nocanon\n" in difference(encoded(word=""))


def test_fires_as_a_note_where_the_application_has_no_such_path() -> None:
    claim = encoded(visited=404)
    assert claim
    assert claim.severity is Severity.NOTE


HIDDEN_FOLDERS = """\
<VirtualHost *:443>
    ServerName shop.example.com
    <DirectoryMatch "/\\.">
        Require all denied
    </DirectoryMatch>
</VirtualHost>
"""


@pytest.mark.parametrize(
    ("expression", "spared"),
    [("/\\.", "/\\.{}"), ("^\\.|/\\.", "^\\.{0}|/\\.{0}"), ("/\\.(git|w)", "/\\.{}(git|w)")],
)
def test_a_section_against_hidden_folders_spares_what_is_well_known(
    expression: str, spared: str
) -> None:
    path = "/.well-known/assetlinks.json"
    config = apache_config(HIDDEN_FOLDERS.replace("/\\.", expression))
    rule = replace(
        RULE, path=path, status=403, rule="Require all denied", questions=(),
        condition=f'<DirectoryMatch "{expression}">', file=config.sites[0].file, line=4,
    )  # fmt: skip
    page = replace(PAGE, url=f"https://shop.example.com{path}", status=403)
    (claim,) = judge(
        CHECK, APACHE, replace(config, rules=(rule,)), LISTENING, page,
        target=replace(SHOP, path=path), masked=False,
    )  # fmt: skip
    assert claim.severity is Severity.WARNING
    edit = claim.fix.steps[0] if claim.fix else None
    assert isinstance(edit, Edit)
    assert f'"{spared.format("(?!well-known(?:/|$))")}">' in edit.diff


def test_a_part_of_the_site_that_a_rule_names_is_closed_on_purpose() -> None:
    rules = (
        ("RewriteRule ^admin - [F]", ""),
        ("Require all denied", '<Location "/admin">'),
        ("respond 403", "path /admin*"),
    )
    target = replace(SHOP, path="/admin")
    page = replace(PAGE, url="https://shop.example.com/admin")
    visit = replace(VISIT, requested="/admin", path="/admin")
    told = replace(target, symptom=Symptom("status", "403 Forbidden", 403))
    for rule, condition in rules:
        own = replace(RULE, path="/admin", rule=rule, condition=condition)
        seen = (APACHE, LISTENING, config(own), page, visit)
        (claim,) = judge(CHECK, *seen, target=target)
        assert claim.severity is Severity.NOTE
        # Somebody complains of it.
        (claim,) = judge(CHECK, *seen, target=told)
        assert claim.severity is Severity.WARNING
    listed = replace(RULE, path="/admin", rule="respond 403", condition="not path /admin/api*")
    (claim,) = judge(CHECK, APACHE, LISTENING, config(listed), page, visit, target=target)
    assert claim.severity is Severity.WARNING
