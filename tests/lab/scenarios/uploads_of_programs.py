"""A program and no page uploads: it sends no Referer. After questions about 413 for git, docker and
rclone, https://github.com/HappyQuQu/jellyfin-library-poster/issues/3 and
https://github.com/go-gitea/gitea/issues/21717."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario

MINE = (site.CONF,)
AGENT = "rclone/v1.68.2"


#: An object of Git LFS.
OBJECT = "/acme/test.git/info/lfs/objects/" + "d3" * 32


def _upload(lab: Lab, times: int, path: str = "/dav/photo") -> None:
    lab.client.sh("head -c 2000000 /dev/zero > /run/upload")
    lab.undo(lambda: lab.client.sh("rm -f /run/upload"))
    words = ["curl", "-sk", "-o", "/dev/null", "-A", AGENT, "-H", "Expect:"]
    for _ in range(times):
        lab.client.run([*words, "-T", "/run/upload", f"https://{site.NAME}{path}"])


@scenario(outside=None, server="upstream.body-too-large", differs=MINE)
def program_uploads_again_and_again(lab: Lab) -> None:
    _upload(lab, 2)


def _upload_in_chunks(lab: Lab, size: int) -> None:
    """As a program sends a body of unknown size (RFC 9112, section 7.1)."""
    words = f"curl -sk -o /dev/null -A {AGENT} -H Expect: -T - https://{site.NAME}/dav/film"
    for _ in range(2):
        lab.client.sh(f"head -c {size} /dev/zero | {words}")


@scenario(outside=None, server="upstream.body-too-large", differs=MINE)
def program_uploads_in_chunks_above_the_limit(lab: Lab) -> None:
    """https://github.com/YunoHost-Apps/immich_ynh/issues/53"""
    _upload_in_chunks(lab, 5_000_000)


@healthy()
def program_uploads_in_chunks_below_the_limit(lab: Lab) -> None:
    lab.change("ssl_session_timeout 5m;", "ssl_session_timeout 5m;\n  client_max_body_size 20m;")
    _upload_in_chunks(lab, 5_000_000)


@healthy()
def program_uploads_below_the_limit(lab: Lab) -> None:
    lab.change("ssl_session_timeout 5m;", "ssl_session_timeout 5m;\n  client_max_body_size 20m;")
    _upload(lab, 2)


@healthy()
def program_tried_a_large_upload_at_the_time(lab: Lab) -> None:
    """Whether it should be possible is a decision: a note."""
    _upload(lab, 1)


@scenario(outside=None, server="upstream.body-too-large", differs=MINE)
def program_uploads_once_to_an_address_that_was_given_out(lab: Lab) -> None:
    _upload(lab, 1, OBJECT)


@healthy()
def program_uploads_to_an_address_that_was_given_out(lab: Lab) -> None:
    lab.change("ssl_session_timeout 5m;", "ssl_session_timeout 5m;\n  client_max_body_size 20m;")
    _upload(lab, 1, OBJECT)
