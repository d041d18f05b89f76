"""Build nginx from Debian's source package as no package is, once: half a minute each.

    python tests/lab/build_nginx.py

One is without http_ssl_module. It is without expressions (and with them `return`) too: nginx
refuses the shop's configuration before that. The others are whole, under a prefix of their own: as
somebody builds nginx, and as a panel does. It needs gcc, make, the headers of OpenSSL, PCRE2 and
zlib, and a Debian mirror.
"""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

FOLDER = Path(os.environ.get("LAB_CACHE", "/var/cache/diagnose-lab"))
WHOLE = (
    "--with-http_ssl_module", "--with-http_v2_module", "--with-http_v3_module",
    "--with-http_realip_module", "--with-http_stub_status_module",
)  # fmt: skip
#: By the name of the file in FOLDER.
BUILDS = {
    "nginx": (
        "--sbin-path=/usr/sbin/nginx",
        "--prefix=/usr/share/nginx",
        "--conf-path=/etc/nginx/nginx.conf",
        "--http-log-path=/var/log/nginx/access.log",
        "--error-log-path=/var/log/nginx/error.log",
        "--lock-path=/var/lock/nginx.lock",
        "--pid-path=/run/nginx.pid",
        "--without-http_rewrite_module",
        "--without-http_gzip_module",
    ),
    "nginx-of-usr-local": ("--prefix=/usr/local/nginx", *WHOLE),
    "nginx-of-a-panel": ("--user=www", "--group=www", "--prefix=/www/server/nginx", *WHOLE),
}


def source_lists() -> str:
    """The machine's own package sources, asked for sources instead of packages."""
    texts = [path.read_text() for path in Path("/etc/apt/sources.list.d").glob("*.sources")]
    debian = [
        stanza
        for text in texts
        for stanza in text.split("\n\n")
        if "Types: deb\n" in stanza and "Signed-By:" in stanza
    ]
    return "\n\n".join(stanza.replace("Types: deb\n", "Types: deb-src\n") for stanza in debian)


def source(folder: Path) -> Path:
    """nginx's source; apt works in `folder` alone: the machine's own lists stay as they are."""
    (folder / "sources" / "parts").mkdir(parents=True)
    (folder / "lists" / "partial").mkdir(parents=True)
    (folder / "sources" / "src.sources").write_text(source_lists())
    own = [
        f"-oDir::Etc::SourceParts={folder}/sources", "-oDir::Etc::SourceList=/dev/null",
        f"-oDir::State::Lists={folder}/lists", "-oAPT::Sandbox::User=root",
    ]  # fmt: skip
    subprocess.run(["apt-get", *own, "-qq", "update"], check=True, cwd=folder)
    download = ["apt-get", *own, "-qq", "source", "--download-only", "--tar-only", "nginx"]
    subprocess.run(download, check=True, cwd=folder)
    tree = folder / "nginx"
    tree.mkdir()
    packed = next(folder.glob("nginx_*.orig.tar.*"))
    unpack = ["tar", "-xf", str(packed), "--strip-components=1", "-C", str(tree)]
    subprocess.run(unpack, check=True)
    return tree


def build(tree: Path, name: str) -> None:
    quiet = subprocess.DEVNULL
    subprocess.run(["./configure", *BUILDS[name]], check=True, cwd=tree, stdout=quiet)
    subprocess.run(["make", "-s", "-j2"], check=True, cwd=tree, stdout=quiet)
    FOLDER.mkdir(parents=True, exist_ok=True)
    built = FOLDER / f"{name}.new"
    shutil.copy2(tree / "objs" / "nginx", built)
    subprocess.run(["strip", str(built)], check=True)
    built.rename(FOLDER / name)
    subprocess.run(["make", "-s", "clean"], check=True, cwd=tree, stdout=quiet)


def missing() -> list[str]:
    return [name for name in BUILDS if not (FOLDER / name).exists()]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="diagnose-nginx-") as name:
        tree = source(Path(name)) if missing() else Path()
        for wanted in missing():
            build(tree, wanted)
