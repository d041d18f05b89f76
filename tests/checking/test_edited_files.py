"""What a person has to know of a file before an edit of it."""

from diagnose.checking.edited_files import with_edited_files
from diagnose.checking.registry import load_check
from diagnose.model import (
    Applicability,
    Claim,
    Edit,
    Evidence,
    Finding,
    Fix,
    Manual,
    Subject,
    Vantage,
    Where,
)
from diagnose.model.nginx import ConfigFile, NginxConfig
from diagnose.model.web_servers import ServerFile, WebServerConfig
from diagnose.outputs import finding_text
from diagnose.parsers.nginx import config as nginx_parser
from tests.support.check_evidence import NOW, SHOP

MAIN, SNIPPET = "/etc/nginx/nginx.conf", "/etc/nginx/snippets/api.conf"
API = "location /api/ { proxy_pass http://127.0.0.1:3000; }\n"
BLOCK = "server { server_name NAME; include snippets/api.conf; }\n"


def edited(*names: str, snippet: str = API, path: str = SNIPPET) -> Claim:
    """A claim that edits a file; the snippet is read in a server block for each name."""
    text = "http {\n" + "".join(BLOCK.replace("NAME", name) for name in names) + "}\n"
    files = {MAIN: text, SNIPPET: snippet}
    trees = {file: nginx_parser.parse(words, file) for file, words in files.items()}
    main = nginx_parser.expand(MAIN, trees, {SNIPPET: (SNIPPET,)})
    read = tuple(ConfigFile(file, words) for file, words in files.items())
    config = NginxConfig(vantage=Vantage.SERVER, path=MAIN, main=main, files=read)
    fix = Fix((Edit(path, "--- a\n+++ a\n"),))
    claim = Claim(about=Subject(port=443), because=(), fix=fix)
    return with_edited_files(Evidence(SHOP, NOW, (config,)), claim)


def is_automatic(claim: Claim) -> bool:
    assert claim.fix
    return claim.fix.applicability is Applicability.AUTOMATIC


def test_a_file_that_two_sites_read_is_for_review_and_they_are_named() -> None:
    claim = edited("shop.example.com", "blog.example.com")
    assert not is_automatic(claim)
    assert claim.facts["shared_file"] == SNIPPET
    assert claim.facts["shared_sites"] == ("shop.example.com", "blog.example.com")


def test_two_blocks_of_one_site_are_one() -> None:
    claim = edited("shop.example.com", "shop.example.com")
    assert is_automatic(claim)
    assert not claim.facts


def test_the_file_around_is_nobody_elses() -> None:
    assert is_automatic(edited("shop.example.com", "blog.example.com", path=MAIN))


def test_of_many_sites_some_are_named() -> None:
    claim = edited(*(f"{number}.example.com" for number in range(9)))
    sites = claim.facts["shared_sites"]
    assert isinstance(sites, tuple)
    assert sites[-2:] == ("4.example.com", "…")


def test_a_file_that_a_program_writes_is_for_review() -> None:
    claim = edited("shop.example.com", snippet=f"# Do not edit: made by make\n{API}")
    assert not is_automatic(claim)
    assert claim.facts["generated_words"] == "Do not edit: made by make"


def by_hand(place: str) -> Claim:
    """A claim with a manual step at a place of a file that nginx-proxy writes."""
    text = "# nginx-proxy version : 1.10.2\nserver { return 503; }\n"
    config = NginxConfig(vantage=Vantage.SERVER, path=MAIN, files=(ConfigFile(MAIN, text),))
    fix = Fix((Manual("change", Where.SERVER),), Applicability.MANUAL)
    claim = Claim(about=Subject(port=443), because=(), fix=fix, facts={"place": place})
    return with_edited_files(Evidence(SHOP, NOW, (config,)), claim)


def test_a_place_that_a_person_changes_is_told_as_written_by_a_program() -> None:
    assert by_hand(f"{MAIN}:2").facts["panel"] == "nginx-proxy"
    for place in (MAIN, f"{SNIPPET}:2", ""):
        assert "panel" not in by_hand(place).facts


def remedy_text(lang: str, **facts: object) -> str:
    claim = Claim(about=Subject(port=443), because=(), facts={"places": (), **facts})
    return finding_text.remedy(Finding("f1", load_check("upstream.speaks-http"), claim), lang)


def test_the_remedy_says_who_reads_the_file_and_who_writes_it() -> None:
    facts = {
        "shared_file": SNIPPET, "shared_sites": ("shop.example.com", "blog.example.com"),
        "generated_file": SNIPPET, "generated_words": "Do not edit", "panel": "plesk",
    }  # fmt: skip
    text = remedy_text("en", **facts)
    assert f"{SNIPPET} is included in several places" in text
    assert "shop.example.com, blog.example.com." in text
    assert "“Do not edit”" in text
    assert "Additional nginx directives" in text
    assert "在多处被包含" in remedy_text("zh", **facts)
    assert SNIPPET not in remedy_text("en")


def apache_claim(path: str, *steps: Edit | Manual, **facts: str) -> Claim:
    """A claim about a file of Apache."""
    file = ServerFile(path, "<VirtualHost *:443>\n</VirtualHost>\n")
    config = WebServerConfig(
        vantage=Vantage.SERVER, product="apache", path="/etc/apache2/apache2.conf", files=(file,)
    )
    claim = Claim(about=Subject(port=443), because=(), facts=dict(facts), fix=Fix(steps))
    return with_edited_files(Evidence(SHOP, NOW, (config,)), claim)


VHOST = "/etc/apache2/sites-enabled/100-shop.example.com.vhost"


def test_a_file_of_apache_that_a_panel_writes_is_for_review() -> None:
    claim = apache_claim(VHOST, Edit(VHOST, "--- a\n+++ a\n"))
    assert not is_automatic(claim)
    assert (claim.facts["panel"], claim.facts["generated_file"]) == ("ispconfig-apache", VHOST)
    own = "/etc/apache2/sites-enabled/shop.conf"
    assert is_automatic(apache_claim(own, Edit(own, "--- a\n+++ a\n")))


def test_a_person_hears_of_it_before_they_edit_such_a_file() -> None:
    by_hand = Manual("correct", Where.SERVER)
    assert apache_claim(VHOST, by_hand, place=f"{VHOST}:7").facts["panel"] == "ispconfig-apache"
    assert "panel" not in apache_claim(VHOST, by_hand).facts
