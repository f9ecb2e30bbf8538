"""What a sampler asks of the number of samples: its neighbour counts, found by the names of its parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from imblearn.combine import SMOTEENN, SMOTETomek
from imblearn.over_sampling import SMOTE

__all__ = ["Need", "neighbour_needs", "translate_strategies"]


@dataclass(frozen=True)
class Need:
    """A parameter that must not exceed a number of samples.

    Parameters
    ----------
    parameter : str
        Its name for `set_params`.
    value : int
        Its value.
    of_rarest : bool
        Whether the rarest class limits it, or else all samples together.
    margin : int
        The number of samples must be at least the value plus this.
    smallest : int
        The smallest value that means anything.
    """

    parameter: str
    value: int
    of_rarest: bool
    margin: int
    smallest: int

    @property
    def n_required(self) -> int:
        """The number of samples that the value asks for."""
        return self.value + self.margin

    def largest(self, n_rarest: int, n_total: int) -> int:
        """Return the largest value that so many samples allow."""
        return (n_rarest if self.of_rarest else n_total) - self.margin


def neighbour_needs(sampler: Any) -> list[Need]:
    """List the needs of `sampler` and of the samplers inside it.

    The SMOTE inside a hybrid that is left None is filled in first, so that its neighbours can be counted.
    """
    if isinstance(sampler, (SMOTEENN, SMOTETomek)) and sampler.smote is None:
        smote = SMOTE(sampling_strategy=sampler.sampling_strategy, random_state=sampler.random_state)
        sampler.set_params(smote=smote)
    needs = []
    for path, owner in _samplers(sampler):
        for name, value in owner.get_params(deep=False).items():
            if name not in ("k_neighbors", "m_neighbors", "n_neighbors", "n_neighbors_ver3", "cv"):
                continue
            of_rarest, margin = _rule(owner, name)
            smallest = 2 if name == "cv" else 1
            if hasattr(value, "n_neighbors"):
                # A neighbours object counts the sample itself where an integer does not.
                extra = int(margin == 1)
                needs.append(
                    Need(f"{path}{name}__n_neighbors", value.n_neighbors, of_rarest, margin - extra, smallest + extra)
                )
            elif isinstance(value, (int, np.integer)):
                needs.append(Need(path + name, int(value), of_rarest, margin, smallest))
    return needs


def translate_strategies(sampler: Any, codes: Mapping[Any, int]) -> None:
    """Make sampling strategies that name classes name their codes; classes without one are dropped."""
    labels = np.empty(len(codes), dtype=object)
    for label, code in codes.items():
        labels[code] = label
    for _, owner in _samplers(sampler):
        strategy = owner.get_params(deep=False).get("sampling_strategy")
        if isinstance(strategy, Mapping):
            owner.set_params(sampling_strategy={codes[k]: n for k, n in strategy.items() if k in codes})
        elif isinstance(strategy, (list, tuple)):
            owner.set_params(sampling_strategy=[codes[k] for k in strategy if k in codes])
        elif callable(strategy):
            owner.set_params(sampling_strategy=_translated(strategy, labels, codes))


def _translated(strategy: Callable, labels: np.ndarray, codes: Mapping[Any, int]) -> Callable:
    def coded(y: np.ndarray) -> dict[int, int]:
        return {codes[k]: n for k, n in strategy(np.array(labels[y].tolist())).items() if k in codes}

    return coded


def _samplers(sampler: Any) -> list[tuple[str, Any]]:
    """List `sampler` and the samplers among its parameters, each with the prefix of its own parameters."""
    inner = [(f"{k}__", v) for k, v in sampler.get_params().items() if hasattr(v, "fit_resample")]
    return [("", sampler), *inner]


def _rule(owner: Any, name: str) -> tuple[bool, int]:
    """Return whether the rarest class limits a parameter, and how many samples it needs beyond its value."""
    kind = getattr(owner, "_sampling_type", None)
    if name == "m_neighbors":
        return False, 1
    if name == "cv":
        return True, 0
    if hasattr(owner, "n_seeds_S"):
        # Condensed nearest neighbours start from the rarest class and some seeds.
        return True, -int(owner.n_seeds_S)
    if kind == "under-sampling":
        # NearMiss looks from other classes into the rarest: no sample is its own neighbour.
        return True, 0
    return (True, 1) if kind == "over-sampling" else (False, 1)
