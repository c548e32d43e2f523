"""Which addresses may be called, decided when the connection is made, on the addresses it is made to.

A name is resolved once; every answer is checked; the connection goes to a checked address and never to the name, so a
record that changes in between changes nothing. The address table is ssrfguard's (IANA's registries, with IPv4 unwrapped
from 6to4, Teredo, NAT64 and mapped forms); we add what it lacks and keep the whole guard behind this one file.
"""

import asyncio
import socket
import ssl
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

import httpcore
import httpx
from ssrfguard import DEFAULT_DENIED, AddressTable, Block, Policy, Reach, Resolver, Target, resolve
from ssrfguard.httpx import AsyncSafeBackend

MAX_CONNECTIONS: Final = 50
KEEP_ALIVE_SECONDS: Final = 15.0
RESOLVER_THREADS: Final = 8
"""`getaddrinfo` blocks and cannot be cancelled; a stalled name server holds at most these threads, never the loop."""
OWN_NETWORKS: Final = frozenset(
    ip_network(block)
    for block in (
        "127.0.0.0/8",
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",
        "::1/128",
        "fc00::/7",
    )
)
"""What `allow_private` opens: loopback, private, shared and unique local addresses. Link-local addresses and the known
cloud metadata services stay refused: nobody watches those on purpose."""
AZURE_METADATA: Final = Block(ip_network("168.63.129.16/32"), "Cloud metadata", "Azure documentation", Reach.DENIED)
"""A public address that only a virtual machine's own host answers; not in ssrfguard 0.4.1."""


@cache
def guarded_policy() -> Policy:
    """Public addresses, http and https, ports 80 and 443."""
    return Policy(denied_networks=AddressTable((*DEFAULT_DENIED.blocks, AZURE_METADATA)))


@cache
def private_policy() -> Policy:
    """The same, and the operator's own networks on any port: for what a configuration explicitly allows."""
    blocks = tuple(block for block in DEFAULT_DENIED.blocks if block.network not in OWN_NETWORKS)
    return Policy(
        denied_networks=AddressTable((*blocks, AZURE_METADATA)),
        allowed_ports=frozenset(range(1, 65_536)),
    )


def literal_address(host: str) -> IPv4Address | IPv6Address | None:
    """The address that `host` is, if it is one written out."""
    try:
        return ip_address(host)
    except ValueError:
        return None


class GuardedBackend(AsyncSafeBackend):
    """Resolves in threads of its own, so that the caller's deadline holds even while a name server stalls."""

    def __init__(self, policy: Policy, resolver: Resolver | None, threads: ThreadPoolExecutor) -> None:
        super().__init__(policy=policy)
        self._lookup = resolver
        self._threads = threads

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  # httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first permitted address of `host` that answers."""
        target = Target(scheme="tcp", host=host, port=port, host_as_written=host, address=literal_address(host))
        find = partial(resolve, target, policy=self.policy, resolver=self._lookup)
        try:
            addresses = await asyncio.get_running_loop().run_in_executor(self._threads, find)
        except socket.gaierror as error:
            raise httpcore.ConnectError(f"the name does not resolve ({error.strerror or error})") from error
        except UnicodeError as error:
            raise httpcore.ConnectError("the name is not one that can be looked up") from error
        failure: httpcore.ConnectError | httpcore.ConnectTimeout | None = None
        for address in addresses[: self.policy.max_connection_attempts]:
            try:
                # The parent checks the literal once more, connects, and compares the peer with what it was told.
                stream: httpcore.AsyncNetworkStream = await super().connect_tcp(
                    str(address.ip), port, timeout, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return stream
        raise failure or httpcore.ConnectError("the name has no address")


class GuardedTransport(httpx.AsyncHTTPTransport):
    """httpx's transport over a pool whose every connection goes through a `GuardedBackend`; proxies are never used."""

    def __init__(self, policy: Policy, resolver: Resolver | None, tls: ssl.SSLContext) -> None:
        super().__init__(verify=tls, trust_env=False)
        self._threads = ThreadPoolExecutor(RESOLVER_THREADS, thread_name_prefix="resolve")
        # httpx offers no argument for this; ssrfguard's own transport does the same, and httpx is pinned below 0.29.
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=tls,
            max_connections=MAX_CONNECTIONS,
            keepalive_expiry=KEEP_ALIVE_SECONDS,
            network_backend=GuardedBackend(policy, resolver, self._threads),
        )

    async def aclose(self) -> None:
        """Close the pool; a lookup that hangs is left behind."""
        await super().aclose()
        self._threads.shutdown(wait=False, cancel_futures=True)
