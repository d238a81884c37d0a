"""Opens pages of runs in headless Chromium, as a reader would, and fails on what is wrong with them.

    pip install websocket-client==1.9.2
    python tests/python/check_page.py CHROMIUM PAGE.html [PAGE.html …]

At 400 and 1400 pixels' width, light and dark: no error in the console, no request but for the file
itself, no page wider than its window, no text that is shown smaller than 12 pixels, that of figures
and films included, nothing wider than its box unless the box scrolls, no card or figure twice, the
verdict and the film before all else, the film's pictures shown, and every figure with a size, inside
the page, and with its lines told apart from its paper.
"""

import itertools
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

import websocket

# Least size of text, in pixels, and how much of it the browser's rounding of boxes may take.
LEAST_TEXT = 12.0
ROUNDING = 0.01
# Size of the smallest letters in a film, as a share of its width: 11.5 units of a canvas of 300.
FILM_TEXT = 11.5 / 300

PROBE = """
(async () => {
  const luminance = colour => {
    const [r, g, b] = colour.match(/[\\d.]+/g).map(v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a, b) => {
    const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (high + 0.05) / (low + 0.05);
  };
  // Box that cuts an element off, or scrolls it.
  const box = element => {
    const parent = element.parentElement, style = getComputedStyle(parent);
    return parent === document.body || style.overflowX !== "visible" ? parent : box(parent);
  };
  const figures = [...document.querySelectorAll("figure svg")].map(svg => {
    const size = svg.getBoundingClientRect(), frame = svg.closest("figure").getBoundingClientRect();
    const paper = getComputedStyle(svg.querySelector("rect")).fill;
    const text = svg.querySelector("text");
    const shapes = [...svg.querySelectorAll("path, circle, image, rect")];
    return {
      name: svg.getAttribute("aria-label"), width: size.width, height: size.height,
      left: Math.min(size.left, size.left - frame.left), right: frame.right,
      shapes: shapes.length, drawn: shapes.map(shape => shape.outerHTML).join(""),
      contrast: text ? contrast(getComputedStyle(text).fill, paper) : 21,
    };
  });
  const texts = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const words = walker.currentNode.textContent.trim(), element = walker.currentNode.parentElement;
    if (!words || ["STYLE", "SCRIPT", "TITLE"].includes(element.tagName.toUpperCase())) continue;
    const matrix = element.getScreenCTM?.();
    const scale = matrix ? Math.hypot(matrix.a, matrix.b) : 1;
    texts.push({ words: words.slice(0, 40), size: scale * parseFloat(getComputedStyle(element).fontSize) });
  }
  // What is wider than its box must be in one that scrolls as far.
  const cut = [...document.querySelectorAll("table, svg, pre, video, p, li, h1, h2, dd, figcaption")].filter(element => {
    const frame = box(element), outer = frame.getBoundingClientRect(), inner = element.getBoundingClientRect();
    if (inner.left >= outer.left - 0.5 && inner.right <= outer.right + 0.5) return false;
    const scrolls = ["auto", "scroll"].includes(getComputedStyle(frame).overflowX);
    return !scrolls || frame.clientWidth < 100 || frame.scrollWidth < Math.floor(inner.width);
  }).map(element => `${element.tagName} ${element.textContent.trim().slice(0, 40)}`);
  const video = document.querySelector("video");
  for (let i = 0; video && video.readyState < 2 && !video.error && i < 100; i++) {
    await new Promise(done => setTimeout(done, 50));
  }
  const first = document.querySelector("h2, table, dl, figure");
  const film = video && {
    width: video.getBoundingClientRect().width, pixels: video.videoWidth, error: video.error?.message ?? null,
    first: document.querySelector("figure").contains(video), ready: video.readyState,
  };
  const text = document.querySelector("p");
  return JSON.stringify({
    figures, texts, cut, film, first: first?.textContent.trim().slice(0, 60) ?? "",
    cards: [...document.querySelectorAll("dt, h2")].map(card => card.textContent.trim().split(":")[0].toLowerCase()),
    overflow: document.documentElement.scrollWidth - innerWidth,
    words: contrast(getComputedStyle(text).color, getComputedStyle(document.body).backgroundColor),
    background: getComputedStyle(document.body).backgroundColor,
  });
})()
"""


class Browser:
    """A tab of a Chromium that was started for this check."""

    def __init__(self, binary, profile):
        flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0"]
        flags += ["--remote-allow-origins=*", f"--user-data-dir={profile}", "about:blank"]
        # In a session of its own, and without our output, which would stay open with it.
        self.process = subprocess.Popen(
            [binary, *flags],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        port_file = pathlib.Path(profile, "DevToolsActivePort")
        for _ in range(300):
            if port_file.exists() and port_file.read_text().strip():
                break
            time.sleep(0.1)
        port = port_file.read_text().split()[0]
        tabs = json.load(urllib.request.urlopen(f"http://127.0.0.1:{port}/json"))
        address = next(tab for tab in tabs if tab["type"] == "page")["webSocketDebuggerUrl"]
        self.socket = websocket.create_connection(address, timeout=60)
        self.events, self.number = [], 0

    def call(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        self.socket.send(json.dumps(message))
        while True:
            answer = json.loads(self.socket.recv())
            if answer.get("id") == self.number:
                return answer["result"]
            self.events.append(answer)

    def close(self):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def wait_for(self, method):
        while not any(event["method"] == method for event in self.events):
            self.events.append(json.loads(self.socket.recv()))


def check(browser, page, width, theme):
    """The faults of a page at a width and in a theme."""
    browser.events.clear()
    browser.call(
        "Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False
    )
    features = [{"name": "prefers-color-scheme", "value": theme}]
    browser.call("Emulation.setEmulatedMedia", features=features)
    browser.call("Page.navigate", url=page)
    browser.wait_for("Page.loadEventFired")
    found = json.loads(browser.call("Runtime.evaluate", expression=PROBE, awaitPromise=True)["result"]["value"])
    faults = []
    for event in browser.events:
        if event["method"] == "Network.requestWillBeSent":
            url = event["params"]["request"]["url"]
            if url != page and not url.startswith("data:"):
                faults.append(f"requests {url}")
        if event["method"] in ("Runtime.exceptionThrown", "Log.entryAdded"):
            faults.append(f"error: {json.dumps(event['params'])[:200]}")
    if found["overflow"] > 0:
        faults.append(f"is {found['overflow']} px wider than its window")
    if found["words"] < 4.5:
        faults.append(f"text has contrast {found['words']:.1f}")
    smallest = min(found["texts"], key=lambda text: text["size"])
    if smallest["size"] < LEAST_TEXT - ROUNDING:
        faults.append(f"text is {smallest['size']:.2f} px high: {smallest['words']}")
    faults += [f"cut off: {what}" for what in found["cut"]]
    for kind, names in (
        ("card", found["cards"]),
        ("figure", [figure["name"] for figure in found["figures"]]),
        ("drawing", [figure["drawn"] for figure in found["figures"]]),
    ):
        for name in {name for name in names if names.count(name) > 1}:
            faults.append(f"has a {kind} twice: {name[:60]}")
    if not found["figures"]:
        faults.append("has no figure")
    for figure in found["figures"]:
        inside = figure["left"] >= 0 and figure["right"] <= width + 0.5
        large = figure["width"] >= 200 and figure["height"] >= 60 and figure["shapes"] > 5
        if not (inside and large and figure["contrast"] >= 4.5):
            del figure["drawn"]
            faults.append(f"a figure cannot be seen: {figure}")
    if film := found["film"]:
        text = FILM_TEXT * film["width"]
        if film["error"] or film["ready"] < 2 or film["pixels"] < 64 or not film["first"]:
            faults.append(f"its film is not shown first, or not at all: {film}")
        if text < LEAST_TEXT - ROUNDING:
            faults.append(f"text in its film is {text:.2f} px high")
    return faults, found


def check_in_all_forms(browser, page):
    """How many faults a page has, after saying which."""
    faults, backgrounds = 0, set()
    address = pathlib.Path(page).resolve().as_uri()
    for width, theme in itertools.product((400, 1400), ("light", "dark")):
        found, seen = check(browser, address, width, theme)
        backgrounds.add(seen["background"])
        faults += len(found)
        count, film = len(seen["figures"]), ", a film" if seen["film"] else ""
        smallest = min(text["size"] for text in seen["texts"])
        print(
            f"{page} at {width} px, {theme}: first {seen['first']!r}, {count} figures{film}, smallest text "
            f"{smallest:.2f} px, {seen['overflow']} px over, {len(found)} faults"
        )
        for fault in found:
            print(f"  {fault}")
    if len(backgrounds) != 2:
        faults += 1
        print(f"{page}: light and dark have the backgrounds {backgrounds}")
    return faults


def main(binary, pages):
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(binary, profile)
        try:
            for domain in ("Page", "Network", "Runtime", "Log"):
                browser.call(f"{domain}.enable")
            faults = sum(check_in_all_forms(browser, page) for page in pages)
        finally:
            browser.close()
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
