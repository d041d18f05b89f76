# Prints packets of connections to port $ARGV[0] like tcpdump, at most $ARGV[1] of them: SYNs, the
# SYN-ACKs and resets that answer them, ICMP errors about them; and SYNs to any port whose MSS marks
# them as this run's. "control: ssh" is printed once, for a packet of the SSH session from $ARGV[2]
# and its port $ARGV[3]: it proves that packets are seen. It reads a packet socket without link
# headers (packet(7)): the data begins with the IP header. It stops on a server with too many packets.

$| = 1; my ($port, $most, $client, $cport) = @ARGV; my $read = 0;
socket(S, 17, 2, unpack("S", pack("n", 3))) or do { print "cannot: $!\n"; exit };
print "listening on all\n";
sub v4 { join ".", unpack("C4", $_[0]) }
sub v6 { sprintf "%x:%x:%x:%x:%x:%x:%x:%x", unpack("n8", $_[0]) }
while (defined recv(S, my $b, 160, 0)) {
  if (++$read > 200000) { print "gave up\n"; last }
  my ($v, $at, $proto, $from, $to) = (ord($b) >> 4, 40);
  if ($v == 4 && length($b) >= 20) {
    $at = (ord($b) & 15) * 4; $proto = ord(substr $b, 9);
    $from = v4(substr $b, 12, 4); $to = v4(substr $b, 16, 4);
  } elsif ($v == 6 && length($b) >= 40) {
    $proto = ord(substr $b, 6); $from = v6(substr $b, 8, 16); $to = v6(substr $b, 24, 16);
  } else { next }
  my $rest = length($b) > $at ? substr($b, $at) : "";
  if (length($rest) >= 44 && ($proto == 1 && ord($rest) == 3 || $proto == 58 && ord($rest) == 1)) {
    my $in = $v == 4 ? (ord(substr $rest, 8) & 15) * 4 : 40;
    my $inner = ord(substr $rest, $v == 4 ? 17 : 14);
    next if $inner != 6 || length($rest) < 12 + $in;
    next if unpack("n", substr $rest, 10 + $in, 2) != $port;
    print "IP $from > $to: ICMP unreachable\n"; last if !--$most; next;
  }
  next if $proto != 6 || length($rest) < 20;
  my ($sport, $dport) = unpack("n2", $rest); my $flags = ord(substr $rest, 13);
  if ($client && $sport == $cport && $from eq $client) { print "control: ssh\n"; $client = "" }
  my ($kind, $size, $mss) = length($rest) >= 24 ? unpack("CCn", substr $rest, 20, 4) : (0, 0, 0);
  $mss = 0 if $kind != 2 || $size != 4 || !($flags & 2);
  my $is_syn = ($flags & 18) == 2;
  my $is_marked = $is_syn && $mss >= 1025 && $mss < 1200;
  next if !($is_marked || $dport == $port && $is_syn || $sport == $port && $flags & 6);
  my $letters = ($flags & 2 ? "S" : "") . ($flags & 4 ? "R" : "") . ($flags & 16 ? "." : "");
  print "IP $from.$sport > $to.$dport: Flags [$letters], options [mss $mss]\n";
  last if !--$most;
}
