"""What the readers return of real data and what the simulators make: tables, cards and statistics of the samples."""

import numpy as np
import pandas as pd
import pytest

from skpd.datasets import (
    check_dataset,
    dataset_info,
    list_datasets,
    load_cloudupdrs,
    load_geneactiv,
    load_mnist,
    load_spiral_drawings,
    load_svc,
    load_uci_spirals,
    load_unm_rest,
    make_pen_trajectories,
    make_spiral_drawings,
    make_tremor_recordings,
)

from .conftest import summarise


def describe_column(column):
    """One line for a column of a table: its values where they are few, else what they are like."""
    values = column.dropna().map(lambda value: f"{value:.6g}" if isinstance(value, float) else str(value))
    counts = values.value_counts()
    if len(counts) <= 5 and len(column) > 5:
        shown = ", ".join(f"{value} x {n}" for value, n in sorted(counts.items()))
    elif pd.api.types.is_numeric_dtype(column):
        shown = summarise(column.to_numpy(dtype=float))
    elif len(column) <= 12:
        shown = ", ".join(values)
    else:
        shown = f"{len(counts)} from {values.iloc[0]} to {values.iloc[-1]}"
    return f"{column.name}: {shown}; missing {column.isna().sum()}"


def describe_samples(recordings):
    """One line for each channel: all recordings one after the other, and the steps between neighbouring samples."""
    lines = [f"lengths {summarise([len(recording) for recording in recordings])}"]
    for channel in range(recordings[0].shape[1]):
        steps = np.concatenate([np.diff(recording[:, channel]) for recording in recordings])
        samples = np.concatenate([recording[:, channel] for recording in recordings])
        lines.append(f"{channel}: {summarise(samples)}, steps {summarise(np.abs(steps))}")
    return lines


def describe_images(images):
    """One line for each of a few images: the mean of each ninth of it, and of each colour."""
    rows, columns = (np.array_split(np.arange(n), 3) for n in images.shape[1:3])
    lines = [f"{images.shape} {images.dtype}, mean {images.mean():.4g}, deviation {images.std():.4g}"]
    for i in np.linspace(0, len(images) - 1, min(len(images), 6)).astype(int):
        ninths = [images[i][np.ix_(r, c)].mean() for r in rows for c in columns]
        colours = images[i].mean(axis=(0, 1))
        lines.append(f"{i}: {' '.join(f'{value:.4g}' for value in [*ninths, *colours, images[i].std()])}")
    return lines


def describe_bunch(bunch):
    """All of a Bunch; files are shown by name."""
    lines = [f"target names: {bunch.target_names}", f"units: {bunch.units}"]
    if "sampling_rate" in bunch:
        lines += [f"rate: {bunch.sampling_rate:.7g}", f"channels: {bunch.channel_names}"]
    for name in ("target", "groups"):
        if bunch[name] is not None:
            lines.append(describe_column(pd.Series(np.asarray(bunch[name]), name=name)))
    tables = {name: table for name, table in bunch.items() if isinstance(table, pd.DataFrame)}
    for name, table in tables.items():
        lines.append(f"{name}, {len(table)} rows")
        shown = table.assign(file=[file.rpartition("/")[2] for file in table["file"]]) if "file" in table else table
        lines += [f"  {describe_column(shown[column])}" for column in shown]
    is_image = bunch.data.dtype == np.uint8
    return "\n".join([*lines, *(describe_images if is_image else describe_samples)(bunch.data), bunch.DESCR])


REAL = {
    "cloudupdrs": load_cloudupdrs,
    "geneactiv": lambda folder: load_geneactiv(
        folder, channels=("x", "y", "z", "light", "button", "temperature"), errors="warn"
    ),
    "mnist": load_mnist,
    "spiral_wave_drawings": load_spiral_drawings,
    "svc": load_svc,
    "uci_spiral": load_uci_spirals,
    "unm_rest": load_unm_rest,
}


@pytest.mark.filterwarnings("ignore::skpd.exceptions.DataFileWarning")
@pytest.mark.parametrize("name", REAL)
def test_real_data(data_dir, snapshot, name):
    # Pillow resizes the scans, and its versions may round otherwise.
    snapshot(describe_bunch(REAL[name](data_dir / name)), rtol=0.005 if name == "spiral_wave_drawings" else 1e-5)


def test_checks_of_real_data(data_dir, snapshot):
    lines = []
    for check in check_dataset(data_dir):
        lines += [f"{check.name}: complete {check.complete}, missing {check.missing}, broken {len(check.broken)}"]
        lines += [f"  {count.what}: {count.found} of {count.expected}" for count in check.counts]
        lines += [f"  {note.rpartition('/')[2]}" for note in check.notes]
    snapshot("\n".join(lines))


def test_what_is_known_of_the_published_datasets(monkeypatch, snapshot):
    monkeypatch.delenv("SKPD_DATA", raising=False)
    lines = []
    for row in list_datasets().itertuples(index=False):
        lines += [f"{row.name}: {row.what}; {row.labels}; {row.subjects}; {row.licence}; {row.reader}; {row.folder}"]
        lines += [f"  {heading}: {text}" for heading, text in dataset_info(row.name).sections.items()]
    snapshot("\n".join(lines))


def test_tremor_recordings(snapshot):
    snapshot(describe_bunch(make_tremor_recordings(6, recordings_per_subject=8, duration=8, random_state=0)))


def test_tremor_recordings_at_a_low_rate(snapshot):
    tremor = make_tremor_recordings(
        3, duration=8, sampling_rate=18, weights=(1, 0, 1, 2, 0), rater_reliability=0.5, random_state=1
    )
    snapshot(describe_bunch(tremor))


def test_pen_trajectories(snapshot):
    pens = make_pen_trajectories(7, tasks=("spiral", "wave"), patients=0.4, sampling_rate=100, random_state=0)
    snapshot(describe_bunch(pens))


@pytest.mark.parametrize("kind", ["spiral", "wave"])
def test_spiral_drawings(snapshot, kind):
    drawings = make_spiral_drawings(4, drawings_per_drawer=2, kind=kind, image_size=(60, 90), random_state=0)
    # The pen's line is drawn by Pillow, whose versions may round otherwise.
    snapshot(describe_bunch(drawings), rtol=0.005)
