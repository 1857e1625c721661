"""The report in a real browser: nothing is asked for, nothing complains, everyone can read it."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import segmeans
from segmeans.doctor import find_browser
from segmeans.report import page
from segmeans.sample import write_orders
from segmeans.segments.actions import recommend
from segmeans.segments.actions_playbook import read_playbook

pytestmark = [pytest.mark.browser]
CHROMIUM = find_browser()

# Every text against what lies behind it, by WCAG 2.2: 4.5, or 3 for large text.
FAINT = """() => {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const rgba = colour => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => [r, g, b].map(c => c / 255)
    .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = element => {
    for (let at = element; at; at = at.parentElement) {
      const colour = rgba(getComputedStyle(at).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return [255, 255, 255, 255];
  };
  const faint = [];
  for (const element of document.querySelectorAll('body *')) {
    if (![...element.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())) continue;
    const style = getComputedStyle(element);
    const svg = element.ownerSVGElement !== undefined;
    const ink = light(rgba(svg ? style.fill : style.color)), paper = light(behind(element));
    const ratio = (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
    const size = parseFloat(style.fontSize), bold = parseInt(style.fontWeight) >= 700;
    const least = size >= 24 || (bold && size >= 18.66) ? 3 : 4.5;
    if (ratio < least) faint.push(`${element.className}: ${element.textContent} ${ratio}`);
  }
  return faint;
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("there is no Chromium on this machine")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as started:
        launched = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture(scope="module", params=["five", "mixed", "hostile", "orders"])
def path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    if request.param == "hostile":
        folder: Path = request.getfixturevalue("hostile")
        return folder / "report.html"
    written = tmp_path_factory.mktemp("report") / "report.html"
    if request.param == "orders":
        log = tmp_path_factory.mktemp("log") / "orders.csv"
        write_orders(log, 600, 3)
        with segmeans.segment(log, orders=True, k=3, fast=True) as study:
            segmeans.write(study, written.parent / "out", figures=False)
        return written.parent / "out" / "report.html"
    record = request.getfixturevalue(request.param).record
    data = page.report_data(record, recommend(record, read_playbook()))
    written.write_text(page.html(data), "utf-8")
    return written


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("script", [True, False])
def test_nothing_complains_and_nothing_leaves(
    browser: Any, path: Path, scheme: str, script: bool
) -> None:
    context = browser.new_context(color_scheme=scheme, java_script_enabled=script)
    told: list[str] = []
    asked: list[str] = []
    opened = context.new_page()
    opened.on("console", lambda message: told.append(message.text))
    opened.on("pageerror", lambda error: told.append(str(error)))
    opened.on("dialog", lambda dialog: told.append(dialog.message))
    opened.on("request", lambda request: asked.append(request.url))
    opened.goto(path.as_uri())
    opened.locator("summary").first.click()  # folding needs no script
    assert opened.locator("details").first.get_attribute("open") is not None
    assert opened.locator("h1").is_visible()
    context.close()
    assert told == []
    assert asked == [path.as_uri()]


@pytest.mark.parametrize("width", [360, 820, 1280])
def test_the_page_itself_never_scrolls_sideways(browser: Any, path: Path, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800})
    opened = context.new_page()
    opened.goto(path.as_uri())
    opened.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert opened.evaluate("document.documentElement.scrollWidth") <= width
    context.close()


# Words of the heads of the heat table that stand on more than one line; … and - may end one.
BROKEN = """() => {
  const broken = [];
  for (const name of document.querySelectorAll('.heat-name')) {
    const text = name.firstChild;
    for (const word of text.data.matchAll(/[^\\s\u2026-]+/g)) {
      const range = document.createRange();
      range.setStart(text, word.index); range.setEnd(text, word.index + word[0].length);
      if (range.getClientRects().length > 1) broken.push(word[0]);
    }
  }
  return broken;
}"""


# Waits until the page has been drawn anew, twice: a scroll counts from the next time on.
DRAWN = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


@pytest.fixture(scope="module")
def twelve(tmp_path_factory: pytest.TempPathFactory, make: Any) -> Path:
    angles = 2 * np.pi * np.arange(12) / 12
    draw = np.random.default_rng(2)
    around = [
        np.repeat(9 * turn(angles + phase), 20) + draw.normal(size=240)
        for turn in (np.cos, np.sin)
        for phase in (0.0, 0.7, 1.9)
    ]
    names = ("household_income", "average_order_value", "tenure_months", "discount_share")
    names += ("days_since_last_order", "visits")
    study = make(dict(zip(names, around, strict=True)), 12, ks=2)
    written = tmp_path_factory.mktemp("twelve") / "report.html"
    data = page.report_data(study.record, recommend(study.record, read_playbook()))
    written.write_text(page.html(data), "utf-8")
    return written


def test_twelve_segments_stand_side_by_side(browser: Any, twelve: Path) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    opened = context.new_page()
    opened.goto(twelve.as_uri())
    table = "document.querySelector('#differences .wide')"
    assert opened.evaluate("document.querySelectorAll('.heat-name').length") == 12
    assert opened.evaluate(f"{table}.scrollWidth - {table}.clientWidth") <= 0
    assert opened.evaluate(BROKEN) == []
    context.close()


def test_a_table_that_goes_on_fades_out_until_its_end(browser: Any, twelve: Path) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 800})
    opened = context.new_page()
    opened.goto(twelve.as_uri())
    table = "document.querySelector('#differences .wide')"
    more = f"parseFloat(getComputedStyle({table}).getPropertyValue('--more'))"
    assert opened.evaluate(f"{table}.scrollWidth > {table}.clientWidth")
    opened.evaluate(DRAWN)
    assert opened.evaluate(more) > 20
    opened.evaluate(f"{table}.scrollLeft = {table}.scrollWidth")
    opened.evaluate(DRAWN)
    assert opened.evaluate(more) == 0
    left = opened.evaluate(f"{table}.querySelector('tbody th').getBoundingClientRect().left")
    assert left == opened.evaluate(f"{table}.getBoundingClientRect().left")  # stays in sight
    context.close()


def test_paper_shows_everything(browser: Any, path: Path) -> None:
    context = browser.new_context(viewport={"width": 680, "height": 900}, color_scheme="dark")
    opened = context.new_page()
    opened.emulate_media(media="print")
    opened.goto(path.as_uri())
    assert opened.evaluate("document.documentElement.scrollWidth") <= 680
    assert opened.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    assert opened.locator("nav").is_hidden()
    context.close()


def test_every_part_is_reached_from_the_top(browser: Any, path: Path) -> None:
    context = browser.new_context()
    opened = context.new_page()
    opened.goto(path.as_uri())
    parts = opened.evaluate("[...document.querySelectorAll('main > section')].map(s => '#' + s.id)")
    links = opened.evaluate(
        "[...document.querySelectorAll('nav a')].map(a => a.getAttribute('href'))"
    )
    context.close()
    assert links == parts  # in the same order
    assert len(parts) > 3


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out(browser: Any, path: Path, scheme: str) -> None:
    context = browser.new_context(color_scheme=scheme)
    opened = context.new_page()
    opened.goto(path.as_uri())
    opened.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert opened.evaluate(FAINT) == []
    context.close()


def test_the_keyboard_reaches_everything(browser: Any, path: Path) -> None:
    context = browser.new_context()
    opened = context.new_page()
    opened.goto(path.as_uri())
    opened.keyboard.press("Tab")
    assert opened.evaluate("document.activeElement.className") == "skip"
    reached = set()
    for _ in range(60):
        opened.keyboard.press("Tab")
        reached.add(opened.evaluate("document.activeElement.tagName"))
    assert {"A", "SUMMARY", "DIV"} <= reached
    context.close()


@pytest.mark.parametrize(("scheme", "width"), [("light", 360), ("dark", 1280)])
def test_axe_finds_no_barrier(browser: Any, path: Path, scheme: str, width: int) -> None:
    axe = pytest.importorskip("axe_playwright_python", reason="axe-core is not installed")
    context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 900})
    opened = context.new_page()
    opened.goto(path.as_uri())
    opened.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    opened.evaluate(resources.files(axe).joinpath("axe.min.js").read_text("utf-8"))
    found = opened.evaluate("axe.run()")
    context.close()
    barriers = [
        f"{rule['id']}: {node['html'][:200]}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]
    assert barriers == []
    assert len(found["passes"]) > 25  # it has looked


def test_axe_would_find_a_barrier(browser: Any, path: Path) -> None:
    axe = pytest.importorskip("axe_playwright_python", reason="axe-core is not installed")
    context = browser.new_context()
    opened = context.new_page()
    opened.goto(path.as_uri())
    opened.evaluate("document.documentElement.removeAttribute('lang')")
    opened.evaluate(resources.files(axe).joinpath("axe.min.js").read_text("utf-8"))
    found = opened.evaluate("axe.run()")
    context.close()
    assert [rule["id"] for rule in found["violations"]] == ["html-has-lang"]


def test_hostile_texts_are_texts(browser: Any, hostile: Path) -> None:
    context = browser.new_context()
    opened = context.new_page()
    told: list[str] = []
    opened.on("dialog", lambda dialog: told.append(dialog.message))
    opened.goto((hostile / "report.html").as_uri())
    opened.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    said = opened.locator("body").inner_text()
    scripts = opened.evaluate("document.querySelectorAll('script, iframe, img, [onerror]').length")
    context.close()
    assert (told, scripts) == ([], 0)
    assert "<script>alert(1)</script>" in said
    for text in ("=cmd|' /C calc'!A0", "\N{BANKNOTE WITH EURO SIGN}", "الدخل", "שלום"):
        assert text in said
