# Each part follows a line "@@@ name". With "all" as the argument, containers that do not run are
# listed too; with "stopped" as the argument also with the ports that they would publish, which docker says nowhere else, and the end of
# their output. At most three processes are listed per namespace, and at most
# forty namespaces are read (a Kubernetes node has many). Of a container that was denied a file, its
# user, the users of its image and the owners of its mounts follow; of one that has a folder in the
# place of a file, the files of that name below the folder of its compose file; and of one that did
# not find a program, the mounted scripts whose first line ends with a carriage return.
# shellcheck disable=SC2012,SC2086
#   (SC2012: the names in /proc are numbers. SC2086: $pids is up to three words.)

part() { printf '\n@@@ %s\n' "$*"; }
m='{{range .Mounts}}{{if eq .Type "bind"}}{{.Source}}{{"\t"}}{{.Destination}}{{println}}{{end}}{{end}}'
u='user {{.Config.User}}{{println}}mode {{.HostConfig.UsernsMode}}{{println}}home {{.ResolvConfPath}}'
w='{{index .Config.Labels "com.docker.compose.project.working_dir"}}'
s='{{json .State}}{{println}}{{json .HostConfig.RestartPolicy}}'
tab='	' cr=$(printf '\r')
# The folders of the server that a container mounts.
mounts() {
  $e inspect -f "$m" "$1" 2>/dev/null | head -n 60 | while read -r source; do
    [ -d "${source%%	*}" ] && printf '%s\n' "$source"
  done
}
is_empty() { [ -z "$(find "$1" -mindepth 1 -maxdepth 1 2>/dev/null | head -n 1)" ]; }
for e in docker podman; do
  command -v $e >/dev/null 2>&1 || continue
  case $e in docker) f='{{json .}}';; *) f=json;; esac
  [ "$1" ] && a=-a || a=
  part $e; list=$($e ps $a --no-trunc --format "$f" 2>&1 | head -c 300000); printf '%s\n' "$list"
  [ "$1" = stopped ] || continue
  # Docker takes several states at once; podman refuses all of them if it does not know one.
  ids=$(
    if [ $e = docker ]; then
      docker ps -aq --no-trunc --filter status=exited --filter status=restarting \
        --filter status=created --filter status=dead 2>/dev/null
    else
      for state in exited restarting created dead; do
        $e ps -aq --no-trunc --filter status=$state 2>/dev/null
      done
    fi | grep -xE '[0-9a-f]{64}' | head -n 8
  )
  for id in $ids; do
    part "bindings $id"; $e inspect -f '{{json .HostConfig.PortBindings}}' "$id" 2>&1 | head -c 8000
    part "state $id"; $e inspect -f "$s" "$id" 2>&1 | head -c 8000
    part "mounts $id"; mounts "$id"
    part "last $id"; words=$($e logs --tail 20 "$id" 2>&1 | head -c 8000); printf '%s\n' "$words"
    case $words in
      *ermission\ denied*|*EACCES*|*AccessDenied*|*' is denied'*|*'not writable'*)
        part "user $id"; $e inspect -f "$u" "$id" 2>/dev/null
        mounts "$id" | while IFS='	' read -r source point; do
          stat -c "owner %u %g %a $tab%n$tab$point" "$source"
        done 2>/dev/null
        $e cp "$id:/etc/passwd" - 2>/dev/null | tar -xOf - 2>/dev/null | head -c 20000 |
          sed 's/^/passwd /';;
    esac
    case $words in *'o such file or directory'*|*'not found'*)
      part "returns $id"; $e inspect -f "$m" "$id" 2>/dev/null | head -n 60 |
        while IFS="$tab" read -r source _; do
          [ -f "$source" ] || continue
          head -c 300 "$source" | head -n 1 | grep -q "^#!.*$cr\$" && printf '%s\n' "$source"
        done;;
    esac
    case $words in *'s a directory'*|*'ot a directory'*|*'no start line'*) ;; *) continue;; esac
    part "misplaced $id"; folder=$($e inspect -f "$w" "$id" 2>/dev/null)
    case $folder in /*/*) ;; *) continue;; esac
    mounts "$id" | while IFS='	' read -r source _; do
      name=${source##*/}
      case $name in *[][*?\\]*) continue;; esac
      is_empty "$source" || continue
      find "$folder" -xdev -maxdepth 4 -type f -name "$name" -not -path '*/.*' \
        -not -path '*/node_modules/*' -not -path '*/vendor/*' 2>/dev/null | head -n 3 |
        while read -r file; do printf '%s\t%s\n' "$source" "$file"; done
    done
  done
  case $list in *'(unhealthy)'*) ;; *) continue;; esac
  for id in $($e ps -q --no-trunc --filter health=unhealthy 2>/dev/null | head -n 4); do
    part "health $id"; $e inspect -f '{{json .State.Health}}' "$id" 2>&1 | head -c 30000
  done
done
own=$(readlink /proc/self/ns/net)
ls -l /proc/[0-9]*/ns/net 2>/dev/null |
  sed -n 's|.*/proc/\([0-9]*\)/ns/net -> \(net:.*\)$|\2 \1|p' | grep -vF "$own" |
  awk '{ if (n[$1]++ < 3) p[$1] = p[$1] " " $2 } END { for (i in p) print p[i] }' | head -n 40 |
  while read -r pids; do
    set -- $pids
    grep -qs ' 0A ' "/proc/$1/net/tcp" "/proc/$1/net/tcp6" || continue
    part net; echo "pid $1"
    for p; do printf 'comm '; cat "/proc/$p/comm"; done 2>/dev/null
    sed -n 's/^/cgroup /p' "/proc/$1/cgroup" 2>/dev/null
    awk '/32 host LOCAL/ { print "address", was } { was = $2 }' "/proc/$1/net/fib_trie" 2>/dev/null
    awk '{ print "address", $1 }' "/proc/$1/net/if_inet6" 2>/dev/null
    cat "/proc/$1/net/tcp" "/proc/$1/net/tcp6" 2>/dev/null | awk '$4 == "0A"' | head -n 200
  done; :
