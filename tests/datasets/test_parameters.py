"""Every parameter of every reader and simulator is checked before anything is read or made."""

import inspect

import pytest

import skpd.datasets
from skpd.exceptions import DataFileError

#: What calls need besides the parameter that is tested.
NEEDED = {
    "path": "nowhere",
    "paths": "nowhere",
    "folder": "nowhere",
    "columns": {"x": "x", "y": "y", "t": "t"},
    "resolution": None,
    "pressure_levels": None,
}
CHECKED = [name for name in skpd.datasets.__all__ if name.startswith(("load_", "make_", "iter_"))]


def call(name, **parameters):
    function = getattr(skpd.datasets, name)
    needed = {
        key: NEEDED[key]
        for key, parameter in inspect.signature(function).parameters.items()
        if key == "folder" or parameter.default is parameter.empty
    }
    result = function(**needed | parameters)
    return list(result) if name == "iter_geneactiv" else result


@pytest.mark.parametrize("name", CHECKED)
def test_every_parameter_is_checked(name):
    for parameter in inspect.signature(getattr(skpd.datasets, name)).parameters:
        with pytest.raises(ValueError, match=rf"The '{parameter}' parameter of \S*{name} must be"):
            call(name, **{parameter: object()})


@pytest.mark.parametrize(
    ("parameter", "bad", "good"),
    [
        ("sampling_rate", 0, 1e-3),
        ("max_gap", 0, 1e-3),
        ("resample_to", 0, 1e-3),
        ("resolution", 0, 1e-9),
        ("pressure_levels", 1, 2),
        ("chunk_pages", 0, 1),
    ],
)
def test_least_values_of_readers(parameter, bad, good):
    readers = [
        name
        for name in CHECKED
        if not name.startswith("make_") and parameter in inspect.signature(getattr(skpd.datasets, name)).parameters
    ]
    assert readers
    for name in readers:
        with pytest.raises(ValueError, match=f"The '{parameter}' parameter"):
            call(name, **{parameter: bad})
        with pytest.raises(DataFileError, match="nowhere"):
            call(name, **{parameter: good})


@pytest.mark.parametrize(
    ("name", "parameter", "bad", "good"),
    [
        ("make_tremor_recordings", "n_subjects", [0], [1]),
        ("make_tremor_recordings", "recordings_per_subject", [0], [1]),
        ("make_tremor_recordings", "duration", [0], [0.03]),
        ("make_tremor_recordings", "sampling_rate", [0], [40]),
        ("make_tremor_recordings", "rater_reliability", [0, 1.01], [0.01, 1]),
        ("make_pen_trajectories", "n_subjects", [1], [2]),
        ("make_pen_trajectories", "patients", [0, 1], [0.01, 0.99]),
        ("make_pen_trajectories", "sampling_rate", [49.9, 1000.1], [50, 1000]),
        ("make_spiral_drawings", "n_drawers", [1], [2]),
        ("make_spiral_drawings", "drawings_per_drawer", [0], [1]),
        ("make_spiral_drawings", "image_size", [(15, 20), (20, 2001)], [(16, 20), (20, 2000)]),
    ],
)
def test_limits_of_simulators(name, parameter, bad, good):
    small = {
        "make_tremor_recordings": {"n_subjects": 1, "duration": 0.1},
        "make_pen_trajectories": {"n_subjects": 2},
        "make_spiral_drawings": {"n_drawers": 2, "drawings_per_drawer": 1, "image_size": (16, 16)},
    }[name]
    for value in bad:
        with pytest.raises(ValueError, match=parameter):
            call(name, **small | {parameter: value})
    for value in good:
        assert len(call(name, **small | {parameter: value}).data)
