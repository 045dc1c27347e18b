"""Addresses: nobody outside chooses the one a request is judged by, and sets hold what they say."""

from ipaddress import ip_address, ip_network

from hypothesis import strategies as st

from gateway.model.request import Headers
from gateway.verify.addresses import AddressSet, Unreadable, client_address, parse_network
from tests.fuzz.target import Target, promise

MODES = ("x-forwarded-for", "forwarded", "peer")
PROXIES = ("127.0.0.1", "::1", "10.0.0.0/8", "fd00::/8", "::ffff:192.0.2.0/120")
TRUSTED = AddressSet(map(parse_network, PROXIES))
ALLOWED = AddressSet(map(parse_network, ("192.30.252.0/22", "2a0a:a440::/29", "203.0.113.9")))
MAPPED = ip_network("::ffff:0:0/96")
_OUTSIDE = "203.0.113.9"


def run(data: bytes) -> None:
    """First line: mode, peer (`-`: a Unix socket), `unix` if such peers are believed. Then one line
    for each field of the header."""
    first, *lines = data.decode("latin-1").split("\n")
    words = [*first.split(), "", ""]
    mode = words[0] if words[0] in MODES else MODES[0]
    peer = None if words[1] in ("", "-") else words[1]
    trust_unix = "unix" in words
    fields = tuple((mode.title().encode(), line.encode("latin-1")) for line in lines)
    other = ((b"X-Real-IP", b"6.6.6.6"), (b"X-Client", b"6.6.6.6"))
    headers = Headers((*other, *fields))
    found = client_address(peer, headers, mode, TRUSTED, trust_unix)
    promise(found == client_address(peer, headers, mode, TRUSTED, trust_unix), "two answers")
    if isinstance(found, Unreadable):
        promise(found.reason.isprintable() and len(found.reason) < 100, "an odd reason")
        promise(fields and mode != "peer", "unreadable, though nothing was sent")
        return
    if found is not None:
        promise(getattr(found, "ipv4_mapped", None) is None, f"{found!r} has a second spelling")
        promise(found == ip_address(str(found)), "an address that does not read as itself")
        promise((found in ALLOWED) == _in(found), f"the allowlist is wrong of {found}")
    _who_is_believed(found, mode, peer, trust_unix, fields)
    # Our proxy adds what it saw at the right: nothing to the left of it may matter.
    own = b"for=203.0.113.9" if mode == "forwarded" else b"203.0.113.9"
    for joined in ((*fields, (mode.encode(), own)), _with(fields, own)):
        seen = client_address("127.0.0.1", Headers(joined), mode, TRUSTED, trust_unix)
        if mode == "peer":
            promise(str(seen) == "127.0.0.1", "a header is believed where none is to be")
        else:
            good = isinstance(seen, Unreadable) or str(seen) == _OUTSIDE
            promise(good, f"{seen} was chosen by the sender")


def _with(fields: tuple[tuple[bytes, bytes], ...], own: bytes) -> tuple[tuple[bytes, bytes], ...]:
    if not fields:
        return ((b"X-Forwarded-For", own), (b"Forwarded", own))
    *head, (name, last) = fields
    return (*head, (name, last + b", " + own))


def _in(address: object) -> bool:
    nets = map(ip_network, ("192.30.252.0/22", "2a0a:a440::/29", "203.0.113.9/32"))
    return any(address in net for net in nets)


def _who_is_believed(found, mode, peer, trust_unix, fields) -> None:
    """A stranger's header is nothing, whatever it says."""
    try:
        address = None if peer is None else ip_address(peer.partition("%")[0])
    except ValueError:
        address = None
    if peer is None and not trust_unix:
        promise(found is None, "a Unix peer is believed that is not to be")
    if address is not None:
        mapped = getattr(address, "ipv4_mapped", None)
        address = mapped or address
        if mode == "peer" or not fields or not any(address in n for n in TRUSTED.networks):
            promise(found == address, f"{found} is not the peer, and the peer is no proxy of ours")


_WORDS = (
    "203.0.113.9", "6.6.6.6", "10.1.2.3", "127.0.0.1", "::1", "2001:db8::7", "[2001:db8::7]:443",
    "203.0.113.9:80", "::ffff:10.0.0.1", "::ffff:203.0.113.9", "fe80::1%eth0", "unknown", "_x",
    "for=6.6.6.6", 'for="[::1]:80"', "for=10.0.0.1;by=_a", "For=1.2.3.4", ";", ",", '"', "\\", " ", "\t",
    "for=", 'x=", "', "for=unknown", "192.30.253.1", "300.1.1.1", "1.2.3", "01.2.3.4", "\xe9", "0x7f.1",
)  # fmt: skip


def _lines() -> st.SearchStrategy[bytes]:
    field = st.lists(
        st.sampled_from(_WORDS) | st.text("0123456789.:abcdef", max_size=8), max_size=6
    )
    glue = st.sampled_from([", ", ",", " ", ";", ""])
    line = st.builds(lambda parts, by: by.join(parts), field, glue)
    first = st.builds(
        " ".join,
        st.tuples(
            st.sampled_from(MODES),
            st.sampled_from(["-", "127.0.0.1", "::1", "10.9.9.9", "198.51.100.1", "::ffff:10.0.0.1",
                             "fd00::2", "fe80::1%2", "junk"]),
            st.sampled_from(["", "unix"]),
        ),
    )  # fmt: skip
    return st.builds(
        lambda head, rest: "\n".join([head, *rest]).encode("latin-1", "replace"),
        first,
        st.lists(line, max_size=3),
    )


TARGET = Target(
    name="addresses",
    promise="no sender chooses its own address, and no stranger's header is believed",
    run=run,
    cases=_lines(),
    words=(*_WORDS, *MODES, "unix", "proto=https"),
)


def run_networks(data: bytes) -> None:
    """One network a line; each is asked of each line's first address, and of some of its own."""
    networks = []
    for line in data.decode("latin-1").split("\n")[:20]:
        try:
            network = parse_network(line)
        except ValueError as error:
            promise(str(error), "an error that says nothing")
            continue
        promise(parse_network(str(network)) == network, "a network that does not read as itself")
        networks.append(network)
    found = AddressSet(networks)
    promise(len(found) == len(networks), "a network got lost")
    for network in (*networks, *found.networks):
        for address in (network.network_address, network.broadcast_address):
            # ::ffff:a.b.c.d is an IPv4 address, in no network but IPv4's.
            own = getattr(address, "ipv4_mapped", None) is None or network.subnet_of(MAPPED)
            promise(address in found or not own, f"{address} is not in {network}")
            for near in (int(address) - 1, int(address) + 1):
                if 0 <= near < 2**network.max_prefixlen:
                    one = type(address)(near)
                    plain = getattr(one, "ipv4_mapped", None) or one
                    wanted = any(plain in each for each in found.networks)
                    promise((one in found) == wanted, f"{one} in {found!r}")


_TEXTS = st.sampled_from(
    ["10.0.0.0/8", "0.0.0.0/0", "::/0", "::ffff:0:0/96", "::ffff:10.0.0.0/104", "::ffff:0:0/95",
     "192.0.2.1", "2001:db8::/32", "255.255.255.255", "10.0.0.1/8", "fe80::1%eth0", "1/32", " ::1 ",
     "10.0.0.0/255.0.0.0", "10.0.0.0/0.255.255.255", "10.0.0.0/", "/", "ffff:ffff::/16"]
)  # fmt: skip
_BUILT = st.builds("{}/{}".format, st.ip_addresses(), st.integers(0, 130))

NETWORKS = Target(
    name="networks",
    promise="a set holds the addresses of its networks and no other; what is no network is an error",
    run=run_networks,
    cases=st.lists(_TEXTS | _BUILT, max_size=6).map(lambda lines: "\n".join(lines).encode()),
    words=("/8", "/128", "::ffff:", "0.0.0.0", "%", "255.255.0.0"),
)
