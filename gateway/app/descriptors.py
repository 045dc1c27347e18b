"""How many descriptors this process may have, and how many of them strangers may take."""

import resource

from gateway.ingest.server import CONNECTIONS


def for_connections() -> int:
    """Connections that the public listener may keep: half of all descriptors at most, so that the
    store and deliveries never lack one. First raises this process's limit where the system lets it.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * CONNECTIONS
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        soft = most
    return CONNECTIONS if soft == resource.RLIM_INFINITY else min(CONNECTIONS, soft // 2)
