"""Our routes and gate without Streamlit: a stand-in answers for it and says what reached it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket

from fanops.web.asgi import all_routes
from fanops.web.gate import Guard, Identity, _own_names


async def _echo(request: Request) -> JSONResponse:
    claims = [[name, value] for name, value in request.headers.items() if "fanops" in name and name != "cookie"]
    return JSONResponse({"path": request.url.path, "claims": claims})


async def _echo_socket(websocket: WebSocket) -> None:
    await websocket.accept()
    claims = [[name, value] for name, value in websocket.headers.items() if "fanops" in name and name != "cookie"]
    await websocket.send_json({"claims": claims})
    await websocket.close()


@pytest.fixture
def app(chain) -> Starlette:
    """The routes and the gate of the product around a stand-in for Streamlit."""
    _own_names.cache_clear()
    stand_in = [
        Route("/{path:path}", _echo, methods=["GET", "POST", "PUT", "DELETE"]),
        WebSocketRoute("/_stcore/stream", _echo_socket),
    ]
    return Starlette(routes=[*all_routes(), *stand_in], middleware=[Middleware(Guard), Middleware(Identity)])


@pytest.fixture
def browser(app: Starlette) -> Iterator[Callable[..., TestClient]]:
    """Make a new browser: its own cookies, its own address; ``raise_server_exceptions`` stays on."""
    opened: list[TestClient] = []

    def make(address: str = "10.0.0.1") -> TestClient:
        client = TestClient(app, base_url="http://localhost:8501", client=(address, 50_000), follow_redirects=False)
        client.__enter__()
        opened.append(client)
        return client

    yield make
    for client in opened:
        client.__exit__(None, None, None)


@pytest.fixture
def signed_in(browser, chain) -> Callable[..., TestClient]:
    """Make a browser that has signed in."""

    def make(login: str) -> TestClient:
        client = browser()
        answer = client.post("/login", data={"login": login, "password": chain.password})
        assert answer.status_code == 303
        return client

    return make
