"""Apache does not start: what it loads before the sites, and the certificate of another site."""

from .. import apache
from ..apache import HTTP, HTTPS
from ..lab import Lab
from .apache import FILES, apache_scenario, healthy_apache

MODS = "/etc/apache2/mods-enabled"
OLD = "/etc/apache2/sites-enabled/old.conf"
MPM = tuple(
    f"{MODS}/mpm_{name}.{kind}" for name in ("event", "prefork") for kind in ("load", "conf")
)
REFUSED = "tcp.refused"


def _does_not_start(lab: Lab) -> None:
    lab.server.sh("apachectl start", check=False)


@apache_scenario(
    outside=REFUSED, server="server.config-invalid", differs=(*FILES, *MPM, "processes")
)
def apache_has_no_module_for_its_processes(lab: Lab) -> None:
    """AH00534, No MPM loaded."""
    apache.install(lab)
    apache.disable(lab, "mpm_event")
    _does_not_start(lab)


@apache_scenario(
    outside=REFUSED, server="server.config-invalid", differs=(*FILES, *MPM, "processes")
)
def apache_has_two_modules_for_its_processes(lab: Lab) -> None:
    """AH00534, More than one MPM loaded."""
    apache.install(lab)
    lab.server.sh(f"ln -s ../mods-available/mpm_prefork.load {MODS}/mpm_prefork.load")
    _does_not_start(lab)


@apache_scenario(
    outside=REFUSED,
    server="server.config-invalid",
    differs=(*FILES, f"{MODS}/pagespeed.load", "processes"),
)
def apache_loads_a_module_that_was_removed(lab: Lab) -> None:
    """The package is gone, and its link stayed."""
    apache.install(lab)
    available = "/etc/apache2/mods-available/pagespeed.load"
    lab.undo(lambda: lab.server.sh(f"rm -f {available}"))
    lab.server.write(
        available, "LoadModule pagespeed_module /usr/lib/apache2/modules/mod_pagespeed.so\n"
    )
    lab.server.sh(f"ln -s ../mods-available/pagespeed.load {MODS}/pagespeed.load")
    _does_not_start(lab)


@apache_scenario(
    outside=REFUSED,
    server="server.config-invalid",
    differs=FILES,
    manual="no PHP can be installed here",
)
def apache_loads_the_php_of_before(lab: Lab) -> None:
    """After an upgrade of the system: libphp7.4.so is gone."""
    apache.install(lab)
    lab.undo(lambda: lab.server.sh(f"rm -f {MODS}/php7.4.load"))
    lab.server.write(
        f"{MODS}/php7.4.load", "LoadModule php7_module /usr/lib/apache2/modules/libphp7.4.so\n"
    )
    _does_not_start(lab)


@apache_scenario(
    outside=REFUSED,
    server="server.certificate-file-missing",
    differs=(*FILES, OLD, "processes"),
)
def apache_has_another_site_without_its_certificate(lab: Lab) -> None:
    """After `certbot delete`: the site that it was for is still loaded."""
    old = HTTPS.replace("shop.example.com", "old.example.com")
    folder = "/etc/letsencrypt/live/old.example.com"
    old = old.replace(apache.PEM, f"{folder}/fullchain.pem").replace(
        apache.KEY, f"{folder}/privkey.pem"
    )
    available = "/etc/apache2/sites-available/old.conf"
    apache.install(lab, f"{HTTPS}\n{HTTP}")
    lab.undo(lambda: lab.server.sh(f"rm -f {available} {OLD}"))
    lab.server.write(available, old)
    lab.server.sh(f"ln -s ../sites-available/old.conf {OLD}")
    _does_not_start(lab)


@healthy_apache()
def apache_has_a_link_to_a_site_that_is_gone(lab: Lab) -> None:
    """A pattern of names skips it."""
    apache.install(lab)
    lab.undo(lambda: lab.server.sh(f"rm -f {OLD}"))
    lab.server.sh(f"ln -s ../sites-available/gone.conf {OLD}")
    apache.start(lab)
