"""The server that answers was started with another configuration than the one in the usual place,
which a person edits. As in many questions about "changes in nginx.conf have no
effect": nginx -c, haproxy -f, apache2 -d, caddy run --resume, caddy reverse-proxy."""

from functools import partial

from .. import apache, caddy, haproxy, site
from ..hosts import until
from ..lab import Lab
from ..scenario import healthy, scenario

ELSEWHERE = {"[!n]*": "these files have one layout in the laboratory", "nginx*": "the same"}
WRONG, RIGHT = "127.0.0.1:3001", "127.0.0.1:3000"
OWN = "/srv/own"
CHECK = "server.config-not-read"
nginx_scenario = partial(scenario, not_on=ELSEWHERE)


def _later(lab: Lab, path: str) -> None:
    """The file was edited after the server had started."""
    lab.server.sh(f"touch -d '+2 seconds' {path}")


def _own(lab: Lab) -> None:
    lab.undo(lambda: lab.server.sh(f"rm -rf {OWN}"))


def _nginx(lab: Lab, target: str = WRONG) -> None:
    """nginx -c with a copy of the files, where the application has this address."""
    _own(lab)
    main = lab.server.read("/etc/nginx/nginx.conf").replace("/etc/nginx/conf.d/", f"{OWN}/conf.d/")
    lab.server.write(f"{OWN}/nginx.conf", main)
    text = lab.server.read(site.CONF).replace(RIGHT, target)
    lab.server.write(f"{OWN}/conf.d/shop.conf", text)
    lab.stop_nginx()
    lab.server.run(["/usr/sbin/nginx", "-c", f"{OWN}/nginx.conf"], check=True)
    until(lambda: lab.server.listening(443), "nginx serves")


@nginx_scenario(
    outside="http.server-error", server=CHECK, layer="server",
    differs=(f"{OWN}/conf.d/shop.conf",),
)  # fmt: skip
def file_of_the_package_is_edited_and_nginx_has_another(lab: Lab) -> None:
    _nginx(lab)
    _later(lab, site.CONF)


@nginx_scenario(
    outside="http.server-error", server="upstream.refused",
    manual="the application has to be started",
)  # fmt: skip
def file_of_the_package_is_older_than_the_one_that_nginx_has(lab: Lab) -> None:
    """What the package left behind says nothing, whatever it names."""
    _nginx(lab)


@healthy(not_on=ELSEWHERE)
def file_of_the_package_is_newer_and_nothing_fails(lab: Lab) -> None:
    _nginx(lab, RIGHT)
    lab.edit(RIGHT, WRONG)
    _later(lab, site.CONF)


def _haproxy(lab: Lab, target: str) -> None:
    _own(lab)
    haproxy.install(lab)
    text = haproxy.SITE.replace(RIGHT, target)
    lab.server.write(f"{OWN}/haproxy.cfg", text)
    argv = ["haproxy", "-W", "-D", "-f", f"{OWN}/haproxy.cfg", "-p", haproxy.PID]
    lab.server.run(argv, check=True)
    until(lambda: lab.server.listening(443), "haproxy serves")


@scenario(
    outside="http.server-error", server=CHECK, needs=haproxy.needs_haproxy,
    differs=(f"{OWN}/haproxy.cfg",), not_on=ELSEWHERE,
)  # fmt: skip
def haproxy_was_started_with_another_file(lab: Lab) -> None:
    _haproxy(lab, WRONG)
    haproxy.until_unavailable(lab)
    _later(lab, haproxy.CONFIG)


@healthy(needs=haproxy.needs_haproxy, not_on=ELSEWHERE)
def haproxy_was_started_with_another_file_that_is_right(lab: Lab) -> None:
    _haproxy(lab, RIGHT)
    haproxy.edit(lab, RIGHT, WRONG)
    _later(lab, haproxy.CONFIG)


def _apache(lab: Lab, target: str) -> None:
    _own(lab)
    apache.install(lab)
    lab.server.sh(f"""
        cp -a /etc/apache2 {OWN}; cd {OWN}
        sed -i s#/etc/apache2#{OWN}# apache2.conf envvars
        sed -i s/{RIGHT}/{target}/ sites-available/shop.conf
        mkdir -p /run/apache2; . /etc/apache2/envvars
        exec /usr/sbin/apache2 -d {OWN} -f {OWN}/apache2.conf -k start
    """)
    until(lambda: lab.server.listening(443), "apache serves")


@scenario(
    outside="http.server-error", server=CHECK, needs=apache.needs_apache,
    differs=(f"{OWN}/sites-available/shop.conf",), not_on=ELSEWHERE,
)  # fmt: skip
def apache_was_started_with_another_folder(lab: Lab) -> None:
    _apache(lab, WRONG)
    _later(lab, apache.SITE)


@healthy(needs=apache.needs_apache, not_on=ELSEWHERE)
def apache_was_started_with_another_folder_that_is_right(lab: Lab) -> None:
    _apache(lab, RIGHT)
    lab.edit(RIGHT, WRONG, apache.SITE)
    _later(lab, apache.SITE)


def _caddy_resumes(lab: Lab, target: str) -> None:
    """autosave.json is what the admin API got last."""
    caddy.install(lab, caddy.SHOP.replace(RIGHT, target))
    saved = f"{caddy.HOME}/.config/caddy"
    adapt = f"caddy adapt --config {caddy.CONFIG} --adapter caddyfile"
    lab.server.sh(f"mkdir -p {saved}; HOME={caddy.HOME} {adapt} >{saved}/autosave.json")
    lab.server.write(caddy.CONFIG, caddy.OPTIONS + caddy.SHOP)
    lab.spawn(lab.server, ["env", f"HOME={caddy.HOME}", "caddy", "run", "--resume"], 443)
    _later(lab, caddy.CONFIG)


@scenario(
    outside="http.server-error", server=CHECK, needs=caddy.needs_caddy, not_on=ELSEWHERE,
    differs=("processes",),
)  # fmt: skip
def caddy_resumes_what_it_was_given(lab: Lab) -> None:
    _caddy_resumes(lab, WRONG)


@healthy(needs=caddy.needs_caddy, not_on=ELSEWHERE)
def caddy_resumes_what_is_right(lab: Lab) -> None:
    _caddy_resumes(lab, RIGHT)
    caddy.edit(lab, RIGHT, WRONG)
    _later(lab, caddy.CONFIG)


DEPLOY = "/home/deploy"
ITEMS = "https://shop.example.com/api/items"


def _caddy_at_home(lab: Lab, used: str) -> None:
    """A person edits a Caddyfile in a folder of the own, and the service has another."""
    for port, path in ((3001, "/"), (3002, "/api/items:json")):
        program = str(caddy.__file__).replace("caddy.py", "applications/paths_server.py")
        lab.spawn(lab.server, lab.server.python(program, str(port), path), port)
    lab.undo(lambda: lab.server.sh(f"rm -rf {DEPLOY}"))
    line = f"\treverse_proxy {RIGHT}"
    text = caddy.SHOP.replace(line, f"\treverse_proxy /ws {RIGHT}\n\treverse_proxy {WRONG}")
    edited = text.replace(
        "\treverse_proxy /ws", "\treverse_proxy /api/* 127.0.0.1:3002\n\treverse_proxy /ws"
    )
    caddy.serve(lab, edited if used == "edited" else text)
    lab.server.write(f"{DEPLOY}/shop/Caddyfile", caddy.OPTIONS + edited)
    _later(lab, f"{DEPLOY}/shop/Caddyfile")


@scenario(
    outside=None, server=CHECK, target=ITEMS, needs=caddy.needs_caddy, not_on=ELSEWHERE,
    differs=(caddy.CONFIG, f"{caddy.CONFIG}.before-copy"),
)  # fmt: skip
def caddyfile_at_home_is_edited(lab: Lab) -> None:
    """https://caddy.community/t/so-you-want-to-write-a-caddyfile/8205: `caddy start` takes the
    adjacent Caddyfile, and the service that of /etc/caddy."""
    _caddy_at_home(lab, "old")


@healthy(target=ITEMS, needs=caddy.needs_caddy, not_on=ELSEWHERE)
def caddyfile_at_home_is_a_copy_of_the_used_one(lab: Lab) -> None:
    _caddy_at_home(lab, "edited")
