"""Who may talk to the server, and what every answer carries."""

from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from einthoven.api.app import create_app
from einthoven.api.security import COOKIE, SAFE_HEADERS, cookie_name
from einthoven.workflows.workspace import Workspace

TOKEN = "token-for-tests"


@pytest.fixture
def stranger(app: FastAPI) -> TestClient:
    return TestClient(app, "http://127.0.0.1:8000", raise_server_exceptions=False, follow_redirects=False)


def kind(response: object) -> str:
    return str(response.json()["type"])  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Bearer "},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": TOKEN},
        {"Cookie": f"{COOKIE}=wrong"},
        {"Cookie": f"other={TOKEN}"},
        {"Cookie": f"{COOKIE}="},
    ],
)
def test_without_the_token_nothing_is_told(stranger: TestClient, headers: dict[str, str]) -> None:
    response = stranger.get("/api/datasets", headers=headers)
    assert response.status_code == 401 and kind(response) == "urn:einthoven:TokenNeeded"
    assert response.headers["content-type"] == "application/problem+json"
    page = stranger.get("/anything", headers=headers)
    assert page.status_code == 401 and "came without its key" in page.text and TOKEN not in page.text


@pytest.mark.parametrize(
    "headers", [{"Authorization": f"Bearer {TOKEN}"}, {"Cookie": f"a=b; {cookie_name('127.0.0.1:8000')}={TOKEN}"}]
)
def test_with_the_token_the_server_answers(stranger: TestClient, headers: dict[str, str]) -> None:
    assert stranger.get("/api/datasets", headers=headers).status_code == 200


def test_servers_on_two_ports_do_not_share_a_cookie(stranger: TestClient) -> None:
    # Browsers send the cookies of 127.0.0.1:8001 to 127.0.0.1:8000 as well.
    neighbour = {"Cookie": f"{cookie_name('127.0.0.1:8001')}=another"}
    assert cookie_name("127.0.0.1:8001") != cookie_name("127.0.0.1:8000")
    both = {"Cookie": f"{neighbour['Cookie']}; {cookie_name('127.0.0.1:8000')}={TOKEN}"}
    assert stranger.get("/api/datasets", headers=both).status_code == 200
    assert stranger.get("/api/datasets", headers=neighbour).status_code == 401


def test_the_printed_address_sets_a_cookie_and_loses_its_token(stranger: TestClient) -> None:
    response = stranger.get(f"/train?token={TOKEN}")
    assert response.status_code == 303 and response.headers["location"] == "/train"
    cookie = response.headers["set-cookie"].casefold()
    assert COOKIE in cookie and "httponly" in cookie and "samesite=strict" in cookie
    assert stranger.get("/api/datasets").status_code == 200, "the client keeps the cookie"
    again = stranger.get(f"/?token={TOKEN}")
    assert again.status_code == 303, "a known browser, too, gets the token out of its address bar"
    assert stranger.get(f"http://127.0.0.1:8000//evil.example/?token={TOKEN}").headers["location"] == "/evil.example/"
    assert stranger.get("/?token=wrong").status_code in (401, 503)


def test_a_wrong_token_in_the_address_sets_no_cookie(stranger: TestClient) -> None:
    for address in ("/?token=wrong", "/?token=", "/api/datasets?token=wrong"):
        response = stranger.get(address)
        assert response.status_code == 401 and "set-cookie" not in response.headers
    assert stranger.post(f"/api/uploads?token={TOKEN}").status_code == 401


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "192.168.0.7:8000", "", "localhost.evil.example"]
)
def test_another_host_name_is_refused_even_with_the_token(client: TestClient, host: str) -> None:
    response = client.get("/api/datasets", headers={"Host": host})
    assert response.status_code == 403 and kind(response) == "urn:einthoven:HostRefused"


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8123", "127.0.0.1:9", "[::1]:8000"])
def test_this_machine_has_several_names(client: TestClient, host: str) -> None:
    assert client.get("/api/datasets", headers={"Host": host}).status_code == 200


def test_a_further_name_can_be_allowed(workspace: Workspace) -> None:
    app = create_app(workspace, token=TOKEN, hosts=("ecg.hospital.example",))
    with TestClient(app, "http://ecg.hospital.example", headers={"Authorization": f"Bearer {TOKEN}"}) as client:
        assert client.get("/api/datasets").status_code == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "http://127.0.0.1:9999", "null", "http://localhost"])
def test_a_page_from_elsewhere_is_refused_even_with_the_token(client: TestClient, origin: str) -> None:
    response = client.post("/api/uploads", headers={"Origin": origin})
    assert response.status_code == 403 and kind(response) == "urn:einthoven:OriginRefused"


def test_the_servers_own_pages_may_ask(client: TestClient) -> None:
    headers = {"Host": "127.0.0.1:8000", "Origin": "http://127.0.0.1:8000"}
    assert client.post("/api/uploads", headers=headers).status_code == 201


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/api/datasets", {}),
        ("/api/no-such", {}),
        ("/api/records/1", {}),
        ("/api/datasets", {"Host": "evil.example"}),
        ("/api/datasets", {"Authorization": ""}),
        ("/", {"Authorization": ""}),
    ],
)
def test_every_answer_forbids_foreign_code_and_caching(client: TestClient, path: str, headers: dict[str, str]) -> None:
    response = client.get(path, headers=headers)
    assert {name: response.headers.get(name) for name in SAFE_HEADERS} == SAFE_HEADERS
    assert "access-control-allow-origin" not in response.headers
    assert "default-src 'self'" in response.headers["content-security-policy"]


# -- pages -----------------------------------------------------------------------------------------


@pytest.fixture
def pages(workspace: Workspace, tmp_path: Path) -> TestClient:
    web = tmp_path / "web"
    (web / "assets").mkdir(parents=True)
    (web / "index.html").write_text("<title>the page</title>")
    (web / "favicon.svg").write_text("<svg/>")
    (web / "assets" / "main.js").write_text("run()")
    (tmp_path / "secret").write_text("what nobody may see")
    (tmp_path / "web-beside").mkdir()
    (tmp_path / "web-beside" / "x").write_text("what nobody may see")
    app = create_app(workspace, token=TOKEN, web=web)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    return TestClient(app, "http://127.0.0.1", raise_server_exceptions=False, headers=headers)


@pytest.mark.parametrize("path", ["/", "/library", "/viewer/17", "/models/a%20b", "/index.html", "/no.such.file"])
def test_every_address_that_is_no_file_is_the_page(pages: TestClient, path: str) -> None:
    response = pages.get(path)
    assert response.status_code == 200 and "the page" in response.text


def test_files_of_the_pages_are_served(pages: TestClient) -> None:
    assert pages.get("/favicon.svg").text == "<svg/>"
    script = pages.get("/assets/main.js")
    assert script.text == "run()" and "javascript" in script.headers["content-type"]


@pytest.mark.parametrize(
    "path",
    [
        "/../secret", "/%2e%2e/secret", "/..%2fsecret", "/%2e%2e%2fsecret", "/assets/../../secret",
        "/assets/..%2f..%2fsecret",
        "/..%5csecret", "/../web-beside/x", "/..%2fweb-beside%2fx", "//etc/passwd", "/%2fetc/passwd", "/favicon.svg%00",
        "/" + "x" * 5000, "/%00",
    ],
)  # fmt: skip
def test_no_address_leads_out_of_the_pages(pages: TestClient, path: str) -> None:
    response = pages.get(path)
    assert response.status_code in (200, 404) and "nobody may see" not in response.text and "root:" not in response.text


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/no-such", "/api/datasets/a/b/c"])
def test_an_unknown_address_of_the_api_is_not_the_page(pages: TestClient, path: str) -> None:
    response = pages.get(path)
    assert response.status_code == 404 and response.headers["content-type"] == "application/problem+json"


def test_pages_that_were_not_built_are_said_to_be(client: TestClient) -> None:
    response = client.get("/")
    assert response.status_code == 503 and "make web" in response.text
