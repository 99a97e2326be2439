"""A real browser over the dashboard on loopback: Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import uvicorn
from playwright.sync_api import Browser, Page, sync_playwright
from starlette.types import ASGIApp

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
"""The browser, or None where it is not installed."""
ABSENT = "Chromium is not installed here (Debian: apt-get install chromium)"
_STARTED_WITHIN = 60.0
_ANSWERED_WITHIN = 300.0
"""Seconds; only a machine that does many other things needs as long."""


_LEFT_BEHIND = "net::ERR_ABORTED"
"""What becomes of an image that is still on its way when the reader goes on."""


@dataclass(frozen=True, slots=True)
class Emulation:
    """How a reader looks at a page; the options are Playwright's."""

    id: str
    width: int
    options: dict[str, Any]


EMULATIONS = (
    Emulation("320-pixels", 320, {}),
    Emulation("forced-colours", 1200, {"forced_colors": "active"}),
    Emulation("dark", 1200, {"color_scheme": "dark"}),
    Emulation("print", 1200, {"media": "print"}),
)


@contextmanager
def served(app: ASGIApp) -> Iterator[str]:
    """The application on a free port of this machine, and its address."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        deadline = time.monotonic() + _STARTED_WITHIN
        while not server.started:
            assert time.monotonic() < deadline, "the server did not start"
            time.sleep(0.02)
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.should_exit = True
            thread.join()


@contextmanager
def browsing() -> Iterator[Browser]:
    """A browser without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def opened(browser: Browser, emulation: Emulation) -> Iterator[tuple[Page, list[str]]]:
    """A page as a reader has it, and what the browser complained of so far."""
    context = browser.new_context(viewport={"width": emulation.width, "height": 900})
    page, complaints = context.new_page(), list[str]()
    page.set_default_timeout(_ANSWERED_WITHIN * 1000)
    page.emulate_media(**emulation.options)
    page.on("console", lambda message: complaints.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
    page.on(
        "requestfailed",
        lambda request: (
            complaints.append(f"failed: {request.url}") if request.failure != _LEFT_BEHIND else None
        ),
    )
    page.on(
        "response",
        lambda answer: (
            complaints.append(f"{answer.status}: {answer.url}") if answer.status >= 400 else None
        ),
    )
    try:
        yield page, complaints
    finally:
        context.close()


def settle(page: Page) -> None:
    """Load every image, also one that waits until a reader comes near it, and wait for it."""
    page.wait_for_load_state("networkidle")
    page.evaluate(
        "async () => { const all = [...document.images];"
        " for (const one of all) { one.loading = 'eager'; }"
        " await Promise.all(all.map((one) => one.decode())); }"
    )


def violations(page: Page) -> list[str]:
    """What axe-core finds wrong, by rule and place; needs no script of the page itself."""
    if not page.evaluate("typeof window.axe === 'object'"):
        page.evaluate((files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8"))
    found: dict[str, Any] = page.evaluate("axe.run({resultTypes: ['violations']})")
    return [
        f"{each['id']}: {node['target']}" for each in found["violations"] for node in each["nodes"]
    ]


def scrolls_sideways(page: Page) -> bool:
    """Whether the page is wider than the window."""
    wider = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    found: bool = page.evaluate(wider)
    return found


def charts_of(page: Page) -> list[str]:
    """The address of every chart that a page can show, in each of its looks."""
    found: list[str] = page.evaluate(
        "[...document.querySelectorAll('img, picture source')].flatMap((one) =>"
        " [one.getAttribute('src'), one.getAttribute('srcset')]).filter((one) => one)"
        ".map((one) => one.split(' ')[0]).filter((one) => one.endsWith('.svg'))"
    )
    return list(dict.fromkeys(found))


def cut_texts(page: Page) -> list[str]:
    """The texts of an image that do not fit in it; the page is that image."""
    found: list[str] = page.evaluate(
        "() => { const whole = document.documentElement.getBoundingClientRect();"
        " return [...document.querySelectorAll('text')].filter((one) => {"
        " const box = one.getBoundingClientRect();"
        " return box.width && (box.left < whole.left - 1 || box.right > whole.right + 1"
        " || box.top < whole.top - 1 || box.bottom > whole.bottom + 1);"
        " }).map((one) => one.textContent); }"
    )
    return found
