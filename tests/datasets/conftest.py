"""Files that tests of readers share: those of tablets and of a wrist device."""

from datetime import datetime, timedelta

import numpy as np
import pytest


@pytest.fixture(scope="session")
def trace():
    """Make raw tablet columns x y time pen_down azimuth altitude pressure of a pen that is lifted once."""

    def make(n=50, seed=0, levels=32768):
        rng = np.random.default_rng(seed)
        down = np.ones(n, dtype=int)
        down[n // 2 : n // 2 + 5] = 0
        columns = [
            4000 + 10 * np.arange(n),
            7000 - 5 * np.arange(n),
            354642400 + np.rint(7.5 * np.arange(n)),
            down,
            rng.integers(0, 3601, n),
            rng.integers(300, 901, n),
            rng.integers(levels // 2, levels, n) * down,
        ]
        return np.column_stack(columns).astype(int)

    return make


@pytest.fixture(scope="session")
def write_svc():
    """Write rows as an `.svc` file."""

    def write(path, rows, claimed=None):
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = [str(len(rows) if claimed is None else claimed), *(" ".join(map(str, row)) for row in rows)]
        path.write_text("\n".join(lines) + "\n")
        return path

    return write


GAIN, OFFSET = (25875.0, 25734.0, 25538.0), (439.0, -662.0, -3056.0)
START = datetime(2024, 3, 10, 23, 59, 58)

GENEACTIV_HEADER = """\
Device Identity
Device Unique Serial Code:012345
Device Type:GENEActiv

Device Capabilities
Accelerometer Units:g
Light Meter Range:0 to 5000

Configuration Info
Measurement Frequency:{rate} Hz
Start Time:2024-03-10 23:59:50:000
Time Zone:{zone}

Trial Info
Extract Notes:{notes}

Subject Info
Device Location Code:left wrist
Subject Code:{subject}

Calibration Data
x gain:25875
x offset:439
y gain:25734
y offset:-662
z gain:25538
z offset:-3056
Volts:300
Lux:800

Memory Status
Number of Pages:{claim}

"""


def make_header(rate="100.0", zone="GMT -05:00", notes="", subject="P7", claim=4):
    return GENEACTIV_HEADER.format(rate=rate, zone=zone, notes=notes, subject=subject, claim=claim)


def digits(readings, light, button):
    """Readings of 12 bits (n, 3), light of 10 and button of 1 as hexadecimal digits, one sample after the other."""
    return "".join(
        "".join(f"{int(v) & 0xFFF:03X}" for v in xyz) + f"{(int(b) << 1) | (int(lux) << 2):03X}"
        for xyz, lux, b in zip(readings, light, button, strict=True)
    )


def make_page(k, seconds, payload, rate="100.0", temperature=21.5):
    moment = START + timedelta(seconds=seconds)
    stamp = moment.strftime("%Y-%m-%d %H:%M:%S:") + f"{moment.microsecond // 1000:03d}"
    return (
        f"Recorded Data\nDevice Unique Serial Code:012345\nSequence Number:{k}\nPage Time:{stamp}\nUnassigned:\n"
        f"Temperature:{temperature}\nBattery voltage:4.1493\nDevice Status:Recording\nMeasurement Frequency:{rate}\n"
        f"{payload}\n"
    )


class GENEActivDevice:
    """Four pages of random samples at 100 Hz, and the .bin file that holds them."""

    make_header = staticmethod(make_header)
    make_page = staticmethod(make_page)
    start = START

    def __init__(self, folder):
        rng = np.random.default_rng(0)
        self.path = folder / "wrist.bin"
        self.readings = rng.integers(-2048, 2048, size=(1200, 3))
        self.light = rng.integers(0, 1024, size=1200)
        self.button = rng.integers(0, 2, size=1200)
        self.header = make_header()
        self.pages = [make_page(k, 3.0 * k, self.payload(k)) for k in range(4)]
        self.acceleration = (self.readings * 100.0 - OFFSET) / GAIN * 9.80665

    def payload(self, k):
        rows = slice(300 * k, 300 * (k + 1))
        return digits(self.readings[rows], self.light[rows], self.button[rows])

    def write(self, pages=None, header=None, newline="\r\n"):
        text = (self.header if header is None else header) + "".join(self.pages if pages is None else pages)
        self.path.write_bytes(text.replace("\n", newline).encode())
        return self.path


@pytest.fixture
def device(tmp_path):
    """A device whose .bin file a test may damage."""
    return GENEActivDevice(tmp_path)
