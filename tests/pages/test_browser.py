"""The report in a real browser."""

import pytest

from skpd.pages import write_report


@pytest.fixture(scope="module")
def report(identity_study, tmp_path_factory):
    return write_report(identity_study, tmp_path_factory.mktemp("report") / "report.html", n_resamples=60)


@pytest.mark.parametrize("width", [390, 1280])
def test_it_opens_without_errors_network_or_overflow(browser, report, width):
    page = browser.new_page(viewport={"width": width, "height": 844})
    errors, requests = [], []
    page.on("console", lambda message: errors.append(message.text))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda request: requests.append(request.url))
    page.goto(report.as_uri())
    assert errors == []
    assert [url for url in requests if not url.startswith("data:")] == [report.as_uri()]
    assert page.evaluate("document.documentElement.scrollWidth") == width
    # What is wider than the screen scrolls inside its own box.
    assert page.evaluate("[...document.querySelectorAll('table')].some(t => t.offsetWidth > innerWidth)") == (
        width < 500
    )
    figures = page.evaluate(
        "[...document.querySelectorAll('figure svg')].map(s => s.getBoundingClientRect()).map(b => [b.width, b.height])"
    )
    assert len(figures) >= 5
    assert all(w > 300 and h > 80 for w, h in figures)
    assert page.evaluate("[...document.images].every(image => image.complete && image.naturalWidth > 0)")
    page.close()


def test_the_contents_lead_to_their_sections(browser, report):
    page = browser.new_page(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    page.goto(report.as_uri())
    page.click("nav a:has-text('Method')")
    page.wait_for_function("Math.abs(document.querySelector('#method').getBoundingClientRect().top) < 100")
    assert page.url.endswith("#method")
    page.close()


def test_it_prints(browser, report):
    page = browser.new_page(viewport={"width": 688, "height": 1000})
    page.emulate_media(media="print")
    page.goto(report.as_uri())
    # The width of an A4 page between its margins.
    assert page.evaluate("document.documentElement.scrollWidth") == 688
    assert not page.is_visible("nav")
    assert page.pdf(format="A4").startswith(b"%PDF")
    page.close()
