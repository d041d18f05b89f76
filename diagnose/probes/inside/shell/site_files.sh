# Prints small files that contain one of two words ($1, $2), in the folders that follow; links are
# followed, each file appears once.

a=$1; b=$2; shift 2
for d; do
  [ -d "$d" ] || continue
  find -L "$d" -maxdepth 4 -type f -size -512k -exec grep -liF -e "$a" -e "$b" {} +
done 2>/dev/null | sort -u | head -n 100; :
