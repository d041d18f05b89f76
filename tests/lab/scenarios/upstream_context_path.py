"""Scenarios of upstream.context-path. The application is a program of Java, with the settings in
its jar where Spring Boot has them; Spring itself is not here."""

import io
import shlex
import shutil
import zipfile

from .. import site
from ..hosts import PATH
from ..lab import HERE, Lab
from ..scenario import healthy, scenario

FOLDER, PORT = "/opt/shop", 8080
#: It answers as Spring Boot does where nothing is mapped (BasicErrorController).
SOURCE = """\
import com.sun.net.httpserver.*;
import java.net.*;
public class Main {
  public static void main(String[] given) throws Exception {
    HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 8080), 0);
    server.createContext("/", exchange -> {
      String path = exchange.getRequestURI().getPath();
      boolean own = path.startsWith("/jeecg-boot/");
      String text = own ? "{\\"success\\":true}"
          : "{\\"status\\":404,\\"error\\":\\"Not Found\\",\\"path\\":\\"" + path + "\\"}";
      exchange.getResponseHeaders().add("Content-Type", "application/json");
      exchange.sendResponseHeaders(own ? 200 : 404, text.length());
      exchange.getResponseBody().write(text.getBytes());
      exchange.close();
    });
    server.start();
  }
}
"""
SETTINGS = "server:\n  port: 8080\n  servlet:\n    context-path: /jeecg-boot\n"
API = f"https://{site.NAME}/jeecgboot/sys/randomImage/1"
MINE = (site.CONF,)


def needs_java() -> str:
    return "" if shutil.which("javac", path=PATH) else "a compiler of Java is not here"


def serve_java(lab: Lab, path: str, how: str = "jar") -> None:
    """The program, and nginx that passes /jeecgboot/ on to this path of it."""
    server = lab.server
    lab.undo(lambda: server.sh(f"rm -rf {FOLDER}"))
    server.write(f"{FOLDER}/Main.java", SOURCE)
    server.sh(f"cd {FOLDER} && javac Main.java")
    arguments = []
    if how == "jar":
        text = io.BytesIO()
        with zipfile.ZipFile(text, "w") as jar:
            jar.writestr("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\nMain-Class: Main\n")
            jar.writestr("Main.class", server.path(f"{FOLDER}/Main.class").read_bytes())
            jar.writestr("BOOT-INF/classes/application.yml", SETTINGS)
        server.path(f"{FOLDER}/shop.jar").write_bytes(text.getvalue())
        arguments = ["-jar", f"{FOLDER}/shop.jar"]
    else:
        arguments = ["-cp", FOLDER, "Main", "--server.servlet.context-path=/jeecg-boot"]
    lab.spawn(server, ["java", *arguments], PORT)
    location = f"  location /jeecgboot/ {{\n    proxy_pass http://127.0.0.1:{PORT}{path};\n  }}\n"
    pages = "  location / {\n    proxy_pass"
    lab.change(pages, f"{location}\n{pages}")


@scenario(outside=None, server="upstream.context-path", target=API, differs=MINE, needs=needs_java)
def context_path_is_left_out(lab: Lab) -> None:
    """Issue 6279 of jeecgboot/JeecgBoot: proxy_pass http://127.0.0.1:8080/, and the application has
    /jeecg-boot/ alone."""
    serve_java(lab, "/")


@scenario(outside=None, server="upstream.context-path", target=API, differs=MINE, needs=needs_java)
def context_path_of_the_arguments_is_left_out(lab: Lab) -> None:
    """The same, with the prefix in the arguments of the program, and a path that nginx keeps."""
    serve_java(lab, "", "arguments")


@healthy(target=API, needs=needs_java)
def context_path_in_proxy_pass(lab: Lab) -> None:
    """proxy_pass http://127.0.0.1:8080/jeecg-boot/."""
    serve_java(lab, "/jeecg-boot/")


OUTPUT = "/var/log/shop-start.out"


def _serve_told(lab: Lab, words: str, path: str, *paths: str) -> None:
    """A program that writes these words when it starts, and nginx that passes /wiki/ on to this
    path of it."""
    argv = lab.server.python(str(HERE / "applications" / "paths_server.py"), str(PORT), *paths)
    start = f"echo {shlex.quote(words)}; exec {shlex.join(argv)}"
    lab.undo(lambda: lab.server.sh(f"rm -f {OUTPUT}"))
    lab.spawn(lab.server, ["sh", "-c", f"exec >{OUTPUT}; {start}"], PORT)
    location = f"  location /wiki/ {{\n    proxy_pass http://127.0.0.1:{PORT}{path};\n  }}\n"
    pages = "  location / {\n    proxy_pass"
    lab.change(pages, f"{location}\n{pages}")


WIKI = f"https://{site.NAME}/wiki/items"


@scenario(outside=None, server="upstream.context-path", target=WIKI, differs=MINE)
def prefix_of_an_argument_is_left_out(lab: Lab) -> None:
    """The program has --base-path, and nginx asks without it."""
    _serve_told(lab, "ready", "/", "--base-path=/kb", "/kb/items:json")


@scenario(outside=None, server="upstream.context-path", target=WIKI, differs=MINE)
def prefix_of_the_start_is_left_out(lab: Lab) -> None:
    """The program writes its address when it starts."""
    _serve_told(lab, f"Listening on http://0.0.0.0:{PORT}/kb/", "/", "/kb/items:json")


@healthy(target=WIKI)
def prefix_of_the_start_is_passed_on(lab: Lab) -> None:
    _serve_told(lab, f"Listening on http://0.0.0.0:{PORT}/kb/", "/kb/", "/kb/items:json")


HOOKS = "serving hooks on http://0.0.0.0:8080/hooks/{id}"


@scenario(
    outside=None, server="upstream.context-path", target=f"https://{site.NAME}/wiki/deploy",
    manual="the address that callers use is a choice",
)  # fmt: skip
def hooks_are_asked_for_without_their_folder(lab: Lab) -> None:
    """Issue 204 of adnanh/webhook: the program serves /hooks/NAME alone and says so. A request for
    one would start it."""
    _serve_told(lab, HOOKS, "/", "/", "/hooks/deploy:500:")


@healthy(target=f"https://{site.NAME}/wiki/deploy")
def hooks_are_asked_for_in_their_folder(lab: Lab) -> None:
    _serve_told(lab, HOOKS, "/hooks/", "/", "/hooks/deploy:200:")


#: All its paths are below /shop/; with "page" it has one page for all of them.
BELOW = """
import http.server, sys

class Application(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        path = self.path.partition("?")[0]
        is_there = path in {"/shop/", "/shop/info"} or path.startswith("/shop/") and PAGE
        status = 302 if path == "/" else 200 if is_there else 404
        body = b'{"success":true}' if is_there else b'{"status":404}'
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/shop/")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_HEAD = do_GET
    log_message = lambda *_: None

http.server.ThreadingHTTPServer(("127.0.0.1", 8080), Application).serve_forever()
"""
INFO = f"https://{site.NAME}/api/info"


def _redirects(lab: Lab, path: str, has_page: bool) -> None:
    text = BELOW.replace("PAGE", str(has_page))
    lab.spawn(lab.server, lab.server.python("-c", text), PORT)
    location = f"  location /api/ {{\n    proxy_pass http://127.0.0.1:{PORT}{path};\n  }}\n"
    pages = "  location / {\n    proxy_pass"
    lab.change(pages, f"{location}\n{pages}")


@scenario(outside=None, server="upstream.context-path", target=INFO, differs=MINE)
def first_page_redirects_to_the_context_path(lab: Lab) -> None:
    """No settings to be read: the redirect of its first page says where its paths are."""
    _redirects(lab, "/", has_page=False)


@healthy(target=INFO)
def first_page_redirects_to_a_page_for_every_path(lab: Lab) -> None:
    """What is asked for is nowhere: below the folder every path has the page."""
    _redirects(lab, "/", has_page=True)


@healthy(target=INFO)
def context_path_of_the_redirect_in_proxy_pass(lab: Lab) -> None:
    _redirects(lab, "/shop/", has_page=False)


@healthy(target=f"https://{site.NAME}/info")
def first_page_redirects_visitors_to_the_context_path(lab: Lab) -> None:
    """nginx passes all paths on as they are, and the site is below /shop/: this path is none."""
    lab.spawn(lab.server, lab.server.python("-c", BELOW.replace("PAGE", "False")), PORT)
    lab.change(
        "  location / {\n    proxy_pass http://127.0.0.1:3000",
        f"  location / {{\n    proxy_pass http://127.0.0.1:{PORT}",
    )
