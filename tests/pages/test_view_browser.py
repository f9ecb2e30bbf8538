"""The pages of recordings and pens in a real browser."""

import numpy as np
import pytest
from PIL import Image

from skpd.pages import write_view


@pytest.fixture(scope="module")
def wrist_page(stored, tmp_path_factory):
    """Tremor in the middle of an hour, so that the page holds an envelope and stretches in detail."""
    folder = tmp_path_factory.mktemp("view")
    rng = np.random.default_rng(0)
    t = np.arange(3700 * 50) / 50
    x = rng.normal(0, 0.3, (len(t), 3)) + [0, 0, 9.81]
    x[:, 0] += 4 * np.sin(2 * np.pi * 4.8 * t) * ((t > 1500) & (t < 1600))
    x[40_000:45_000] = np.nan
    np.save(folder / "wrist.npy", x.astype(np.float32))
    return write_view(folder / "wrist.npy", folder / "wrist.html", model=stored, units="m/s^2", sampling_rate=50.0)


@pytest.fixture
def open_page(browser):
    """Open a page and watch what it says and asks for."""
    pages = []

    def opened(file, width=1280, **options):
        page = browser.new_page(viewport={"width": width, "height": 844}, reduced_motion="reduce", **options)
        page.errors, page.requests = [], []
        page.on("console", lambda message: page.errors.append(message.text))
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.on("request", lambda request: page.requests.append(request.url))
        page.goto(file.as_uri())
        pages.append(page)
        return page

    yield opened
    for page in pages:
        page.close()


def shown(page):
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return [float(page.get_attribute("#viewer", f"data-{end}")) for end in ("from", "to")]


def pixels(page, panel, tmp_path):
    page.locator(f"canvas[data-panel={panel}]").screenshot(path=tmp_path / "panel.png")
    return np.asarray(Image.open(tmp_path / "panel.png").convert("RGB")).astype(int)


@pytest.mark.parametrize("width", [390, 1280])
def test_it_opens_without_errors_network_or_overflow(open_page, wrist_page, width):
    page = open_page(wrist_page, width)
    assert page.get_attribute("#viewer", "data-ready") == "yes"
    assert page.errors == []
    assert [url for url in page.requests if not url.startswith("data:")] == [wrist_page.as_uri()]
    assert page.evaluate("document.documentElement.scrollWidth") == width
    # Every panel has something drawn on it, and a name for those who do not see it.
    drawn = page.evaluate("""[...document.querySelectorAll('#viewer canvas')].map(canvas => {
        const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        return [canvas.dataset.panel, new Set(new Uint32Array(data.buffer)).size, canvas.ariaLabel.length];
    })""")
    assert {name for name, _, _ in drawn} == {
        "overview",
        "signal",
        "spectrogram",
        "spectrum",
        "shares",
        "probabilities",
        "amplitude",
        "frequency",
        "flags",
    }
    assert all(colors > 10 and label > 20 for _, colors, label in drawn)


def test_buttons_keys_wheel_drag_and_the_table_move_the_view(open_page, wrist_page):
    page = open_page(wrist_page)
    assert shown(page) == [0, 3700]
    page.click("button[data-do=in]")
    assert shown(page) == [925, 2775]
    page.click("button[data-do=right]")
    assert shown(page) == [1480, 3330]
    page.focus("#viewer")
    page.keyboard.press("ArrowLeft")
    assert shown(page) == [925, 2775]
    page.keyboard.press("0")
    assert shown(page) == [0, 3700]
    page.keyboard.press("ArrowRight")
    assert shown(page) == [0, 3700]
    box = page.locator("canvas[data-panel=signal]").bounding_box()
    middle = box["x"] + 46 + (box["width"] - 52) / 2
    page.mouse.move(middle, box["y"] + 50)
    page.keyboard.down("Control")
    page.mouse.wheel(0, -50)
    page.keyboard.up("Control")
    page.wait_for_function("+document.querySelector('#viewer').dataset.from > 1")
    start, end = shown(page)
    # What is under the pointer stays there.
    assert end - start < 3700 * 0.7
    assert (start + end) / 2 == pytest.approx(1850, abs=5)
    page.mouse.down()
    page.mouse.move(middle + 100, box["y"] + 50, steps=3)
    page.mouse.up()
    moved = shown(page)
    assert moved[0] == pytest.approx(start - 100 * (end - start) / (box["width"] - 52), abs=2)
    assert moved[1] - moved[0] == pytest.approx(end - start, abs=0.01)
    strip = page.locator("canvas[data-panel=overview]").bounding_box()
    page.mouse.move(strip["x"] + 46 + (strip["width"] - 52) * 0.25, strip["y"] + 10)
    page.mouse.down()
    page.mouse.move(strip["x"] + 46 + (strip["width"] - 52) * 0.5, strip["y"] + 10, steps=3)
    page.mouse.up()
    assert shown(page) == pytest.approx([925, 1850], abs=10)
    longest = page.locator("button.go").first
    longest.click()
    assert shown(page) == pytest.approx(
        [float(longest.get_attribute(f"data-{end}")) for end in ("from", "to")], abs=0.01
    )
    for _ in range(30):
        page.click("button[data-do=in]")
    start, end = shown(page)
    assert end - start == pytest.approx(1, abs=0.01)
    assert page.errors == []


def test_the_tremor_is_dark_in_its_band_and_detailed_near_its_bout(open_page, wrist_page, tmp_path):
    page = open_page(wrist_page, 1280)
    picture = pixels(page, "spectrogram", tmp_path).sum(axis=2)
    height, width = picture.shape
    x = [round(46 + t / 3700 * (width - 52)) for t in (1510, 1590)]
    y = [round(4 + (1 - f / 15) * (height - 24)) for f in (5.2, 4.4)]
    rest = [round(46 + t / 3700 * (width - 52)) for t in (2000, 2100)]
    assert picture[y[0] : y[1], x[0] : x[1]].mean() < picture[y[0] : y[1], rest[0] : rest[1]].mean() - 150
    # Near the bout every sample is there: the line oscillates 4.8 times a second.
    page.evaluate(
        "[...document.querySelectorAll('button.go')].find(b => +b.dataset.from < 1550 && +b.dataset.to > 1505).click()"
    )
    shown(page)
    for _ in range(8):
        page.click("button[data-do=in]")
    box = page.locator("canvas[data-panel=signal]").bounding_box()
    page.mouse.move(box["x"] + 200, box["y"] + 20)
    assert page.locator("#viewer output").inner_text().count("·") >= 1
    assert page.errors == []


def test_it_prints(open_page, wrist_page):
    page = open_page(wrist_page, 688)
    page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.scrollWidth") == 688
    assert not page.is_visible(".tools")
    assert page.pdf(format="A4").startswith(b"%PDF")


def test_a_pen_file_opens(open_page, tmp_path):
    t = np.arange(0, 10, 0.0075)
    radius = 400 * t + 20 * np.sin(2 * np.pi * 5 * t)
    rows = np.column_stack([radius * np.cos(2 * t) + 9000, radius * np.sin(2 * t) + 9000, 1000 * t]).round().astype(int)
    lines = [f"{x} {y} {ms} 1 1500 600 {9000 + i % 500}" for i, (x, y, ms) in enumerate(rows)]
    (tmp_path / "spiral.svc").write_text("\n".join([str(len(lines)), *lines]))
    page = open_page(write_view(tmp_path / "spiral.svc", tmp_path / "spiral.html", pen={"disorder": "fix"}), 390)
    assert page.errors == []
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    # Drawing and scale of colours of two figures; the browser may draw pictures that are part of the page.
    widths = page.evaluate(
        "[...document.querySelectorAll('figure svg image')].map(i => i.getBoundingClientRect().width)"
    )
    assert sum(width > 100 for width in widths) == 2


@pytest.mark.slow
def test_four_days_open_within_two_seconds(browser, four_days, tmp_path):
    file = write_view(four_days, tmp_path / "days.html", units="m/s^2", sampling_rate=25.0)
    assert file.stat().st_size < 5e6
    times = []
    # The best of three: other programs run on the machine too.
    for _ in range(3):
        page = browser.new_page(viewport={"width": 1280, "height": 844})
        page.goto(file.as_uri())
        assert page.get_attribute("#viewer", "data-ready") == "yes"
        entry = page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
        page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        times.append(max(entry, page.evaluate("performance.now()")) / 1000)
        page.close()
    assert min(times) < 2, times
