"""Write the screenshots of a report and of a recording's page for the documentation.

Run from the root of the repository, after ``make demo``, with a browser (chromium or Chrome) on the path:

    .venv/bin/python docs/make_screenshots.py
"""

import shutil
import sys
import tempfile
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from skpd.datasets import make_tremor_recordings
from skpd.models import train_model
from skpd.pages import write_report, write_view

ROOT = Path(__file__).parents[1]
RESULTS, IMAGES = ROOT / "demo", ROOT / "docs" / "images"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
#: Width and height of the two windows in CSS pixels, and the space around them.
DESK, PHONE, MARGIN = (1180, 860), (390, 860), 40
BACKGROUND, EDGE = "#eceff2", "#c9cfd6"


def shot(browser: Browser, address: str, size: tuple[int, int]) -> Image.Image:
    """Photograph a page."""
    page = browser.new_page(
        viewport={"width": size[0], "height": size[1]}, device_scale_factor=1.5, reduced_motion="reduce"
    )
    page.goto(address)
    image = Image.open(BytesIO(page.screenshot())).convert("RGB")
    page.close()
    return image


def write_sheet(images: list[Image.Image], out: Path) -> None:
    """Lay photographs side by side."""
    width = sum(image.width for image in images) + MARGIN * (len(images) + 1)
    sheet = Image.new("RGB", (width, images[0].height + MARGIN * 2), BACKGROUND)
    left = MARGIN
    for image in images:
        sheet.paste(EDGE, (left - 1, MARGIN - 1, left + image.width + 1, MARGIN + image.height + 1))
        sheet.paste(image, (left, MARGIN))
        left += image.width + MARGIN
    # Few colours: a third of the size, and nothing that the eye would miss.
    sheet.quantize(128, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(out, optimize=True)
    print(f"{out.relative_to(ROOT)}: {sheet.width} x {sheet.height}, {out.stat().st_size / 1e3:.0f} kB")


def view_page(folder: Path) -> Path:
    """Write the page of simulated recordings in a row, from no tremor to severe tremor, with a small model."""
    train_model("tremor", "simulated", folder / "model", n_splits=2)
    wrist = make_tremor_recordings(n_subjects=6, duration=60.0, random_state=3)
    rows = np.argsort(wrist.target, kind="stable")[::2]
    np.save(folder / "wrist.npy", np.concatenate([wrist.data[i] for i in rows]))
    read = {"units": "m/s^2", "sampling_rate": wrist.sampling_rate, "device_range": 8.0}
    return write_view(folder / "wrist.npy", folder / "wrist.html", model=folder / "model", **read)


def main() -> None:
    """Photograph the report of the demo and the page of a recording, on a desk and on a phone."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        sys.exit(f"no browser: none of {', '.join(BROWSERS)} is on the path")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as started:
        browser = started.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
        report = write_report(RESULTS, Path(folder) / "report.html").as_uri()
        # On a phone from the text on: the contents would fill the picture.
        write_sheet([shot(browser, report, DESK), shot(browser, f"{report}#in-short", PHONE)], IMAGES / "report.png")
        view = f"{view_page(Path(folder)).as_uri()}#signal"
        write_sheet([shot(browser, view, DESK), shot(browser, view, PHONE)], IMAGES / "view.png")
        browser.close()


if __name__ == "__main__":
    main()
