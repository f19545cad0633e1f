"""The page in a real browser: accessible, sortable, readable on a phone, and nothing in the way.

`make test-browser` runs these; they need Debian's chromium and chromium-driver.
axe.min.js is axe-core 4.14.1 by Deque Systems, MPL-2.0 (axe.LICENSE), unchanged.
"""

import shutil
from pathlib import Path

import pytest

from coaching_stats.output import REPORTS

pytestmark = pytest.mark.browser
AXE = (Path(__file__).parent / "axe.min.js").read_text(encoding="utf-8")
PHONE, DESKTOP = (390, 844), (1280, 900)


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for word in ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"):
        options.add_argument(word)
    options.add_argument(f"--user-data-dir={tmp_path_factory.mktemp('profile')}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    yield driver
    driver.quit()


@pytest.fixture(scope="session")
def pages(outputs):
    """The sample in both languages, and one client with what cannot be tested."""
    return {
        "en": outputs("theory_run") / REPORTS["en"],
        "fi": outputs("theory_run") / REPORTS["fi"],
        "one_client": outputs("one_client_run") / REPORTS["fi"],
    }


def opened(browser, path, size=DESKTOP):
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": size == PHONE},
    )
    browser.get(path.as_uri())
    return browser


@pytest.mark.parametrize("name", ["en", "fi", "one_client"])
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(browser, pages, name, size, scheme):
    browser.execute_cdp_cmd(
        "Emulation.setEmulatedMedia",
        {"features": [{"name": "prefers-color-scheme", "value": scheme}]},
    )
    opened(browser, pages[name], size).execute_script(
        "for (const d of document.querySelectorAll('details')) d.open = true;" + AXE
    )
    found = browser.execute_async_script(
        "const done = arguments[0]; axe.run(document).then(r => done(r.violations))"
    )
    told = [f"{v['id']}: {v['help']}: {v['nodes'][0]['html'][:200]}" for v in found]
    assert told == []


@pytest.mark.parametrize("name", ["en", "fi", "one_client"])
def test_nothing_runs_off_a_phone(browser, pages, name):
    page = opened(browser, pages[name], PHONE)
    width = page.execute_script("return document.documentElement.scrollWidth")
    assert width <= PHONE[0]


def column(browser, section, place):
    script = (
        "return [...document.querySelectorAll(arguments[0] + ' table.sortable tbody tr')]"
        ".map(row => row.cells[arguments[1]].textContent.trim())"
    )
    return browser.execute_script(script, section, place)


def number(text):
    return float(text.replace("−", "-").replace(",", ".").strip("–") or "inf")


@pytest.mark.parametrize("name", ["en", "fi"])
def test_a_column_is_sorted_up_then_down_by_keyboard(browser, pages, name):
    from selenium.webdriver.common.keys import Keys

    opened(browser, pages[name])
    region = "[aria-labelledby=verdicts]"
    head = f"{region} table.sortable thead th:nth-child(4)"
    button = browser.find_element("css selector", f"{head} button")
    before = sorted(column(browser, region, 3))
    for state, is_reversed in (("ascending", False), ("descending", True)):
        button.send_keys(Keys.ENTER)
        shown = [x for x in map(number, column(browser, region, 3)) if x != float("inf")]
        assert shown == sorted(shown, reverse=is_reversed)
        assert browser.find_element("css selector", head).get_attribute("aria-sort") == state
    assert sorted(column(browser, region, 3)) == before


def test_the_map_tells_its_numbers_on_hovering(browser, pages):
    opened(browser, pages["fi"])
    titles = browser.execute_script(
        "return [...document.querySelectorAll('.map svg g > title')].map(t => t.textContent)"
    )
    assert len(titles) == len(column(browser, "[aria-labelledby=sides]", 0))
    assert all("Esihenkilöiden halukkuus" in title for title in titles)


@pytest.mark.parametrize("name", ["en", "fi", "one_client"])
def test_the_page_asks_nothing_of_the_network_and_says_no_errors(browser, pages, name):
    opened(browser, pages[name])
    loaded = browser.execute_script(
        "return performance.getEntriesByType('resource').map(e => e.name)"
    )
    assert [url for url in loaded if not url.startswith("data:")] == []
    assert [line for line in browser.get_log("browser") if line["level"] == "SEVERE"] == []


def test_the_page_stands_without_script(browser, pages):
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        opened(browser, pages["en"])
        assert browser.find_element("id", "H1").text.startswith("H1")
        assert not browser.find_elements("css selector", "th button")
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


@pytest.mark.parametrize("name", ["en", "fi", "one_client"])
def test_every_picture_and_table_fits_a_printed_page(browser, pages, name):
    """A4 less its margins is 178 mm, 673 CSS pixels; nothing is cut at the right."""
    opened(browser, pages[name], (673, 960))
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        wide = browser.execute_script(
            "return [...document.querySelectorAll('img, svg, table')].filter(e => "
            "e.getBoundingClientRect().right > 674).map(e => e.outerHTML.slice(0, 120))"
        )
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    assert wide == []
