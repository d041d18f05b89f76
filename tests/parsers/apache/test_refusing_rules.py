"""Which rule of Apache answers a request with an error."""

from dataclasses import replace

from diagnose.model.server_rules import AnsweringRule
from diagnose.parsers.apache.config import parse
from diagnose.parsers.apache.refusing_rules import HostRules, refusing_rules
from diagnose.parsers.server_request import ServerRequest

HOST = "shop.example.com"
PAGE = ServerRequest("/", host=HOST)


def rules(text: str, request: ServerRequest = PAGE, main: str = "") -> tuple[AnsweringRule, ...]:
    own = HostRules(parse(text, "site.conf"), parse(main, "main.conf"))
    return refusing_rules(own, request)


def of_files(
    text: str = "", path: str = "/a.html", htaccess: str = "", main: str = ""
) -> tuple[AnsweringRule, ...]:
    own = HostRules(
        parse(text, "site.conf"),
        parse(main, "main.conf"),
        parse(htaccess, "/srv/.htaccess"),
        "/srv",
        f"/srv{path}",
    )
    return refusing_rules(own, ServerRequest(path, host=HOST))


def states(found: tuple[AnsweringRule, ...]) -> list[tuple[int, tuple[str, ...]]]:
    return [(rule.status, rule.questions) for rule in found]


def test_rewrite_rules_that_refuse() -> None:
    engine = "RewriteEngine On\n"
    assert states(rules(f"{engine}RewriteRule ^ - [F]\n")) == [(403, ())]
    assert states(rules(f"{engine}RewriteRule ^/$ - [R=503,L]\n")) == [(503, ())]
    assert states(rules(f"{engine}RewriteRule ^/old - [G]\n")) == []
    assert states(rules(f"{engine}RewriteRule !^/old - [G]\n")) == [(410, ())]
    assert not rules("RewriteRule ^ - [F]\n"), "the engine is off"
    assert not rules(f"{engine}RewriteRule ^ https://x/ [R=301]\n")


def test_rewrite_conditions() -> None:
    def ask(*conditions: str) -> list[tuple[int, tuple[str, ...]]]:
        lines = "".join(f"RewriteCond {condition}\n" for condition in conditions)
        return states(rules(f"RewriteEngine On\n{lines}RewriteRule ^ - [F]\n"))

    assert ask("%{HTTP_HOST} !^www\\. [NC]") == [(403, ())]
    assert ask("%{HTTP_HOST} =shop.example.com", "%{REQUEST_METHOD} !^GET$") == []
    assert ask("%{REQUEST_METHOD} POST [OR]", "%{HTTPS} on") == [(403, ())]
    assert ask("%{HTTP_USER_AGENT} !^Mozilla") == [(403, ("agent",))]
    assert ask("%{HTTP_USER_AGENT} BadBot") == []
    assert ask("%{REMOTE_ADDR} !^10\\.") == [(403, ("address",))]
    assert ask("/var/maintenance -f") == [(403, ("other",))]
    assert ask("%{HTTP:Upgrade} websocket") == []


def test_an_earlier_rule_takes_the_request_or_changes_it() -> None:
    passed = "RewriteEngine On\nRewriteRule ^/(.*) http://127.0.0.1:3000/$1 [P]\n"
    assert not rules(f"{passed}RewriteRule ^ - [F]\n")
    changed = "RewriteEngine On\nRewriteRule ^/(.*) /app/$1\nRewriteRule ^ - [F]\n"
    assert states(rules(changed)) == [(403, ("other",))]


def test_sections_say_who_may_see_a_path() -> None:
    admin = ServerRequest("/admin/x", host=HOST)
    denied = "<Location /admin>\nRequire all denied\n</Location>\n"
    assert states(rules(denied, admin)) == [(403, ())]
    assert not rules(denied)
    office = denied.replace("all denied", "ip 10.0.0.0/8")
    assert states(rules(office, admin)) == [(403, ("address",))]
    pattern = office.replace("<Location /admin>", '<LocationMatch "^/adm">').replace(
        "</Location>", "</LocationMatch>"
    )
    assert states(rules(pattern, admin)) == [(403, ("address",))]
    login = denied.replace("all denied", "valid-user")
    assert states(rules(login, admin)) == [(401, ("login",))]
    either = denied.replace("Require all denied", "Require valid-user\nRequire ip 10.0.0.1")
    assert states(rules(either, admin)) == [(401, ("login", "address"))]


def test_the_last_section_decides() -> None:
    denied = "<Location />\nRequire all denied\n</Location>\n"
    granted = "<Location />\nRequire all granted\n</Location>\n"
    assert not rules(denied + granted)
    assert states(rules(granted, main=denied)) == []
    assert states(rules(denied, main=granted)) == [(403, ())]


def test_groups_methods_and_old_words() -> None:
    def ask(lines: str, method: str = "GET") -> list[tuple[int, tuple[str, ...]]]:
        text = f"<Location />\n{lines}\n</Location>\n"
        return states(rules(text, ServerRequest("/", host=HOST, method=method)))

    both = "<RequireAll>\nRequire all granted\nRequire not ip 192.0.2.7\n</RequireAll>"
    assert ask(both) == [(403, ("address",))]
    assert ask("<RequireNone>\nRequire all granted\n</RequireNone>") == [(403, ())]
    assert ask("Require method GET") == []
    assert ask("Require method GET", "POST") == [(403, ())]
    assert ask("<LimitExcept GET HEAD>\nRequire all denied\n</LimitExcept>", "PUT") == [(403, ())]
    assert ask("<LimitExcept GET HEAD>\nRequire all denied\n</LimitExcept>") == []
    assert ask("Order deny,allow\nDeny from all") == [(403, ())]
    assert ask("Order allow,deny\nAllow from all") == []
    assert ask("Order allow,deny\nDeny from env=bad\nAllow from all") == [(403, ("other",))]
    assert ask("Order deny,allow\nDeny from all\nAllow from 10.0.0.1") == [(403, ("address",))]


def test_either_of_both_may_let_a_visitor_in() -> None:
    office = "<Location />\nRequire valid-user\nOrder allow,deny\nAllow from all\n%s</Location>\n"
    assert states(rules(office % "")) == [(401, ("login",))]
    assert not rules(office % "Satisfy Any\n")
    merged = "<Location />\nAuthMerging Or\nRequire all denied\n</Location>\n"
    assert states(rules(merged)) == [(403, ("other",))]


def test_folders_count_for_files_alone() -> None:
    denied = "<Directory /srv>\nRequire all denied\n</Directory>\n"
    assert states(of_files(denied)) == [(403, ())]
    assert not rules(denied), "an application answers"
    default = "<Directory />\nRequire all denied\n</Directory>\n"
    assert not of_files(main=default), "a fault of its own"
    granted = "<Directory /srv/pub>\nRequire all granted\n</Directory>\n"
    assert not of_files(denied + granted, "/pub/a.html")
    files = '<FilesMatch "\\.html$">\nRequire all denied\n</FilesMatch>\n'
    assert states(of_files(files)) == [(403, ())]


def test_htaccess_and_redirects_with_the_status_of_an_error() -> None:
    assert states(of_files(htaccess="RewriteEngine On\nRewriteRule ^a - [F]\n")) == [(403, ())]
    assert states(of_files(htaccess="Require ip 10.0.0.1\n")) == [(403, ("address",))]
    hidden = 'RedirectMatch 403 "/\\..*$"\n'
    assert states(of_files(hidden, "/.well-known/x")) == [(403, ())]
    assert not of_files(hidden)
    assert states(of_files("Redirect gone /a.html\n")) == [(410, ())]


def test_encoded_slashes() -> None:
    path = ServerRequest("/a%2Fb", host=HOST)
    assert states(rules("", path)) == [(404, ())]
    assert not rules("AllowEncodedSlashes NoDecode\n", path)
    shared = rules("", path, "AllowEncodedSlashes On\n")
    assert states(shared) == [(404, ("other",))]


def test_hostile_texts_decide_nothing() -> None:
    odd = "RewriteEngine On\nRewriteRule (?<= - [F]\nRewriteCond\nRewriteRule\nRedirect 403\n"
    assert states(rules(odd)) == [(403, ("other",))]
    deep = "<RequireAll>\n" * 40 + "Require all denied\n" + "</RequireAll>\n" * 40
    (rule,) = rules(f"<Location />\n{deep}</Location>\n")
    assert rule.questions


def test_a_section_about_proxied_addresses() -> None:
    def ask(section: str) -> list[tuple[int, tuple[str, ...]]]:
        text = f"<{section}>\nRequire all denied\n</Proxy>\n".replace(
            "</Proxy>", f"</{section.split()[0]}>"
        )
        own = HostRules(parse(text, "site.conf"), url="http://127.0.0.1:3000/app")
        return states(refusing_rules(own, PAGE))

    assert ask("Proxy *") == [(403, ())]
    assert ask('ProxyMatch "^http://127"') == [(403, ())]
    assert ask("Proxy http://127.0.0.1:3000/") == [(403, ())]
    assert ask("Proxy http://127.0.0.1:4000/") == []
    assert not of_files("<Proxy *>\nRequire all denied\n</Proxy>\n")


def test_the_script_that_answers_a_path_is_refused_by_its_name() -> None:
    refused = '<FilesMatch "\\.php$">\nRequire all denied\n</FilesMatch>\n'
    granted = "<Directory /srv>\nRequire all granted\n</Directory>\n"
    own = HostRules(
        parse(granted, "site.conf"),
        (),
        parse(refused, "/srv/.htaccess"),
        "/srv",
        "/srv/",
        scripts=("/srv/index.php",),
    )
    (rule,) = refusing_rules(own, PAGE)
    assert (rule.status, rule.file, rule.is_certain) == (403, "/srv/.htaccess", True)
    assert not refusing_rules(replace(own, scripts=("/srv/index.html",)), PAGE)


HIDDEN = """RewriteEngine On
RewriteCond %{SCRIPT_FILENAME} -d [OR]
RewriteCond %{SCRIPT_FILENAME} -f
RewriteRule "(^|/)\\." - [F]
"""


def of_written_file(htaccess: str, host: str = "") -> list[tuple[int, tuple[str, ...]]]:
    """Issue 1684 of emoncms: a file that a client of ACME has written."""
    path = "/.well-known/acme-challenge/x"
    own = HostRules(
        parse(host, "site.conf"), (), parse(htaccess, "/srv/.htaccess"), "/srv", f"/srv{path}"
    )
    return states(refusing_rules(own, ServerRequest(path, host=HOST, is_file=True)))


def test_a_condition_about_files_holds_for_one_that_is_there() -> None:
    assert of_written_file(HIDDEN) == [(403, ())]
    assert states(of_files(path="/.well-known/x", htaccess=HIDDEN)) == [(403, ("other",))]
    negated_test = "RewriteEngine On\nRewriteCond %{REQUEST_FILENAME} !-f\nRewriteRule ^ - [F]\n"
    assert not of_written_file(negated_test)
    # A virtual host's own rules come before the file is looked for.
    assert of_written_file("", HIDDEN) == [(403, ("other",))]


def test_a_rule_that_ends_the_rules_spares_what_comes_behind() -> None:
    spared = HIDDEN.replace("RewriteCond", "RewriteRule ^\\.well-known/ - [L]\nRewriteCond", 1)
    assert not of_written_file(spared)
    assert of_written_file(spared.replace("well-known", "git")) == [(403, ())]


def test_rules_of_the_deepest_folder() -> None:
    rule = "RewriteEngine On\nRewriteRule ^a\\.html$ - [F]\n"
    inner = f"<Directory /srv>\n{rule}</Directory>\n"
    assert states(of_files(inner)) == [(403, ())]
    assert not of_files(inner, htaccess="RewriteEngine On\n"), "the .htaccess counts in its place"
    assert not of_files(inner.replace("/srv", "/srv/b"))
    deeper = "<Directory /srv/b>\nRewriteEngine On\n</Directory>\n"
    assert not of_files(inner + deeper, path="/b/a.html")
