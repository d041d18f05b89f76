# Functions for the files that a fix changes. POSIX sh with coreutils, for any server.
# shellcheck shell=sh disable=SC2046,SC2015
#   (SC2046: the words of `ls -ldn` are wanted one by one, and the first four are numbers and letters.
#    SC2015: `a && b || die` is meant as it stands.)
#
# A fix runs as root. Where somebody else may change a folder on the way to a file, he may exchange
# that folder, or a file in it, for a link to a file of root's between two of our commands. So a
# path is walked component by component: the working folder is the one that was checked, it cannot
# be exchanged any more, and all names after that are relative to it.

LC_ALL=C; export LC_ALL; umask 077
me=$(id -u)

die() { echo "$*" >&2; exit 1; }
exists() { [ -e "$1" ] || [ -L "$1" ]; }

# rename FROM TO: rename(2), never into a folder of that name.
rename() { mv -fT -- "$1" "$2" 2>/dev/null || { [ ! -d "$2" ] && mv -f -- "$1" "$2"; }; }

# users_of GID: the numbers of the users who are in a group.
users_of() {
  { getent passwd 2>/dev/null || cat /etc/passwd; } | awk -F: -v g="$1" '$4 == g { print $3 }'
  { getent group 2>/dev/null || cat /etc/group; } | awk -F: -v g="$1" '$3 == g { print $4 }' |
    tr , '\n' | while IFS= read -r user; do [ -z "$user" ] || id -u "$user" || echo unknown; done
}

# writers ENTRY: adds to $writers all users who may exchange ENTRY in the working folder.
# "anybody" where that cannot be told.
writers() {
  set -- "$1" $(ls -ldn .)
  mode=$2 owner=$4 group=$5
  if sticky=; case $mode in ?????????[tT]*) true ;; *) false ;; esac; then sticky=yes; fi
  writers="$writers $owner"
  case $mode in
    ?????w????+* | ????????w?+*) writers="$writers anybody"; return ;;
    ?????w* | ????????w*) ;;
    *) return ;;
  esac
  if [ "$sticky" ] && exists "./$1"; then
    # sticky(7): only the owner of the entry, or of the folder, may rename or remove it.
    set -- $(ls -ldn "./$1")
    writers="$writers $3"
    return
  fi
  case $mode in
    ????????w*) writers="$writers anybody" ;;
    *) [ "$group" = 0 ] || writers="$writers $(users_of "$group" | tr '\n' ' ')" ;;
  esac
}

# enter PATH [link]: the working folder becomes the one that holds PATH, each link on the way
# followed; $name is its name there. With "link", a link at the end is not followed.
# $writers holds the users who may exchange a component.
enter() {
  rest=$1 path=$1 last=${2:-} links=0 writers='' name=''
  case $rest in /*) ;; *) die "$path is not an absolute path" ;; esac
  cd -P / || exit 1
  while :; do
    while :; do case $rest in /*) rest=${rest#/} ;; *) break ;; esac; done
    next=${rest%%/*}
    case $rest in */*) rest=${rest#*/} ;; *) rest='' ;; esac
    case $next in
      '') name=.; break ;;
      .) continue ;;
      ..) cd -P .. || exit 1; continue ;;
    esac
    writers "$next"
    if [ -L "./$next" ] && { [ "$rest" ] || [ "$last" != link ]; }; then
      links=$((links + 1))
      [ "$links" -le 40 ] || die "$path: too many levels of symbolic links"
      to=$(readlink -- "./$next") || exit 1
      case $to in /*) cd -P / || exit 1 ;; esac
      rest=$to${rest:+/$rest}
      continue
    fi
    if [ -z "$rest" ]; then name=$next; break; fi
    [ -d "./$next" ] || die "$path: No such file or directory"
    cd -P -- "./$next" || exit 1
  done
}

# only_root: dies unless nobody but root, and whoever runs this, may exchange a component.
only_root() { only ''; }

# only_owner: the same, but the owner of the file itself may, too.
only_owner() {
  owner=''
  if exists "./$name"; then
    set -- $(ls -ldn "./$name")
    owner=$3
  fi
  only "$owner"
}

only() {
  for user in $writers; do
    case $user in
      0 | "$me" | "$1") ;;
      anybody | unknown) die "$path: others may exchange what is there: it is not written to" ;;
      *) die "$path: $(user_name "$user") may exchange what is there: it is not written to" ;;
    esac
  done
}

user_name() {
  known=$(id -un "$1" 2>/dev/null) || known="user $1"
  echo "$known"
}

# a_tree_of_root: dies unless all folders below the working folder are root's alone.
a_tree_of_root() {
  foreign=$(find . -type d ! \( \( -user 0 -o -user "$me" \) ! -perm -002 \
    \( ! -perm -020 -o -group 0 \) \) -print | head -n 1)
  [ -z "$foreign" ] || die "$path: others may write in ${foreign#./}: it is not written to"
}

# create COPY NAME: a new file NAME in the working folder with the content of COPY, never through
# a link (open(2), O_EXCL). It stays open as 3, and /proc/self/fd/3 is the file whatever its name.
create() {
  set -C
  exec 3> "./$2" || exit 1
  set +C
  cat -- "$1" >&3
}

# like FILE: the open file gets the mode, the owner and the label of FILE.
like() {
  cp --attributes-only --preserve=mode,ownership,xattr,context -- "$1" /proc/self/fd/3 2>/dev/null ||
    cp --attributes-only --preserve=mode,ownership -- "$1" /proc/self/fd/3 2>/dev/null || {
    chown "$(stat -c %u:%g -- "$1")" /proc/self/fd/3 && chmod "$(stat -c %a -- "$1")" /proc/self/fd/3
  }
}

# unchanged COPY NAME: whether NAME in the working folder is as COPY is: content, owner, mode, time.
unchanged() {
  if [ -L "$1" ] || [ -L "./$2" ]; then
    [ -L "$1" ] && [ -L "./$2" ] && [ "$(readlink -- "$1")" = "$(readlink -- "./$2")" ]
  else
    [ -f "./$2" ] && [ "$(stat -c '%a %u %g %Y' -- "$1")" = "$(stat -c '%a %u %g %Y' -- "./$2")" ] &&
      cmp -s -- "$1" "./$2"
  fi
}

# put COPY NAME TOKEN: NAME in the working folder is as COPY is, a file or a link.
put() {
  if unchanged "$1" "$2"; then return; fi
  if [ -L "$1" ]; then
    ln -s -- "$(readlink -- "$1")" "./.diagnose-$3" && rename "./.diagnose-$3" "./$2"
    return
  fi
  if (create "$1" ".diagnose-$3" && like "$1" && touch -r "$1" /proc/self/fd/3); then
    rename "./.diagnose-$3" "./$2"
  else
    rm -f -- "./.diagnose-$3"
    put_in_place "$1" "$2"
  fi
}

# put_in_place COPY NAME: what is left where the disk is full. The blocks that the file has are
# written again: a reader may find half of each, so that this is no way to write otherwise.
put_in_place() {
  only ''
  [ -f "./$2" ] && [ ! -L "./$2" ] || return 1
  cmp -s -- "$1" "./$2" ||
    dd if="$1" of="./$2" conv=notrunc bs=64k 2>/dev/null && truncate -s "$(stat -c %s -- "$1")" "./$2" &&
    touch -r "$1" "./$2"
}

# save COPY PATH: COPY is what PATH is, whatever it is; COPY.absent is there where nothing is.
save() {
  enter "$2" link
  exists "./$name" || { : > "$1.absent" || exit 1; return; }
  rm -rf -- "$1.part" "$1" "$1.absent"
  cp -a -- "./$name" "$1.part" && rename "$1.part" "$1"
}

# hold FOLDER: waits until nobody else takes back the fix in FOLDER, and keeps all others out until this
# shell ends (flock(1), where there is one). Dies where it was taken back in the meantime.
hold() {
  [ -d "$1" ] || die "it was taken back by itself"
  [ -e "$1/lock" ] || return 0
  if command -v flock >/dev/null; then { exec 9< "$1/lock" && flock 9; } || exit 1; fi
  [ -e "$1/lock" ] && [ ! -e "$1/passed" ] || die "it was taken back by itself"
}

# gone ENTRY COPY: whether COPY has no such ENTRY. Dies where the copy itself has gone: what it does not
# hold any more is not to be removed.
gone() {
  if exists "$2/$1"; then return 1; fi
  [ -d "$2/." ] || die "the copy in $2 has gone"
}

# restore COPY PATH TOKEN: PATH is again as it was saved. It may be cut off anywhere, and begun anew.
restore() {
  enter "$2" link
  if [ -e "$1.absent" ]; then only_owner; exists "./$name" && rm -rf -- "./$name"; return 0; fi
  exists "$1" || die "nothing was saved of $2"
  if [ ! -d "$1" ] || [ -L "$1" ]; then only_owner; put "$1" "$name" "$3"; return; fi
  only_root
  [ -d "./$name" ] && [ ! -L "./$name" ] || { [ ! -L "./$name" ] && mkdir -- "./$name"; } || exit 1
  cd -P -- "./$name" || exit 1
  a_tree_of_root
  (cd "$1" && find . -type d) | while IFS= read -r d; do mkdir -p -- "$d"; done || exit 1
  (cd "$1" && find . ! -type d) | while IFS= read -r f; do
    (folder=$PWD/${f%/*}; cd -P -- "$folder" && put "$1/$f" "${f##*/}" "$3") || exit 1
  done || exit 1
  find . ! -type d | while IFS= read -r f; do
    if gone "$f" "$1"; then rm -f -- "$f"; fi
  done || exit 1
  find . -depth -type d | while IFS= read -r d; do
    if gone "$d" "$1"; then rmdir -- "$d"; fi
  done
}

# replace NEW PATH BEFORE TOKEN: PATH holds what NEW holds, unless it no longer holds what BEFORE does.
replace() {
  enter "$2"
  only_owner
  new=$1 before=$3 temporary=.diagnose-$4
  if [ -e "$before.absent" ]; then
    exists "./$name" && { cmp -s -- "./$name" "$new" && return; die "$path was made by somebody else in between"; }
    create "$new" "$temporary" && chmod 644 /proc/self/fd/3 && rename "./$temporary" "./$name" || {
      rm -f -- "./$temporary"; die "$path: it could not be written"
    }
    return
  fi
  [ -f "./$name" ] && [ ! -L "./$name" ] || die "$path is not a file any more"
  cmp -s -- "./$name" "$new" && return
  cmp -s -- "./$name" "$before" || die "$path was changed by somebody else in between"
  create "$new" "$temporary" && like "./$name" && cmp -s -- "$new" "./$temporary" || {
    rm -f -- "./$temporary"; die "$path: it could not be written"
  }
  sync -- "./$temporary" 2>/dev/null
  cmp -s -- "./$name" "$before" || {
    rm -f -- "./$temporary"; die "$path was changed by somebody else in between"
  }
  rename "./$temporary" "./$name"
}

# allowed PATH: dies where a command that names PATH could be led astray.
allowed() { enter "$1" link; only_root; }

# real_path PATH: where PATH leads if it is a file or a link to one; else PATH itself.
real_path() {
  enter "$1"
  only_owner
  if [ -f "./$name" ]; then echo "$(pwd -P | sed 's:/$::')/$name"; else echo "$1"; fi
}

# private_folder PATH: makes the folder, or dies where it is not ours alone.
private_folder() {
  enter "$1" link
  only_root
  exists "./$name" || mkdir -m 700 -- "./$name" || exit 1
  is_private_folder "./$name" "$1"
}

is_private_folder() {
  path=$2
  [ -d "$1" ] && [ ! -L "$1" ] || die "$path is not a folder"
  set -- $(ls -ldn "$1")
  case $1 in ?????w* | ????????w*) die "others may write in $path" ;; esac
  [ "$3" = "$me" ] || [ "$3" = 0 ] || die "$path belongs to $(user_name "$3")"
}
