"""nginx in a container that may not read a mounted certificate, and ends at its start."""

from .. import site
from ..containers import Engine, application, proxied
from ..lab import Lab
from ..scenario import healthy, scenario

#: Its log is its output: it may not write to a folder of another user either.
MAIN = """\
user www-data;
pid /run/nginx.pid;
error_log /dev/stderr;
events {}
http {
  access_log off;
  client_body_temp_path /run/body;
  proxy_temp_path /run/proxy;
  fastcgi_temp_path /run/fastcgi;
  uwsgi_temp_path /run/uwsgi;
  scgi_temp_path /run/scgi;
  include /etc/nginx/conf.d/*.conf;
}
"""
KEPT = "-all,+chown,+setuid,+setgid,+net_bind_service"


def serve(lab: Lab, capabilities: str) -> Engine:
    engine, server = Engine(lab), lab.server
    address = application(engine)
    server.write("/srv/proxy/conf.d/main", MAIN)
    server.write("/srv/proxy/conf.d/shop.conf", proxied(f"http://{address}:3000"))
    server.sh("""
        mkdir -p /srv/proxy/certs; cp /etc/nginx/ssl/* /srv/proxy/certs/
        chown -R 1000:1000 /srv/proxy/certs; chmod 750 /srv/proxy/certs
    """)
    server.sh(f"rm {site.CONF}")
    lab.stop_nginx()
    nginx = ["/usr/sbin/nginx", "-e", "/dev/stderr", "-c", "/etc/nginx/conf.d/main"]
    folders = [("/srv/proxy/conf.d", "/etc/nginx/conf.d"), ("/srv/proxy/certs", "/etc/nginx/ssl")]
    argv = ["setpriv", "--bounding-set", capabilities, *nginx, "-g", "daemon off;"]
    engine.run("proxy", argv, ((443, 443), (80, 80)), folders, image="nginx:1.27")
    engine.nginx_starts("proxy")
    return engine


@scenario(
    outside="tcp.refused",
    server="listener.container-stopped",
    manual="a person decides who may read the key",
)
def container_may_not_read_its_certificate(lab: Lab) -> None:
    """Change 274 of nself-org/cli: the folder is 0750 of another user, and `cap_drop: ALL`."""
    serve(lab, KEPT).ended("proxy", 1)


@healthy()
def container_may_read_its_certificate(lab: Lab) -> None:
    serve(lab, f"{KEPT},+dac_read_search")
