/* Which network addresses a webhook may go to. Judged on the address really connected to.
 *
 * IPv4-mapped, -compatible and -translated, NAT64 (64:ff9b::/96) and 6to4 (2002::/16) forms
 * are unwrapped first. Always refused: link-local (169.254/16, fe80::/10), the clouds'
 * metadata addresses (also fd00:ec2::254, fd20:ce::254, 100.100.100.200, 168.63.129.16 and
 * 192.0.0.192), this network (0/8, ::), site-local, multicast, broadcast, 192.0.0.0/24 and
 * class E, and what a local NAT64 (64:ff9b:1::/48) hides: how long its prefix is, and so where
 * the IPv4 address stands in it, nobody can tell from outside (RFC 8215).
 *
 * Loopback, private (10/8, 172.16/12, 192.168/16, 100.64/10, fc00::/7) and special ranges
 * (documentation, benchmarks, the 6to4 relay, Teredo, discard, SRv6: the IANA special-purpose
 * registries) are refused only where the caller says so: the receivers of a jump host are
 * private. Pure. */
#ifndef SEND_ADDRESS_H
#define SEND_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

enum address_rule { ADDRESS_PRIVATE_ALLOWED, ADDRESS_PRIVATE_REFUSED };

/* NULL: may be sent to; otherwise why not, in words ("a link-local address"). */
const char *address_problem(const struct sockaddr *address, enum address_rule rule);

/* The same for a numeric address as text; a text that is none is a problem. */
const char *address_text_problem(const char *numeric, enum address_rule rule);

#endif
