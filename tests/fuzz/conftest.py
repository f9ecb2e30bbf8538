"""Small whole files of every format, damage to them, and the bounds within which a reader has to answer."""

import json
import resource
import runpy
import shutil
import signal
import tempfile
import warnings
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from skpd import datasets as d
from skpd.exceptions import DataFileError, DataFileWarning

#: Seconds and bytes that an answer about a file of a few kB may take, beyond what the process has.
SECONDS, BYTES = 60, 2 << 30

GENEActivDevice = runpy.run_path(str(Path(__file__).parents[1] / "datasets" / "conftest.py"))["GENEActivDevice"]


def rng():
    """Return the same numbers for every file, whatever was written before."""
    return np.random.default_rng(0)


def write_csv(folder):
    table = pd.DataFrame({"timestamp": np.arange(60) / 50, "who": "a"})
    table[["x", "y", "z"]] = rng().normal(size=(60, 3)).round(4)
    table.to_csv(folder / "a.csv", index=False)


def write_parquet(folder):
    write_csv(folder)
    pd.read_csv(folder / "a.csv").to_parquet(folder / "a.parquet")
    (folder / "a.csv").unlink()


def write_unm(folder):
    np.save(folder / "1_1.npy", rng().normal(size=(50, 3)).astype(np.float32))
    (folder / "index.csv").write_text("subject,session,group,file\n1,1,PD,1_1.npy\n")


def write_cloudupdrs(folder):
    name = "T_-_REST_TREMOR_AMPLITUDE_-_RIGHT_HAND_-_2016-10-14_10-52-04_-_f73512ccfc_-_2458.csv"
    (folder / "2458").mkdir()
    time = 1254432163312187 + np.arange(80) * 10_000_000
    rows = [f"{t},{x:.6f},{y:.6f},{z:.6f},3" for t, (x, y, z) in zip(time, rng().normal(size=(80, 3)), strict=True)]
    (folder / "2458" / name).write_text("\n".join(rows) + "\n")
    items = "PTOTH-RH,PTOTH-LH,KTOH-RH,KTOH-LH,RTA-RH,RTA-LH,RTA-RL,RTA-LL"
    items += ",PS-RH,PS-LH,LA-RL,LA-LL"
    (folder / "classification_clinical.csv").write_text(f"id,MDS_UPDRSIII,{items}\n2458,OFF{',1' * 12}\n")


def write_bin(folder):
    device = GENEActivDevice(folder)
    pages = [device.make_page(k, 3.0 * k, device.payload(k)) for k in range(2)]
    device.write(pages, device.make_header(claim=2))


def write_export(folder):
    stamps = pd.date_range("2024-03-10 12:00:00", periods=80, freq="10ms")
    rows = [f"{t:%Y-%m-%d %H:%M:%S}:{t.microsecond // 1000:03d},0.5,{i},1,2,0,21.5" for i, t in enumerate(stamps)]
    head = "Device Type,GENEActiv\nMeasurement Frequency,100 Hz\nTime Zone,GMT +02:00\nSubject Code,P7\n"
    (folder / "a.csv").write_text(head + "\n".join(rows) + "\n")


def write_levodopa(folder):
    t = 1_400_000_000 + np.arange(300) / 50
    table = pd.DataFrame({"timestamp": t})
    table[["GENEActiv_X", "GENEActiv_Y", "GENEActiv_Z"]] = rng().normal([0, 0, 9.8], size=(300, 3)).round(4)
    table["GENEActiv_Magnitude"] = 1.0
    path = folder / "LDOPA_DATA" / "GENEActiv" / "patient10" / "rawdata_day1.txt"
    path.parent.mkdir(parents=True)
    table.to_csv(path, sep="\t", index=False, float_format="%.4f")
    (folder / "TaskScoresPartI.csv").write_text(
        "subject_id,visit,task_code,timestamp_start,timestamp_end,phenotype,body_segment,score\n"
        "10_BOS,1,sittg,1400000001.0,1400000004.0,tremor,RightUpperLimb,2\n"
    )
    (folder / "syn_sensordatapartI_table.csv").write_text(
        "subject_id,device,device_position\n10_BOS,GENEActiv,RightUpperLimb\n"
    )


def write_pads(folder):
    (folder / "movement" / "timeseries").mkdir(parents=True)
    (folder / "patients").mkdir()
    name = "timeseries/001_Relaxed_LeftWrist.txt"
    table = np.column_stack([np.arange(100) / 100, rng().normal(size=(100, 6))])
    np.savetxt(folder / "movement" / name, table, delimiter=",", fmt="%.4f")
    channels = ["Time", *(f"{s}_{a}" for s in ("Accelerometer", "Gyroscope") for a in "XYZ")]
    record = {"device_location": "LeftWrist", "channels": channels, "file_name": name}
    record["units"] = ["s", "g", "g", "g", "rad/s", "rad/s", "rad/s"]
    session = {"record_name": "Relaxed", "rows": 100, "records": [record]}
    observation = {"subject_id": "001", "device_id": "Watch", "sampling_rate": 100, "session": [session]}
    (folder / "movement" / "observation_001.json").write_text(json.dumps(observation))
    patient = {"id": "001", "condition": "Healthy", "age": 60, "gender": "female", "handedness": "left"}
    (folder / "patients" / "patient_001.json").write_text(json.dumps(patient))


def pen_rows(levels=1024):
    """Rows x y time pen_down azimuth altitude pressure."""
    n = 40
    down = (np.arange(n) // 18 != 1).astype(int)
    columns = [4000 + 10 * np.arange(n), 7000 - 5 * np.arange(n), 1000 + 8 * np.arange(n), down]
    columns += [rng().integers(0, 3601, n), rng().integers(300, 901, n), rng().integers(levels // 2, levels, n) * down]
    return np.column_stack(columns)


def svc_text(rows):
    return "\n".join([str(len(rows)), *(" ".join(map(str, row)) for row in rows)]) + "\n"


def write_svc(folder):
    (folder / "a.svc").write_text(svc_text(pen_rows(32768)))


def write_pen_csv(folder):
    table = pd.DataFrame(pen_rows(), columns=["x", "y", "ms", "down", "azimuth", "altitude", "force"])
    table.to_csv(folder / "a.csv", index=False)


def write_uci(folder):
    for shift, name in enumerate(("control/C_1", "parkinson/P_1")):
        (folder / name).parent.mkdir()
        rows = pen_rows()[:, [0, 1, 3, 6, 4, 2]] + [shift, 0, 0, 0, 0, 0]
        lines = [";".join(map(str, [*row, int(k >= 30)])) for k, row in enumerate(rows)]
        (folder / f"{name}.txt").write_text("\r\n".join(lines) + "\r\n")


def write_pahaw(folder):
    (folder / "PaHaW_public" / "00001").mkdir(parents=True)
    (folder / "PaHaW_public" / "00001" / "00001__2_1.svc").write_text(
        svc_text(pen_rows(2048)[:, [1, 0, 2, 3, 4, 5, 6]])
    )
    (folder / "PaHaW_files").mkdir()
    (folder / "PaHaW_files" / "corpus_PaHaW.csv").write_text("ID;Disease;PD status;Age\n1;PD;ON;68\n")


def write_drawings(folder, mode="L"):
    for split, group, name in (("training", "healthy", "V01HE02"), ("testing", "parkinson", "V01PE01")):
        path = folder / "spiral" / split / group / f"{name}.png"
        path.parent.mkdir(parents=True)
        pixels = np.full((20, 30), 230, dtype=np.uint8)
        pixels[10] = 20
        Image.fromarray(pixels).convert(mode).save(path)


def write_images(folder):
    """Scans and a photograph that was taken sideways."""
    pixels = np.full((20, 30, 3), 230, dtype=np.uint8)
    pixels[10] = 20
    image, exif = Image.fromarray(pixels), Image.Exif()
    exif[0x0112] = 6
    image.save(folder / "anna_1.jpg", exif=exif)
    image.convert("P").save(folder / "ben_1.png")


def write_mnist(folder):
    x = rng().integers(0, 256, size=(6, 28, 28), dtype=np.uint8)
    np.savez_compressed(folder / "mnist_10k.npz", x=x, y=np.array([0, 0, 1, 4, 9, 9], dtype=np.uint8))


def read_pages(folder):
    """Make a Bunch of the pages that `iter_geneactiv` yields, for the same checks."""
    pages = [chunk.acceleration for chunk in d.iter_geneactiv(folder / "wrist.bin", errors="warn")]
    return SimpleNamespace(data=pages, frame=pages, groups=None, target=None)


PEN_CSV = {
    "columns": {"x": "x", "y": "y", "t": "ms", "pressure": "force", "pen_down": "down", "azimuth": "azimuth"},
    "resolution": None,
    "pressure_levels": 1024,
    "time_unit": "ms",
    "angle_unit": "0.1deg",
}
#: name: what writes the files, what reads them, how many channels a recording has (None: images).
SOURCES = {
    "csv": (write_csv, lambda p: d.load_csv_recordings(p / "a.csv", subject="who"), 3),
    "csv-fixed": (
        write_csv,
        lambda p: d.load_csv_recordings(p, resample_to=25, disorder="fix", recording="who", split_gaps=True),
        3,
    ),
    "parquet": (write_parquet, lambda p: d.load_parquet_recordings(p / "a.parquet", subject="who"), 3),
    "parquet-fixed": (
        write_parquet,
        lambda p: d.load_parquet_recordings(p, resample_to=25, disorder="fix", recording="who"),
        3,
    ),
    "unm": (write_unm, d.load_unm_rest, 3),
    "unm-warn": (write_unm, lambda p: d.load_unm_rest(p, errors="warn"), 3),
    "cloudupdrs": (write_cloudupdrs, d.load_cloudupdrs, 3),
    "cloudupdrs-warn": (write_cloudupdrs, lambda p: d.load_cloudupdrs(p, errors="warn"), 3),
    "geneactiv-bin": (write_bin, d.load_geneactiv, 3),
    "geneactiv-bin-warn": (write_bin, lambda p: d.load_geneactiv(p, errors="warn", resample_to=50), 3),
    "geneactiv-pages": (write_bin, read_pages, 3),
    "geneactiv-csv": (write_export, d.load_geneactiv, 3),
    "geneactiv-csv-warn": (write_export, lambda p: d.load_geneactiv(p, errors="warn", resample_to=50), 3),
    "levodopa": (write_levodopa, lambda p: d.load_levodopa(p, visits=[1]), 3),
    "levodopa-warn": (write_levodopa, lambda p: d.load_levodopa(p, visits=[1], errors="warn"), 3),
    "pads": (write_pads, d.load_pads, 3),
    "pads-warn": (write_pads, lambda p: d.load_pads(p, errors="warn"), 3),
    "svc": (write_svc, d.load_svc, 7),
    "svc-shift": (write_svc, lambda p: d.load_svc(p, disorder="shift", errors="warn"), 7),
    "pen-csv": (write_pen_csv, lambda p: d.load_pen_csv(p, **PEN_CSV), 7),
    "uci": (write_uci, d.load_uci_spirals, 7),
    "uci-warn": (write_uci, lambda p: d.load_uci_spirals(p, copies="drop", errors="warn"), 7),
    "pahaw": (write_pahaw, d.load_pahaw, 7),
    "drawings": (write_drawings, d.load_spiral_drawings, None),
    "drawings-palette": (
        lambda p: write_drawings(p, "P"),
        lambda p: d.load_spiral_drawings(p, fit="pad", errors="warn"),
        None,
    ),
    "images": (write_images, lambda p: d.load_drawings(p, subject=lambda path: path.stem), None),
    "images-warn": (write_images, lambda p: d.load_drawings(p, fit="pad", errors="warn"), None),
    "mnist": (write_mnist, d.load_mnist, None),
}


class TooSlow(BaseException):
    """Not an Exception, so that no reader takes it for damage."""


@contextmanager
def bounds():
    """Allow an answer so many seconds and so much address space; a reader that wants more fails loudly."""

    def stop(*_):
        raise TooSlow(f"no answer within {SECONDS} s")

    before = signal.signal(signal.SIGALRM, stop)
    limits = resource.getrlimit(resource.RLIMIT_AS)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + BYTES, limits[1]))
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
        resource.setrlimit(resource.RLIMIT_AS, limits)


class Source:
    """Files of one format in a folder of their own, which are written anew for every example."""

    def __init__(self, name, folder):
        self.name, self.folder = name, folder
        self._write, self._read, self.n_channels = SOURCES[name]
        self._write(folder)
        self.whole = {p.relative_to(folder): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}
        self.n_answers = self.n_refusals = 0

    @property
    def files(self):
        return list(self.whole)

    def reset(self):
        """Make the folder whole again."""
        for path in self.folder.iterdir():
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        for name, content in self.whole.items():
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_bytes(content)

    def put(self, file, content):
        """Make the folder whole but for one file."""
        self.reset()
        (self.folder / file).write_bytes(content)

    def read(self):
        """Return what the reader says: a checked Bunch, or None where it refuses with its own error."""
        with bounds(), warnings.catch_warnings():
            warnings.simplefilter("ignore", DataFileWarning)
            try:
                bunch = self._read(self.folder)
            except DataFileError as error:
                self.n_refusals, self.refusal = self.n_refusals + 1, error
                return None
        self.n_answers += 1
        self.check(bunch)
        return bunch

    def check(self, bunch):
        """Hold the form of an answer: a silently wrong shape is worse than an error."""
        n = len(bunch.data)
        assert n >= 1
        for part in (bunch.frame, bunch.groups, bunch.target):
            assert part is None or len(part) == n
        if self.n_channels is None:
            assert bunch.data.dtype == np.uint8
            assert bunch.data.ndim == 4
            assert bunch.data.shape[-1] == 3
            return
        for recording in bunch.data:
            assert recording.ndim == 2
            assert recording.shape[1] == self.n_channels
            assert len(recording) >= 1
            assert recording.dtype.kind == "f"
            assert not np.isinf(recording).any()


def pytest_generate_tests(metafunc):
    if "source" in metafunc.fixturenames:
        metafunc.parametrize("source", SOURCES, indirect=True, scope="module")


@pytest.fixture(scope="module")
def source(request):
    """Every source in turn. Of the module, since Hypothesis runs many examples on one."""
    with tempfile.TemporaryDirectory(prefix="skpd-fuzz-") as folder:
        yield Source(request.param, Path(folder))


@pytest.fixture
def make_source(tmp_path):
    """Make the source of a name."""
    return lambda name: Source(name, Path(tempfile.mkdtemp(dir=tmp_path)))
