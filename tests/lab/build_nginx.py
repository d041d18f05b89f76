"""Build an nginx without http_ssl_module from Debian's source package, once: half a minute.

    python tests/lab/build_nginx.py

It needs gcc, make and a Debian mirror. Expressions (and with them `return`) are left out too: the
library for them has to be installed, and nginx refuses the shop's configuration before that.
"""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

BUILT = Path(os.environ.get("LAB_NGINX_WITHOUT_SSL", "/var/cache/diagnose-lab/nginx"))
CONFIGURE = (
    "--sbin-path=/usr/sbin/nginx",
    "--prefix=/usr/share/nginx",
    "--conf-path=/etc/nginx/nginx.conf",
    "--http-log-path=/var/log/nginx/access.log",
    "--error-log-path=/var/log/nginx/error.log",
    "--lock-path=/var/lock/nginx.lock",
    "--pid-path=/run/nginx.pid",
    "--without-http_rewrite_module",
)


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


def build(folder: Path) -> None:
    """apt works in `folder` alone: the machine's own lists stay as they are."""
    (folder / "sources" / "parts").mkdir(parents=True)
    (folder / "lists" / "partial").mkdir(parents=True)
    (folder / "sources" / "src.sources").write_text(source_lists())
    own = [
        f"-oDir::Etc::SourceParts={folder}/sources", "-oDir::Etc::SourceList=/dev/null",
        f"-oDir::State::Lists={folder}/lists", "-oAPT::Sandbox::User=root",
    ]  # fmt: skip
    subprocess.run(["apt-get", *own, "-qq", "update"], check=True, cwd=folder)
    source = ["apt-get", *own, "-qq", "source", "--download-only", "--tar-only", "nginx"]
    subprocess.run(source, check=True, cwd=folder)
    tree = folder / "nginx"
    tree.mkdir()
    packed = next(folder.glob("nginx_*.orig.tar.*"))
    unpack = ["tar", "-xf", str(packed), "--strip-components=1", "-C", str(tree)]
    subprocess.run(unpack, check=True)
    configure = ["./configure", *CONFIGURE]
    subprocess.run(configure, check=True, cwd=tree, stdout=subprocess.DEVNULL)
    subprocess.run(["make", "-s", "-j2"], check=True, cwd=tree, stdout=subprocess.DEVNULL)
    BUILT.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(tree / "objs" / "nginx", BUILT)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="diagnose-nginx-") as name:
        build(Path(name))
    subprocess.run([BUILT, "-V"], check=True)
