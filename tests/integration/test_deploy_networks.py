"""Who can reach whom, with the networks of the compose file and no forwarding between them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from deploy.check.compose import load
from tests.support.markdown import ROOT
from tests.support.namespaces import Hosts, allowed, laid_out

LINKER, PUBLISHER, TLS = 8401, 8402, 443

pytestmark = pytest.mark.skipif(
    not allowed(), reason="no network namespaces: this machine does not allow them"
)


@pytest.fixture(scope="module")
def hosts() -> Iterator[Hosts]:
    """Both services behind their proxies; a supplier and a reader who listen too."""
    with laid_out(load(ROOT / "deploy" / "compose.yaml")) as made:
        made.listen("linker", "intake", LINKER)
        made.listen("publisher", "publish", PUBLISHER)
        made.listen("linker-proxy", "suppliers", TLS, (made.address["linker", "intake"], LINKER))
        behind = made.address["publisher", "publish"], PUBLISHER
        made.listen("publisher-proxy", "handover", TLS, behind)
        made.listen("publisher-proxy", "readers", TLS, behind)
        made.listen("supplier", "suppliers", TLS)
        yield made


def test_suppliers_and_readers_come_in_by_a_proxy(hosts: Hosts) -> None:
    assert hosts.reaches("supplier", hosts.address["linker-proxy", "suppliers"], TLS)
    assert hosts.reaches("reader", hosts.address["publisher-proxy", "readers"], TLS)


def test_only_the_linker_reaches_the_publisher_and_nobody_reaches_a_supplier(hosts: Hosts) -> None:
    """Also not by sending everything to a neighbour, as who took a host over would."""
    publisher_door = hosts.address["publisher-proxy", "handover"]
    assert hosts.reaches("linker", publisher_door, TLS)
    hosts.route_everything_by("linker", hosts.address["linker-proxy", "intake"])
    hosts.route_everything_by("publisher", hosts.address["publisher-proxy", "publish"])
    hosts.route_everything_by("supplier", hosts.address["linker-proxy", "suppliers"])
    hosts.route_everything_by("reader", hosts.address["publisher-proxy", "readers"])
    linker = [(hosts.address["linker", network], LINKER) for network in ("intake", "handover")] + [
        (hosts.address["linker-proxy", network], TLS) for network in ("intake", "suppliers")
    ]
    supplier = [(hosts.address["supplier", "suppliers"], TLS)]
    publisher = [(hosts.address["publisher", "publish"], PUBLISHER)]
    refused = {
        "publisher": linker + supplier,
        "publisher-proxy": [(hosts.address["linker", "handover"], LINKER), *supplier],
        "linker": supplier + publisher,
        "supplier": [linker[0], linker[1], *publisher, (publisher_door, TLS)],
        "reader": linker + supplier + publisher,
    }
    for host, doors in refused.items():
        for address, port in doors:
            assert not hosts.reaches(host, address, port), f"{host} reaches {address}"


def test_a_cable_more_is_found(hosts: Hosts) -> None:
    """The test can fail: with a network that joins them, the publisher reaches the linker."""
    ends = {"publisher": "10.77.99.1", "linker": "10.77.99.2"}
    hosts.join("fout", ends, 99)
    hosts.listen("linker", "fout", LINKER)
    assert hosts.reaches("publisher", hosts.address["linker", "fout"], LINKER)
