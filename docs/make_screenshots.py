"""Write the screenshot of a report for the documentation.

Run from the root of the repository, after ``make demo``, with a browser (chromium or Chrome) on the path:

    .venv/bin/python docs/make_screenshots.py
"""

import shutil
import sys
import tempfile
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from skpd.pages import write_report

ROOT = Path(__file__).parents[1]
RESULTS, OUT = ROOT / "demo", ROOT / "docs" / "images" / "report.png"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
#: Width and height of the two windows in CSS pixels, and the space around them.
DESK, PHONE, MARGIN = (1180, 860), (390, 860), 40
BACKGROUND, EDGE = "#eceff2", "#c9cfd6"


def shot(browser: Browser, file: Path, size: tuple[int, int]) -> Image.Image:
    """Photograph a page; on a phone from the text on, where the contents would fill the picture."""
    page = browser.new_page(
        viewport={"width": size[0], "height": size[1]}, device_scale_factor=1.5, reduced_motion="reduce"
    )
    page.goto(file.as_uri() + ("#in-short" if size == PHONE else ""))
    image = Image.open(BytesIO(page.screenshot())).convert("RGB")
    page.close()
    return image


def main() -> None:
    """Photograph the report of the demo on a desk and on a phone, side by side."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        sys.exit(f"no browser: none of {', '.join(BROWSERS)} is on the path")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as started:
        file = write_report(RESULTS, Path(folder) / "report.html")
        browser = started.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
        images = [shot(browser, file, size) for size in (DESK, PHONE)]
        browser.close()
    width = sum(image.width for image in images) + MARGIN * 3
    sheet = Image.new("RGB", (width, images[0].height + MARGIN * 2), BACKGROUND)
    left = MARGIN
    for image in images:
        sheet.paste(EDGE, (left - 1, MARGIN - 1, left + image.width + 1, MARGIN + image.height + 1))
        sheet.paste(image, (left, MARGIN))
        left += image.width + MARGIN
    # Few colours: a third of the size, and nothing that the eye would miss.
    sheet.quantize(128, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(OUT, optimize=True)
    print(f"{OUT.relative_to(ROOT)}: {sheet.width} x {sheet.height}, {OUT.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
