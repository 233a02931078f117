"""The process of the temporary Prefect server."""

from __future__ import annotations

from types import SimpleNamespace

from flows.server_process import put_first_what_is_asked


def test_what_a_run_asks_for_stands_first_and_no_router_is_lost() -> None:
    routers = [SimpleNamespace(prefix=one) for one in ("/blocks", "/flows", "", "/admin", "/ui")]
    server = SimpleNamespace(API_ROUTERS=tuple(routers))
    put_first_what_is_asked(server)
    assert [one.prefix for one in server.API_ROUTERS] == ["/admin", "/flows", "/blocks", "", "/ui"]
