from __future__ import annotations

import base64
import json

import httpx
import pytest

from indoxrouter_mock import MockServer
from indoxrouter_mock.state.accounts import DEMO_PASSWORD, DEMO_USERNAME

from .conftest import HELLO


def exchange(mock: MockServer, client: httpx.Client | None = None) -> dict[str, str]:
    send = client.post if client else httpx.post
    answer = send(f"{mock.base_url}/auth/api-key", headers={"X-API-Key": mock.api_key})
    assert answer.status_code == 200, answer.text
    found: dict[str, str] = answer.json()
    return found


def me(mock: MockServer, token: str) -> httpx.Response:
    return httpx.get(f"{mock.base_url}/user/me", headers={"Authorization": f"Bearer {token}"})


def test_token_is_a_jwt_whose_claims_say_when_it_expires(mock: MockServer) -> None:
    answer = exchange(mock)
    header, claims, _ = answer["access_token"].split(".")

    def read(part: str) -> dict[str, object]:
        found: dict[str, object] = json.loads(base64.urlsafe_b64decode(part + "=="))
        return found

    assert read(header) == {"alg": "HS256", "typ": "JWT"}
    assert float(str(read(claims)["exp"])) == pytest.approx(mock.clock.now() + 3600, abs=5)
    assert (answer["token_type"], answer["expires_in"]) == ("bearer", 3600)


@pytest.mark.parametrize("encoding", ["json", "data"])
@pytest.mark.parametrize("who", ["key twice", "pip_client", "password"])
def test_every_documented_login_gives_a_token_that_works(mock: MockServer, encoding: str, who: str) -> None:
    username, password = {
        "key twice": (mock.api_key, mock.api_key),
        "pip_client": ("pip_client", mock.api_key),
        "password": (DEMO_USERNAME, DEMO_PASSWORD),
    }[who]
    fields = {"username": username, "password": password}
    if encoding == "json":
        answer = httpx.post(f"{mock.base_url}/auth/token", json=fields)
    else:
        answer = httpx.post(f"{mock.base_url}/auth/token", data=fields)
    assert answer.status_code == 200, answer.text
    assert me(mock, answer.json()["access_token"]).json()["username"] == DEMO_USERNAME


@pytest.mark.parametrize(
    ("username", "password"),
    [("demo", "wrong"), ("somebody", "demo-password"), ("pip_client", "indox-" + "x" * 32)],
)
def test_wrong_login_is_refused(mock: MockServer, username: str, password: str) -> None:
    answer = httpx.post(f"{mock.base_url}/auth/token", json={"username": username, "password": password})
    assert answer.status_code == 401
    assert answer.json()["error"] == "authentication_error"


def test_key_exchange_sets_a_cookie_that_stands_for_the_token(mock: MockServer) -> None:
    with httpx.Client() as client:
        token = exchange(mock, client)["access_token"]
        assert client.cookies["access_token"] == token
        assert client.get(f"{mock.base_url}/user/me").status_code == 200


def test_api_key_itself_is_a_bearer_token(http: httpx.Client) -> None:
    assert http.get("/user/me").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer nonsense"},
        {"Authorization": "Bearer a.b.c"},
        {"Authorization": "Basic ZGVtbzpkZW1v"},
        {"Cookie": "access_token=nonsense"},
    ],
)
def test_missing_or_bad_credentials_are_a_documented_401(mock: MockServer, headers: dict[str, str]) -> None:
    answer = httpx.post(f"{mock.base_url}/chat/completions", json=HELLO, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["error"] == "authentication_error"


def test_token_of_another_server_is_refused(mock: MockServer) -> None:
    token = exchange(mock)["access_token"]
    head, claims, signature = token.split(".")
    forged = ".".join([head, claims, signature[::-1]])
    assert "signature" in me(mock, forged).json()["message"]


@pytest.mark.indoxrouter_mock(token_lifetime=60)
def test_token_expires_on_the_mocks_clock(mock: MockServer) -> None:
    token = exchange(mock)["access_token"]
    mock.clock.advance(59)
    assert me(mock, token).status_code == 200
    mock.clock.advance(2)
    refused = me(mock, token)
    assert (refused.status_code, refused.json()["message"]) == (401, "the token has expired")


def test_refresh_token_works_once_and_its_second_use_ends_the_login(mock: MockServer) -> None:
    first = exchange(mock)

    def refresh(token: str) -> httpx.Response:
        return httpx.post(f"{mock.base_url}/auth/refresh", json={"refresh_token": token})

    second = refresh(first["refresh_token"]).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert me(mock, second["access_token"]).status_code == 200
    assert refresh(first["refresh_token"]).status_code == 401
    assert me(mock, second["access_token"]).status_code == 401
    assert refresh(second["refresh_token"]).status_code == 401
    assert refresh("never issued").status_code == 401


def test_revoking_a_key_ends_the_tokens_that_came_from_it(mock: MockServer, http: httpx.Client) -> None:
    made = http.post("/user/api-keys", json={"name": "other"}).json()
    key = httpx.post(f"{mock.base_url}/auth/api-key", headers={"X-API-Key": made["api_key"]}).json()
    assert me(mock, key["access_token"]).status_code == 200
    http.post(f"/user/api-keys/{made['id']}/revoke")
    assert me(mock, key["access_token"]).status_code == 401
    assert me(mock, made["api_key"]).status_code == 401
    http.post(f"/user/api-keys/{made['id']}/enable")
    assert me(mock, made["api_key"]).status_code == 200
    assert me(mock, key["access_token"]).status_code == 200


def test_all_tokens_can_be_revoked_while_keys_go_on_working(mock: MockServer) -> None:
    token = exchange(mock)["access_token"]
    assert mock.revoke_tokens() == 1
    assert me(mock, token).json()["message"] == "the token has been revoked"
    assert me(mock, mock.api_key).status_code == 200


def test_deleted_account_can_do_nothing_more(mock: MockServer, http: httpx.Client) -> None:
    token = exchange(mock)["access_token"]
    assert http.delete("/user/account").json()["success"] is True
    assert me(mock, token).status_code == 401
    assert http.get("/user/me").status_code == 401
