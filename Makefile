# make run [TARGET=…] · make test [SEED=1] · make test-all · make hostile · make check · make bench
# make docs · make man · make pyz · make deb · make rpm · make lowest · make screenshots · make clean
# make new-check LAYER=tcp NAME=my_check · make index · make pages · make catalogues

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# More than the usual two cores: the laboratory's tests wait a good deal.
WORKERS ?= 3
# SEED=1 runs the tests in an order of its own.
ORDER = $(if $(SEED),-p randomly -p no:cacheprovider --randomly-seed=$(SEED))

# What the laboratory runs (tests/lab): the servers that are broken, and the tools that look.
LABORATORY := nginx firewalld nftables iptables dnsmasq iproute2 dbus openssl curl \
              openssh-server openssh-client patch procps util-linux ufw fail2ban tinyproxy nodejs \
              node-ws tmux systemd apache2 haproxy caddy prometheus-blackbox-exporter \
              nats-server
# To open the HTML report, and the screen, in a real browser.
BROWSER := chromium
# What `make test-all` runs beside: what builds, reads and shows our packages, other monitoring systems.
PACKAGERS := rpm rpm2cpio cpio binutils lintian mandoc man-db bash-completion fish zsh tcsh
MONITORS := prometheus icinga2-bin libnss3-tools
# To build nginx as no package is: without TLS, and under prefixes of its own.
COMPILER := gcc libc6-dev make xz-utils libssl-dev libpcre2-dev zlib1g-dev

.PHONY: run test test-all pyz deb rpm lowest hostile check new-check index pages catalogues man \
    bench screenshots docs lab packagers clean

run: $(BIN)/diagnose
	@$(BIN)/diagnose $(or $(TARGET),demo) || [ $$? -le 3 ]

test: $(BIN)/diagnose lab
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(ORDER) $(ARGS)

# Everything of which `make test` takes a sample, every scenario on every platform
# (tests/lab/platforms.py), with new random examples in a new order: some hours on two cores.
# Also the tests of AWS and of Ansible, whose libraries are large.
test-all: $(BIN)/diagnose packagers
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,cloud-test,package-test]'
	DIAGNOSE_ALL=1 $(MAKE) test SEED=$(or $(SEED),$$(date +%s))

# One file with everything in it, for servers without pip, that have this machine's architecture and
# Python version: dist/diagnose.pyz.
pyz: $(BIN)/diagnose
	mkdir -p dist
	PIP_CONSTRAINT=constraints.txt $(BIN)/shiv -q -c diagnose -o dist/diagnose.pyz \
	    -p '/usr/bin/env python3' --preamble packaging/pyz_preamble.py --reproducible --compressed .

# A package for Debian and Ubuntu, and for EL9 and Fedora (as Debian's rpm builds it), with all
# libraries, for this machine's architecture, for Python from that of `make` on.
deb: $(BIN)/diagnose
	sh packaging/deb.sh $(BIN)/python dist

rpm: $(BIN)/diagnose
	sh packaging/rpm.sh $(BIN)/python dist

# The quick part of the suite with every library at the lower bound of pyproject.toml.
lowest:
	sh packaging/suite.sh $(PYTHON) lowest $(ARGS)

# Every hostile server, or those whose names hold WORDS.
hostile: $(BIN)/diagnose
	$(BIN)/python -m tests.hostile $(WORDS)

check: $(BIN)/diagnose
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/mypy packaging/*.py
	$(BIN)/lint-imports
	$(BIN)/python -m tests.support.check_index --verify
	$(BIN)/python -m tests.support.application_index --verify
	$(BIN)/python -m tests.support.page_lines --verify
	@if command -v shellcheck >/dev/null; then shellcheck -s sh $$(git ls-files '*.sh'); \
	else echo "*** shellcheck is not here: the shell scripts are not checked."; fi

# The files of a new check: its function, its page, its test, a scenario. And the index.
new-check: $(BIN)/diagnose
	@$(BIN)/python -m tests.support.new_check "$(LAYER)" "$(NAME)"

# What each check needs: checks/index.json (docs/adr/0023-an-index-of-the-checks.md). And what
# applications ask of a proxy, from the files of diagnose/applications (docs/adr/0066).
index: $(BIN)/diagnose
	$(BIN)/python -m tests.support.check_index
	$(BIN)/python -m tests.support.application_index

# The long lines of the checks' pages, each section on its own line (diagnose/checking/texts.py).
pages: $(BIN)/diagnose
	$(BIN)/python -m tests.support.page_lines

# The catalogues of the languages, after a change of the texts in diagnose/i18n, of the summaries in
# diagnose/model, of the help, of a usage error, or of a .po file:
# what is new or gone in the source is so in every .po, and each is compiled to the .mo beside it.
LOCALES := diagnose/i18n/locales
TEMPLATE := $(VENV)/diagnose.pot
catalogues: $(BIN)/diagnose
	@PYTHONPATH=. $(BIN)/pybabel -q extract -F tests/support/babel.cfg --no-default-keywords \
	    -k Message:1c,2 -k PluralMessage:1c,2,3 -k phrase:1 -k counted:1,2 \
	    --add-location=file --add-comments=NOTE: --project=diagnose --width=100 \
	    --copyright-holder='the authors of diagnose' -o $(TEMPLATE) diagnose
	@$(BIN)/pybabel -q update -i $(TEMPLATE) -d $(LOCALES) -D diagnose --previous \
	    --ignore-pot-creation-date --width=100
	@$(BIN)/pybabel -q compile -d $(LOCALES) -D diagnose

# The manual pages, after a change of the command line: packaging/man1.
man: $(BIN)/diagnose
	$(BIN)/python packaging/manpages.py packaging/man1

bench: $(BIN)/diagnose lab
	$(BIN)/python -m compileall -q diagnose checks
	$(BIN)/python -m tests.bench $(BIN)/diagnose

screenshots: $(BIN)/diagnose
	PYTHONPATH=. $(BIN)/python screenshots/make.py

# The documentation in English and Chinese, in site/. A broken link is an error.
docs: $(BIN)/diagnose
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[docs]'
	@$(BIN)/python -m docs.generator
	@echo "site/index.html leads to the first page: $(BIN)/python -m http.server -b 127.0.0.1 -d site"

$(BIN)/diagnose: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and \
	    f"{sys.executable} is too old: Python 3.11 or later is needed (make PYTHON=…).")'
	$(PYTHON) -m venv $(VENV)
	@echo "Installing the libraries and tools into $(VENV): a few minutes, once."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

# As root the laboratory's programs are installed, and none of them is started (policy-rc.d).
# Otherwise its tests are skipped, and that is said here.
lab: $(BIN)/diagnose
	@missing() { $(BIN)/python -c 'from tests.lab.lab import missing; print(*missing())'; }; \
	servers() { $(BIN)/python -c 'from tests.lab.lab import missing_servers; print(*missing_servers())'; }; \
	lacking="$$(missing) $$(servers)"; lacking=$${lacking% }; lacking=$${lacking# }; \
	for program in $(BROWSER) nats-server; do \
	    command -v $$program >/dev/null || lacking="$$lacking $$program"; \
	done; \
	if [ -n "$$lacking" ] && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    echo "The laboratory lacks $$lacking: installing."; \
	    sh tests/lab/install.sh $(LABORATORY) $(COMPILER) $(BROWSER) || true; \
	    lacking=$$(missing); \
	fi; \
	lacking=$$(missing); servers=$$(servers); \
	[ -z "$$servers" ] || echo "*** The scenarios of $$servers are skipped: they are not installed."; \
	if [ -z "$$lacking" ]; then \
	    $(BIN)/python tests/lab/build_nginx.py >/dev/null 2>&1 || { \
	        echo "*** nginx could not be built from its source. Skipped: the scenario without TLS,"; \
	        echo "*** and the platforms with an own build or a panel."; \
	    }; \
	fi; \
	if [ -n "$$lacking" ]; then \
	    echo "*** THE LABORATORY IS SKIPPED: it lacks $$lacking."; \
	    echo "*** Nothing is tested on real servers. It needs root, and on Debian:"; \
	    echo "*** $(LABORATORY)"; \
	fi

packagers:
	@lacking=; \
	for program in rpmbuild rpm2cpio cpio objdump lintian mandoc man fish zsh tcsh promtool certutil; do \
	    command -v $$program >/dev/null || lacking="$$lacking $$program"; \
	done; \
	[ -z "$$lacking" ] || { echo "The tests of the packages lack$$lacking."; \
	    if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	        sh tests/lab/install.sh $(PACKAGERS) $(MONITORS) || true; \
	    else \
	        echo "*** Some are skipped. They need, on Debian: $(PACKAGERS) $(MONITORS)"; \
	    fi; }

clean:
	rm -rf $(VENV) dist build site .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .grimp_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
