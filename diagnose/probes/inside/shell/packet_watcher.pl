# Prints SYNs to port $ARGV[0] like tcpdump, at most $ARGV[1] of them. It reads a packet socket without
# link headers (packet(7)): the data begins with the IP header. It stops on a server with too many
# packets.

$| = 1; my ($port, $most) = @ARGV; my $read = 0;
socket(S, 17, 2, unpack("S", pack("n", 3))) or do { print "cannot: $!\n"; exit };
print "listening on all\n";
while (defined recv(S, my $b, 120, 0)) {
  if (++$read > 200000) { print "gave up\n"; last }
  my ($v, $at, $from) = (ord($b) >> 4, 40, "");
  if ($v == 4 && ord(substr $b, 9) == 6) {
    $at = (ord($b) & 15) * 4; $from = join ".", unpack("C4", substr $b, 12, 4);
  } elsif ($v == 6 && ord(substr $b, 6) == 6) {
    $from = sprintf "%x:%x:%x:%x:%x:%x:%x:%x", unpack("n8", substr $b, 8, 16);
  }
  next if !$from || length($b) < $at + 14;
  my ($sport, $dport) = unpack("n2", substr $b, $at, 4);
  next if $dport != $port || (ord(substr $b, $at + 13) & 18) != 2;
  print "IP $from.$sport > server.$dport: Flags [S]\n";
  last if !--$most;
}
