#!/usr/bin/perl
# ready.pl PORT - exit 0 when the broker on 127.0.0.1:PORT serves clients.
#
# Perl because Debian's essential packages bring it (IO::Socket included), and Kafka's own tools
# take a JVM start per question. Three questions on one connection, each with two seconds:
# Metadata v4 (a broker is listed), then FindCoordinator v1 for a group and for a transaction:
# that makes the broker create and load its two internal topics now, not in the first test.
use strict;
use warnings;
use IO::Socket::INET;

my $WAIT_S = 2;
my $port = shift or die "ready.pl PORT\n";

$SIG{ALRM} = sub { exit 1 };
alarm $WAIT_S;
my $socket = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port", Timeout => $WAIT_S) or exit 1;
binmode $socket;

sub read_bytes {
    my ($size) = @_;
    my $bytes = '';
    while (length $bytes < $size) {
        sysread($socket, $bytes, $size - length $bytes, length $bytes) or exit 1;
    }
    return $bytes;
}

# Sends one request (header version 1) and returns the answer behind its correlation id.
sub ask {
    my ($api, $version, $body) = @_;
    my $request = pack('n n N n/a*', $api, $version, 7, 'ready') . $body;
    alarm $WAIT_S;
    syswrite $socket, pack('N/a*', $request);
    my $answer = read_bytes(unpack 'N', read_bytes(4));
    return substr $answer, 4;
}

# Metadata: no topics asked for, none to be created. Answer: throttle, brokers, ...
my ($throttle_ms, $broker_count) = unpack 'N N', ask(3, 4, pack('N C', 0, 0));
exit 1 if $broker_count < 1;

# FindCoordinator: answer is throttle, error code, ... The error is 15 until the topic is there.
for my $kind (0, 1) {
    my ($throttle, $error) = unpack 'N n', ask(10, 1, pack('n/a* C', 'millrace-ready', $kind));
    exit 1 if $error != 0;
}
exit 0;
