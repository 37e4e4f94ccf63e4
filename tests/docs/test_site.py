"""The built site: every link leads somewhere, no page scrolls sideways, and no browser complains."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from tests.docs.pages import ROOT
from tests.mock.chromium import Chromium, find_chromium
from tests.patience import ALL, seconds

pytestmark = [
    pytest.mark.xdist_group("site"),
    pytest.mark.timeout(300),
    pytest.mark.skipif(not ALL, reason="builds the site: make test-all"),
]
EXECUTABLE = find_chromium()
SHOWN = ("", "quick-start/", "cookbook/", "guides/chat/", "guides/bulk/", "reference/client/", "reference/errors/",
         "cli/", "reliability/", "mock-faults/", "architecture/")  # fmt: skip
"""Pages of every kind: with long tables, long signatures, long lines of code."""

_OUTSIDE = """
(() => {
  const width = document.documentElement.clientWidth;
  const clipped = (element) => {
    for (let parent = element.parentElement; parent; parent = parent.parentElement)
      if (getComputedStyle(parent).overflowX !== "visible") return true;
    return false;
  };
  const outside = [...document.querySelectorAll(".md-content *")].filter(
    (element) => element.getBoundingClientRect().right > width + 1 && !clipped(element)
  );
  const excess = document.documentElement.scrollWidth - width;
  return { excess, outside: outside.slice(0, 3).map((element) => element.textContent.slice(0, 80)) };
})()
"""


class _Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = {""}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if value and name in ("href", "src"):
                self.links.append(value)
            elif value and name == "id":
                self.anchors.add(value)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `make docs` builds, from a copy: other tests read docs/ meanwhile."""
    place = tmp_path_factory.mktemp("site")
    shutil.copytree(ROOT / "docs", place / "docs")
    shutil.copy(ROOT / "zensical.toml", place)
    for package in ("generated", "indoxrouter_ext", "indoxrouter_bulk"):
        (place / package).symlink_to(ROOT / package)
    derive = [sys.executable, "-m", "scripts.reference_pages", str(place / "docs")]
    subprocess.run(derive, cwd=ROOT, check=True, capture_output=True)
    build = [sys.executable, "-m", "zensical", "build", "--clean", "--strict"]
    done = subprocess.run(build, cwd=place, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return place / "site"


@pytest.fixture(scope="module")
def url(site: Path) -> Iterator[str]:
    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(site))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def test_every_link_and_anchor_exists(site: Path) -> None:
    pages = {path: _Page(path.read_text("utf-8")) for path in site.rglob("*.html") if path.name != "404.html"}
    assert len(pages) > 60
    broken: list[str] = []
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            target = target / "index.html" if target.is_dir() else target
            found = target.exists()
            if found and target in pages:
                found = unquote(parts.fragment) in pages[target].anchors
            if not found:
                broken.append(f"{path.relative_to(site)}: {link}")
    assert broken == []


def test_no_page_is_endless_or_lists_private_names(site: Path) -> None:
    client = _Page((site / "reference/client/index.html").read_text("utf-8"))
    private = [name for name in client.anchors if "._" in name]
    assert private == []
    assert len(client.anchors) < 120


@pytest.mark.skipif(EXECUTABLE is None, reason="no Chromium is installed (Debian: apt install chromium)")
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_fit_and_the_console_is_empty(url: str, tmp_path: Path, width: int, scheme: str) -> None:
    with Chromium(EXECUTABLE or "", tmp_path / "profile") as browser:
        mobile = width < 500
        browser.send(
            "Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=mobile
        )
        media = [{"name": "prefers-color-scheme", "value": scheme}]
        browser.send("Emulation.setEmulatedMedia", features=media)
        faults: list[str] = []
        for page in SHOWN:
            browser.open(url + page)
            ready = f"location.pathname === '/{page}' && document.readyState === 'complete'"
            browser.wait_for(ready, seconds(20))
            found = browser.evaluate(_OUTSIDE)
            if found["excess"] > 0 or found["outside"]:
                faults.append(f"{page}: {found}")
            background = browser.evaluate("getComputedStyle(document.body).backgroundColor")
            shade = [int(part) for part in background.strip("rgba()").split(",")[:3]]
            assert (sum(shade) > 384) == (scheme == "light"), (page, background)
        assert faults == []
        assert browser.errors == []
