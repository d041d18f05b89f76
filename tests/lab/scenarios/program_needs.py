"""The program behind the site lacks something that it names in its own log, and the server has what
brings it: it runs and answers 500, or it is no service of systemd's.

Laravel's artisan and supervisord are stand-ins of a few lines: the laboratory has neither."""

from ..hosts import until
from ..lab import Lab
from ..scenario import healthy, scenario
from .application_services import DROP_INS, ONE_LAYOUT, SERVER, install

FOLDER = "/srv/shop"
IN_FOLDER = f"WorkingDirectory={FOLDER}"
#: Answers 500 with the words of its error until the variable is there.
FAILS = f"""\
if (!process.env.SECRET_KEY_BASE) {{
  require('http').createServer((request, response) => {{
    console.error('Rack app ("GET /" - (127.0.0.1)): #<RuntimeError: Missing `secret_key_base` for '
      + "'production' environment, set this value in `config/secrets.yml`>");
    response.statusCode = 500;
    response.end('An unhandled lowlevel error occurred. The application logs may have details.');
  }}).listen(Number(process.env.PORT), '127.0.0.1');
}} else {{
{SERVER}}}
"""
CONFIGURED = "require('fs').readFileSync('config.json');\n" + SERVER


@scenario(
    outside="http.server-error", server="upstream.program-lacks", not_on=ONE_LAYOUT,
    differs=(
        "/etc/shop.env", f"{DROP_INS}/zz-diagnose-EnvironmentFile.conf", DROP_INS, "processes",
    ),
)  # fmt: skip
def service_has_no_key_of_rails(lab: Lab) -> None:
    """https://github.com/seuros/capistrano-puma/issues/258: "Missing `secret_key_base` for
    'production' environment", and the shell of the user has it."""
    server = install(lab, service=IN_FOLDER, program=FAILS)
    lab.undo(lambda: server.sh("rm -f /etc/shop.env"))
    server.systemctl("start", "shop")
    until(lambda: server.listening(3000), "the shop listens")


@healthy(not_on=ONE_LAYOUT)
def service_has_a_key_of_rails(lab: Lab) -> None:
    server = install(lab, service=f"{IN_FOLDER}\nEnvironment=SECRET_KEY_BASE=1", program=FAILS)
    server.systemctl("start", "shop")
    until(lambda: server.listening(3000), "the shop listens")


@scenario(
    outside="http.server-error", server="upstream.program-lacks", not_on=ONE_LAYOUT,
    differs=(f"{DROP_INS}/zz-diagnose-WorkingDirectory.conf", DROP_INS, "processes"),
)  # fmt: skip
def service_starts_in_another_folder_than_its_file(lab: Lab) -> None:
    """https://github.com/JustaPenguin/assetto-server-manager/issues/1066: "open config.yml: no such
    file or directory", and the program works from its own folder."""
    server = install(lab, program=CONFIGURED)
    server.write(f"{FOLDER}/config.json", "{}\n")
    server.sh("systemctl start shop; sleep 1")


@healthy(not_on=ONE_LAYOUT)
def service_starts_in_the_folder_of_its_file(lab: Lab) -> None:
    server = install(lab, service=IN_FOLDER, program=CONFIGURED)
    server.write(f"{FOLDER}/config.json", "{}\n")
    server.systemctl("start", "shop")
    until(lambda: server.listening(3000), "the shop listens")
