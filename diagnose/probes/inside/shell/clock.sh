# Prints whether the server's clock is synchronized. Each part follows a line "@ name".

echo "@ timedatectl"; timedatectl show 2>/dev/null || timedatectl 2>/dev/null
echo "@ chronyc"; chronyc -n tracking 2>/dev/null
:
