# Prints what a service of systemd ($1, with ".service") that could not start needs, and where it is. $2 is
# what failed: chdir (its working folder), exec (its program, or what should run it), namespace or output (a folder
# that its unit names), user (its user), home (it may not see $3, because of the unit), oldnode or oldjava (what runs it is too old), environment (a file of its environment), port
# (a port below 1024), forking (systemd waited for its program to fork), trust (its program does not trust
# an authority), readonly (it may not write $3, because of the unit), rundir (it may not write the folder of a session), python, node or gem (the module $3 lacks),
# script (the file $3 that Node.js should run), build, variable (its environment lacks $3), denied (it may not
# write $3), key, table or vendor (a framework's key, tables or packages), assets (the list $3 of a build),
# secret (Rails' key), redis (its password), relative (the file $3, without its folder), sqlite (its database), module, icu or env (the file
# .env beside it). $4 is
# what starts it: systemd, supervisor ($1 is the name of its section), pm2 ($1 is its name, and $5 its log) or
# running ($1 is its process, and $5 a folder that the web server serves of it). Lines "=NAME VALUE".
# shellcheck disable=SC2001,SC2086
#   (SC2001: sed takes a class of characters away, however many there are. SC2086: words are wanted.)

m=${4:-systemd} p='' script='' n=${1%.service}
value() { echo "$p" | sed -n "s/^$1=//p" | head -n 1; }
option() { echo "$s" | sed -n "s/^[0-9]*:$1[[:space:]]*=[[:space:]]*//p" | sed 's/[[:space:]];.*//' | tail -n 1; }
saved() { echo "$s" | sed -n "s/^    \"$1\": \"\(.*\)\",\{0,1\}\$/\1/p" | head -n 1; }
case $m in
  systemd)
    [ -d /run/systemd/system ] || exit 0
    p=$(systemctl show "$1" -p User -p Group -p WorkingDirectory -p Type -p CapabilityBoundingSet -p PrivateUsers \
      -p EnvironmentFiles -p PIDFile -p ProtectSystem -p StandardOutput -p StandardError -p ReadWritePaths -p ReadOnlyPaths \
      -p InaccessiblePaths -p ExecPaths -p BindPaths -p BindReadOnlyPaths -p FragmentPath --no-pager)
    u=$(value User) d=$(value WorkingDirectory)
    # The only command: one without a value takes those before it away, and Type=oneshot may have several.
    l=$(systemctl cat "$1" | sed -e ':a' -e '/\\$/{N;s/\\\n[[:space:]]*/ /;ba' -e '}' |
      sed -n 's/^ExecStart=//p' | awk 'NF { n++; l = $0 } !NF { n = 0 } END { if (n == 1 && length(l) < 900) print l }')
    ;;
  supervisor)
    conf=$(grep -lsxF "[program:$1]" /etc/supervisor/conf.d/* /etc/supervisord.d/* /etc/supervisor/supervisord.conf /etc/supervisord.conf | head -n 1)
    s=$(awk -v h="[program:$1]" '/^\[/ { k = $0 == h } k { print NR ":" $0 }' "${conf:-/dev/null}" | head -n 60)
    u=$(option user) d=$(option directory) l=$(option command | head -c 900)
    ;;
  pm2)
    h=${5%/logs/*} && u=$(stat -c %U "$h")
    s=$(awk -v n="    \"name\": \"$1\"" '/^  [{]/ { o = ""; k = 0 } { o = o "\n" $0 } index($0, n) == 1 { k = 1 }
      /^  [}]/ && k { print o; exit }' "$h/dump.pm2")
    d=$(saved pm_cwd) script=$(saved pm_exec_path)
    # What nobody saved is in the stack of its error.
    if [ -z "$d" ]; then
      script=$(tail -c 8192 -- "$5" | grep -oE '(- |[(])/[^ ():]+\.[cm]?js' | grep -v node_modules | tail -n 1 | sed 's/^..//; s/^[^\/]*//')
      script=/${script#/} d=${script%/*}
    fi
    case $script in /usr/*) script='' ;; esac
    l="node $script"
    ;;
  running)
    u=$(stat -c %U "/proc/$1") d=$(readlink "/proc/$1/cwd")
    n=$(sed -n 's|^0::.*/\([^/]*\)[.]service$|\1|p' "/proc/$1/cgroup" | head -n 1)
    l=$(tr '\0' ' ' <"/proc/$1/cmdline" | head -c 900)
    # A program of Python has its interpreter before it.
    case ${l%% *} in */python*) case ${l#* } in /*/bin/*) l=${l#* } ;; esac ;; esac
    case $d in / | '') d=$5 ;; esac
    l=${l% }
    ;;
esac 2>/dev/null
c=$(echo "$l" | sed 's/^[-@:+!|]*//') && c=${c%% *}
# The first file among the words behind the program.
[ "$m" = pm2 ] || script=$(echo "$l" | tr -s ' \t' '\n' | sed 1d | head -n 20 | while read -r w; do
  case $w in -*) ;; /*) [ ! -f "$w" ] || { echo "$w"; break; } ;; *.js | *.mjs | *.cjs | *.py | *.rb | *.jar)
    echo "$w"
    break
    ;;
  esac
done)
# Whether the user of the service may do that.
may() {
  case ${u:-root} in root | 0) test "$@" ;; *)
    setpriv --reuid "$u" --regid "$(id -g "$u")" --init-groups test "$@"
    ;;
  esac
}
folder() {
  case $script in
    /*) echo "${script%/*}" ;;
    '') case $c in */venv/bin/* | */.venv/bin/* | */env/bin/*) [ ! -x "$c" ] || { c=${c%/bin/*} && echo "${c%/*}"; } ;; esac ;;
    *)
      f=$(find /srv /opt /home /var/www -maxdepth 5 -path "*/${d##*/}/$script" -type f | head -n 3)
      # A folder beside it may have the right name.
      case $d in /?*/?*) w=${d%/*} && [ -n "$f" ] || [ ! -d "$w" ] || f=$(find "$w" -maxdepth 3 -path "*/$script" -type f ! -path '*/node_modules/*' | head -n 3) ;; esac
      echo "$f" | grep . | while read -r f; do echo "${f%"/$script"}"; done
      ;;
  esac
}
# The folder of the project with this file, from a folder upwards.
project() {
  f=$1
  while [ -n "$f" ] && [ ! -f "$f/$2" ]; do f=${f%/*}; done
  [ -z "$f" ] || echo "$f"
}
# A tool beside the program of the unit, or that of the server.
tool() {
  for t in "${c%/*}/$1" /usr/local/bin/"$1" /usr/bin/"$1"; do [ ! -x "$t" ] || { echo "=tool $t" && return; }; done
}
owner() {
  o=$(stat -c %U "$1") && h=$(getent passwd "$o" | cut -d: -f6)
  echo "=owner $o"
  case $h in /?*) [ "$(stat -c %U "$h")" != "$o" ] || echo "=home $h" ;; esac
}
node_project() {
  case $script in /*) f=${script%/*} ;; *) f=${d:-/nowhere} ;; esac
  f=$(project "${1:-$f}" package.json) && [ -n "$f" ] || return
  echo "=folder $f"
  owner "$f/package.json"
  for k in pnpm-lock.yaml yarn.lock package-lock.json npm-shrinkwrap.json; do [ ! -f "$f/$k" ] || { echo "=lock $k" && break; }; done
  case ${k} in pnpm*) [ -f "$f/$k" ] && tool pnpm ;; yarn*) tool yarn ;; *) tool npm ;; esac
  awk '/"dependencies"[ \t]*:/ { s = "needed" } /"devDependencies"[ \t]*:/ { s = "development" }
    s && index($0, m) { print "=listed " s }' m="\"$3\"" "$f/package.json"
  ! grep -q '"build"[[:space:]]*:' "$f/package.json" || echo "=builds yes"
  [ ! -d "$f/node_modules" ] || echo "=modules yes"
}
venv_has() { for s in "$1"/lib/python3*/site-packages; do ! { [ -e "$s/$2" ] || [ -e "$s/$2.py" ]; } || return 0; done && return 1; }
python_project() {
  case $c in */bin/*) v=${c%/bin/*} ;; *) v=/nowhere ;; esac
  if [ ! -f "$v/pyvenv.cfg" ]; then
    v=/nowhere
    for e in "${d:-/nowhere}"/venv "${d:-/nowhere}"/.venv "${d:-/nowhere}"/env; do
      ! { [ -f "$e/pyvenv.cfg" ] && venv_has "$e" "$1" && [ -x "$e/bin/${c##*/}" ]; } || echo "=program $e/bin/${c##*/}"
    done
  fi
  echo "=wrong $c"
  # The application's own module, by the last words of the unit ("shop.wsgi:application"), or by uWSGI's file.
  i=$(echo " $l" | grep -oE '[ =]/[^ =]+\.ini' | head -n 1 | cut -c 2-)
  k=$(grep -nE "^(module|wsgi|mount)[[:space:]]*=(.*[ =/])?$1[.]" "${i:-/dev/null}" | head -n 1)
  b=$(sed -n 's/^chdir[[:space:]]*=[[:space:]]*//p' "${i:-/dev/null}" | tail -n 1)
  case " $l${k:+ $1.}" in *" $1."* | *" $1:"*)
    b=${b:-${d:-/nowhere}}
    if [ ! -e "$b/$1" ] && [ "$(find "$b" -maxdepth 2 -mindepth 2 -name wsgi.py | head -n 2 | grep -c .)" = 1 ]; then
      f=$(find "$b" -maxdepth 2 -mindepth 2 -name wsgi.py) && f=${f%/wsgi.py} && echo "=project ${f##*/}"
      [ -z "$k" ] || echo "=setting $i:$k"
    fi
    [ -e "${d:-/nowhere}/$1" ] || find /srv /opt /home /var/www -maxdepth 4 \( -name "$1" -type d -o -name "$1.py" \) ! -path '*/site-packages/*' |
      head -n 5 | while read -r f; do
      case $f in *.py) echo "=folder ${f%/*}" ;; *) for k in wsgi.py asgi.py __init__.py; do [ ! -f "$f/$k" ] || { echo "=folder ${f%/*}" && break; }; done ;; esac
    done
    echo "=at $d"
    return
    ;;
  esac
  [ -x "$v/bin/pip" ] || return
  echo "=tool $v/bin/pip"
  owner "$v"
  for f in "${d:-/nowhere}/requirements.txt" "${v%/*}/requirements.txt" "${d:-/nowhere}"/requirements/prod*.txt; do
    [ -f "$f" ] || continue
    echo "=file $f"
    sed 's/[^A-Za-z0-9._-].*//' "$f" | grep . | head -n 400 | sed 's/^/=listed /'
    break
  done
}
# A framework's own command line: that of its project, as the owner of its file.
framework() {
  case $3 in /*) f=${3%/*} ;; *) f=${d:-/nowhere} ;; esac
  for k in artisan manage.py bin/rails composer.json; do
    [ "$1" != key ] || [ "$k" = artisan ] || continue
    [ "$1" = vendor ] && [ "$k" != composer.json ] && continue
    [ "$1" != vendor ] && [ "$k" = composer.json ] && continue
    g=$(project "$f" "$k")
    [ -n "$g" ] || continue
    # With another key the data of this one are lost: its file may be one that the program cannot read.
    [ "$1" != key ] || { grep -qE '^APP_KEY=[[:space:]]*$' "$g/.env" && [ ! -e "$g/bootstrap/cache/config.php" ]; } || break
    echo "=folder $g"
    owner "$g/$k"
    case $k in
      artisan)
        v=$(readlink "/proc/$2/exe") v=${v##*php-fpm}
        case $v in *[!0-9.]*) v= ;; esac
        for t in /usr/bin/php"$v" /usr/bin/php /usr/local/bin/php; do [ ! -x "$t" ] || { echo "=tool $t" && break; }; done
        ;;
      manage.py)
        for t in "${c%/*}/python3" "${c%/*}/python" "$g"/venv/bin/python3 "$g"/.venv/bin/python3 "$g"/env/bin/python3 /usr/bin/python3; do
          case $t in python*) continue ;; esac
          [ ! -x "$t" ] || { echo "=tool $t" && break; }
        done
        ;;
      bin/rails) echo "=tool $g/bin/rails" ;;
      composer.json) tool composer ;;
    esac
    case $k in artisan) echo "=runs artisan" ;; manage.py) echo "=runs django" ;; bin/rails) echo "=runs rails" ;; esac
    break
  done
}
# The file .env of the program's folder has a database, and neither the unit nor the program itself reads it: frameworks
# read it by packages, or by themselves.
unread() {
  f=${d:-/nowhere}/.env
  v=$(sed -n 's/^\([A-Z_0-9]*\)=..*/\1/p' "$f" | head -n 60)
  echo "$v" | grep -qE '(DATABASE|DB|POSTGRES|PG|MYSQL|MONGO|REDIS)' || return
  ! grep -q '^export ' "$f" || return
  find "$d" -xdev -maxdepth 4 '(' -name node_modules -o -name '*venv*' -o -name .git -o -name vendor ')' -prune -o -type f -size -512 '(' \
    -name '*.py' -o -name '*.*js' -o -name '*.js' -o -name '*.ts' -o -name '*.rb' -o -name '*.toml' -o -name '*.txt' -o -name Gemfile -o \
    -name Pipfile -o -name go.mod -o -name '*.go' -o -name '*.properties' -o -name '*.y*ml' -o -name package.json -o -name composer.json ')' -print |
    head -n 400 | tr '\n' '\0' | xargs -0 grep -qsiE 'dotenv|decouple|environ[.]env|django-environ|environs|read_env|env_file|env-file|loadenvfile|pydantic[-_]settings|dynaconf|starlette[.]config|@nestjs/config|prisma|"(next|nuxt|@adonisjs/core)"|(^|[^A-Za-z0-9_)])[.]env\b' &&
    return
  ! head -c 67108864 "$c" | grep -qaE 'dotenv|envy' || return
  e=$(
    if [ "$m" = running ]; then tr '\0' '\n' <"/proc/$1/environ"; else
      systemctl show "$1" -p Environment --value | tr ' ' '\n'
      echo "$p" | sed -n 's/^EnvironmentFiles=\(\/.*\) (ignore_errors=.*/\1/p' | while read -r g; do sed 's/^[[:space:]]*//' "$g"; done
    fi | cut -d= -f1
  )
  case $p in *"EnvironmentFiles=$f "*) return ;; esac
  echo "$v" | grep -qxF -e "$e" || echo "=file $f"
}
# A shell would run words of another file, where the remedy of supervisord reads it (sh(1), ".").
is_for_shell() {
  [ "$m" != supervisor ] || ! grep -qvE "^[[:space:]]*(#.*)?\$|^(export )?[A-Za-z_][A-Za-z0-9_]*=([A-Za-z0-9_./:@%+,=~-]*|\"[^\"\`\$\\\\]*\"|'[^']*')[[:space:]]*\$" "$1"
}
databases() {
  case $d in / | /usr* | /etc* | '' | /root | /home | /srv | /opt | /var | /var/lib | /var/www | /tmp | /var/tmp) return ;; esac
  find "$d" -xdev -maxdepth 4 '(' -name node_modules -o -name '*env' -o -name .git ')' -prune -o -type f \
    '(' -name '*.db' -o -name '*.sqlite' -o -name '*.sqlite3' ')' -print | head -n 5 | while read -r f; do
    may -w "$f" && may -w "${f%/*}" && may -x "${f%/*}" && continue
    echo "=database $f"
    stat -c '=holder %U' "$f" "${f%/*}" | sort -u
  done
}
programs() {
  b=${c##*/}
  if [ -d "$c" ]; then
    case $script in *.py) set -- "$c/bin/python3" "$c/bin/python" ;; *) set -- "$c/bin/node" ;; esac
  else
    h=$(getent passwd "${u:-root}" | cut -d: -f6)
    set -- "${d:-/nowhere}/venv/bin/$b" "${d:-/nowhere}/.venv/bin/$b" /usr/local/bin/"$b" /usr/bin/"$b" /bin/"$b" /usr/sbin/"$b" \
      "${h:-/nowhere}"/.nvm/versions/node/*/bin/"$b" "${h:-/nowhere}/.local/bin/$b" /opt/*/bin/"$b" /snap/bin/"$b"
  fi
  for f; do ! { [ -f "$f" ] && may -x "$f"; } || echo "$f"; done | head -n 3
}
# What should run a script: the program that its first line names, at the places of one, or by the end of its name.
interpreters() {
  i=$(head -c 300 "$c" | head -n 1 | tr -d '\r')
  case $i in
    '#!'*) w=${i#??} ;;
    *) w=$(echo "$i" | grep -oE '/[a-z]*/?bin/[A-Za-z0-9./ -]+' | head -n 1) ;;
  esac
  w=${w# } && set -- $w
  # Where the program of the first line is there, something else is wrong.
  case $i in '#!'*) [ ! -x "$1" ] || return ;; esac
  case $1 in */env) w=$2 ;; *) w=$1 ;; esac
  w=${w##*/}
  case $w/$c in /*.sh) w='sh' ;; /*.py) w='python3' ;; /*.js | /*.mjs) w='node' ;; /*.rb) w='ruby' ;; esac
  case $w in '' | *[!A-Za-z0-9.-]*) return ;; esac
  o=$w && case $w in python*) o=python3 ;; esac
  for f in "${c%/*}/$w" "${c%/*}/$o" /usr/local/bin/"$w" /usr/bin/"$w" /bin/"$w"; do
    [ "$f" != "$c" ] && [ -f "$f" ] && may -x "$f" && echo "=interpreter $f" && break
  done
}
# The folders of a unit that have to be there (systemd.exec(5), "ReadWritePaths="), and are not. "-" stands
# for one that nobody makes without its content.
missing_folders() {
  for k in ReadWritePaths ReadOnlyPaths InaccessiblePaths ExecPaths BindPaths BindReadOnlyPaths; do
    value $k | tr ' ' '\n' | while read -r f; do
      case $f in -*) continue ;; esac
      f=${f#+} && f=${f%%:*}
      case $f in /?*) [ -e "$f" ] || { [ $k = ReadWritePaths ] && echo "=missing $f" || echo "=missing -"; } ;; esac
    done
  done
}
# "VERSION FILE" of a program of Node.js: nvm's folders have the version; another one is asked, as nobody.
node_version() {
  case $1 in
    */versions/node/v*/bin/*) v=${1#*/versions/node/} && echo "${v%%/*} $1" ;;
    /usr/*) v=$(cd / && timeout 3 setpriv --reuid 65534 --regid 65534 --clear-groups --no-new-privs "$1" -v) && echo "$v $1" ;;
  esac
}
nodes() {
  f=$(systemctl show "$1" -p Environment --value | tr ' ' '\n' | sed -n 's/^PATH=//p' | tail -n 1)
  [ -z "$f" ] || echo "=path $f"
  case $c in
    */node | */nodejs) echo "=now $(node_version "$c")" ;;
    *) echo "${f:-/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin}" | tr ':' '\n' | while read -r w; do
      [ ! -x "$w/node" ] || { echo "=now $(node_version "$w/node")" && break; }
    done ;;
  esac
  journalctl -u "$1" -b -n 80 -o cat --no-pager | grep -oE 'NODE_MODULE_VERSION [0-9]+' | head -n 1 | sed 's/^[^ ]*/=abi/'
  o=$(stat -c %U "${d:-/nowhere}") && [ "$o" != "$u" ] || o=
  for w in "${u:-root}" $o; do
    h=$(getent passwd "$w" | cut -d: -f6)
    [ -n "$h" ] || continue
    [ ! -f "$h/.nvm/alias/default" ] || sed -n '1s/^/=default /p' "$h/.nvm/alias/default"
    for f in "$h"/.nvm/versions/node/*/bin/node; do [ ! -f "$f" ] || ! may -x "$f" || echo "=runtime $(node_version "$f")"; done
  done
  for f in /usr/local/bin/node /usr/bin/node; do [ ! -f "$f" ] || echo "=runtime $(node_version "$f")"; done
}
javas() {
  f=$(systemctl show "$1" -p Environment --value | tr ' ' '\n' | sed -n 's/^PATH=//p' | tail -n 1)
  [ -z "$f" ] || echo "=path $f"
  for f in /usr/lib/jvm/*/release /opt/*/release; do
    w=$(sed -n 's/^JAVA_VERSION="\(1\.\)\{0,1\}\([0-9.]*\).*/\2/p' "$f") && [ -n "$w" ] && may -x "${f%/release}/bin/java" &&
      echo "=runtime $w ${f%/release}/bin/java"
  done
}
{
  echo "=exec $l"
  echo "=user $u"
  echo "=manager $m"
  [ "$m" != supervisor ] || echo "$s" | head -n 40 | sed "s|^|=section $conf:|"
  if [ "$m" = pm2 ]; then
    for t in /usr/local/bin/pm2 /usr/bin/pm2 "$(getent passwd "$u" | cut -d: -f6)"/.nvm/versions/node/*/bin/pm2; do
      [ ! -x "$t" ] || { echo "=pm2 $t" && break; }
    done
  fi
  case $2 in
    chdir)
      echo "=wrong $d"
      folder | while read -r f; do ! may -x "$f" || echo "=folder $f"; done
      ;;
    exec)
      echo "=wrong $c"
      if [ -f "$c" ]; then
        may -x "$c" || echo "=closed $(stat -c '%a' "$c")"
        # A script is run by another program. Text of Windows has one letter more at the end of each line.
        if [ "$(head -c 2 "$c" | od -An -tx1 | tr -d ' ')" != 7f45 ]; then
          if head -n 1 "$c" | grep -q "$(printf '\r')\$"; then echo "=carriage $c"; else interpreters; fi
        fi
      else
        programs | sed 's/^/=program /'
      fi
      ;;
    namespace)
      missing_folders
      value Group | sed 's/^/=group /'
      ;;
    output)
      for k in StandardOutput StandardError; do
        f=$(value $k)
        case $f in file:/* | append:/* | truncate:/*) f=${f#*:} && f=${f%/*} && [ -n "$f" ] && [ ! -e "$f" ] && echo "=missing $f" ;; esac
      done
      ;;
    home)
      echo "=protect $(systemctl show "$1" -p ProtectHome --value)"
      f=$3
      case $f in "$d"/*) case $d in /home/?*) f=$d ;; esac ;; esac
      while [ -n "$f" ] && [ ! -d "$f" ]; do f=${f%/*}; done
      echo "=folder $f"
      ;;
    oldnode) nodes "$1" ;;
    oldjava) javas "$1" ;;
    user)
      echo "=wrong $u"
      f=$d && [ -n "$f" ] || f=${script%/*}
      case $f in /?*) id "$u" >/dev/null || stat -c '=owner %U' "$f" ;; esac
      ;;
    environment)
      w=$(echo "$p" | sed -n 's/^EnvironmentFiles=\(\/[^ ]*\) (ignore_errors=no)$/\1/p' | while read -r f; do [ -e "$f" ] || echo "$f"; done)
      echo "=wrong $w"
      # All files of the unit: the remedy writes the list again.
      echo "$p" | sed -n 's/^EnvironmentFiles=\(\/.*\) (ignore_errors=no)$/=of \1/p; s/^EnvironmentFiles=\(\/.*\) (ignore_errors=yes)$/=of -\1/p'
      for f in "${d:-/nowhere}/${w##*/}" "${script%/*}/${w##*/}" "${d:-/nowhere}/.env" "${script%/*}/.env" "/etc/default/${w##*/}" "/etc/${w##*/}"; do
        case $f in /?*/*) [ ! -f "$f" ] || echo "=file $f" ;; esac
      done | awk '!seen[$0]++' | head -n 2
      ;;
    port)
      echo "=bounds $(value CapabilityBoundingSet)"
      echo "=alone $(value PrivateUsers)"
      ;;
    trust)
      echo "=wrong ${c##*/}"
      for f in /usr/local/share/ca-certificates/*.crt /usr/local/share/ca-certificates/*/*.crt \
        /etc/pki/ca-trust/source/anchors/*; do [ ! -f "$f" ] || echo "=authority $f"; done | head -n 1
      for f in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt; do [ ! -f "$f" ] || echo "=bundle $f"; done
      { systemctl show "$1" -p Environment --value && tr '\0' ' ' <"/proc/$(systemctl show "$1" -p MainPID --value)/environ"; } |
        grep -oE '(NODE_EXTRA_CA_CERTS|NODE_USE_SYSTEM_CA|NODE_OPTIONS|REQUESTS_CA_BUNDLE|SSL_CERT_FILE|CURL_CA_BUNDLE)=' | sed 's/^/=set /'
      ;;
    readonly)
      echo "=protect $(value ProtectSystem)"
      f=$3
      while [ -n "$f" ] && [ ! -d "$f" ]; do f=${f%/*}; done
      ! { [ -n "$f" ] && may -w "$f"; } || echo "=folder $f"
      ;;
    rundir)
      f=$(systemctl show "$1" -p Environment --value | tr ' ' '\n' | grep -xE '[A-Z_]+=/run/user/[0-9]+/?')
      if [ "$(echo "$f" | grep -c .)" = 1 ] && ! may -w "${f#*=}" && [ ! -e "/run/$n" ]; then
        echo "=variable ${f%%=*}"
        echo "=closed ${f#*=}"
        echo "=name $n"
      fi
      ;;
    python) python_project "$3" ;;
    node | build) node_project "" "$2" "$3" ;;
    assets) node_project "${3%/*}" ;;
    key | table | vendor) framework "$2" "$1" "$3" ;;
    redis)
      grep -ls '^requirepass[[:space:]]' /etc/redis/redis.conf /etc/redis.conf /etc/valkey/valkey.conf | sed 's/^/=conf /'
      [ -e "/etc/$n.env" ] || echo "=secretfile /etc/$n.env"
      case $d in /?*/?*) find "$d" -xdev -maxdepth 4 '(' -name node_modules -o -name '*venv*' -o -name .git -o -name vendor ')' -prune -o -type f -size -512 '(' \
        -name '*.js' -o -name '*.*js' -o -name '*.ts' -o -name '*.py' -o -name '*.rb' -o -name '*.go' -o -name '*.y*ml' -o -name '.env*' ')' -print |
        head -n 400 | tr '\n' '\0' | xargs -0 grep -hoE '[A-Z_]*REDIS_(PASSWORD|PASS|AUTH)[A-Z_]*' | sort -u | head -n 4 | sed 's/^/=key /' ;; esac
      ;;
    secret) f=/etc/$n.env && [ ! -e "$f" ] && echo "=secretfile $f" ;;
    sqlite) databases ;;
    env) unread "$1" ;;
    relative)
      echo "=at $d"
      [ -e "${d:-/}/$3" ] || printf '%s\n' "${c%/*}" "${script%/*}" "$(getent passwd "${u:-root}" | cut -d: -f6)" | sort -u |
        while read -r w; do
          case $w in /?*/*) [ ! -f "$w/$3" ] || ! may -x "$w" || echo "=folder $w" ;; esac
        done
      ;;
    script)
      node_project "${3%/*}"
      echo "=wrong $3"
      [ -n "$f" ] && find "$f" -maxdepth 3 -name "${3##*/}" -type f ! -path '*/node_modules/*' | head -n 3 | sed 's/^/=place /'
      ;;
    gem)
      f=$(project "${d:-/nowhere}" Gemfile) && [ -n "$f" ] && echo "=folder $f" && owner "$f/Gemfile" && tool bundle
      ;;
    variable)
      for f in "${d:-/nowhere}/.env" "${d:-/nowhere}/.env.production" "${script%/*}/.env" "/etc/default/${1%.service}" "/etc/${1%.service}.env" "/etc/${1%.service}/env"; do
        ! { [ -f "$f" ] && grep -qE "^$3=." "$f" && is_for_shell "$f"; } || echo "$p" | grep -qF "EnvironmentFiles=$f " || echo "=file $f"
      done
      # Under pm2 it may be what a script of the project exports.
      [ "$m" != pm2 ] || grep -lE "^(export )?$3=." "${d:-/nowhere}"/*.sh "${d:-/nowhere}"/*.env | head -n 2 | sed 's/^/=file /'
      ;;
    denied)
      f=$3
      while [ -n "$f" ] && [ ! -e "$f" ]; do f=${f%/*}; done
      # A link, which the program may have made, leads to what is another one's.
      ! { [ -n "$f" ] && [ "$(readlink -f "$f")" = "$f" ] && may -x "${f%/*}/" && ! may -w "$f"; } ||
        { echo "=blocked $f" && echo "=at $d" && echo "=unit ${1%.service}" && stat -c '=owner %U:%G' "$f"; }
      ;;
    forking)
      echo "=type $(value Type)"
      echo "=fragment $(value FragmentPath)"
      echo "=wrong $(value PIDFile)"
      ;;
  esac
} 2>/dev/null
